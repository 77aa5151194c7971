//! What every command that touches a stack shares.

pub(crate) mod change;
pub(crate) mod change_set;
pub(crate) mod events;
#[cfg(test)]
mod rare;
pub(crate) mod recovery;
pub(crate) mod state;
mod stateful;
pub(crate) mod watch;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, Result};
use aws_sdk_cloudformation::types::{Parameter, Stack as Description};

use crate::aws::{Aws, explain};
use crate::stage::Stage;
use crate::terminal::Terminal;

/// How often the state of something slow is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Between the first questions.
    pub(crate) first: Duration,
    /// Between later ones; each wait is half as long again as the one before, up to this.
    pub(crate) longest: Duration,
    /// How long a lost connection is tolerated while watching.
    pub(crate) patience: Duration,
}

impl Pace {
    /// CloudFormation throttles below about a second per account.
    pub(crate) const REAL: Self = Self {
        first: Duration::from_millis(1_500),
        longest: Duration::from_secs(5),
        patience: Duration::from_secs(300),
    };

    /// The wait after one of `wait`.
    pub(crate) fn next(self, wait: Duration) -> Duration {
        (wait + wait / 2).min(self.longest)
    }
}

/// One run of the tool against one stage.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// The clients.
    pub(crate) aws: Aws,
    /// Where to speak.
    pub(crate) terminal: Terminal,
    /// The settings.
    pub(crate) stage: Stage,
    /// How often to ask.
    pub(crate) pace: Pace,
    /// What to say if Ctrl-C arrives now.
    pub(crate) on_interrupt: Arc<Mutex<Option<String>>>,
}

impl Session {
    /// From now on Ctrl-C leaves something running in the cloud; `None` = nothing any more.
    pub(crate) fn on_interrupt(&self, note: Option<String>) {
        if let Ok(mut current) = self.on_interrupt.lock() {
            *current = note;
        }
    }

    /// The stage's stack.
    ///
    /// # Errors
    /// If `CloudFormation` cannot be asked.
    pub(crate) async fn stack(&self) -> Result<Option<Stack>> {
        Stack::find(&self.aws, &self.stage.stack).await
    }

    /// The stage's stack, which must exist.
    ///
    /// # Errors
    /// If it does not, with what to do.
    pub(crate) async fn existing_stack(&self) -> Result<Stack> {
        let missing =
            || format!("there is no stack {} in {}: `infra deploy` makes it", self.stage.stack, self.aws.region);
        self.stack().await?.with_context(missing)
    }
}

/// A stack as `CloudFormation` describes it.
#[derive(Clone, Debug)]
pub(crate) struct Stack {
    /// Name.
    pub(crate) name: String,
    /// ARN; still answers when the stack is deleted, the name does not.
    pub(crate) id: String,
    /// For example `UPDATE_COMPLETE`.
    pub(crate) status: String,
    /// Why, if it says so.
    pub(crate) reason: Option<String>,
    /// Whether deletion is refused.
    pub(crate) protected: bool,
    /// When it was last changed.
    pub(crate) changed: Option<String>,
    /// Outputs by name.
    pub(crate) outputs: BTreeMap<String, String>,
    /// Parameters by name, as last deployed.
    pub(crate) parameters: BTreeMap<String, String>,
}

impl Stack {
    /// Looks a stack up by name or ARN. A deleted one counts as absent if asked for by name.
    ///
    /// # Errors
    /// On every error but "does not exist".
    pub(crate) async fn find(aws: &Aws, name: &str) -> Result<Option<Self>> {
        match aws.cloudformation.describe_stacks().stack_name(name).send().await {
            Ok(answer) => Ok(answer.stacks().first().map(Self::from)),
            Err(error) => {
                let message = error.as_service_error().and_then(|service| service.meta().message()).unwrap_or_default();
                if message.contains("does not exist") {
                    return Ok(None);
                }
                Err(explain(error).context(format!("cannot look at stack {name}")))
            }
        }
    }

    /// An output, which every deployed stack of this template has.
    ///
    /// # Errors
    /// If the stack has no such output: it was never deployed completely.
    pub(crate) fn output(&self, name: &str) -> Result<&str> {
        let value = self.outputs.get(name).map(String::as_str);
        value.with_context(|| format!("stack {} has no output {name} (status {})", self.name, self.status))
    }
}

impl From<&Description> for Stack {
    fn from(stack: &Description) -> Self {
        let outputs = stack
            .outputs()
            .iter()
            .filter_map(|output| Some((output.output_key()?.to_owned(), output.output_value()?.to_owned())));
        let changed = stack.last_updated_time().or_else(|| stack.creation_time());
        Self {
            name: stack.stack_name().unwrap_or_default().to_owned(),
            id: stack.stack_id().or_else(|| stack.stack_name()).unwrap_or_default().to_owned(),
            status: stack.stack_status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
            reason: stack.stack_status_reason().map(str::to_owned).filter(|reason| !reason.is_empty()),
            protected: stack.enable_termination_protection().unwrap_or_default(),
            changed: changed.map(ToString::to_string),
            outputs: outputs.collect(),
            parameters: parameters(stack.parameters()),
        }
    }
}

/// Parameters by name.
fn parameters(list: &[Parameter]) -> BTreeMap<String, String> {
    let pairs = list
        .iter()
        .filter_map(|parameter| Some((parameter.parameter_key()?.to_owned(), parameter.parameter_value()?.to_owned())));
    pairs.collect()
}
