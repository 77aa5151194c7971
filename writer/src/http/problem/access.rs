//! Problems with what the caller may do.

use http::{StatusCode, header};
use links::{ANONYMOUS, Scope};

use super::description::Description;

/// The caller may not do this.
#[derive(Debug)]
pub(crate) enum AccessProblem {
    /// The request carries no identity.
    Unauthenticated,
    /// The request passed CloudFront by.
    WrongAddress,
    /// The caller's key does not exist, was revoked, or has expired.
    InvalidKey,
    /// API Gateway knows the caller, but not as a role or a user.
    NoRoleOrUser,
    /// The caller has the name that stands for everybody.
    ReservedOwner,
    /// The caller's key was used more often than it may be.
    RateLimited { per_second: u32 },
    /// The caller's key could not be looked up.
    KeysUnavailable,
    /// The lists of hosts could not be read.
    HostsUnavailable,
    /// The caller is known, but lacks a scope.
    InsufficientScope { scope: Scope },
    /// The link belongs to another owner.
    NotOwner { slug: String },
    /// The operator has blocked the link, or closed it in another way.
    LinkBlocked { slug: String },
}

impl AccessProblem {
    pub(super) fn describe(&self) -> Description {
        match self {
            Self::Unauthenticated => {
                unauthorized("unauthenticated", "Not authenticated", "The request carries no identity.", "Bearer")
            }
            Self::InvalidKey => {
                let detail = "There is no such key, or it was revoked or has expired.";
                unauthorized("invalid-key", "Key not valid", detail, "Bearer error=\"invalid_token\"")
            }
            Self::WrongAddress => {
                let detail = "This service answers at its public address only.";
                forbidden("wrong-address", "Not at this address", detail.to_owned())
            }
            Self::NoRoleOrUser => {
                let detail =
                    "Links belong to a role or a user. Federated users choose their names, so they own nothing.";
                forbidden("no-role-or-user", "Not a role or a user", detail.to_owned())
            }
            Self::ReservedOwner => {
                let detail = format!("\"{ANONYMOUS}\" stands for everybody, so nobody can be called so.");
                forbidden("reserved-owner", "Name is reserved", detail)
            }
            Self::RateLimited { per_second } => rate_limited(*per_second),
            Self::KeysUnavailable => Description::unavailable("The key could not be checked, so nothing was done."),
            Self::HostsUnavailable => {
                Description::unavailable("The lists of hosts could not be read, so nothing was done.")
            }
            Self::InsufficientScope { scope } => insufficient_scope(scope.name()),
            Self::NotOwner { slug } => {
                let detail = format!("\"{slug}\" belongs to someone else.");
                forbidden("not-owner", "Someone else's link", detail).with("slug", slug.as_str())
            }
            Self::LinkBlocked { slug } => {
                let detail = format!("The operator has closed \"{slug}\". Only the operator can change it.");
                forbidden("link-blocked", "Link is blocked", detail).with("slug", slug.as_str())
            }
        }
    }
}

fn unauthorized(code: &'static str, title: &'static str, detail: &str, challenge: &str) -> Description {
    Description::new(StatusCode::UNAUTHORIZED, code, title, detail).with_header(header::WWW_AUTHENTICATE, challenge)
}

fn forbidden(code: &'static str, title: &'static str, detail: String) -> Description {
    Description::new(StatusCode::FORBIDDEN, code, title, detail)
}

fn rate_limited(per_second: u32) -> Description {
    let detail = format!("This key allows {per_second} requests per second. Send the request again later.");
    Description::new(StatusCode::TOO_MANY_REQUESTS, "rate-limited", "Too many requests", detail)
        .with("limit", per_second)
        .with_retry_after()
}

fn insufficient_scope(scope: &str) -> Description {
    let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"");
    forbidden("insufficient-scope", "Not allowed", format!("The caller lacks the scope \"{scope}\"."))
        .with("scope", scope)
        .with_header(header::WWW_AUTHENTICATE, challenge)
}
