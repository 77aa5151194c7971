//! What a request and a response consist of.

pub(crate) mod body;
pub(crate) mod cursor;
pub(crate) mod etag;
pub(crate) mod fields;
pub(crate) mod problem;
pub(crate) mod query;
pub(crate) mod representation;
pub(crate) mod request;
pub(crate) mod response;
