//! What a command works with: clients, terminal, settings.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::Stack;
use crate::aws::{Aws, Caller};
use crate::stage::Stage;
use crate::terminal::Terminal;

/// How often something slow is polled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backoff {
    /// The first wait.
    pub(crate) first: Duration,
    /// Each wait is half as long again as the one before, up to this.
    pub(crate) longest: Duration,
    /// How long a lost connection is tolerated while watching.
    pub(crate) patience: Duration,
}

impl Backoff {
    /// CloudFormation throttles an account that polls more than about once a second.
    pub(crate) const REAL: Self = Self {
        first: Duration::from_millis(1_500),
        longest: Duration::from_secs(5),
        patience: Duration::from_secs(300),
    };

    /// The wait that follows `wait`.
    pub(crate) fn next(self, wait: Duration) -> Duration {
        (wait + wait / 2).min(self.longest)
    }
}

/// One run of the tool against one stage.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    /// The AWS clients.
    pub(crate) aws: Aws,
    /// Where output goes.
    pub(crate) terminal: Terminal,
    /// The settings.
    pub(crate) stage: Stage,
    /// How often to poll.
    pub(crate) backoff: Backoff,
    /// The message to print if Ctrl-C arrives now.
    pub(crate) on_interrupt: Arc<Mutex<Option<String>>>,
}

impl Session {
    /// Sets the message for Ctrl-C while something keeps running in the cloud; `None` once nothing does.
    pub(crate) fn on_interrupt(&self, note: Option<String>) {
        if let Ok(mut current) = self.on_interrupt.lock() {
            *current = note;
        }
    }

    /// Prints account, caller, stack and region.
    ///
    /// # Errors
    /// If the credentials do not work.
    pub(crate) async fn announce(&self) -> Result<Caller> {
        let caller = self.aws.caller().await?;
        self.terminal.done("account", format_args!("{} as {}", caller.account, caller.arn));
        self.terminal.done("stack", format_args!("{} in {}", self.stage.stack, self.aws.region));
        Ok(caller)
    }

    /// The stage's stack.
    ///
    /// # Errors
    /// If CloudFormation cannot be reached.
    pub(crate) async fn stack(&self) -> Result<Option<Stack>> {
        Stack::find(&self.aws, &self.stage.stack).await
    }

    /// The stage's stack, which must exist.
    ///
    /// # Errors
    /// If it does not exist.
    pub(crate) async fn existing_stack(&self) -> Result<Stack> {
        let missing = || {
            format!("stack {} does not exist in {}: create it with `infra deploy`", self.stage.stack, self.aws.region)
        };
        self.stack().await?.with_context(missing)
    }
}
