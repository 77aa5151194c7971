//! Events as a function sees them, and its results as a client sees them.

use e2e::Client;
use http::StatusCode;
use serde_json::{Value, json};

use super::{probe, probe_with};

/// Routes like the product's, which differ in their methods.
const ROUTES: &str = "
Resources:
  Probe: {Type: AWS::Lambda::Function, Properties: {Timeout: 1}}
  Live: {Type: AWS::Lambda::Alias, Properties: {FunctionName: !Ref Probe}}
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties: {IntegrationType: AWS_PROXY, IntegrationUri: !Ref Live, PayloadFormatVersion: '2.0'}
  Get:
    Type: AWS::ApiGatewayV2::Route
    Properties: {RouteKey: 'GET /{id}', Target: !Sub 'integrations/${Integration}'}
  Head:
    Type: AWS::ApiGatewayV2::Route
    Properties: {RouteKey: 'HEAD /head/{id}', Target: !Sub 'integrations/${Integration}'}
  Post:
    Type: AWS::ApiGatewayV2::Route
    Properties: {RouteKey: 'POST /', Target: !Sub 'integrations/${Integration}'}
";

/// Takes a member out of an event and checks that it is text.
fn take(event: &mut Value, pointer: &str) -> String {
    let value = event.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}"));
    value.take().as_str().unwrap_or_else(|| panic!("{pointer} is no text")).to_owned()
}

#[tokio::test]
async fn an_event_has_payload_format_2() {
    let stack = probe_with(ROUTES, |config, _function| config.allowed_hosts.push("short.example".to_owned())).await;
    let headers = [
        ("host", "short.example"),
        ("X-Twice", "1"),
        ("x-twice", "2"),
        ("cookie", "a=1; b=2"),
        ("cookie", "c=3"),
        ("user-agent", "test/1"),
        ("x-forwarded-for", "203.0.113.7"),
    ];
    let client = Client::of(&stack);
    let reply = client.call("GET", "/a%2Bb%25?q=1&q=a%20b+c&e", &headers, "").await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.header("content-type"), Some("application/json"));
    let mut event = reply.json();

    let id = take(&mut event, "/requestContext/requestId");
    assert_eq!(reply.header("apigw-requestid"), Some(id.as_str()));
    let trace = take(&mut event, "/headers/x-amzn-trace-id");
    assert!(trace.starts_with("Root=1-") && trace.len() == 40, "{trace}");
    let time = take(&mut event, "/requestContext/time");
    assert!(time.ends_with(" +0000") && time.len() == 26, "{time}");
    let epoch = event.pointer_mut("/requestContext/timeEpoch").unwrap().take();
    assert!(epoch.as_u64().unwrap() > 1_700_000_000_000, "{epoch}");
    assert_eq!(
        event,
        json!({
            "version": "2.0",
            "routeKey": "GET /{id}",
            "rawPath": "/a+b%25",
            "rawQueryString": "q=1&q=a%20b+c&e",
            "cookies": ["a=1", "b=2", "c=3"],
            "headers": {
                "content-length": "0",
                "host": "short.example",
                "user-agent": "test/1",
                "x-amzn-trace-id": null,
                "x-forwarded-for": "203.0.113.7, 127.0.0.1",
                "x-forwarded-port": "443",
                "x-forwarded-proto": "https",
                "x-twice": "1,2",
            },
            "queryStringParameters": { "q": "1,a b c", "e": "" },
            "pathParameters": { "id": "a+b%25" },
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "local00000",
                "domainName": "local00000.execute-api.us-east-1.amazonaws.com",
                "domainPrefix": "local00000",
                "http": {
                    "method": "GET",
                    "path": "/a+b%25",
                    "protocol": "HTTP/1.1",
                    "sourceIp": "127.0.0.1",
                    "userAgent": "test/1",
                },
                "requestId": null,
                "routeKey": "GET /{id}",
                "stage": "$default",
                "time": null,
                "timeEpoch": null,
            },
            "isBase64Encoded": false,
        })
    );
}

