//! HTTP: what a request consists of, how a response is written, and what a client sees of a problem.
//!
//! Nothing here reads or writes a link, or knows who is calling.

pub(crate) mod body;
pub(crate) mod cursor;
pub(crate) mod etag;
pub(crate) mod event;
pub(crate) mod fields;
pub(crate) mod form;
pub(crate) mod json;
pub(crate) mod problem;
pub(crate) mod query;
pub(crate) mod representation;
pub(crate) mod request;
pub(crate) mod response;
