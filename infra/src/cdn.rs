//! CloudFront's copies of redirects.
//!
//! The writer has no way to CloudFront: it runs in a network without internet access, and CloudFront has no endpoint there. So
//! what it changes is served from CloudFront until the time that the link allows caches (`cache_seconds`, at most a day) is
//! over, unless somebody invalidates it with this.

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::aws::signed::now;
use crate::stack::{Session, Stack, resources};

/// Redirectors may serve the previous state for the lifetimes of both caches; a few seconds are for the clocks.
const MARGIN_SECONDS: u64 = 5;

/// The distribution in front of a stack.
#[derive(Debug, Clone)]
pub(crate) struct Cdn {
    distribution: String,
    /// How long redirectors may serve a previous state, which CloudFront would keep again.
    staleness: Duration,
}

impl Cdn {
    /// The stack's distribution; `None` without one.
    ///
    /// # Errors
    /// If CloudFormation does not list the resources.
    pub(crate) async fn of(session: &Session, stack: &Stack) -> Result<Option<Self>> {
        if stack.parameters.get("Cdn").is_none_or(|value| value != "true") {
            return Ok(None);
        }
        let mut distributions = resources::ids(session, stack, "AWS::CloudFront::Distribution").await?;
        let staleness = staleness(stack);
        Ok(distributions.pop().map(|distribution| Self { distribution, staleness }))
    }

    /// Removes all copies, now and once no redirector serves a previous state any more: what CloudFront fetches in between may
    /// be that state. Every path at once, because the case of letters, a slash and a query make many paths of one link.
    ///
    /// # Errors
    /// If CloudFront refuses.
    pub(crate) async fn invalidate(&self, session: &Session) -> Result<()> {
        self.create(session).await?;
        session.terminal.done("cdn", "CloudFront removes its copies of all redirects");
        session.on_interrupt(Some(format!(
            "interrupted; CloudFront may have fetched the previous state again: run `infra --stage {} invalidate`",
            session.stage.name
        )));
        let wait = self.staleness.as_secs();
        let progress =
            session.terminal.progress(&format!("waiting {wait} s until no redirector has the previous state"));
        tokio::time::sleep(self.staleness).await;
        drop(progress);
        self.create(session).await?;
        session.on_interrupt(None);
        session
            .terminal
            .done("cdn", format_args!("and again, now that {wait} s have passed: no copy of before is left"));
        session.terminal.event("invalidated", json!({"distribution": self.distribution}));
        Ok(())
    }

    async fn create(&self, session: &Session) -> Result<()> {
        let path = format!("/2020-05-31/distribution/{}/invalidation", self.distribution);
        let batch = batch(&format!("kurz-{}", now().as_nanosecond()));
        let answer = session.aws.signed.post_xml("cloudfront", &path, &batch).await;
        answer.map(drop).with_context(|| format!("CloudFront keeps its copies in {}", self.distribution))
    }
}

/// All paths. `reference` tells a new request from a repeated one.
fn batch(reference: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><InvalidationBatch xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\">\
         <Paths><Quantity>1</Quantity><Items><Path>/*</Path></Items></Paths>\
         <CallerReference>{reference}</CallerReference></InvalidationBatch>"
    )
}

fn staleness(stack: &Stack) -> Duration {
    let seconds = |name: &str| stack.parameters.get(name).and_then(|text| text.parse::<u64>().ok()).unwrap_or_default();
    let has_dax = stack.parameters.get("DaxMode").is_some_and(|mode| mode != "none");
    let dax = if has_dax { seconds("DaxRecordTtlSeconds") } else { 0 };
    Duration::from_secs(dax + seconds("CacheTtlSeconds") + MARGIN_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_is_invalidated() {
        let batch = batch("kurz-1");
        assert!(batch.contains("<Quantity>1</Quantity><Items><Path>/*</Path></Items>"), "{batch}");
        assert!(batch.contains("<CallerReference>kurz-1</CallerReference>"), "{batch}");
    }

    #[test]
    fn the_second_time_is_when_both_caches_have_expired() {
        for (mode, expected) in [("tls", 75), ("none", 15)] {
            let parameters = [("DaxMode", mode), ("DaxRecordTtlSeconds", "60"), ("CacheTtlSeconds", "10")];
            let stack = Stack {
                parameters: parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
                ..Stack::default()
            };
            assert_eq!(staleness(&stack), Duration::from_secs(expected), "{mode}");
        }
    }
}
