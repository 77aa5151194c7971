//! Requests that DAX does not take, on their way to DynamoDB and back, byte for byte.
//!
//! The SDK's client does what differs for each DynamoDB: endpoint, TLS, credentials, signature. It is made to send a
//! `ListTables`, whose target and body are exchanged for the caller's before it is signed; the response is taken as it
//! came.

use std::sync::{Arc, OnceLock};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::answer::{Answer, REQUEST_ID};
use crate::failure::Failure;

/// The header that names the operation.
pub(crate) const TARGET: &str = "x-amz-target";

/// Headers of the caller that change what the request means.
const MEANINGFUL: [&str; 3] = [TARGET, "content-type", "content-encoding"];

/// Sends a request to DynamoDB.
pub(crate) async fn send(dynamodb: &Client, headers: &HeaderMap, body: Bytes) -> Answer {
    let headers =
        MEANINGFUL.map(|name| (name, headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)));
    let answer = Arc::new(OnceLock::new());
    let exchange = Exchange { headers, body, answer: Arc::clone(&answer) };
    let sent = dynamodb.list_tables().customize().interceptor(exchange).send().await;
    match (answer.get(), sent) {
        (Some(answer), _) => answer.clone(),
        (None, Err(error)) => Failure::internal(&error).into(),
        (None, Ok(_)) => Failure::new("InternalServerError", "DynamoDB gave no answer").into(),
    }
}

/// Exchanges the request, and keeps the response.
#[derive(Debug)]
struct Exchange {
    headers: [(&'static str, Option<String>); 3],
    body: Bytes,
    answer: Arc<OnceLock<Answer>>,
}

impl Intercept for Exchange {
    fn name(&self) -> &'static str {
        "Exchange"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        for (name, value) in &self.headers {
            match value {
                Some(value) => _ = request.headers_mut().insert(*name, value.clone()),
                None => _ = request.headers_mut().remove(*name),
            }
        }
        request.headers_mut().insert(header::CONTENT_LENGTH.as_str(), self.body.len().to_string());
        *request.body_mut() = SdkBody::from(self.body.clone());
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        let header = |name: &str| response.headers().get(name).and_then(|value| HeaderValue::from_str(value).ok());
        let answer = Answer {
            status: StatusCode::from_u16(response.status().as_u16())?,
            media_type: header(header::CONTENT_TYPE.as_str()).unwrap_or(HeaderValue::from_static("text/plain")),
            body: Bytes::copy_from_slice(response.body().bytes().unwrap_or_default()),
            request_id: header(REQUEST_ID),
        };
        // One request, one response: nothing is there yet.
        let _ = self.answer.set(answer);
        Ok(())
    }
}
