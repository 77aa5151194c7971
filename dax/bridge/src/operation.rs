//! The ten operations: DynamoDB JSON to the SDK's inputs, to DAX by either form of the client, and back.

use aws_sdk_dynamodb::config::interceptors::BeforeSerializationInterceptorContextMut;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::{BoxError, ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::interceptors::context::Input;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use dynamodb_json::{FromJson, ToJson};
use serde_json::Value;

use crate::failure::Failure;
use crate::{Bridge, Mode};

/// Finds the operation by its name. The SDK refuses to build some requests without a table name, which DAX refuses in
/// DynamoDB's words; `with` sets one that the real input then replaces.
macro_rules! operations {
    ($($operation:ident $method:ident $input:ident $error:ident $(with $required:ident)?;)+) => {
        /// Whether this is one of the ten.
        pub(crate) fn is_known(operation: &str) -> bool {
            [$(stringify!($operation)),+].contains(&operation)
        }

        /// Makes a call to DAX.
        pub(crate) async fn call(bridge: &Bridge, operation: &str, input: &Value) -> Result<Value, Failure> {
            use aws_sdk_dynamodb::operation;
            match operation {
                $(stringify!($operation) => {
                    let input: operation::$method::$input = read(input)?;
                    if bridge.mode == Mode::Core {
                        let output = bridge.core.$method(input).await;
                        return output.map_err(operation::$method::$error::from).map_or_else(refused, written);
                    }
                    let call = bridge.drop_in.$method()$(.$required("replaced"))?.customize();
                    match call.interceptor(Given(input)).send().await {
                        Ok(output) => written(output),
                        Err(error) => failed(error),
                    }
                })+
                other => Err(Failure::new("UnknownOperationException", other)),
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

fn read<I: FromJson>(input: &Value) -> Result<I, Failure> {
    I::from_json(input).map_err(|error| Failure::unreadable(&error))
}

fn written<O: ToJson>(output: O) -> Result<Value, Failure> {
    output.to_json().map_err(|error| Failure::internal(&error))
}

fn refused<E: ProvideErrorMetadata + std::error::Error + 'static>(error: E) -> Result<Value, Failure> {
    Err(Failure::of(&error))
}

fn failed<E: ProvideErrorMetadata + std::error::Error + 'static>(
    error: SdkError<E, HttpResponse>,
) -> Result<Value, Failure> {
    match error {
        SdkError::ServiceError(error) => refused(error.into_err()),
        other => Err(Failure::internal(&other)),
    }
}

/// Replaces the input of a fluent builder, which takes only single fields.
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
