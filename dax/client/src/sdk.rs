//! Drop-in mode: an [`aws_sdk_dynamodb::Client`] whose ten data operations go to DAX.
//!
//! The SDK's own machinery runs as always; three things are exchanged while it does:
//!
//! 1. Before an input is serialised, [`Redirect`] looks at its type. For one of the ten operations it installs
//!    [`Handover`] as serialiser and deserialiser of this one call, and switches off what the SDK would do for it in vain:
//!    retries, because the DAX client retries by itself; and the signature, which nobody would read. So the ten need
//!    neither credentials nor a region of the SDK's. For any other operation it does nothing.
//! 2. The serialiser keeps the input aside and gives the SDK an empty request, to which the input is attached when it
//!    is about to be sent.
//! 3. The HTTP client in front of the configured one, [`Switch`], makes the DAX call when it meets such an attachment,
//!    and attaches the outcome to an empty response, from which the deserialiser takes it.

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::config::auth::{self, DefaultAuthSchemeResolver, ResolveAuthScheme};
use aws_sdk_dynamodb::config::endpoint;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::{
    AuthSchemeId, AuthSchemeOptionResolverParams, AuthSchemeOptionsFuture, ResolveAuthSchemeOptions,
    SharedAuthSchemeOptionResolver,
};
use aws_smithy_runtime_api::client::endpoint::EndpointResolverParams;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextMut, BeforeTransmitInterceptorContextMut, Error as ErasedError, Input, Output,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::client::ser_de::{
    DeserializeResponse, SerializeRequest, SharedRequestSerializer, SharedResponseDeserializer,
};
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::MergeTimeoutConfig;

use crate::fallback::DROP_IN;
use crate::fallback::table::InTable;
use crate::op::{self, Operation};
use crate::{Client, Error};

impl Client {
    /// An SDK client with this configuration whose ten data operations go to DAX.
    ///
    /// Inputs, outputs, fluent builders, paginators and modelled errors are the SDK's; every other operation
    /// (`DescribeTable`, `ExecuteStatement`, …) goes to DynamoDB as configured. Retries and deadlines of the ten are
    /// those of this client's [`Config`](crate::Config); timeouts set on the SDK client end a call as well. Region and
    /// credentials of `config` are for the other operations only. A failure
    /// to reach DAX is a [`DispatchFailure`](aws_sdk_dynamodb::error::SdkError::DispatchFailure).
    ///
    /// ```no_run
    /// # async fn example(sdk: aws_types::SdkConfig) -> Result<(), Box<dyn std::error::Error>> {
    /// use dax_client::{Client, Config};
    ///
    /// let config = Config::new("dax://my-cluster.l6fzcv.dax-clusters.us-east-1.amazonaws.com")?.aws_config(&sdk);
    /// let dynamodb = Client::connect(config).await?.to_sdk_client(&aws_sdk_dynamodb::Config::new(&sdk));
    /// let tables = dynamodb.list_tables().send().await?; // from DynamoDB
    /// let page = dynamodb.scan().table_name("links").send().await?; // from DAX
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn to_sdk_client(&self, config: &aws_sdk_dynamodb::Config) -> aws_sdk_dynamodb::Client {
        let switch = Switch { dax: self.clone(), other: PassThrough::new(config.http_client()) };
        let signed = config.auth_scheme_resolver();
        let signed = signed.unwrap_or_else(|| DefaultAuthSchemeResolver::default().into_shared_resolver());
        let builder = config.to_builder().interceptor(Redirect).auth_scheme_resolver(Unsigned { others: signed });
        let config = builder.http_client(switch).build();
        aws_sdk_dynamodb::Client::from_conf(config)
    }
}

/// Step 1, and the attachment of step 2.
#[derive(Debug)]
struct Redirect;

impl Intercept for Redirect {
    fn name(&self) -> &'static str {
        DROP_IN
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let input = context.input();
        let _one_of_ten = redirect::<op::GetItem>(input, cfg)
            || redirect::<op::PutItem>(input, cfg)
            || redirect::<op::UpdateItem>(input, cfg)
            || redirect::<op::DeleteItem>(input, cfg)
            || redirect::<op::Query>(input, cfg)
            || redirect::<op::Scan>(input, cfg)
            || redirect::<op::BatchGetItem>(input, cfg)
            || redirect::<op::BatchWriteItem>(input, cfg)
            || redirect::<op::TransactGetItems>(input, cfg)
            || redirect::<op::TransactWriteItems>(input, cfg);
        Ok(())
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // Here, because an attachment made by the serialiser would not survive the copy that each attempt sends.
        if let Some(pending) = cfg.load::<Pending>() {
            context.request_mut().add_extension(pending.clone());
        }
        Ok(())
    }
}

