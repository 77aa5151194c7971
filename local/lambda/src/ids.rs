//! Identifiers in the forms that AWS uses.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use jiff::Timestamp;

/// The account in ARNs; AWS's documentation uses the same.
pub const ACCOUNT_ID: &str = "123456789012";

/// The region in ARNs and in the functions' environment.
pub const REGION: &str = "us-east-1";

/// The ARN of the function `name`.
pub(crate) fn function_arn(name: &str) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{name}")
}

/// The ARN of the stream `name`.
pub(crate) fn stream_arn(name: &str) -> String {
    format!("arn:aws:kinesis:{REGION}:{ACCOUNT_ID}:stream/{name}")
}

/// The log group of a function.
pub(crate) fn log_group(function: &str) -> String {
    format!("/aws/lambda/{function}")
}

/// A Lambda request id: a random UUID, version 4.
pub(crate) fn request_id() -> String {
    let mut hex = format!("{:032x}", rand::random::<u128>());
    hex.replace_range(12..13, "4");
    hex.replace_range(16..17, "8");
    for at in [8, 13, 18, 23] {
        hex.insert(at, '-');
    }
    hex
}

/// An API Gateway request id, as in the `apigw-requestid` header: 15 characters and `=`.
pub(crate) fn gateway_request_id() -> String {
    STANDARD.encode(rand::random::<[u8; 11]>())
}

/// The X-Ray root, `Root=1-{seconds in hex}-{96 random bits}`: the caller's if it sent one, else a new one.
///
/// Source: X-Ray developer guide, "Tracing header".
pub(crate) fn trace_root(sent: Option<&HeaderValue>, now: Timestamp) -> String {
    let is_root = |field: &&str| {
        let id = field.strip_prefix("Root=").unwrap_or_default();
        let known = |letter: char| letter.is_ascii_hexdigit() || letter == '-';
        !id.is_empty() && id.len() <= 64 && id.chars().all(known)
    };
    let fields = sent.and_then(|value| value.to_str().ok()).unwrap_or_default();
    match fields.split(';').map(str::trim).find(is_root) {
        Some(root) => root.to_owned(),
        None => format!("Root=1-{:08x}-{:024x}", now.as_second(), rand::random::<u128>() >> 32),
    }
}

/// The trace header of an invocation: the caller's root, our segment, and the decision not to sample.
pub(crate) fn trace_header(root: &str) -> String {
    format!("{root};Parent={:016x};Sampled=0", rand::random::<u64>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_id_is_a_version_4_uuid() {
        let id = request_id();
        let parts: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12], "{id}");
        assert_eq!(id.as_bytes()[14], b'4', "{id}");
        assert_eq!(id.as_bytes()[19], b'8', "{id}");
    }

    #[test]
    fn gateway_request_id_has_the_form_of_the_header() {
        let id = gateway_request_id();
        assert_eq!(id.len(), 16);
        assert!(id.ends_with('='), "{id}");
    }

    #[test]
    fn a_trace_keeps_the_root_it_came_with() {
        let now = Timestamp::from_second(0x5759_e988).unwrap();
        let root = "Root=1-5759e988-bd862e3fe1be46a994272793";
        for (sent, kept) in [
            (root, true),
            ("Self=1-2-3;Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1", true),
            ("Root=", false),
            ("Root=1-x y", false),
            ("Parent=53995c3f42cd8ad8", false),
            ("", false),
        ] {
            let header = HeaderValue::from_static(sent);
            assert_eq!(trace_root(Some(&header), now) == root, kept, "{sent}");
        }
        let fresh = trace_root(None, now);
        assert!(fresh.starts_with("Root=1-5759e988-") && fresh.len() == root.len(), "{fresh}");
    }
}
