//! Identifiers in the shapes AWS uses.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

/// A Lambda request id: a random UUID, version 4.
pub(crate) fn request_id() -> String {
    let mut hex = hex(&rand::random::<[u8; 16]>());
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

/// A new X-Ray root, `1-{seconds in hex}-{96 random bits}`.
///
/// Source: X-Ray developer guide, "Tracing header".
pub(crate) fn trace_root(now: Timestamp) -> String {
    format!(
        "Root=1-{:08x}-{}",
        now.as_second(),
        hex(&rand::random::<[u8; 12]>())
    )
}

/// The trace header of an invocation: the caller's root, our segment, and the decision not to sample.
pub(crate) fn trace_header(root: &str) -> String {
    format!(
        "{root};Parent={};Sampled=0",
        hex(&rand::random::<[u8; 8]>())
    )
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
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
    fn gateway_request_id_has_the_shape_of_the_header() {
        let id = gateway_request_id();
        assert_eq!(id.len(), 16);
        assert!(id.ends_with('='), "{id}");
    }

    #[test]
    fn trace_root_holds_the_time() {
        let now = Timestamp::from_second(0x5759_e988).unwrap();
        assert!(trace_root(now).starts_with("Root=1-5759e988-"));
    }
}
