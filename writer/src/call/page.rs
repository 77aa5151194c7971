//! The web page: static files that are compiled into the program.
//!
//! The page is a client of the API like any other. Everybody may load it; what it does with links needs a caller.

use http::{Method, StatusCode, header};

use crate::http::{
    etag,
    problem::{Problem, RequestProblem},
    request::Request,
    response::Response,
};

/// Nothing is loaded from other origins, no inline script or style runs, and no other site can frame the page. QR codes
/// are fetched with the caller's key and shown as blobs.
const SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// Name, media type and content of every file. The page itself has an empty name and the path `/`. The path of every
/// other file is `/assets/` and its name.
static FILES: [(&str, &str, &str); 20] = [
    ("", HTML, include_str!("../../page/index.html")),
    ("style.css", CSS, include_str!("../../page/style.css")),
    ("icon.svg", SVG, include_str!("../../page/icon.svg")),
    ("app.js", JAVASCRIPT, include_str!("../../page/app.js")),
    ("api.js", JAVASCRIPT, include_str!("../../page/api.js")),
    ("breakdown.js", JAVASCRIPT, include_str!("../../page/breakdown.js")),
    ("chart.js", JAVASCRIPT, include_str!("../../page/chart.js")),
    ("clicks.js", JAVASCRIPT, include_str!("../../page/clicks.js")),
    ("create.js", JAVASCRIPT, include_str!("../../page/create.js")),
    ("dom.js", JAVASCRIPT, include_str!("../../page/dom.js")),
    ("edit.js", JAVASCRIPT, include_str!("../../page/edit.js")),
    ("expiry.js", JAVASCRIPT, include_str!("../../page/expiry.js")),
    ("key.js", JAVASCRIPT, include_str!("../../page/key.js")),
    ("list.js", JAVASCRIPT, include_str!("../../page/list.js")),
    ("numbers.js", JAVASCRIPT, include_str!("../../page/numbers.js")),
    ("paste.js", JAVASCRIPT, include_str!("../../page/paste.js")),
    ("qr.js", JAVASCRIPT, include_str!("../../page/qr.js")),
    ("search.js", JAVASCRIPT, include_str!("../../page/search.js")),
    ("span.js", JAVASCRIPT, include_str!("../../page/span.js")),
    ("spark.js", JAVASCRIPT, include_str!("../../page/spark.js")),
];

/// A request for the page or one of its assets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct File<'a> {
    /// The path, with a placeholder.
    pub(crate) path: &'static str,
    name: &'a str,
}

impl<'a> File<'a> {
    /// The file that a request asks for, whether or not it exists. `None` for a request of another kind.
    pub(crate) fn of(method: &Method, path: &'a str) -> Option<Self> {
        if !matches!(*method, Method::GET | Method::HEAD) {
            return None;
        }
        let name = path.strip_prefix("/assets/").filter(|name| !name.is_empty());
        match name {
            Some(name) => Some(Self { path: "/assets/{file}", name }),
            None => (path == "/").then_some(Self { path: "/", name: "" }),
        }
    }
}

/// Sends a file, unless the client has it already.
pub(crate) fn get(request: &Request, file: File<'_>) -> Result<Response, Problem> {
    let found = FILES.iter().find(|(name, ..)| *name == file.name);
    let (_, media_type, content) = found.ok_or(RequestProblem::UnknownPath)?;
    let tag = format!("\"{:016x}\"", fingerprint(content));
    let known = request.header_text(header::IF_NONE_MATCH);
    let response = if known.is_some_and(|known| etag::is_known(known, &tag)) {
        Response::empty(StatusCode::NOT_MODIFIED, "not-modified")
    } else {
        Response::text(StatusCode::OK, "page", (*content).to_owned()).with(header::CONTENT_TYPE, *media_type)
    };
    Ok(response
        .with(header::ETAG, tag)
        // Clients revalidate every time, since a release may change all files together.
        .with(header::CACHE_CONTROL, "no-cache")
        .with(header::CONTENT_SECURITY_POLICY, SECURITY_POLICY)
        .with(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .with(header::REFERRER_POLICY, "no-referrer"))
}

/// FNV-1a. It only distinguishes releases of a file and needs no collision resistance.
fn fingerprint(content: &str) -> u64 {
    content.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::request::request;
    use aws_lambda_events::apigw::ApiGatewayV2httpResponse;
    use serde_json::json;

    #[test]
    fn all_files_together_are_small() {
        let bytes: usize = FILES.iter().map(|(.., content)| content.len()).sum();
        assert!(bytes < 90_000, "{bytes}");
    }

    #[test]
    fn every_file_that_is_referred_to_exists() {
        let names: Vec<&str> = FILES.iter().map(|(name, ..)| *name).collect();
        for (name, _, content) in &FILES {
            let in_markup = content.split("\"assets/").skip(1);
            let in_modules = content.split("from \"./").skip(1);
            for named in in_markup.chain(in_modules) {
                let named = named.split('"').next().unwrap();
                assert!(names.contains(&named), "{named} in {name}");
            }
        }
    }

    #[test]
    fn the_files_comply_with_their_security_policy() {
        for (name, _, content) in &FILES {
            for forbidden in [
                "<style",
                "<script>",
                " style=",
                " onclick=",
                "javascript:",
                "src=\"http",
                "href=\"http",
                "url(",
                "@import",
                "innerHTML",
                "eval(",
            ] {
                assert!(!content.contains(forbidden), "{forbidden} in {name}");
            }
        }
    }

    #[test]
    fn a_file_that_the_client_has_is_not_sent_again() {
        let with = |headers| request(json!({ "headers": headers }));
        let file = File::of(&Method::GET, "/assets/app.js").unwrap();
        let status = |headers| get(&with(headers), file).map(|response| response.status.as_u16()).ok();
        let first = ApiGatewayV2httpResponse::from(get(&request(json!({})), file).unwrap());
        let tag = first.headers.get(header::ETAG).unwrap().to_str().unwrap();
        assert_eq!(status(json!({ "if-none-match": tag })), Some(304));
        assert_eq!(status(json!({ "if-none-match": format!("\"a\", W/{tag}") })), Some(304));
        assert_eq!(status(json!({ "if-none-match": "\"a\"" })), Some(200));
    }

    #[test]
    fn a_changed_file_has_another_tag() {
        // Vectors of the algorithm's authors.
        assert_eq!(fingerprint(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fingerprint("foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn method_and_path_select_the_file() {
        let check = |method: Method, path: &str, expected: Option<bool>| {
            let request = request(json!({}));
            let file = File::of(&method, path);
            let is_there = file.map(|file| get(&request, file).is_ok());
            assert_eq!(is_there, expected, "{method} {path}");
        };
        check(Method::GET, "/", Some(true));
        check(Method::HEAD, "/", Some(true));
        check(Method::GET, "/assets/style.css", Some(true));
        for name in ["index.html", "none.js", "../Cargo.toml", "APP.JS", "app.js/"] {
            check(Method::GET, &format!("/assets/{name}"), Some(false));
        }
        check(Method::POST, "/", None);
        check(Method::GET, "/assets/", None);
        check(Method::GET, "/assets", None);
        check(Method::GET, "/api/v1/links", None);
    }
}
