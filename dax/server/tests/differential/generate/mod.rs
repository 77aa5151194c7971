//! Random requests. They use few keys, so that they often find items.

mod dice;
mod expression;
mod legacy;
mod request;
mod spoil;
mod terms;
mod value;

pub(crate) use dice::Dice;
pub(crate) use request::Request;
