//! HTTP: which request is for whom.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use loopback_guard::{Guard, Limits, Stop};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::answer::Answer;
use crate::failure::Failure;
use crate::{Bridge, operation, relay};

/// Largest request that DynamoDB accepts.
const MAX_REQUEST_BYTES: usize = 16 * 1024 * 1024;

/// Time for a client to send its body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// What precedes the operation in the header [`TARGET`](relay::TARGET).
const API: &str = "DynamoDB_20120810.";

pub(crate) async fn serve(bridge: Bridge, listener: TcpListener, guard: Guard, stop: Stop) {
    let bridge = Arc::new(bridge);
    let respond = move |_peer, request| {
        let bridge = Arc::clone(&bridge);
        async move { respond(&bridge, request).await }
    };
    loopback_guard::serve(listener, Arc::new(guard), Limits::OUTSIDE, stop, respond).await;
}

async fn respond(bridge: &Bridge, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    if head.uri.path() != "/" {
        return Answer::no_such_path().into_response();
    }
    if head.method == Method::GET {
        return Answer::healthy().into_response();
    }
    let body = match timeout(BODY_TIMEOUT, Limited::new(body, MAX_REQUEST_BYTES).collect()).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => return Answer::too_large().into_response(),
        // The client broke off or is too slow.
        Ok(Err(_)) | Err(_) => {
            return Answer::from(Failure::serialization("The request body did not arrive")).into_response();
        }
    };
    answer(bridge, &head.headers, body).await.into_response()
}

async fn answer(bridge: &Bridge, headers: &HeaderMap, body: Bytes) -> Answer {
    let target = headers.get(relay::TARGET).and_then(|target| target.to_str().ok());
    let Some(name) = target.and_then(|target| target.strip_prefix(API)).filter(|name| operation::is_known(name)) else {
        return relay::send(&bridge.drop_in, headers, body).await;
    };
    let input: Value = match serde_json::from_slice(&body) {
        Ok(input @ Value::Object(_)) => input,
        // DynamoDB gives no reason.
        Ok(_) | Err(_) => return Failure::serialization("").into(),
    };
    match operation::call(bridge, name, &input).await {
        Ok(output) => Answer::of(output),
        Err(failure) => failure.into(),
    }
}
