//! Whose a request is.

use links::ANONYMOUS;

use crate::{config::Auth, problem::Problem, request::Request};

/// The owner of what a request makes. API Gateway has checked signature or token before the function is called; a
/// request without an identity has come another way and is refused.
pub(crate) fn owner(auth: Auth, request: &Request) -> Result<&str, Problem> {
    match auth {
        Auth::None => Ok(ANONYMOUS),
        Auth::AwsIam => request
            .iam_arn()
            .filter(|arn| !arn.is_empty())
            .ok_or(Problem::Unauthenticated),
        Auth::Jwt => request
            .jwt_subject()
            .filter(|subject| !subject.is_empty())
            .ok_or(Problem::Unauthenticated),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn check(auth: Auth, authorizer: &Value, expected: Option<&str>) {
        let request =
            crate::request::request(json!({ "requestContext": { "authorizer": authorizer } }));
        assert_eq!(
            owner(auth, &request).ok(),
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
