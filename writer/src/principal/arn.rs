//! ARNs of callers.

/// The role, the user or the account's root user behind an ARN, in one spelling.
///
/// Sessions of a role are that role: whoever may assume it also chooses the name of the session. STS leaves out the path of
/// a role, so a role has none here either; its name is unique in its account all the same. `None` for everything else, above
/// all for federated users, whose names are chosen by whoever calls `GetFederationToken`.
pub(crate) fn without_session(arn: &str) -> Option<String> {
    let mut parts = arn.splitn(6, ':');
    let ["arn", partition, service, "", account, resource] = std::array::from_fn(|_| parts.next().unwrap_or_default())
    else {
        return None;
    };
    if !partition.starts_with("aws") || account.is_empty() {
        return None;
    }
    let (kind, name) = resource.split_once('/').unwrap_or((resource, ""));
    let role = match (service, kind) {
        ("sts", "assumed-role") => name.split('/').next(),
        ("iam", "role") => name.rsplit('/').next(),
        ("iam", "user") => return (!name.is_empty() && !name.ends_with('/')).then(|| arn.to_owned()),
        ("iam", "root") => return (resource == "root").then(|| arn.to_owned()),
        _ => None,
    };
    let role = role.filter(|role| !role.is_empty())?;
    Some(format!("arn:{partition}:iam::{account}:role/{role}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_its_role() {
        let check = |arn: &str, expected: Option<&str>| {
            assert_eq!(without_session(arn).as_deref(), expected, "{arn}");
        };
        let role = Some("arn:aws:iam::111122223333:role/Dev");
        check("arn:aws:sts::111122223333:assumed-role/Dev/botocore-session-1700000001", role);
        check("arn:aws:sts::111122223333:assumed-role/Dev/ann@example.com", role);
        check("arn:aws:sts::111122223333:assumed-role/Dev/a:b", role);
        check("arn:aws:sts::111122223333:assumed-role/Dev", role);
        check("arn:aws:iam::111122223333:role/Dev", role);
        check("arn:aws:iam::111122223333:role/team/web/Dev", role);
        let sso = "AWSReservedSSO_Admin_0123456789abcdef";
        let expected = format!("arn:aws:iam::1:role/{sso}");
        check(&format!("arn:aws:sts::1:assumed-role/{sso}/ann@example.com"), Some(&expected));
        check(&format!("arn:aws:iam::1:role/aws-reserved/sso.amazonaws.com/eu-west-1/{sso}"), Some(&expected));
        check("arn:aws-cn:sts::1:assumed-role/Dev/s", Some("arn:aws-cn:iam::1:role/Dev"));
        check("arn:aws-us-gov:sts::1:assumed-role/Dev/s", Some("arn:aws-us-gov:iam::1:role/Dev"));
    }

    #[test]
    fn users_and_root_stay_and_names_that_callers_choose_are_refused() {
        for arn in ["arn:aws:iam::1:user/ann", "arn:aws:iam::1:user/team/web/ann", "arn:aws:iam::1:root"] {
            assert_eq!(without_session(arn).as_deref(), Some(arn));
        }
        for arn in [
            "arn:aws:sts::1:federated-user/ann",
            "arn:aws:sts::1:assumed-role/",
            "arn:aws:sts::1:assumed-role//s",
            "arn:aws:iam::1:role/",
            "arn:aws:iam::1:user/",
            "arn:aws:iam::1:root/x",
            "arn:aws:iam::1:group/ann",
            "arn:aws:iam::1:assumed-role/Dev/s",
            "arn:aws:sts::1:role/Dev",
            "arn:aws:iam:::role/Dev",
            "arn:aws:iam:eu-west-1:1:role/Dev",
            "arn:x:iam::1:role/Dev",
            "arn:aws:iam",
            "anonymous",
            "",
        ] {
            assert_eq!(without_session(arn), None, "{arn}");
        }
    }
}
