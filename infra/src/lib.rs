//! The operator's tool: one template, one command that builds, packages, shows what will change, deploys, watches and
//! takes down, manages keys, and copies links out of the table and into it. It knows CloudFormation, the template beside
//! it and the schemas of the tables, and nothing of what the functions do at run time.
//!
//! Begin at [`run`]. `template` and `package` are pure of AWS, `stack` holds what is common to all commands that touch
//! a stack, `transfer` what export and import are made of, `command` has one file per command.

mod aws;
mod cli;
mod command;
mod outcome;
pub mod package;
mod parameters;
mod stack;
mod stage;
mod terminal;
mod transfer;

pub use cli::run;
