//! The operator's tool: builds, packages, plans, deploys, watches and deletes the stack, manages API keys, and exports and
//! imports links. It knows CloudFormation, the template and the schemas of the tables.
//!
//! ```text
//! cli ─► command/* ─┬─► release ─► package, preflight, parameters    from sources to a change set
//!                   ├─► stack                                        change sets, events, recovery
//!                   ├─► links_table ─► transfer                      links out of the table and into it
//!                   └─► cdn, estimate                                CloudFront's copies; costs
//! ```
//!
//! Begin at [`run`]. Commands use no other command. `package` and `parameters` do not call AWS; `transfer` talks to
//! DynamoDB only and knows nothing of stacks.

mod aws;
mod cdn;
mod cli;
mod command;
mod estimate;
mod links_table;
mod outcome;
mod package;
mod parameters;
mod preflight;
mod regions;
mod release;
mod stack;
mod stage;
mod terminal;
mod transfer;

pub use cli::run;
