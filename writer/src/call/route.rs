//! Which call a request is.

use http::Method;
use links::Scope;

use crate::http::problem::{Problem, RequestProblem};

/// A call of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    /// Get the API's description. Anyone may.
    GetOpenApi,
    /// Do something with links. The caller must be known and allowed to.
    Links(LinkCall),
}

/// A call that makes, reads or changes links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LinkCall {
    /// Make a link to a URL that is given in any of several forms.
    Shorten,
    /// Make a link.
    Create,
    /// Make many links.
    CreateMany,
    /// List the caller's links.
    List,
    /// Read a link.
    Get,
    /// Change a link.
    Update,
    /// Delete a link.
    Delete,
    /// Undo a deletion.
    Restore,
    /// Get a picture of the short URL.
    GetQrCode,
    /// Show how often a link was followed.
    GetClicks,
    /// Show how often the links of the caller were followed.
    GetOwnClicks,
    /// Block links.
    Block,
    /// Lift blocks.
    Unblock,
    /// Show the lists of hosts.
    GetHosts,
    /// Change the lists of hosts.
    ChangeHosts,
}

impl LinkCall {
    /// Whether the call has parameters in the query. Others refuse any.
    pub(crate) const fn takes_query(self) -> bool {
        matches!(self, Self::List | Self::GetQrCode | Self::GetClicks | Self::GetOwnClicks)
    }

    /// Whether the call has a body. Others refuse one.
    pub(crate) const fn takes_body(self) -> bool {
        match self {
            Self::Shorten
            | Self::Create
            | Self::CreateMany
            | Self::Update
            | Self::Block
            | Self::Unblock
            | Self::ChangeHosts => true,
            Self::List
            | Self::Get
            | Self::GetQrCode
            | Self::GetClicks
            | Self::GetOwnClicks
            | Self::Delete
            | Self::Restore
            | Self::GetHosts => false,
        }
    }

    /// The scope that the caller needs.
    pub(crate) const fn scope(self) -> Scope {
        match self {
            Self::Shorten | Self::Create | Self::CreateMany => Scope::Create,
            Self::List | Self::Get | Self::GetQrCode | Self::GetClicks | Self::GetOwnClicks => Scope::Read,
            Self::Update => Scope::Update,
            Self::Delete | Self::Restore => Scope::Delete,
            Self::Block | Self::Unblock | Self::GetHosts | Self::ChangeHosts => Scope::Admin,
        }
    }

    /// Whether it takes URLs that links are to lead to.
    pub(crate) const fn takes_urls(self) -> bool {
        matches!(self, Self::Shorten | Self::Create | Self::CreateMany | Self::Update)
    }
}

/// Every call with its method and its path. `{slug}` stands for one segment. `HEAD` is possible wherever `GET` is.
pub(crate) const CALLS: [(&str, &str, Call); 17] = [
    ("POST", "/", Call::Links(LinkCall::Shorten)),
    ("POST", "/api/v1/links", Call::Links(LinkCall::Create)),
    ("GET", "/api/v1/links", Call::Links(LinkCall::List)),
    ("POST", "/api/v1/links:bulk", Call::Links(LinkCall::CreateMany)),
    ("GET", "/api/v1/links/{slug}", Call::Links(LinkCall::Get)),
    ("PATCH", "/api/v1/links/{slug}", Call::Links(LinkCall::Update)),
    ("DELETE", "/api/v1/links/{slug}", Call::Links(LinkCall::Delete)),
    ("POST", "/api/v1/links/{slug}/restore", Call::Links(LinkCall::Restore)),
    ("GET", "/api/v1/links/{slug}/qr", Call::Links(LinkCall::GetQrCode)),
    ("GET", "/api/v1/links/{slug}/clicks", Call::Links(LinkCall::GetClicks)),
    ("GET", "/api/v1/clicks", Call::Links(LinkCall::GetOwnClicks)),
    ("POST", "/api/v1/admin/block", Call::Links(LinkCall::Block)),
    ("POST", "/api/v1/admin/unblock", Call::Links(LinkCall::Unblock)),
    ("GET", "/api/v1/admin/hosts", Call::Links(LinkCall::GetHosts)),
    ("POST", "/api/v1/admin/hosts", Call::Links(LinkCall::ChangeHosts)),
    ("PATCH", "/api/v1/admin/hosts", Call::Links(LinkCall::ChangeHosts)),
    ("GET", "/api/v1/openapi.json", Call::GetOpenApi),
];

