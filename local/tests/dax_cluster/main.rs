//! The DAX cluster from outside: bytes over sockets, in front of an embedded DynamoDB.

mod caching;
mod control;
mod desk;
mod failures;
mod peer;
mod races;
