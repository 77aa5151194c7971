//! What API Gateway says about a caller, in our terms: owners from ARNs, scopes from tokens, and who is an administrator.

mod admins;
mod arn;
mod token;

pub(crate) use admins::AdminError;
pub use admins::Admins;
pub(crate) use arn::without_session;
pub(crate) use token::scopes;