/// A call and what the path says about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Route<'a> {
    pub(crate) call: Call,
    /// The call's path, with placeholders.
    pub(crate) path: &'static str,
    /// The slug as written; empty for calls without one.
    pub(crate) slug: &'a str,
}

impl<'a> Route<'a> {
    /// The call with that method and path.
    pub(crate) fn of(method: &Method, path: &'a str) -> Result<Self, Problem> {
        let mut allowed = Vec::new();
        for (its_method, its_path, call) in CALLS {
            let Some(slug) = matched(its_path, path) else {
                continue;
            };
            if its_method == method.as_str() || its_method == "GET" && *method == Method::HEAD {
                return Ok(Self { call, path: its_path, slug });
            }
            allowed.push(its_method);
            if its_method == "GET" {
                allowed.push("HEAD");
            }
        }
        Err(if allowed.is_empty() {
            RequestProblem::UnknownPath.into()
        } else {
            RequestProblem::MethodNotAllowed { allow: allowed.join(", ") }.into()
        })
    }
}

/// The segment that stands for `{slug}`, or an empty one if the pattern has none. `None` if the path does not match.
fn matched<'a>(pattern: &str, path: &'a str) -> Option<&'a str> {
    let Some((before, after)) = pattern.split_once("{slug}") else {
        return (pattern == path).then_some("");
    };
    let slug = path.strip_prefix(before)?.strip_suffix(after)?;
    (!slug.is_empty() && !slug.contains('/')).then_some(slug)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_methods_make_the_call() {
        let check = |method: Method, path: &str, expected: Result<(Call, &str), &str>| {
            let route = Route::of(&method, path);
            let route = route.map(|route| (route.call, route.slug));
            assert_eq!(route.map_err(|problem| problem.code()), expected, "{method} {path}");
        };
        check(Method::POST, "/", Ok((Call::Links(LinkCall::Shorten), "")));
        check(Method::POST, "/api/v1/links", Ok((Call::Links(LinkCall::Create), "")));
        check(Method::POST, "/api/v1/links:bulk", Ok((Call::Links(LinkCall::CreateMany), "")));
        check(Method::GET, "/api/v1/links/a", Ok((Call::Links(LinkCall::Get), "a")));
        check(Method::HEAD, "/api/v1/links/a", Ok((Call::Links(LinkCall::Get), "a")));
        check(Method::HEAD, "/api/v1/openapi.json", Ok((Call::GetOpenApi, "")));
        check(Method::HEAD, "/api/v1/links:bulk", Err("method-not-allowed"));
        check(Method::GET, "/api/v1/links/qr/qr", Ok((Call::Links(LinkCall::GetQrCode), "qr")));
        check(Method::GET, "/api/v1/links/clicks/clicks", Ok((Call::Links(LinkCall::GetClicks), "clicks")));
        check(Method::HEAD, "/api/v1/clicks", Ok((Call::Links(LinkCall::GetOwnClicks), "")));
        check(Method::POST, "/api/v1/links/a/restore", Ok((Call::Links(LinkCall::Restore), "a")));
        check(Method::PUT, "/", Err("method-not-allowed"));
        check(Method::GET, "/api/v1/links:bulk", Err("method-not-allowed"));
        for path in ["/api/v1", "/api/v1/links/", "/api/v1/links//qr", "/api/v1/links/a/b", "/x"] {
            check(Method::GET, path, Err("unknown-path"));
        }
    }

    #[test]
    fn a_wrong_method_gets_the_list_of_right_ones() {
        let Err(Problem::Request(RequestProblem::MethodNotAllowed { allow })) =
            Route::of(&Method::PUT, "/api/v1/links/a")
        else {
            panic!("it was allowed");
        };
        assert_eq!(allow, "GET, HEAD, PATCH, DELETE");
    }
}
