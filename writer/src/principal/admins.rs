//! Who is an administrator, besides the holders of keys that say so.

use super::{arn::without_session, token::values};

/// The callers whom `ADMIN_PRINCIPALS` makes administrators.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Admins(Vec<Admin>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Admin {
    /// A role or a user, without a session.
    Arn(String),
    /// The subject of a token.
    Subject(String),
    /// One value of a claim of a token.
    Claim { name: String, value: String },
}

/// An entry that can be nobody.
#[derive(Debug, thiserror::Error)]
#[error("names \"{entry}\" instead of {expected}")]
pub(crate) struct AdminError {
    entry: String,
    expected: &'static str,
}

impl Admins {
    /// Roles and users by ARN, with commas between them.
    pub(crate) fn with_arns(text: &str) -> Result<Self, AdminError> {
        Self::parse(text, "the ARN of a role or a user", |entry| without_session(entry).map(Admin::Arn))
    }

    /// Subjects of tokens, and claims as `name=value`, with commas between them.
    pub(crate) fn with_claims(text: &str) -> Result<Self, AdminError> {
        Self::parse(text, "a subject or claim=value", |entry| match entry.split_once('=') {
            None => Some(Admin::Subject(entry.to_owned())),
            Some((name, value)) if !name.trim().is_empty() && !value.trim().is_empty() => {
                Some(Admin::Claim { name: name.trim().to_owned(), value: value.trim().to_owned() })
            }
            Some(_) => None,
        })
    }

    fn parse(text: &str, expected: &'static str, admin: impl Fn(&str) -> Option<Admin>) -> Result<Self, AdminError> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        entries.map(|entry| admin(entry).ok_or_else(|| AdminError { entry: entry.to_owned(), expected })).collect()
    }

    /// Whether a role or a user, as [`without_session`] spells it, is an administrator.
    pub(crate) fn has_arn(&self, arn: &str) -> bool {
        self.0.iter().any(|admin| matches!(admin, Admin::Arn(known) if known == arn))
    }

    /// Whether the token with these claims is an administrator's.
    pub(crate) fn has_token<'a>(&self, subject: &str, claim: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.0.iter().any(|admin| match admin {
            Admin::Arn(_) => false,
            Admin::Subject(known) => known == subject,
            Admin::Claim { name, value } => {
                claim(name).is_some_and(|claim| claim == value || values(claim).contains(value))
            }
        })
    }
}

impl FromIterator<Admin> for Admins {
    fn from_iter<I: IntoIterator<Item = Admin>>(admins: I) -> Self {
        Self(admins.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_named_with_or_without_path_and_session() {
        let admins = Admins::with_arns(
            "arn:aws:iam::1:role/ops/Admin, arn:aws:iam::1:user/team/root,,arn:aws:sts::1:assumed-role/Desk/any",
        );
        let admins = admins.unwrap();
        let check = |arn: &str, expected: bool| {
            let arn = without_session(arn).unwrap();
            assert_eq!(admins.has_arn(&arn), expected, "{arn}");
        };
        check("arn:aws:sts::1:assumed-role/Admin/s", true);
        check("arn:aws:sts::1:assumed-role/Desk/s", true);
        check("arn:aws:iam::1:user/team/root", true);
        check("arn:aws:iam::1:user/root", false);
        check("arn:aws:sts::2:assumed-role/Admin/s", false);
        check("arn:aws-cn:sts::1:assumed-role/Admin/s", false);
        check("arn:aws:sts::1:assumed-role/Other/Admin", false);
        let error = Admins::with_arns("arn:aws:iam::1:role/a,root").unwrap_err();
        assert_eq!(error.to_string(), "names \"root\" instead of the ARN of a role or a user");
        assert!(Admins::with_arns("arn:aws:sts::1:federated-user/a").is_err());
    }

    #[test]
    fn tokens_are_named_by_subject_or_claim() {
        let admins = Admins::with_claims("auth0|7, cognito:groups=admins , sub=a=b, scope=kurz/admin").unwrap();
        let check = |subject: &str, claims: &[(&str, &str)], expected: bool| {
            let claim = |name: &str| claims.iter().find(|(n, _)| *n == name).map(|(_, value)| *value);
            assert_eq!(admins.has_token(subject, claim), expected, "{subject} {claims:?}");
        };
        check("auth0|7", &[], true);
        check("auth0|77", &[], false);
        check("cognito:groups=admins", &[], false);
        check("ann", &[("cognito:groups", "[users admins]")], true);
        check("ann", &[("cognito:groups", r#"["users","admins"]"#)], true);
        check("ann", &[("cognito:groups", "admins")], true);
        check("ann", &[("cognito:groups", "[users sub-admins]")], false);
        check("ann", &[("groups", "admins")], false);
        check("a=b", &[("sub", "a=b")], true);
        check("ann", &[("scope", "openid kurz/admin")], true);
        assert!(Admins::with_claims("cognito:groups=").is_err());
        assert!(Admins::with_claims("=x").is_err());
        assert!(!Admins::with_claims("").unwrap().has_token("", |_| None));
    }
}
