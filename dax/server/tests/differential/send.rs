//! Sends a request in DynamoDB JSON through either kind of client.

use aws_sdk_dynamodb::{
    config::{ConfigBag, Intercept, RuntimeComponents, interceptors::BeforeSerializationInterceptorContextMut},
    error::{BoxError, DisplayErrorContext, ProvideErrorMetadata, SdkError},
};
use aws_smithy_runtime_api::client::{interceptors::context::Input, orchestrator::HttpResponse};
use dynamodb_json::{FromJson, ToJson};
use serde_json::Value;

use crate::outcome::{meaning, refusal};

/// Finds the operation by its name.
macro_rules! operations {
    ($($operation:ident $method:ident $input:ident $error:ident $(with $required:ident)?;)+) => {
        /// Sends through the DAX client itself.
        pub(crate) async fn by_core(
            client: &dax_client::Client,
            operation: &str,
            input: &Value,
        ) -> Value {
            match operation {
                $(stringify!($operation) => {
                    core::<_, aws_sdk_dynamodb::operation::$method::$error>(client.$method(read(input)).await, input)
                })+
                other => panic!("no operation {other}"),
            }
        }

        /// Sends through an SDK client, whatever is behind it.
        pub(crate) async fn by_sdk(
            client: &aws_sdk_dynamodb::Client,
            operation: &str,
            input: &Value,
        ) -> Value {
            match operation {
                $(stringify!($operation) => {
                    let input = read::<aws_sdk_dynamodb::operation::$method::$input>(input);
                    let call = client.$method()$(.$required("the one of the input"))?;
                    let call = call.customize().interceptor(Given(input));
                    answer(call.send().await)
                })+
                other => panic!("no operation {other}"),
            }
        }
    };
}

operations! {
    GetItem get_item GetItemInput GetItemError with table_name;
    PutItem put_item PutItemInput PutItemError with table_name;
    UpdateItem update_item UpdateItemInput UpdateItemError with table_name;
    DeleteItem delete_item DeleteItemInput DeleteItemError with table_name;
    BatchGetItem batch_get_item BatchGetItemInput BatchGetItemError;
    BatchWriteItem batch_write_item BatchWriteItemInput BatchWriteItemError;
    Query query QueryInput QueryError with table_name;
    Scan scan ScanInput ScanError with table_name;
    TransactGetItems transact_get_items TransactGetItemsInput TransactGetItemsError;
    TransactWriteItems transact_write_items TransactWriteItemsInput TransactWriteItemsError;
}

fn core<T: ToJson, E: From<dax_client::Error> + ProvideErrorMetadata + std::error::Error + 'static>(
    result: Result<T, dax_client::Error>,
    input: &Value,
) -> Value {
    match result {
        Ok(output) => meaning(output.to_json().unwrap()),
        Err(error) if error.server().is_some() || error.is_validation() => refusal(&E::from(error)),
        Err(error) => panic!("no answer to {input}: {}", DisplayErrorContext(error)),
    }
}

fn answer<T: ToJson, E: ProvideErrorMetadata + std::error::Error + 'static>(
    result: Result<T, SdkError<E, HttpResponse>>,
) -> Value {
    match result {
        Ok(output) => meaning(output.to_json().unwrap()),
        Err(SdkError::ServiceError(error)) => refusal(error.err()),
        Err(error) => panic!("no answer: {}", DisplayErrorContext(error)),
    }
}

fn read<I: FromJson>(input: &Value) -> I {
    I::from_json(input).unwrap_or_else(|error| panic!("{error}: {input}"))
}

/// Replaces the input of a fluent builder, which takes only single fields. The SDK checks before that the builder has a
/// table name, so there must be one.
#[derive(Debug)]
struct Given<I>(I);

impl<I: Clone + std::fmt::Debug + Send + Sync + 'static> Intercept for Given<I> {
    fn name(&self) -> &'static str {
        "Given"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        *context.input_mut() = Input::erase(self.0.clone());
        Ok(())
    }
}