fn redirect<O: InTable>(input: &Input, cfg: &mut ConfigBag) -> bool {
    if input.downcast_ref::<O::Input>().is_none() {
        return false;
    }
    // This layer wins over the operation's own, which holds the serialisers of HTTP.
    let state = cfg.interceptor_state();
    state.store_put(SharedRequestSerializer::new(Handover::<O>(PhantomData)));
    state.store_put(SharedResponseDeserializer::new(Handover::<O>(PhantomData)));
    state.store_put(RetryConfig::disabled());
    state.store_put(ToDax);
    // In place of what the operation's own interceptor found out for DynamoDB, which needs a region. Nothing goes there.
    if let Ok(nowhere) = endpoint::Params::builder().endpoint("http://dax.invalid").region("dax").build() {
        state.store_put(EndpointResolverParams::new(nowhere));
    }
    true
}

/// Marks a call that goes to DAX.
#[derive(Debug)]
struct ToDax;

impl Storable for ToDax {
    type Storer = StoreReplace<Self>;
}

/// The SDK's scheme of a request without a signature; each of its clients has it.
const NO_AUTH: AuthSchemeId = AuthSchemeId::new("noAuth");

/// No signature for what goes to DAX, whose connections are authorised; the configured one for all else.
#[derive(Debug)]
struct Unsigned {
    others: SharedAuthSchemeOptionResolver,
}

impl ResolveAuthSchemeOptions for Unsigned {
    fn resolve_auth_scheme_options_v2<'a>(
        &'a self,
        params: &'a AuthSchemeOptionResolverParams,
        cfg: &'a ConfigBag,
        components: &'a RuntimeComponents,
    ) -> AuthSchemeOptionsFuture<'a> {
        if cfg.load::<ToDax>().is_none() {
            return self.others.resolve_auth_scheme_options_v2(params, cfg, components);
        }
        AuthSchemeOptionsFuture::ready(Ok(vec![NO_AUTH.into()]))
    }
}

impl ResolveAuthScheme for Unsigned {
    fn resolve_auth_scheme<'a>(
        &'a self,
        _params: &'a auth::Params,
        _cfg: &'a ConfigBag,
        _components: &'a RuntimeComponents,
    ) -> AuthSchemeOptionsFuture<'a> {
        AuthSchemeOptionsFuture::ready(Err("replaced by `into_shared_resolver`".into()))
    }

    fn into_shared_resolver(self) -> SharedAuthSchemeOptionResolver {
        SharedAuthSchemeOptionResolver::new(self)
    }
}

/// Serialiser and deserialiser of an operation that goes to DAX.
struct Handover<O>(PhantomData<O>);

impl<O: InTable> SerializeRequest for Handover<O> {
    fn serialize_input(&self, input: Input, cfg: &mut ConfigBag) -> Result<HttpRequest, BoxError> {
        let input = input.downcast::<O::Input>().map_err(|_other| "the input changed its type")?;
        let timeouts = cfg.load::<MergeTimeoutConfig>();
        let limit = timeouts.operation_timeout().into_iter().chain(timeouts.operation_attempt_timeout()).min();
        let held = Held::<O> { input: Mutex::new(Some(input)), limit };
        cfg.interceptor_state().store_put(Pending(Arc::new(held)));
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_method("POST")?;
        request.set_uri("/")?;
        Ok(request)
    }
}

impl<O: Operation> DeserializeResponse for Handover<O> {
    fn deserialize_streaming_with_config(
        &self,
        response: &mut HttpResponse,
        _cfg: &ConfigBag,
    ) -> Option<Result<Output, OrchestratorError<ErasedError>>> {
        let outcome = response.extension::<Outcome<O>>().and_then(Outcome::take);
        Some(match outcome {
            Some(Ok(output)) => Ok(Output::erase(output)),
            Some(Err(error)) => Err(OrchestratorError::operation(ErasedError::erase(error))),
            None => Err(OrchestratorError::other("the response does not come from DAX")),
        })
    }
}

impl<O: Operation> fmt::Debug for Handover<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handover<{}>", O::METHOD)
    }
}

