//! Checks the template as a whole, without AWS: permissions, what is exposed, the variables of each function, and that
//! these checks notice mistakes.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a missing part of the template must fail the test"
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
