//! The template as a whole, without AWS: who may do what, what is exposed, what each function is told, and that a
//! mistake in any of these would be noticed.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a part of the template that is missing fails the test, as it should"
)]

mod house_rules;
mod mutations;
mod policies;
mod render;
mod variables;

use serde_json::Value;

fn document() -> Value {
    template::parse(template::DEPLOYED).unwrap()
}
