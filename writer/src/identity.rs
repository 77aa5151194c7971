//! Whose a request is.

use links::ANONYMOUS;

use crate::{config::Auth, problem::Problem, request::Request};

/// Who sends a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The owner of what the request makes.
    pub(crate) owner: String,
    /// Whether all links are the caller's to change.
    pub(crate) admin: bool,
}

/// The caller of a request. API Gateway has checked signature or token before the function is called; a request
/// without an identity has come another way and is refused.
pub(crate) fn caller(auth: Auth, request: &Request) -> Result<Caller, Problem> {
    let owner = match auth {
        Auth::None => Some(ANONYMOUS),
        Auth::AwsIam => request.iam_arn(),
        Auth::Jwt => request.jwt_subject(),
    };
    match owner {
        Some(owner) if !owner.is_empty() => Ok(Caller {
            owner: owner.to_owned(),
            admin: false,
        }),
        _ => Err(Problem::Unauthenticated),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn check(auth: Auth, authorizer: &Value, expected: Option<&str>) {
        let request =
            crate::request::request(json!({ "requestContext": { "authorizer": authorizer } }));
        let caller = caller(auth, &request).ok();
        assert_eq!(
            caller.as_ref().map(|caller| caller.owner.as_str()),
            expected,
            "{auth:?} {authorizer}"
        );
    }

    #[test]
    fn the_owner_is_whom_the_gateway_let_through() {
        let iam = json!({ "iam": { "userArn": "arn:aws:iam::1:user/ann" } });
        let jwt = json!({ "jwt": { "claims": { "sub": "ann" }, "scopes": null } });
        check(Auth::None, &Value::Null, Some("anonymous"));
        check(Auth::None, &iam, Some("anonymous"));
        check(Auth::AwsIam, &iam, Some("arn:aws:iam::1:user/ann"));
        check(Auth::AwsIam, &jwt, None);
        check(Auth::AwsIam, &Value::Null, None);
        check(Auth::Jwt, &jwt, Some("ann"));
        check(Auth::Jwt, &iam, None);
    }
}
