//! The life of a call: to the cluster, and to DynamoDB if the cluster cannot answer.

use std::sync::Arc;

use tokio::time::Instant;

use crate::Config;
use crate::attempts::{Attempts, Failed};
use crate::error::Error;
use crate::fallback::breaker::Admission;
use crate::fallback::standby::{Standby, with_causes};
use crate::fallback::table::InTable;
use crate::metrics::Stats;
use crate::net::cluster::Cluster;
use crate::net::context::{Context, deadline_in};
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
            standby.breaker.open(Instant::now(), with_causes(&error));
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
        // Runs from here on, whatever the call has to wait for.
        let end = deadline_in(terms.total_timeout());
        if let Some(standby) = &self.standby
            && standby.covers(O::METHOD.access())
            && terms.may_fall_back()
        {
            return Box::pin(self.call_guarded::<O>(standby, input, terms, report, end)).await;
        }
        let operation = self.prepare::<O>(input, report)?;
        self.ask_cluster(&operation, terms, report, end).await.map_err(|failed| failed.error)
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
        end: Instant,
    ) -> Result<O::Output, Failed> {
        let Self { cluster, maintenance, .. } = self;
        maintenance.ensure(cluster);
        cluster.refresh_on_use(end).await;
        let mut attempts = Attempts::new(cluster, terms, O::METHOD.access(), end);
        loop {
            let Some(node) = attempts.next_node() else {
                return Err(attempts.ended(cluster.nowhere(O::METHOD), false));
            };
            report.attempt(&node);
            match node.attempt(&cluster.context, operation, attempts.patience()).await {
                Ok(output) => return Ok(output),
                Err(failure) => attempts.after(&node, failure).await?,
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
        end: Instant,
    ) -> Result<O::Output, Error> {
        // Whoever is asked: what this client refuses is refused, as long as there is a fallback and without it.
        let operation = self.prepare::<O>(input.clone(), report)?;
        let now = Instant::now();
        match standby.breaker.admit(now, self.cluster.sign_of_life_time()) {
            Admission::Cluster(ticket) => {
                let failed = match self.ask_cluster(&operation, terms, report, standby.cluster_end(now, end)).await {
                    Ok(output) => {
                        ticket.answered();
                        return Ok(output);
                    }
                    Err(failed) if failed.error.is_verdict() => {
                        ticket.answered();
                        return Err(failed.error);
                    }
                    Err(failed) => failed,
                };
                if failed.in_line {
                    drop(ticket);
                } else {
                    ticket.failed(Instant::now(), || with_causes(&failed.error));
                }
                if failed.acted {
                    return Err(failed.error);
                }
                report.falls_back();
                standby.ask::<O>(input, end, Some(failed.error)).await
            }
            Admission::Table { ask } => {
                if ask {
                    self.ask_for_life(standby);
                }
                report.falls_back();
                let error = match standby.ask::<O>(input, end, None).await {
                    Err(error @ Error::Fallback { .. }) => error,
                    outcome => return outcome,
                };
                self.ask_cluster_after_all(standby, &operation, terms, report, end, error).await
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

    /// Neither should have been asked: the table failed with `error`, and the circuit is open. The cluster may have come back
    /// meanwhile, and there is no one else to ask.
    async fn ask_cluster_after_all<O: Operation>(
        &self,
        standby: &Standby,
        operation: &O,
        terms: Terms<'_>,
        report: &mut Report,
        end: Instant,
        error: Error,
    ) -> Result<O::Output, Error> {
        let acted = O::METHOD.access() != dax_protocol::Access::Read;
        if acted || Instant::now() >= end {
            return Err(error);
        }
        match self.ask_cluster(operation, terms, report, end).await {
            Err(failed) if !failed.error.is_verdict() => Err(error.with_cluster(failed.error)),
            outcome => {
                standby.breaker.revived();
                outcome.map_err(|failed| failed.error)
            }
        }
    }
}
