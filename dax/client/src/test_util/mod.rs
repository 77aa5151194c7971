//! For the tests of programs that use this crate: a [`Fake`] in place of a [`Client`](crate::Client), and every error that
//! a client can give.
//!
//! Feature `test-util`, meant for `[dev-dependencies]`. For tests against a whole cluster, with caches and failing nodes,
//! see the crate `dax-server`.
//!
//! ```
//! use std::sync::Arc;
//!
//! use aws_sdk_dynamodb::operation::put_item::{PutItemInput, PutItemOutput};
//! use aws_sdk_dynamodb::types::AttributeValue;
//! use dax_client::test_util::{self, Fake};
//! use dax_client::{DynamoDb, Error, Exception, Method};
//!
//! /// What is tested: takes a name unless somebody has it.
//! async fn take(db: &dyn DynamoDb, name: &str) -> Result<bool, Error> {
//!     let input = PutItemInput::builder()
//!         .table_name("names")
//!         .item("id", AttributeValue::S(name.to_owned()))
//!         .condition_expression("attribute_not_exists(id)");
//!     match db.put_item(input.build().expect("complete")).await {
//!         Ok(_) => Ok(true),
//!         Err(error) if error.is_condition_failed() => Ok(false),
//!         Err(error) => Err(error),
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! // Taken.
//! let db = Fake::new().on_put_item(|_| Err(test_util::condition_failed(Method::PutItem)));
//! assert!(!take(&db, "kay").await.unwrap());
//!
//! // Throttled for longer than a client is patient.
//! let db = Fake::new().on_put_item(|_| Err(test_util::throttled(Method::PutItem)));
//! let error = take(&db, "kay").await.unwrap_err();
//! assert_eq!(error.exception(), Some(Exception::ProvisionedThroughputExceeded));
//!
//! // Free; and what was asked is looked at.
//! let db = Fake::new().on_put_item(|input| {
//!     assert_eq!(input.table_name(), Some("names"));
//!     Ok(PutItemOutput::builder().build())
//! });
//! let shared: Arc<dyn DynamoDb> = Arc::new(db);
//! assert!(take(&shared, "kay").await.unwrap());
//! # }
//! ```

mod errors;
mod fake;
mod server_error;

pub use errors::{
    broken, canceled, condition_failed, connect, credentials, dns, fallback, no_route, not_found, throttled, timeout,
    unknown_outcome, validation,
};
pub use fake::Fake;
pub use server_error::ServerErrorBuilder;
