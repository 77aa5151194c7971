//! What every environment needs from the machine it runs on.

use std::path::PathBuf;
use std::sync::Arc;

use crate::logs::Logs;
use crate::observer::Observer;

/// The settings that all functions of a platform share.
#[derive(Debug)]
pub(crate) struct Host {
    /// See [`PlatformConfig::launcher`](crate::PlatformConfig::launcher).
    pub(crate) launcher: Option<PathBuf>,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) logs: Logs,
}
