//! Every request becomes an event that the published Rust types of AWS can read.

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Method, Request, request};
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::event::{Event, RequestInfo};
use super::routes::{Router, decode_path};
use crate::config::Route;

/// What concerns the connection to the gateway only, and cookies, which have a member of their own.
const WITHHELD: [&str; 6] = ["connection", "cookie", "keep-alive", "te", "transfer-encoding", "upgrade"];

fn router() -> Router {
    Router::new(&[Route::new("ANY /{proxy+}", "f")]).unwrap()
}

pub(super) fn round_trip(head: &request::Parts, body: &[u8]) -> Result<(), TestCaseError> {
    let path = decode_path(head.uri.path());
    let router = router();
    let Some(route) = router.find(&head.method, &path) else {
        // Only the path `/` has nothing for a greedy variable; a decoded `?` can leave a path of `/`.
        prop_assert_eq!(path, "/");
        return Ok(());
    };
    let info = RequestInfo {
        path: &path,
        source_ip: "127.0.0.1",
        request_id: "id",
        trace_root: "Root=1-2-3",
        now: Timestamp::from_millisecond(1_583_348_638_390).unwrap(),
    };
    let event = serde_json::to_value(Event::new(head, body, &route, info)).unwrap();
    let for_redirector = serde_json::from_str::<redirector::Event>(&event.to_string());
    prop_assert!(for_redirector.is_ok(), "{:?}", for_redirector);
    let read: ApiGatewayV2httpRequest =
        serde_json::from_value(event).map_err(|error| TestCaseError::fail(error.to_string()))?;

    prop_assert_eq!(read.version.as_deref(), Some("2.0"));
    prop_assert_eq!(read.route_key.as_deref(), Some("ANY /{proxy+}"));
    prop_assert_eq!(read.raw_path.as_deref(), Some(path.as_str()));
    prop_assert_eq!(read.raw_query_string.as_deref().unwrap_or_default(), head.uri.query().unwrap_or_default());
    prop_assert_eq!(&read.request_context.http.method, &head.method);
    prop_assert_eq!(read.request_context.time.as_deref(), Some("04/Mar/2020:19:03:58 +0000"));
    prop_assert_eq!(read.request_context.time_epoch, 1_583_348_638_390);
    prop_assert_eq!(read.path_parameters.get("proxy").map(String::as_str), path.strip_prefix('/'));
    for (name, value) in &head.headers {
        let sent = String::from_utf8_lossy(value.as_bytes()).into_owned();
        let seen = read.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        if WITHHELD.contains(&name.as_str()) {
            prop_assert_eq!(seen, None);
        } else if head.headers.get_all(name).iter().count() == 1 {
            prop_assert_eq!(seen, Some(sent), "{}", name);
        }
    }
    let decoded = match (read.body, read.is_base64_encoded) {
        (Some(text), true) => STANDARD.decode(text).unwrap(),
        (Some(text), false) => text.into_bytes(),
        (None, _) => Vec::new(),
    };
    prop_assert_eq!(decoded, body);
    Ok(())
}

proptest! {
    #[test]
    fn every_event_is_readable(
        method in prop::sample::select(vec![Method::GET, Method::HEAD, Method::POST, Method::DELETE]),
        path in "/([a-zA-Z0-9._~+/-]|%[0-9A-F]{2}){0,40}",
        query in prop::option::of("([a-z0-9=&+;]|%[2-7][0-9A-F]){0,40}"),
        headers in prop::collection::vec(("x-[a-z]{1,3}", "[ -~]{0,20}"), 0..8),
        cookies in prop::collection::vec("[a-z]=[a-z0-9]{0,5}(; [a-z]=1)?", 0..3),
        content_type in prop::sample::select(vec!["text/plain", "application/json; charset=utf-8", "image/png", ""]),
        body in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let uri = match query {
            Some(query) => format!("{path}?{query}"),
            None => path,
        };
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in &headers {
            request = request.header(name, value.trim());
        }
        for cookie in &cookies {
            request = request.header("cookie", cookie);
        }
        if !content_type.is_empty() {
            request = request.header("content-type", content_type);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        round_trip(&head, &body)?;
    }
}
