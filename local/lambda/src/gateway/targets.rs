//! Fuzz target: see `fuzz/README.md`.

use http::Request;

use super::tests::round_trip;

#[test]
fn gateway() {
    fuzz::run("gateway", gateway_any);
}

/// Method, path and headers, a line each, an empty line, and a body: both functions can read the event, and the body is
/// the same byte for byte.
fn gateway_any(input: &[u8]) {
    let (head, body) = match input.windows(2).position(|pair| pair == b"\n\n") {
        Some(end) => (&input[..end], &input[end + 2..]),
        None => (input, &[][..]),
    };
    let head = String::from_utf8_lossy(head);
    let mut lines = head.split('\n');
    let mut next = || lines.next().unwrap_or_default();
    let mut request = Request::builder().method(next()).uri(next());
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        request = request.header(name, value);
    }
    let Ok(request) = request.body(()) else {
        return;
    };
    if request.uri().path().starts_with('/') {
        round_trip(&request.into_parts().0, body).unwrap();
    }
}
