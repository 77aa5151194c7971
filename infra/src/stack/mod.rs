//! What commands that work on a stack share.

pub(crate) mod archive;
pub(crate) mod change;
pub(crate) mod change_set;
pub(crate) mod duration;
pub(crate) mod events;
pub(crate) mod execute;
pub(crate) mod interfaces;
pub(crate) mod outputs;
pub(crate) mod protection;
pub(crate) mod recovery;
pub(crate) mod resources;
pub(crate) mod review;
pub(crate) mod secrets;
mod session;
pub(crate) mod state;
pub(crate) mod tables;
#[cfg(test)]
mod tests;
pub(crate) mod watch;

pub(crate) use session::{Backoff, Session};

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use aws_sdk_cloudformation::types::{Parameter, Stack as Description};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::aws::{Aws, explain};

/// A stack as CloudFormation describes it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stack {
    /// Name.
    pub(crate) name: String,
    /// ARN. A deleted stack can still be looked up by it, but not by its name.
    pub(crate) id: String,
    /// For example `UPDATE_COMPLETE`.
    pub(crate) status: String,
    /// The reason for the status, if there is one.
    pub(crate) reason: Option<String>,
    /// Whether termination protection is on.
    pub(crate) protected: bool,
    /// When it was last changed.
    pub(crate) changed: Option<String>,
    /// Outputs by name.
    pub(crate) outputs: BTreeMap<String, String>,
    /// Parameters by name, as last deployed.
    pub(crate) parameters: BTreeMap<String, String>,
}

impl Stack {
    /// Looks a stack up by name or ARN. A deleted one looked up by name is absent.
    ///
    /// # Errors
    /// On every error but "does not exist".
    pub(crate) async fn find(aws: &Aws, name: &str) -> Result<Option<Self>> {
        match aws.cloudformation.describe_stacks().stack_name(name).send().await {
            Ok(answer) => Ok(answer.stacks().first().map(Self::from)),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(explain(error).context(format!("cannot describe stack {name}"))),
        }
    }

    /// Turns termination protection on or off.
    ///
    /// # Errors
    /// If CloudFormation refuses.
    pub(crate) async fn set_protection(&self, aws: &Aws, on: bool) -> Result<()> {
        let request = aws.cloudformation.update_termination_protection().stack_name(&self.name);
        request.enable_termination_protection(on).send().await.map_err(explain)?;
        Ok(())
    }

    /// An output that every completely deployed stack has.
    ///
    /// # Errors
    /// If the stack has no such output.
    pub(crate) fn output(&self, name: &str) -> Result<&str> {
        let value = self.outputs.get(name).map(String::as_str);
        value.with_context(|| format!("stack {} has no output {name} (status {})", self.name, self.status))
    }
}

/// Whether `DescribeStacks` failed because there is no such stack. CloudFormation has no error code for it.
fn is_absent<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    let message = error.as_service_error().and_then(|service| service.message());
    message.is_some_and(|message| message.contains("does not exist"))
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

/// A stack that was completed once, so that there is something to keep.
pub(crate) fn completed(stack: Option<Stack>) -> Option<Stack> {
    use state::{Situation, situation};

    stack.filter(|stack| {
        !matches!(situation(Some(&stack.status)), Situation::Absent | Situation::Shell | Situation::CreateFailed)
    })
}

/// Parameters by name.
fn parameters(list: &[Parameter]) -> BTreeMap<String, String> {
    let pairs = list
        .iter()
        .filter_map(|parameter| Some((parameter.parameter_key()?.to_owned(), parameter.parameter_value()?.to_owned())));
    pairs.collect()
}
