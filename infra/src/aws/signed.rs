//! Calls that do not justify an SDK crate: log events, EC2's prefix list, IAM's service-linked role, and the HTTP requests
//! of the smoke test. They use the SDK's credentials, endpoints, TLS and signatures.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::http::{HttpConnector as _, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;

const TIMEOUT: Duration = Duration::from_secs(30);
/// Far more than any of these calls returns.
const BODY_LIMIT_BYTES: usize = 8 << 20;

/// A small signing HTTP client.
#[derive(Debug, Clone)]
pub(crate) struct Signed {
    connector: SharedHttpConnector,
    credentials: Option<SharedCredentialsProvider>,
    endpoint: Option<String>,
    region: String,
}

/// A complete HTTP response.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    /// Status code.
    pub(crate) status: u16,
    /// Headers; the names are lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// The body; empty if it is not UTF-8.
    pub(crate) body: String,
}

impl Response {
    /// The first header with this lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// One request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    /// Upper case.
    pub(crate) method: &'a str,
    /// Absolute URL.
    pub(crate) url: &'a str,
    /// Sent, and signed if the request is signed.
    pub(crate) headers: &'a [(&'a str, &'a str)],
    /// May be empty.
    pub(crate) body: &'a str,
    /// The service to sign for; `None` sends the request unsigned.
    pub(crate) sign_for: Option<&'a str>,
}

impl Signed {
    pub(super) fn new(config: &aws_config::SdkConfig, connector: SharedHttpConnector, region: &str) -> Self {
        Self {
            connector,
            credentials: config.credentials_provider(),
            endpoint: config.endpoint_url().map(|url| url.trim_end_matches('/').to_owned()),
            region: region.to_owned(),
        }
    }

    /// Makes a call in the AWS JSON protocol. `target` is the `X-Amz-Target`; `service` is also the first label of the host.
    ///
    /// # Errors
    /// If the transport fails, or on any status but 200, with the service's code and message.
    pub(crate) async fn json(&self, service: &str, target: &str, body: &Value) -> Result<Value> {
        let body = body.to_string();
        let response = self
            .send(Request {
                method: "POST",
                url: &format!("{}/", self.endpoint_of(service)),
                headers: &[("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target)],
                body: &body,
                sign_for: Some(service),
            })
            .await
            .with_context(|| format!("{target} failed"))?;
        let value: Value = serde_json::from_str(&response.body).unwrap_or_default();
        if response.status == 200 {
            return Ok(value);
        }
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let code = text("__type").and_then(|name| name.rsplit('#').next()).unwrap_or("unknown error");
        let message = text("message").or_else(|| text("Message")).unwrap_or_default();
        bail!("{target}: {code}: {message}")
    }

    /// Makes a call in the older query protocol of EC2 and IAM, and returns the XML.
    ///
    /// # Errors
    /// If the transport fails, or on any status but 200.
    pub(crate) async fn query(&self, service: &str, parameters: &str) -> Result<String> {
        let response = self
            .send(Request {
                method: "POST",
                url: &format!("{}/", self.endpoint_of(service)),
                headers: &[("content-type", "application/x-www-form-urlencoded")],
                body: parameters,
                sign_for: Some(service),
            })
            .await?;
        if response.status == 200 {
            return Ok(response.body);
        }
        let code = element(&response.body, "Code").unwrap_or("unknown error");
        bail!("{service}: {code}: {}", element(&response.body, "Message").unwrap_or_default())
    }

    /// Sends one request and reads the whole response. Redirects are not followed.
    ///
    /// # Errors
    /// If the transport fails or times out, or the body is too large. No status is an error.
    pub(crate) async fn send(&self, request: Request<'_>) -> Result<Response> {
        let signed = self.prepare(request).await?;
        tokio::time::timeout(TIMEOUT, self.exchange(signed))
            .await
            .with_context(|| format!("no response from {} within {} s", request.url, TIMEOUT.as_secs()))?
            .with_context(|| format!("{} {}", request.method, request.url))
    }

    async fn prepare(&self, request: Request<'_>) -> Result<HttpRequest> {
        let mut http = http::Request::builder().method(request.method).uri(request.url);
        for (name, value) in request.headers {
            http = http.header(*name, *value);
        }
        let mut http = http.body(SdkBody::from(request.body.to_owned())).context("invalid request")?;
        if let Some(service) = request.sign_for {
            self.sign(&mut http, request, service).await?;
        }
        HttpRequest::try_from(http).context("invalid request")
    }

    async fn sign(&self, http: &mut http::Request<SdkBody>, request: Request<'_>, service: &str) -> Result<()> {
        let provider = self.credentials.as_ref().context("no AWS credentials")?;
        let identity = provider.provide_credentials().await.context("no AWS credentials")?.into();
        let settings = SigningSettings::default();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(service)
            .time(now().into())
            .settings(settings)
            .build()
            .context("incomplete signing parameters")?
            .into();
        let signable = SignableRequest::new(
            request.method,
            request.url,
            request.headers.iter().copied(),
            SignableBody::Bytes(request.body.as_bytes()),
        )
        .context("cannot sign")?;
        let (instructions, _) = sign(signable, &parameters).context("cannot sign")?.into_parts();
        instructions.apply_to_request_http1x(http);
        Ok(())
    }

    async fn exchange(&self, request: HttpRequest) -> Result<Response> {
        let response = self.connector.call(request).await.context("no response")?;
        let status = response.status().as_u16();
        let headers = response.headers().iter().map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        let body = aws_smithy_types::byte_stream::ByteStream::new(response.into_body());
        let body = body.collect().await.context("the response was cut off")?.into_bytes();
        if body.len() > BODY_LIMIT_BYTES {
            bail!("the response has {} bytes", body.len());
        }
        Ok(Response { status, headers, body: String::from_utf8(body.into()).unwrap_or_default() })
    }

    fn endpoint_of(&self, service: &str) -> String {
        if let Some(endpoint) = &self.endpoint {
            return endpoint.clone();
        }
        let suffix = if self.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        match service {
            "iam" => format!("https://iam.{suffix}"),
            other => format!("https://{other}.{}.{suffix}", self.region),
        }
    }
}

/// The text of the first XML element with this name.
pub(crate) fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text.trim())
}

/// The only place in the tool that reads the wall clock.
pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_anywhere_in_the_response() {
        let xml = "<R><set><item><prefixListId>pl-1</prefixListId></item></set></R>";
        assert_eq!(element(xml, "prefixListId"), Some("pl-1"));
        assert_eq!(element(xml, "Code"), None);
    }
}
