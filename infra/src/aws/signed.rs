//! Calls too few to earn an SDK crate each: `DynamoDB` table deletion, log events, the EC2 prefix list, IAM's
//! service-linked role, and the HTTP requests of the smoke test. Same credentials, endpoints, TLS and signature.

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
/// Nothing these calls return comes near it.
const BODY_LIMIT_BYTES: usize = 8 << 20;

/// A small signing HTTP client.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    connector: SharedHttpConnector,
    credentials: Option<SharedCredentialsProvider>,
    endpoint: Option<String>,
    region: String,
}

/// An HTTP answer, read whole.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// Status code.
    pub(crate) status: u16,
    /// Header names are lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// The body; empty if it was not text.
    pub(crate) body: String,
}

impl Answer {
    /// The first header of that (lower-case) name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// One request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    /// Method in capitals.
    pub(crate) method: &'a str,
    /// Absolute URL.
    pub(crate) url: &'a str,
    /// Sent, and signed where the request is signed.
    pub(crate) headers: &'a [(&'a str, &'a str)],
    /// May be empty.
    pub(crate) body: &'a str,
    /// The service to sign for; `None` = unsigned.
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

    /// An AWS JSON call: `target` is the `X-Amz-Target`, `service` also the host's first label.
    ///
    /// # Errors
    /// On transport trouble and every answer but 200, with the service's code and message.
    pub(crate) async fn json(&self, service: &str, target: &str, body: &Value) -> Result<Value> {
        let body = body.to_string();
        let answer = self
            .send(Request {
                method: "POST",
                url: &format!("{}/", self.endpoint_of(service)),
                headers: &[("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target)],
                body: &body,
                sign_for: Some(service),
            })
            .await
            .with_context(|| format!("{target} failed"))?;
        let value: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        if answer.status == 200 {
            return Ok(value);
        }
        let code = value
            .get("__type")
            .and_then(Value::as_str)
            .and_then(|name| name.rsplit('#').next())
            .unwrap_or("unknown error");
        let message =
            ["message", "Message"].iter().find_map(|key| value.get(key)).and_then(Value::as_str).unwrap_or_default();
        bail!("{target}: {code}: {message}")
    }

    /// A call of the older query protocol, as EC2 and IAM speak it. Returns the XML.
    ///
    /// # Errors
    /// On transport trouble and every answer but 200.
    pub(crate) async fn query(&self, service: &str, parameters: &str) -> Result<String> {
        let answer = self
            .send(Request {
                method: "POST",
                url: &format!("{}/", self.endpoint_of(service)),
                headers: &[("content-type", "application/x-www-form-urlencoded")],
                body: parameters,
                sign_for: Some(service),
            })
            .await?;
        if answer.status == 200 {
            return Ok(answer.body);
        }
        let code = element(&answer.body, "Code").unwrap_or("unknown error");
        bail!("{service}: {code}: {}", element(&answer.body, "Message").unwrap_or_default())
    }

    /// Sends one request and reads the whole answer; redirects are not followed.
    ///
    /// # Errors
    /// On transport trouble, a timeout, or a body past the limit. A status is never an error here.
    pub(crate) async fn send(&self, request: Request<'_>) -> Result<Answer> {
        let signed = self.prepare(request).await?;
        tokio::time::timeout(TIMEOUT, self.exchange(signed))
            .await
            .with_context(|| format!("no answer from {} within {} s", request.url, TIMEOUT.as_secs()))?
            .with_context(|| format!("{} {}", request.method, request.url))
    }

    async fn prepare(&self, request: Request<'_>) -> Result<HttpRequest> {
        let mut http = http::Request::builder().method(request.method).uri(request.url);
        for (name, value) in request.headers {
            http = http.header(*name, *value);
        }
        let mut http = http.body(SdkBody::from(request.body.to_owned())).context("not a request")?;
        if let Some(service) = request.sign_for {
            self.sign(&mut http, request, service).await?;
        }
        HttpRequest::try_from(http).context("not a request")
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

    async fn exchange(&self, request: HttpRequest) -> Result<Answer> {
        let response = self.connector.call(request).await.context("no answer")?;
        let status = response.status().as_u16();
        let headers = response.headers().iter().map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        let body = aws_smithy_types::byte_stream::ByteStream::new(response.into_body());
        let body = body.collect().await.context("the answer broke off")?.into_bytes();
        if body.len() > BODY_LIMIT_BYTES {
            bail!("an answer of {} bytes", body.len());
        }
        Ok(Answer { status, headers, body: String::from_utf8(body.into()).unwrap_or_default() })
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

/// The text of the first XML element of that name.
pub(crate) fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text.trim())
}

/// The tool's one reading of the wall clock.
pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_anywhere_in_the_answer() {
        let xml = "<R><set><item><prefixListId>pl-1</prefixListId></item></set></R>";
        assert_eq!(element(xml, "prefixListId"), Some("pl-1"));
        assert_eq!(element(xml, "Code"), None);
    }
}
