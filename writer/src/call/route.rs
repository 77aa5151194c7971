//! Which call a request is.

use http::Method;
use links::Scope;

use crate::http::problem::Problem;

/// A call of the writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    /// Make a link of a URL in any of several forms.
    Shorten,
    /// Make a link.
    CreateLink,
    /// Make many links.
    CreateLinks,
    /// List the caller's links.
    ListLinks,
    /// Read a link.
    GetLink,
    /// Change a link.
    UpdateLink,
    /// Delete a link.
    DeleteLink,
    /// Undo that.
    RestoreLink,
    /// A picture of the link's address.
    GetQrCode,
    /// The description of all this.
    GetOpenApi,
}

impl Call {
    /// What a caller must be allowed to do; nothing for what everybody may see.
    pub(crate) const fn scope(self) -> Option<Scope> {
        Some(match self {
            Self::Shorten | Self::CreateLink | Self::CreateLinks => Scope::Create,
            Self::ListLinks | Self::GetLink | Self::GetQrCode => Scope::Read,
            Self::UpdateLink => Scope::Update,
            Self::DeleteLink | Self::RestoreLink => Scope::Delete,
            Self::GetOpenApi => return None,
        })
    }
}

/// Every call with its method and its path. `{slug}` stands for one segment.
pub(crate) const CALLS: [(&str, &str, Call); 10] = [
    ("POST", "/", Call::Shorten),
    ("POST", "/api/v1/links", Call::CreateLink),
    ("GET", "/api/v1/links", Call::ListLinks),
    ("POST", "/api/v1/links:bulk", Call::CreateLinks),
    ("GET", "/api/v1/links/{slug}", Call::GetLink),
    ("PATCH", "/api/v1/links/{slug}", Call::UpdateLink),
    ("DELETE", "/api/v1/links/{slug}", Call::DeleteLink),
    ("POST", "/api/v1/links/{slug}/restore", Call::RestoreLink),
    ("GET", "/api/v1/links/{slug}/qr", Call::GetQrCode),
    ("GET", "/api/v1/openapi.json", Call::GetOpenApi),
];

/// A call with what its path says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Route<'a> {
    pub(crate) call: Call,
    /// The call's path, with placeholders.
    pub(crate) path: &'static str,
    /// The slug as written; empty for calls without one.
    pub(crate) slug: &'a str,
}

impl<'a> Route<'a> {
    pub(crate) fn of(method: &Method, path: &'a str) -> Result<Self, Problem> {
        let mut allowed = Vec::new();
        for (its_method, its_path, call) in CALLS {
            let Some(slug) = matched(its_path, path) else {
                continue;
            };
            if its_method == method.as_str() {
                return Ok(Self { call, path: its_path, slug });
            }
            allowed.push(its_method);
        }
        match allowed.is_empty() {
            true => Err(Problem::UnknownPath),
            false => Err(Problem::MethodNotAllowed { allow: allowed.join(", ") }),
        }
    }
}

/// What stands for `{slug}`, or nothing, if the path is of that pattern.
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
        check(Method::POST, "/", Ok((Call::Shorten, "")));
        check(Method::POST, "/api/v1/links", Ok((Call::CreateLink, "")));
        check(Method::POST, "/api/v1/links:bulk", Ok((Call::CreateLinks, "")));
        check(Method::GET, "/api/v1/links/a", Ok((Call::GetLink, "a")));
        check(Method::GET, "/api/v1/links/qr/qr", Ok((Call::GetQrCode, "qr")));
        check(Method::POST, "/api/v1/links/a/restore", Ok((Call::RestoreLink, "a")));
        check(Method::PUT, "/", Err("method-not-allowed"));
        check(Method::GET, "/api/v1/links:bulk", Err("method-not-allowed"));
        for path in ["/api/v1", "/api/v1/links/", "/api/v1/links//qr", "/api/v1/links/a/b", "/x"] {
            check(Method::GET, path, Err("unknown-path"));
        }
    }

    #[test]
    fn a_wrong_method_is_told_the_right_ones() {
        let Err(Problem::MethodNotAllowed { allow }) = Route::of(&Method::PUT, "/api/v1/links/a") else {
            panic!("it was allowed");
        };
        assert_eq!(allow, "GET, PATCH, DELETE");
    }
}