#[tokio::test]
async fn bodies_are_text_or_base64_by_their_type() {
    let stack = probe().await;
    let client = Client::of(&stack);
    for (content_type, body, expected, base64) in [
        ("text/plain; charset=utf-8", "é".as_bytes(), "é", false),
        ("application/json", b"{}", "{}", false),
        ("application/xml", b"<a/>", "<a/>", false),
        ("application/javascript", b"1", "1", false),
        ("application/x-www-form-urlencoded", b"a=1", "YT0x", true),
        ("application/octet-stream", b"a=1", "YT0x", true),
        ("application/problem+json", b"{}", "e30=", true),
        ("text/plain", b"\xff\xfe", "//4=", true),
    ] {
        let event = client.post("/echo", content_type, body.to_vec()).await.json();
        assert_eq!(event["body"], expected, "{content_type}");
        assert_eq!(event["isBase64Encoded"], base64, "{content_type}");
        assert_eq!(event["headers"]["content-length"], body.len().to_string());
    }
    let event = client.call("POST", "/echo", &[], "x").await.json();
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("eA=="), &json!(true)));
    let event = client.call("POST", "/echo", &[], "").await.json();
    assert_eq!((event.get("body"), &event["isBase64Encoded"]), (None, &json!(false)));
}

#[tokio::test]
async fn a_chunked_body_arrives_whole() {
    let stack = probe().await;
    let reply = Client::of(&stack)
        .raw(
            b"POST /echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: text/plain\r\n\
              Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
        )
        .await;
    let event: Value = serde_json::from_str(reply.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(event["body"], "abcde");
    assert_eq!(event["headers"]["content-length"], "5");
    for absent in ["transfer-encoding", "connection"] {
        assert_eq!(event["headers"].get(absent), None, "{absent}");
    }
}

#[tokio::test]
async fn only_the_routes_of_the_template_lead_to_a_function() {
    let stack = probe_with(ROUTES, |_config, _function| {}).await;
    let client = Client::of(&stack);
    for (method, path, status) in [
        ("GET", "/a", 200),
        ("GET", "/a%20b", 200),
        ("POST", "/", 200),
        ("HEAD", "/head/a", 200),
        ("HEAD", "/a", 404),
        ("GET", "/head/a", 404),
        ("GET", "/", 404),
        ("GET", "/a/", 404),
        ("GET", "/a%2Fb", 404),
        ("POST", "/a", 404),
        ("PUT", "/", 404),
        ("OPTIONS", "/a", 404),
    ] {
        let reply = client.call(method, path, &[], "").await;
        assert_eq!(reply.status.as_u16(), status, "{method} {path}");
        assert!(reply.header("apigw-requestid").is_some());
        if status == 404 && method != "HEAD" {
            assert_eq!(reply.json(), json!({ "message": "Not Found" }), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_response_to_head_has_headers_and_no_body() {
    let stack = probe().await;
    let reply = Client::of(&stack).raw(b"HEAD /pid HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    assert!(head.contains("content-type: text/plain;charset=UTF-8"), "{head}");
    assert_eq!(body, "");
}

#[tokio::test]
async fn results_become_http_responses() {
    let stack = probe().await;
    let client = Client::of(&stack);
    let answer = async |answer: Value| client.post("/answer", "application/json", answer.to_string()).await;

    let location = "https://a.example/%C3%A9?x=%20#y";
    let reply = answer(json!({ "statusCode": 301, "headers": { "Location": location } })).await;
    assert_eq!(reply.status, StatusCode::MOVED_PERMANENTLY);
    assert_eq!(reply.header("location"), Some(location));
    assert_eq!(reply.text(), "");

    let reply =
        answer(json!({ "statusCode": 200, "cookies": ["a=1", "b=2"], "body": "aGk=", "isBase64Encoded": true })).await;
    let cookies: Vec<_> = reply.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
    assert_eq!(reply.text(), "hi");

    let reply = answer(json!({ "no": "status" })).await;
    assert_eq!((reply.status, reply.header("content-type")), (StatusCode::OK, Some("application/json")));
    assert_eq!(reply.json(), json!({ "no": "status" }));

    assert_eq!(answer(json!("just text")).await.text(), "just text");
}
