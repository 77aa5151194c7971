//! What a client sees of a problem: RFC 9457.

use http::{HeaderName, StatusCode, header};
use serde_json::{Map, Value};

/// Seconds after which a client may repeat a request that failed on our side.
const RETRY_AFTER_SECONDS: u32 = 1;

/// What a client sees of a problem.
#[derive(Debug)]
pub(crate) struct Description {
    pub(crate) status: StatusCode,
    /// The end of the problem's type: stable, for programs.
    pub(crate) code: &'static str,
    /// What is wrong, without particulars.
    title: &'static str,
    /// The particulars.
    detail: String,
    /// The particulars again, for programs.
    members: Map<String, Value>,
    /// A header that the status calls for.
    pub(crate) header: Option<(HeaderName, String)>,
}

/// The JSON of a problem.
pub(crate) type ProblemBody<'a> = function::Problem<'a, Map<String, Value>>;

/// A text of the client as a response repeats it: long ones are cut, so that no request makes a response too large.
pub(super) fn shown(text: &str) -> String {
    const MAX_CHARACTERS: usize = 200;
    match text.char_indices().nth(MAX_CHARACTERS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

impl Description {
    pub(super) fn new(status: StatusCode, code: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, title, detail: detail.into(), members: Map::new(), header: None }
    }

    /// A failure on our side, whatever the cause: the client may repeat the request.
    pub(super) fn unavailable(detail: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Temporarily unavailable", detail).with_retry_after()
    }

    /// Adds a member besides the standard ones.
    pub(super) fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.members.insert(member.to_owned(), value.into());
        self
    }

    pub(super) fn with_header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.header = Some((name, value.into()));
        self
    }

    pub(super) fn with_retry_after(self) -> Self {
        self.with_header(header::RETRY_AFTER, RETRY_AFTER_SECONDS.to_string())
    }

    /// The body of the response.
    pub(crate) fn into_body(self, request_id: &str) -> ProblemBody<'_> {
        ProblemBody {
            code: self.code,
            title: self.title,
            status: self.status.as_u16(),
            detail: self.detail.into(),
            members: self.members,
            request_id,
        }
    }
}
