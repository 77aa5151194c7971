//! The deploy tool: one template, one command that builds, packages, shows what will change, deploys, watches and takes
//! down. It knows CloudFormation and the template beside it, and nothing of what the functions do at run time.
//!
//! Begin at [`run`]. `template` and `package` are pure of AWS, `stack` holds what is common to all commands that touch
//! a stack, `command` has one file per command.

mod aws;
mod cli;
mod command;
mod outcome;
pub mod package;
mod stack;
mod stage;
pub mod template;
mod terminal;

pub use cli::run;
