//! Lambda functions as processes: one process per execution environment, one invocation at a time in it.

mod caller;
mod environment;
mod failure;
mod host;
mod idle;
mod invocation;
mod output;
mod pool;
mod process;
mod slots;
mod stats;
mod supervisor;
mod variables;

pub(crate) use host::Host;
pub(crate) use invocation::{Completed, Invocation};
pub(crate) use pool::Pool;
pub use stats::FunctionStats;
