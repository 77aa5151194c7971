//! Lambda's Invoke API, as AWS SDKs and `cargo lambda invoke` use it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::{Client, Reply, wait_until};
use http::StatusCode;
use local::Stack;
use serde_json::{Value, json};

use super::{TEMPLATE, probe, probe_with, stats};

async fn invoke(stack: &Stack, headers: &[(&str, &str)], payload: impl Into<Vec<u8>>) -> Reply {
    let path = "/2015-03-31/functions/probe/invocations";
    Client::at(&stack.lambda_endpoint()).call("POST", path, headers, payload.into()).await
}

#[tokio::test]
async fn the_payload_goes_in_and_the_result_comes_out() {
    let stack = probe().await;
    let reply = invoke(&stack, &[], r#"{"a":[1,"é"]}"#).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.json(), json!({ "a": [1, "é"] }));
    assert_eq!(reply.header("x-amz-executed-version"), Some("$LATEST"));
    assert_eq!(reply.header("x-amz-function-error"), None);
    assert!(reply.header("x-amzn-requestid").is_some());
    assert_eq!(invoke(&stack, &[], "").await.json(), json!({}));
}

#[tokio::test]
async fn a_function_error_is_marked_and_explained() {
    // Long enough for 7 MB on a busy machine.
    let stack = probe_with(TEMPLATE, |_config, function| function.timeout = Some(Duration::from_secs(5))).await;
    for (action, kind, message) in [
        ("/panic", None, "asked to panic"),
        ("/fail", None, "asked to fail"),
        ("/exit", Some("Runtime.ExitError"), "Runtime exited with error: exit status 3"),
        ("/abort", Some("Runtime.ExitError"), "Runtime exited with error: signal: aborted"),
        ("/hang", Some("Sandbox.Timedout"), "Task timed out after 5.00 seconds"),
        ("/huge", Some("Function.ResponseSizeTooLarge"), "(6291556 bytes)"),
    ] {
        let reply = invoke(&stack, &[], json!({ "do": action }).to_string()).await;
        assert_eq!(reply.status, StatusCode::OK, "{action}");
        assert_eq!(reply.header("x-amz-function-error"), Some("Unhandled"), "{action}");
        let error = reply.json();
        if let Some(kind) = kind {
            assert_eq!(error["errorType"], kind, "{action}");
        }
        let text = error["errorMessage"].as_str().unwrap();
        assert!(text.contains(message), "{action}: {text}");
    }
}

#[tokio::test]
async fn the_context_is_real() {
    let stack = probe().await;
    let context = STANDARD.encode(r#"{"custom": {"colour": "blue"}}"#);
    let headers =
        [("x-amz-client-context", context.as_str()), ("x-amzn-trace-id", "Root=1-5759e988-bd862e3fe1be46a994272793")];
    let before = now_ms();
    let reply = invoke(&stack, &headers, r#"{"do":"/context"}"#).await;
    let context = reply.json();
    assert_eq!(context["request_id"], reply.header("x-amzn-requestid").unwrap());
    assert_eq!(context["arn"], "arn:aws:lambda:us-east-1:123456789012:function:probe");
    assert_eq!(context["client_context"]["custom"]["colour"], "blue");
    let trace = context["trace_id"].as_str().unwrap();
    assert!(trace.starts_with("Root=1-5759e988-bd862e3fe1be46a994272793;Parent="), "{trace}");
    assert!(trace.ends_with(";Sampled=0"), "{trace}");
    let deadline = context["deadline_ms"].as_u64().unwrap();
    let allowed = before..=now_ms() + 1_000;
    assert!(allowed.contains(&deadline), "{deadline} is not in {allowed:?}");
}

#[expect(clippy::disallowed_methods, reason = "compares with the clock of the function")]
fn now_ms() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    u64::try_from(now.as_millis()).unwrap()
}

#[tokio::test]
async fn the_environment_is_lambdas_and_nothing_else() {
    let stack = probe().await;
    let variables = invoke(&stack, &[], r#"{"do":"/env"}"#).await.json();
    for (name, expected) in [
        ("AWS_LAMBDA_FUNCTION_NAME", "probe"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_REGION", "us-east-1"),
        ("TZ", ":UTC"),
        ("DDB_TABLE", "links"),
        ("AWS_ENDPOINT_URL_DYNAMODB", &stack.dynamodb_endpoint()),
    ] {
        assert_eq!(variables[name], expected, "{name}");
    }
    for absent in ["AWS_LAMBDA_MAX_CONCURRENCY", "HOME", "USER", "CARGO_MANIFEST_DIR"] {
        assert_eq!(variables[absent], Value::Null, "{absent}");
    }
}

#[tokio::test]
async fn an_asynchronous_call_is_accepted_and_runs() {
    let stack = probe().await;
    let reply = invoke(&stack, &[("x-amz-invocation-type", "Event")], r#"{"do":"/exit"}"#).await;
    assert_eq!((reply.status, reply.text()), (StatusCode::ACCEPTED, ""));
    wait_until("it has run", async || stats(&stack).crashed == 1).await;
}

#[tokio::test]
async fn a_dry_run_runs_nothing() {
    let stack = probe().await;
    let reply = invoke(&stack, &[("x-amz-invocation-type", "DryRun")], "{}").await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT);
    assert_eq!(stats(&stack).started, 0);
}

#[tokio::test]
async fn the_tail_of_the_log_comes_back_on_request() {
    let stack = probe().await;
    let reply = invoke(&stack, &[("x-amz-log-type", "Tail")], r#"{"do":"/print"}"#).await;
    let log = STANDARD.decode(reply.header("x-amz-log-result").unwrap()).unwrap();
    let log = String::from_utf8(log).unwrap();
    let id = reply.header("x-amzn-requestid").unwrap();
    for line in [
        &format!("START RequestId: {id} Version: $LATEST"),
        "to standard output",
        "to standard error",
        &format!("END RequestId: {id}"),
        &format!("REPORT RequestId: {id}\tDuration: "),
    ] {
        assert!(log.lines().any(|found| found.starts_with(line)), "{line:?} is not in {log}");
    }
    let reply = invoke(&stack, &[], r#"{"do":"/print"}"#).await;
    assert_eq!(reply.header("x-amz-log-result"), None);
}

#[tokio::test]
async fn mistakes_get_lambdas_responses() {
    let stack = probe().await;
    let client = Client::at(&stack.lambda_endpoint());
    let function = |name: &str| format!("/2015-03-31/functions/{name}/invocations");
    let large = format!("{:?}", "x".repeat(6 * 1024 * 1024));
    let path = function("probe");
    for (path, headers, body, status, code) in [
        (&function("nobody"), ("a", "b"), "{}", 404, "ResourceNotFoundException"),
        (&path, ("a", "b"), "{not json", 400, "InvalidRequestContentException"),
        (&path, ("x-amz-invocation-type", "Later"), "{}", 400, "InvalidParameterValueException"),
        (&path, ("x-amz-client-context", "%"), "{}", 400, "InvalidParameterValueException"),
        (&path, ("a", "b"), large.as_str(), 413, "RequestTooLargeException"),
        (&"/".to_owned(), ("a", "b"), "{}", 404, "UnknownOperationException"),
    ] {
        let reply = client.call("POST", path, &[headers], body.to_owned()).await;
        assert_eq!(reply.status.as_u16(), status, "{path} {code}");
        assert_eq!(reply.header("x-amzn-errortype"), Some(code));
        assert!(reply.json()["Message"].is_string());
    }
}

#[tokio::test]
async fn qualified_names_and_arns_find_the_function() {
    let stack = probe().await;
    let client = Client::at(&stack.lambda_endpoint());
    for name in [
        "probe:live",
        "probe%3Alive",
        "arn:aws:lambda:us-east-1:123456789012:function:probe",
        "arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Aprobe",
    ] {
        let path = format!("/2015-03-31/functions/{name}/invocations");
        assert_eq!(client.post(&path, "application/json", "1").await.json(), 1, "{name}");
    }
}
