//! One file per command.

pub(crate) mod bootstrap;
pub(crate) mod clicks;
pub(crate) mod cost;
pub(crate) mod deploy;
pub(crate) mod destroy;
pub(crate) mod doctor;
pub(crate) mod drift;
pub(crate) mod export;
pub(crate) mod hosts;
pub(crate) mod import;
pub(crate) mod invalidate;
pub(crate) mod keys;
pub(crate) mod logs;
pub(crate) mod outputs;
pub(crate) mod package;
pub(crate) mod plan;
pub(crate) mod smoke;
pub(crate) mod status;
pub(crate) mod takedown;
