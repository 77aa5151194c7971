//! Why a request is refused, in the words of the response.

use std::fmt::{self, Display, Formatter};

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use serde_json::json;

/// Longest part of a refused header that the response repeats.
const MAX_ECHO_CHARS: usize = 200;

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There is not exactly one `Host`, or it cannot be read.
    Malformed,
    /// Its host is not this machine.
    Host(String),
    /// A web page of another origin sent it.
    Origin(String),
    /// The browser says that a page of another site or origin caused it.
    Site(String),
    /// A browser asks what a page may do.
    Options,
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            _ => StatusCode::FORBIDDEN,
        }
    }

    pub(crate) fn response(&self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::from(json!({ "message": self.to_string() }).to_string()));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        for (name, value) in [
            (header::CONTENT_TYPE, "application/json"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::CACHE_CONTROL, "no-store"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

impl Display for Refusal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("a request must have exactly one Host header, host or host:port"),
            Self::Host(host) => {
                write!(f, "this server answers to localhost, 127.0.0.1 and [::1], not to {}", short(host))
            }
            Self::Origin(origin) => write!(f, "requests of web pages are refused: Origin is {}", short(origin)),
            Self::Site(site) => write!(f, "requests of web pages are refused: Sec-Fetch-Site is {}", short(site)),
            Self::Options => f.write_str("this server is not for web pages and has no OPTIONS"),
        }
    }
}

fn short(text: &str) -> String {
    text.chars().take(MAX_ECHO_CHARS).collect()
}
