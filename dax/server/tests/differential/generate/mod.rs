//! Random requests. They stay close to a few items, so that they meet what others left.

mod dice;
mod expression;
mod legacy;
mod request;
mod spoil;
mod terms;
mod value;

pub(crate) use dice::Dice;
pub(crate) use request::Request;
