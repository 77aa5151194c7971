//! Calls that do not justify an SDK crate: log events, quotas, EC2's zones and network interfaces, IAM's service-linked role,
//! CloudFront's invalidations, and the HTTP requests of the smoke test. They use the SDK's credentials, endpoints, TLS and
//! signatures.

use std::fmt;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::http::{HttpConnector as _, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;

use crate::regions::{Global, partition};

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

/// A service's refusal, with its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// Service or operation.
    pub(crate) what: String,
    /// For example `AccessDenied`.
    pub(crate) code: String,
    /// The service's words.
    pub(crate) message: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}{}", self.what, self.code, self.message, super::hint(&self.code))
    }
}

impl std::error::Error for Refused {}

/// The code of a service's refusal, if the error is one.
pub(crate) fn code(error: &anyhow::Error) -> Option<&str> {
    error.downcast_ref::<Refused>().map(|refused| refused.code.as_str())
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
        Err(Refused { what: target.to_owned(), code: code.to_owned(), message: message.to_owned() }.into())
    }

    /// Reads a resource of a service with a REST API and JSON. `path` begins with a slash.
    ///
    /// # Errors
    /// If the transport fails, or on any status but 200.
    pub(crate) async fn get(&self, service: &str, path: &str) -> Result<Value> {
        let url = format!("{}{path}", self.endpoint_of(service));
        let request = Request { method: "GET", url: &url, headers: &[], body: "", sign_for: Some(service) };
        let response = self.send(request).await?;
        if response.status == 200 {
            return serde_json::from_str(&response.body).with_context(|| format!("{service}: not JSON"));
        }
        let code = response.header("x-amzn-errortype").and_then(|code| code.split(':').next());
        let value: Value = serde_json::from_str(&response.body).unwrap_or_default();
        let message = ["message", "Message"].iter().find_map(|name| value.get(name).and_then(Value::as_str));
        let (code, message) = (code.unwrap_or("unknown error").to_owned(), message.unwrap_or_default().to_owned());
        Err(Refused { what: service.to_owned(), code, message }.into())
    }

    /// Posts a document to a service with a REST API and XML. `path` begins with a slash.
    ///
    /// # Errors
    /// If the transport fails, or on any status but 200 and 201.
    pub(crate) async fn post_xml(&self, service: &str, path: &str, document: &str) -> Result<String> {
        let url = format!("{}{path}", self.endpoint_of(service));
        let headers = [("content-type", "application/xml")];
        let request = Request { method: "POST", url: &url, headers: &headers, body: document, sign_for: Some(service) };
        let response = self.send(request).await?;
        if matches!(response.status, 200 | 201) { Ok(response.body) } else { Err(refused(service, &response)) }
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
        Err(refused(service, &response))
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
            .region(self.global(service).map_or(self.region.as_str(), |global| global.region))
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
        match self.global(service) {
            Some(global) => format!("https://{}", global.host),
            None => format!("https://{service}.{}.{}", self.region, partition(&self.region).dns_suffix),
        }
    }

    /// The endpoint of a service without regions.
    fn global(&self, service: &str) -> Option<Global> {
        match service {
            "iam" => Some(partition(&self.region).iam),
            "cloudfront" => partition(&self.region).cloudfront,
            _ => None,
        }
    }
}

/// An error response in XML.
fn refused(service: &str, response: &Response) -> anyhow::Error {
    let text = |name: &str| element(&response.body, name).map(str::to_owned);
    let code = text("Code").unwrap_or_else(|| format!("status {}", response.status));
    Refused { what: service.to_owned(), code, message: text("Message").unwrap_or_default() }.into()
}

/// The text of the first XML element with this name.
pub(crate) fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text.trim())
}

/// The texts of all XML elements with this name.
pub(crate) fn elements<'a>(xml: &'a str, name: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    xml.split(open.as_str()).skip(1).filter_map(|rest| rest.split_once(&close)).map(|(text, _)| text.trim()).collect()
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
        let zones = "<i><zoneName>a</zoneName></i><i><zoneName> b </zoneName></i><zoneName>cut";
        assert_eq!(elements(zones, "zoneName"), ["a", "b"]);
    }

    async fn signed_for(region: &'static str, service: &str) -> (String, String) {
        let connector = aws_smithy_http_client::Connector::builder()
            .tls_provider(aws_smithy_http_client::tls::Provider::Rustls(
                aws_smithy_http_client::tls::rustls_provider::CryptoMode::Ring,
            ))
            .build();
        let credentials = aws_credential_types::Credentials::new("id", "secret", None, None, "test");
        let config =
            aws_config::SdkConfig::builder().credentials_provider(SharedCredentialsProvider::new(credentials)).build();
        let client = Signed::new(&config, SharedHttpConnector::new(connector), region);
        let url = client.endpoint_of(service);
        let request = Request { method: "GET", url: &url, headers: &[], body: "", sign_for: Some(service) };
        let prepared = client.prepare(request).await.unwrap();
        let header = prepared.headers().get("authorization").unwrap();
        let scope = header.split('/').skip(2).take(2).collect::<Vec<_>>().join("/");
        (url, scope)
    }

    /// The credential scope holds the region in which the service expects the signature.
    #[tokio::test]
    async fn services_without_regions_are_signed_for_their_home_region() {
        for (region, service, url, scope) in [
            ("eu-central-1", "iam", "https://iam.amazonaws.com", "us-east-1/iam"),
            ("cn-northwest-1", "iam", "https://iam.cn-north-1.amazonaws.com.cn", "cn-north-1/iam"),
            ("eu-west-1", "cloudfront", "https://cloudfront.amazonaws.com", "us-east-1/cloudfront"),
            ("eu-central-1", "ec2", "https://ec2.eu-central-1.amazonaws.com", "eu-central-1/ec2"),
            ("cn-northwest-1", "ec2", "https://ec2.cn-northwest-1.amazonaws.com.cn", "cn-northwest-1/ec2"),
        ] {
            assert_eq!(signed_for(region, service).await, (url.to_owned(), scope.to_owned()));
        }
    }
}
