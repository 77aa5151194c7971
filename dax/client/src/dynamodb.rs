//! The ten operations as a trait.

use std::future::ready;
use std::sync::Arc;

use crate::connector::BoxFuture;
use crate::op::{self, each_operation};
use crate::{Client, Error, Method};

macro_rules! operations {
    ($($method:ident $operation:ident $input:ident $output:ident $fake:ident;)+) => {
        /// The ten operations, so that code that needs them can be given something else than a [`Client`] in its tests.
        ///
        /// Take an `Arc<dyn DynamoDb>` (or a `D: DynamoDb`) where you would take a `Client`. In production it is a
        /// client; in a test it is a `Fake` made of closures (`test_util::Fake`, with the crate's feature `test-util`), or
        /// a type of your own. [`Pages`](crate::Pages) and [`Batch`](crate::Batch) work on all of them.
        ///
        /// ```
        /// use std::sync::Arc;
        ///
        /// use aws_sdk_dynamodb::operation::get_item::GetItemInput;
        /// use aws_sdk_dynamodb::types::AttributeValue;
        /// use dax_client::{DynamoDb, Error};
        ///
        /// struct Links {
        ///     db: Arc<dyn DynamoDb>,
        /// }
        ///
        /// impl Links {
        ///     async fn exists(&self, id: &str) -> Result<bool, Error> {
        ///         let input = GetItemInput::builder().table_name("links").key("id", AttributeValue::S(id.to_owned()));
        ///         let input = input.build().expect("a table and a key");
        ///         Ok(self.db.get_item(input).await?.item.is_some())
        ///     }
        /// }
        /// ```
        ///
        /// # Why a trait, and why this one
        ///
        /// It can be made into an object, so an application need not become generic to be tested. That costs each call
        /// through it one allocation for the future; the methods of [`Client`] do not pay it, and calls them whoever
        /// holds a `Client`. A set of closures alone would suit tests only; with a trait you can also wrap a client, for
        /// example to add a prefix to table names or to refuse writes.
        ///
        /// An implementation has the methods it needs: the others fail with [`Error::Unsupported`]. So operations that
        /// DAX may get one day can be added.
        pub trait DynamoDb: Send + Sync {
            $(
                #[doc = concat!("Calls `", stringify!($operation), "`.")]
                fn $method(
                    &self,
                    input: aws_sdk_dynamodb::operation::$method::$input,
                ) -> BoxFuture<'_, Result<aws_sdk_dynamodb::operation::$method::$output, Error>> {
                    let _unused = input;
                    Box::pin(ready(Err(Error::Unsupported { method: Method::$operation })))
                }
            )+
        }

        impl DynamoDb for Client {
            $(
                fn $method(
                    &self,
                    input: aws_sdk_dynamodb::operation::$method::$input,
                ) -> BoxFuture<'_, Result<aws_sdk_dynamodb::operation::$method::$output, Error>> {
                    Box::pin(self.call::<op::$operation>(input))
                }
            )+
        }

        operations!(behind &T: $($method $input $output;)+);
        operations!(behind Box<T>: $($method $input $output;)+);
        operations!(behind Arc<T>: $($method $input $output;)+);
    };
    (behind $pointer:ty: $($method:ident $input:ident $output:ident;)+) => {
        impl<T: DynamoDb + ?Sized> DynamoDb for $pointer {
            $(
                fn $method(
                    &self,
                    input: aws_sdk_dynamodb::operation::$method::$input,
                ) -> BoxFuture<'_, Result<aws_sdk_dynamodb::operation::$method::$output, Error>> {
                    (**self).$method(input)
                }
            )+
        }
    };
}

each_operation!(operations);