/// A call on its way through the SDK.
#[derive(Debug, Clone)]
struct Pending(Arc<dyn Make>);

impl Storable for Pending {
    type Storer = StoreReplace<Self>;
}

/// A call of any operation.
trait Make: fmt::Debug + Send + Sync {
    fn make(self: Arc<Self>, dax: Client) -> HttpConnectorFuture;
}

/// The input of a call, until it is made.
struct Held<O: Operation> {
    input: Mutex<Option<O::Input>>,
    /// When the SDK ends the call.
    limit: Option<Duration>,
}

impl<O: Operation> fmt::Debug for Held<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Held<{}>", O::METHOD)
    }
}

impl<O: InTable> Make for Held<O> {
    fn make(self: Arc<Self>, dax: Client) -> HttpConnectorFuture {
        HttpConnectorFuture::new_boxed(Box::pin(async move {
            let input = self.input.lock().unwrap_or_else(PoisonError::into_inner).take();
            // The SDK's retries are off for this call.
            let input = input.ok_or_else(|| ConnectorError::other("a DAX call is sent once".into(), None))?;
            match dax.within(self.limit).call::<O>(input).await {
                Ok(output) => response::<O>(200, Ok(output)),
                Err(error @ Error::Timeout { .. }) => Err(ConnectorError::timeout(error.into())),
                Err(error) if error.is_io() => Err(ConnectorError::io(error.into())),
                Err(error) => {
                    let status = error.server().and_then(|error| error.http_status).unwrap_or(400);
                    response::<O>(status, Err(error.into()))
                }
            }
        }))
    }
}

fn response<O: Operation>(status: u16, outcome: Ended<O>) -> Result<HttpResponse, ConnectorError> {
    let status = StatusCode::try_from(status).map_err(|odd| ConnectorError::other(odd.into(), None))?;
    let mut response = HttpResponse::new(status, SdkBody::empty());
    response.add_extension(Outcome::<O>(Arc::new(Mutex::new(Some(outcome)))));
    Ok(response)
}

/// The outcome of a call, until the deserialiser takes it.
struct Outcome<O: Operation>(Arc<Mutex<Option<Ended<O>>>>);

type Ended<O> = Result<<O as Operation>::Output, <O as Operation>::Error>;

impl<O: Operation> Outcome<O> {
    fn take(&self) -> Option<Ended<O>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<O: Operation> Clone for Outcome<O> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// Step 3: DAX calls to DAX, everything else to the HTTP client that was configured.
#[derive(Debug)]
struct Switch {
    dax: Client,
    other: PassThrough,
}

impl HttpClient for Switch {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(SwitchConnector {
            dax: self.dax.clone(),
            other: self.other.clone(),
            settings: settings.clone(),
            components: components.clone(),
        })
    }
}

#[derive(Debug)]
struct SwitchConnector {
    dax: Client,
    other: PassThrough,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for SwitchConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        match request.extension::<Pending>() {
            Some(Pending(call)) => Arc::clone(call).make(self.dax.clone()),
            None => self.other.client().http_connector(&self.settings, &self.components).call(request),
        }
    }
}

/// The configured HTTP client, or else one that is built when a first request needs it: loading its trust store takes
/// milliseconds.
#[derive(Debug, Clone)]
struct PassThrough(Arc<OnceLock<SharedHttpClient>>);

impl PassThrough {
    fn new(configured: Option<SharedHttpClient>) -> Self {
        Self(Arc::new(configured.map_or_else(OnceLock::new, OnceLock::from)))
    }

    fn client(&self) -> &SharedHttpClient {
        self.0.get_or_init(https)
    }
}

#[cfg(feature = "ring")]
fn https() -> SharedHttpClient {
    use aws_smithy_http_client::tls::Provider;
    use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

    aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}

/// Without cryptography of this crate's choice, the program chooses the client too.
#[cfg(not(feature = "ring"))]
fn https() -> SharedHttpClient {
    use aws_smithy_runtime_api::shared::IntoShared;

    #[derive(Debug)]
    struct Missing;

    impl HttpConnector for Missing {
        fn call(&self, _request: HttpRequest) -> HttpConnectorFuture {
            let text =
                "the SDK's configuration has no HTTP client, and dax-client has one with its feature `ring` only";
            HttpConnectorFuture::ready(Err(ConnectorError::user(text.into())))
        }
    }

    impl HttpClient for Missing {
        fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
            SharedHttpConnector::new(Self)
        }
    }

    Missing.into_shared()
}
