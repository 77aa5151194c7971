//! Tells requests of programs and of the server's own pages from those that a foreign web page causes.
//!
//! What a page cannot forge: a browser sends `Host` with the name in the page's own address bar, which gives away a name
//! rebound to 127.0.0.1; `Origin` with every request that could change something; and `Sec-Fetch-Site`, which covers what
//! has no `Origin`, such as the source of an image.

use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue, Method, Response, Uri, request};

use crate::authority;
use crate::cors::{self, Cors};
use crate::refusal::Refusal;

/// Names of this machine in every `Host`.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// Who may use a server.
#[derive(Debug, Clone)]
pub struct Guard {
    /// Names of this machine besides [`LOOPBACK`], in lower case.
    hosts: Vec<String>,
    /// Whether the server has web pages, which may use it.
    has_pages: bool,
    cors: Option<Cors>,
    witness: Option<Witness>,
}

/// Learns of the requests that are refused.
#[derive(Clone)]
struct Witness(Arc<Learns>);

type Learns = dyn Fn(&request::Parts, &str) + Send + Sync;

impl Debug for Witness {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Witness").finish_non_exhaustive()
    }
}

/// How an admitted request goes on.
#[derive(Debug, PartialEq)]
pub(crate) enum Admission {
    /// To the service, for a program or a page of the server's own.
    Own,
    /// To the service, for a page of this allowed origin.
    Page(HeaderValue),
    /// Answered: a page of this allowed origin asks what it may do.
    Preflight(HeaderValue),
}

impl Guard {
    /// For a server that only programs use: no web page may, whatever its origin.
    #[must_use]
    pub const fn for_programs() -> Self {
        Self { hosts: Vec::new(), has_pages: false, cors: None, witness: None }
    }

    /// For a server that also has web pages, which may use it. People may follow links to it from anywhere.
    #[must_use]
    pub const fn for_pages() -> Self {
        Self { hosts: Vec::new(), has_pages: true, cors: None, witness: None }
    }

    /// Adds names of this machine, without ports, as `/etc/hosts` may give it. A name that someone else can point to
    /// 127.0.0.1 opens the server to that person's pages.
    #[must_use]
    pub fn with_hosts(mut self, hosts: impl IntoIterator<Item = String>) -> Self {
        self.hosts.extend(hosts.into_iter().map(|host| host.to_ascii_lowercase()));
        self
    }

    /// Opens a server with pages to those of other origins, too.
    #[must_use]
    pub fn with_cors(mut self, cors: Option<Cors>) -> Self {
        self.cors = cors;
        self
    }

    /// Has `witness` learn of each request that is refused, and of the reason.
    #[must_use]
    pub fn with_witness(mut self, witness: impl Fn(&request::Parts, &str) + Send + Sync + 'static) -> Self {
        self.witness = Some(Witness(Arc::new(witness)));
        self
    }

    /// Judges the head of a request.
    pub(crate) fn admit(&self, head: &request::Parts) -> Result<Admission, Refusal> {
        let judged = self.judge(head);
        if let (Err(refusal), Some(Witness(witness))) = (&judged, &self.witness) {
            witness(head, &refusal.to_string());
        }
        judged
    }

    fn judge(&self, head: &request::Parts) -> Result<Admission, Refusal> {
        let host = self.host(&head.uri, &head.headers)?;
        let origin = self.origin(&head.headers, host)?;
        match origin {
            Some(origin) if is_preflight(head) => return Ok(Admission::Preflight(origin.clone())),
            Some(origin) => return Ok(Admission::Page(origin.clone())),
            None => {}
        }
        if head.method == Method::OPTIONS && !self.has_pages {
            return Err(Refusal::Options);
        }
        let follows_link = self.has_pages && is_navigation(head);
        match values(&head.headers, &SEC_FETCH_SITE).find(|site| *site != "same-origin" && *site != "none") {
            Some(site) if !follows_link => Err(Refusal::Site(site)),
            _ => Ok(Admission::Own),
        }
    }

    /// The response to a preflight request.
    pub(crate) fn preflight(&self, origin: &HeaderValue) -> Response<http_body_util::Full<bytes::Bytes>> {
        self.cors.clone().unwrap_or_default().preflight(origin)
    }

    /// Puts the guard's CORS headers in the place of the service's.
    pub(crate) fn finish(&self, headers: &mut HeaderMap, admission: &Admission) {
        cors::strip(headers);
        if let (Some(cors), Admission::Page(origin)) = (&self.cors, admission) {
            cors.admit(headers, origin);
        }
    }

    /// The value of `Host`. An absolute request target repeats it, and servers differ in which one they take.
    fn host<'a>(&self, target: &Uri, headers: &'a HeaderMap) -> Result<&'a HeaderValue, Refusal> {
        let mut hosts = headers.get_all(header::HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return Err(Refusal::Malformed);
        };
        let named = host.to_str().map_err(|_opaque| Refusal::Malformed)?;
        for authority in [Some(named), target.authority().map(http::uri::Authority::as_str)].into_iter().flatten() {
            let name = authority::host(authority).ok_or(Refusal::Malformed)?;
            if !LOOPBACK.contains(&name.as_str()) && !self.hosts.contains(&name) {
                return Err(Refusal::Host(name));
            }
        }
        Ok(host)
    }

    /// The allowed foreign origin of the page that sent the request; `None` if no page did, or one of this server's.
    fn origin<'a>(&self, headers: &'a HeaderMap, host: &HeaderValue) -> Result<Option<&'a HeaderValue>, Refusal> {
        let mut allowed = None;
        for origin in headers.get_all(header::ORIGIN) {
            let text = String::from_utf8_lossy(origin.as_bytes());
            if self.has_pages && is_own(&text, host) {
                continue;
            }
            if !self.cors.as_ref().is_some_and(|cors| cors.allows(&text)) {
                return Err(Refusal::Origin(text.into_owned()));
            }
            allowed = Some(origin);
        }
        Ok(allowed)
    }
}

/// Whether an origin is the one that this server has under the name by which it is called.
fn is_own(origin: &str, host: &HeaderValue) -> bool {
    let called = origin.strip_prefix("http://").map(str::as_bytes);
    called.is_some_and(|called| called.eq_ignore_ascii_case(host.as_bytes()))
}

fn is_preflight(head: &request::Parts) -> bool {
    head.method == Method::OPTIONS && head.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// Whether a person goes to this address in a tab or window, as by clicking on a link: the page they come from gets
/// nothing of the response.
fn is_navigation(head: &request::Parts) -> bool {
    let is = |name: &HeaderName, expected: &str| values(&head.headers, name).eq([expected]);
    matches!(head.method, Method::GET | Method::HEAD)
        && is(&SEC_FETCH_MODE, "navigate")
        && is(&SEC_FETCH_DEST, "document")
}

/// All values of a header that is a single token.
fn values<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = String> + use<'a> {
    headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_ascii_lowercase())
}

#[cfg(test)]
mod tests;
