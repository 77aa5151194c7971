//! Reduces every status a stack can have to what a deploy can do about it.

/// The state of a stack, as a deploy sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Situation {
    /// There is no stack: create it.
    Absent,
    /// An empty stack, left by a change set that was never executed: delete it, then create.
    Shell,
    /// Stable: update it.
    Usable,
    /// An operation is running.
    Busy,
    /// The creation failed, so there is nothing to keep: delete it, then create.
    CreateFailed,
    /// An update failed and was not rolled back: roll back, or continue from here.
    UpdateFailed,
    /// The rollback failed as well.
    UpdateRollbackFailed,
    /// Partly deleted.
    DeleteFailed,
}

/// Classifies a stack status. An unknown one counts as busy, so that nothing is done to the stack.
pub(crate) fn situation(status: Option<&str>) -> Situation {
    match status {
        None | Some("DELETE_COMPLETE") => Situation::Absent,
        Some("REVIEW_IN_PROGRESS") => Situation::Shell,
        Some(
            "CREATE_COMPLETE"
            | "UPDATE_COMPLETE"
            | "UPDATE_ROLLBACK_COMPLETE"
            | "IMPORT_COMPLETE"
            | "IMPORT_ROLLBACK_COMPLETE",
        ) => Situation::Usable,
        Some("CREATE_FAILED" | "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED") => Situation::CreateFailed,
        Some("UPDATE_FAILED") => Situation::UpdateFailed,
        Some("UPDATE_ROLLBACK_FAILED" | "IMPORT_ROLLBACK_FAILED") => Situation::UpdateRollbackFailed,
        Some("DELETE_FAILED") => Situation::DeleteFailed,
        Some(_) => Situation::Busy,
    }
}

/// Whether an operation ended as intended.
pub(crate) fn succeeded(status: &str) -> bool {
    matches!(status, "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "DELETE_COMPLETE")
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_cloudformation::types::StackStatus;

    /// Every status of the API, against the table in the README.
    fn expected(status: &str) -> Situation {
        match status {
            "DELETE_COMPLETE" => Situation::Absent,
            "REVIEW_IN_PROGRESS" => Situation::Shell,
            "CREATE_FAILED" | "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" => Situation::CreateFailed,
            "UPDATE_FAILED" => Situation::UpdateFailed,
            "UPDATE_ROLLBACK_FAILED" | "IMPORT_ROLLBACK_FAILED" => Situation::UpdateRollbackFailed,
            "DELETE_FAILED" => Situation::DeleteFailed,
            other if other.ends_with("_IN_PROGRESS") => Situation::Busy,
            _ => Situation::Usable,
        }
    }

    #[test]
    fn every_status_of_the_api_has_its_situation() {
        for status in StackStatus::values() {
            assert_eq!(situation(Some(status)), expected(status), "{status}");
        }
        assert_eq!(situation(None), Situation::Absent);
        assert_eq!(situation(Some("INVENTED_LATER")), Situation::Busy);
    }

    #[test]
    fn a_completed_rollback_is_not_a_success() {
        for (status, expected) in [
            ("CREATE_COMPLETE", true),
            ("UPDATE_COMPLETE", true),
            ("DELETE_COMPLETE", true),
            ("ROLLBACK_COMPLETE", false),
            ("UPDATE_ROLLBACK_COMPLETE", false),
            ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", false),
        ] {
            assert_eq!(succeeded(status), expected, "{status}");
        }
    }
}
