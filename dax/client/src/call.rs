//! The life of a call: to the cluster, and to DynamoDB if the cluster cannot answer.

use std::sync::Arc;

use tokio::time::Instant;

use crate::Config;
use crate::attempts::{Attempts, Failed};
use crate::error::Error;
use crate::fallback::breaker::Admission;
use crate::fallback::standby::Standby;
use crate::fallback::table::InTable;
use crate::metrics::Stats;
use crate::net::cluster::Cluster;
use crate::net::context::{Context, deadline_in, later};
use crate::net::maintenance::Maintenance;
use crate::op::Operation;
use crate::options::{CallOptions, Terms};
use crate::report::Report;

/// What all clones of a client share.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) cluster: Arc<Cluster>,
    /// Ends when dropped.
    maintenance: Maintenance,
    standby: Option<Arc<Standby>>,
}

impl Drop for Core {
    fn drop(&mut self) {
        self.cluster.stop();
    }
}

impl Core {
    /// Finds the cluster. With a fallback it need not be there.
    pub(crate) async fn start(config: Config) -> Result<Self, Error> {
        let (now, end) = (Instant::now(), deadline_in(config.total_timeout));
        let standby = config.fallback.clone().map(|fallback| Standby::new(fallback, config.total_timeout));
        let standby = standby.transpose()?.map(Arc::new);
        let cluster = Cluster::new(Context::new(config)?);
        let end = standby.as_ref().map_or(end, |standby| standby.cluster_end(now, end));
        if let Err(error) = cluster.find(end).await {
            let standby = standby.as_ref().filter(|_| !error.is_verdict());
            let Some(standby) = standby else { return Err(error) };
            standby.breaker.open(Instant::now(), error.with_causes().to_string());
            cluster.note_try(Some(error));
        }
        let cluster = Arc::new(cluster);
        let maintenance = Maintenance::start(&cluster);
        Ok(Self { cluster, maintenance, standby })
    }

    pub(crate) fn terms<'a>(&'a self, options: Option<&'a CallOptions>) -> Terms<'a> {
        Terms { config: &self.cluster.context.config, options }
    }

    #[cfg(feature = "sdk")]
    pub(crate) fn has_fallback(&self) -> bool {
        self.standby.is_some()
    }

    pub(crate) fn stats(&self) -> Stats {
        let mut stats = self.cluster.stats();
        stats.fallback = self.standby.as_ref().map(|standby| standby.stats());
        stats
    }

    /// Makes a call, with retries.
    pub(crate) async fn call<O: InTable>(
        &self,
        input: O::Input,
        terms: Terms<'_>,
        report: &mut Report,
    ) -> Result<O::Output, Error> {
        // Time runs from here on, whatever the call has to wait for.
        let now = Instant::now();
        let end = later(now, terms.total_timeout());
        // What is large and rare is in boxes from here on, because a call is moved as a whole.
        if let Some(standby) = self.standby.as_ref().filter(|standby| standby.covers(O::METHOD.access()))
            && terms.may_fall_back()
        {
            return self.call_guarded::<O>(standby, input, terms, report, now, end).await;
        }
        let operation = self.prepare::<O>(input, report)?;
        self.ask_cluster(&operation, terms, report, now, end).await.map_err(|failed| failed.error)
    }

    fn prepare<O: Operation>(&self, input: O::Input, report: &mut Report) -> Result<O, Error> {
        let operation = O::prepare(input, &mut || self.cluster.context.with_rng(|rng| rng.u128(..)))?;
        report.prepared(&operation);
        Ok(operation)
    }

    /// Asks the cluster, with retries.
    async fn ask_cluster<O: Operation>(
        &self,
        operation: &O,
        terms: Terms<'_>,
        report: &mut Report,
        now: Instant,
        end: Instant,
    ) -> Result<O::Output, Failed> {
        let Self { cluster, maintenance, .. } = self;
        let mut begins = now;
        maintenance.ensure(cluster);
        if let Some(max_age) = cluster.age_of_refresh(now) {
            Box::pin(cluster.refresh_on_use(max_age, end)).await;
            begins = Instant::now();
        }
        let mut attempts = Attempts::new(cluster, terms, O::METHOD.access(), begins, end);
        loop {
            let Some(node) = attempts.next_node() else {
                return Err(attempts.ended(cluster.nowhere(O::METHOD), false));
            };
            report.attempt(&node);
            match node.attempt(&cluster.context, operation, attempts.patience()).await {
                Ok(output) => return Ok(output),
                Err(failure) => Box::pin(attempts.after(&node, failure)).await?,
            }
        }
    }

    /// Makes a call that goes to the table if the cluster cannot answer.
    async fn call_guarded<O: InTable>(
        &self,
        standby: &Arc<Standby>,
        input: O::Input,
        terms: Terms<'_>,
        report: &mut Report,
        now: Instant,
        end: Instant,
    ) -> Result<O::Output, Error> {
        // Whoever is asked: what this client refuses is refused, as long as there is a fallback and without it.
        let operation = self.prepare::<O>(input.clone(), report)?;
        match standby.breaker.admit(now, self.cluster.sign_of_life_time()) {
            Admission::Cluster(ticket) => {
                let cluster_end = standby.cluster_end(now, end);
                let failed = match self.ask_cluster(&operation, terms, report, now, cluster_end).await {
                    Ok(output) => {
                        ticket.answered();
                        return Ok(output);
                    }
                    Err(failed) if failed.error.is_final(O::METHOD.access()) => {
                        ticket.answered();
                        return Err(failed.error);
                    }
                    Err(failed) => failed,
                };
                if failed.in_line {
                    drop(ticket);
                } else {
                    ticket.failed(Instant::now(), || failed.error.with_causes().to_string());
                }
                if failed.acted {
                    return Err(failed.error);
                }
                report.falls_back();
                Box::pin(standby.ask::<O>(input, end, Some(failed.error))).await
            }
            Admission::Table { ask } => {
                if ask {
                    self.ask_for_life(standby);
                }
                report.falls_back();
                Box::pin(self.ask_table(standby, input, &operation, terms, report, end)).await
            }
        }
    }

    /// Asks the table, because the circuit is open, and the cluster only if the table fails.
    async fn ask_table<O: InTable>(
        &self,
        standby: &Standby,
        input: O::Input,
        operation: &O,
        terms: Terms<'_>,
        report: &mut Report,
        end: Instant,
    ) -> Result<O::Output, Error> {
        let error = match standby.ask::<O>(input, end, None).await {
            Err(error @ Error::Fallback { .. }) => error,
            outcome => return outcome,
        };
        let (now, acted) = (Instant::now(), O::METHOD.access() != dax_protocol::Access::Read);
        if acted || now >= end {
            return Err(error);
        }
        // The cluster may have come back meanwhile, and there is no one else to ask.
        match self.ask_cluster(operation, terms, report, now, end).await {
            Err(failed) if !failed.error.is_verdict() => Err(error.with_cluster(failed.error)),
            outcome => {
                standby.breaker.revived();
                outcome.map_err(|failed| failed.error)
            }
        }
    }

    /// Sees to it that a node is asked for a sign of life, for which nobody waits.
    fn ask_for_life(&self, standby: &Arc<Standby>) {
        let (cluster, standby) = (Arc::clone(&self.cluster), Arc::clone(standby));
        tokio::spawn(async move {
            let alive = cluster.is_alive().await;
            standby.breaker.asked(alive, Instant::now());
        });
    }
}
