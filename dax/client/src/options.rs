//! What holds for some calls only.

use std::time::Duration;

use crate::{Config, ReadRouting, RetryPolicy};

/// Settings for some calls, in place of those of [`Config`]; what is not set stays as it is.
///
/// ```no_run
/// # async fn example(client: dax_client::Client, input: aws_sdk_dynamodb::operation::query::QueryInput)
/// # -> Result<(), dax_client::Error> {
/// use std::time::Duration;
/// use dax_client::{CallOptions, RetryPolicy};
///
/// let patient = CallOptions::new().total_timeout(Duration::from_secs(60)).request_timeout(Duration::from_secs(30));
/// let page = client.with(patient).query(input).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct CallOptions {
    total_timeout: Option<Duration>,
    request_timeout: Option<Duration>,
    retry: Option<RetryPolicy>,
    read_routing: Option<ReadRouting>,
    fallback: Option<bool>,
}

impl CallOptions {
    /// Nothing set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Longest time for the call with all its attempts and waits: [`Config::total_timeout`].
    pub fn total_timeout(mut self, timeout: Duration) -> Self {
        self.total_timeout = Some(timeout);
        self
    }

    /// Longest time for one attempt: [`Config::request_timeout`].
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = Some(timeout);
        self
    }

    /// How the call is repeated: [`Config::retry`].
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// Which node a read goes to: [`Config::read_routing`]. [`ReadRouting::StayConnected`] is any node to which there is a
    /// connection, unless the client stays with one.
    pub fn read_routing(mut self, routing: ReadRouting) -> Self {
        self.read_routing = Some(routing);
        self
    }

    /// Whether the call may go to the [fallback](Config::fallback), if there is one. If not, it asks the cluster, whatever
    /// the circuit says, and takes all its time for that.
    pub fn fallback(mut self, yes: bool) -> Self {
        self.fallback = Some(yes);
        self
    }

    /// These, and where they set nothing, `base`.
    pub(crate) fn over(self, base: Option<&Self>) -> Self {
        let Some(base) = base else { return self };
        Self {
            total_timeout: self.total_timeout.or(base.total_timeout),
            request_timeout: self.request_timeout.or(base.request_timeout),
            retry: self.retry.or_else(|| base.retry.clone()),
            read_routing: self.read_routing.or_else(|| base.read_routing.clone()),
            fallback: self.fallback.or(base.fallback),
        }
    }
}

/// What holds for one call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms<'a> {
    pub(crate) config: &'a Config,
    pub(crate) options: Option<&'a CallOptions>,
}

impl<'a> Terms<'a> {
    pub(crate) fn total_timeout(self) -> Duration {
        self.options.and_then(|options| options.total_timeout).unwrap_or(self.config.total_timeout)
    }

    pub(crate) fn request_timeout(self) -> Duration {
        self.options.and_then(|options| options.request_timeout).unwrap_or(self.config.request_timeout)
    }

    pub(crate) fn retry(self) -> &'a RetryPolicy {
        self.options.and_then(|options| options.retry.as_ref()).unwrap_or(&self.config.retry)
    }

    pub(crate) fn read_routing(self) -> &'a ReadRouting {
        self.options.and_then(|options| options.read_routing.as_ref()).unwrap_or(&self.config.read_routing)
    }

    pub(crate) fn may_fall_back(self) -> bool {
        self.options.and_then(|options| options.fallback).unwrap_or(true)
    }
}
