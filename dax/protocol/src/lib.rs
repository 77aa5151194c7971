//! The wire format of Amazon DynamoDB Accelerator (DAX), as both ends of a connection need it.
//!
//! DAX speaks a subset of CBOR over TCP or TLS. This crate holds what a client and a server share: the encoding, and
//! every number and name that has a meaning on the wire, each written down once. How requests and answers are put
//! together from these is up to the two sides: `dax-client` and `dax-server` each implement it separately,
//! so that each can test the other.
//!
//! The crate never touches a socket, a clock or a type of the AWS SDK, and does not know which side it is on.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`cbor`] | a bounded reader, a writer, and a scanner that finds the end of items while they arrive |
//! | [`number`] | 38-digit decimals: parse, normalise, print; the CBOR encoding and the order-preserving one |
//! | [`tag`] | CBOR tags |
//! | [`handshake`] | the constants that open a connection |
//! | [`parameter`] | optional parameters of requests and their values |
//! | [`operator`] | nodes of expression trees |
//! | [`field`] | keys of the maps in answers |
//!
//! At the root are the enums that describe a call: [`Method`] and [`Access`], [`Exception`], [`Role`], [`KeyType`],
//! [`TransactAction`].

#[macro_use]
mod codes;

pub mod cbor;
pub mod exception;
pub mod field;
pub mod handshake;
pub mod number;
pub mod operator;
pub mod parameter;
pub mod tag;

mod method;
mod schema;
mod topology;
mod transaction;

pub use exception::Exception;
pub use method::{Access, Method, SERVICE};
pub use schema::{EMPTY_ATTRIBUTE_LIST, KeyType};
pub use topology::Role;
pub use transaction::TransactAction;
