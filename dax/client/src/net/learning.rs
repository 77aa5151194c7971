//! Has the lookups of a call answered: each by one call only, many over several connections.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use tokio::time::{Instant, timeout_at};

use super::connection::Connection;
use super::context::{Context, deadline_in};
use super::lookups::{Claim, Lookups};
use super::patience::Patience;
use super::pool::Pool;
use super::race::all;
use crate::codec::control::Finding;
use crate::codec::{Lookup, Metadata};
use crate::error::Error;
use crate::session::Call;

/// A connection carries one request at a time, and one page of answers can need thousands of lists. A further connection
/// helps with so many lookups, if the node may have one more.
const LOOKUPS_PER_HELPER: usize = 64;
const MOST_HELPERS: usize = 7;

/// A node, as far as its lookups need one.
pub(super) trait Informant: Sync {
    fn metadata(&self) -> &RwLock<Metadata>;

    /// What it is being asked.
    fn lookups(&self) -> &Lookups;

    fn pool(&self) -> &Pool;

    /// A connection before `by`, if there is one to be had. The caller holds a permit for it.
    fn connection(&self, context: &Context, by: Instant) -> impl Future<Output = Option<Box<Connection>>> + Send;
}

/// Lookups of one call.
pub(super) struct Learning<'a, I> {
    pub(super) node: &'a I,
    pub(super) context: &'a Context,
    /// Put off by every answer: a page with very many lists is not cut off while it gets on.
    pub(super) patience: &'a Patience,
    /// Whether they are asked even if the answer is known.
    pub(super) anew: bool,
}

impl<I: Informant> Learning<'_, I> {
    /// Answers to all these lookups, with the help of this authorised connection.
    pub(super) async fn learn(
        &self,
        connection: &mut Connection,
        lookups: Vec<Lookup>,
    ) -> Result<Vec<(Lookup, Finding)>, Error> {
        let helpers = (lookups.len() / LOOKUPS_PER_HELPER).min(MOST_HELPERS);
        let work = Work { waiting: Mutex::new(lookups.into()), found: Mutex::default() };
        if helpers > 0 {
            let help = (0..helpers).map(|_| self.help(&work)).collect();
            let (worked, ()) = tokio::join!(self.work(connection, &work), all(help));
            worked?;
        }
        // What a helper that failed has left behind; without helpers, everything.
        self.work(connection, &work).await?;
        Ok(work.found.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// Works on another connection, for as long as that goes well.
    async fn help(&self, work: &Work) {
        let Some(_permit) = self.node.pool().try_permit() else { return };
        let by = deadline_in(self.context.config.lookup_timeout);
        let Some(mut connection) = self.node.connection(self.context, by).await else { return };
        if connection.wants_authorization(self.context, Instant::now())
            && connection.authorize(self.context, by).await.is_err()
        {
            return;
        }
        if self.work(&mut connection, work).await.is_ok() && connection.is_reusable() {
            self.node.pool().put(connection, Instant::now());
        }
    }

    /// Asks what waits until nothing does.
    async fn work(&self, connection: &mut Connection, work: &Work) -> Result<(), Error> {
        while let Some(lookup) = work.next() {
            self.patience.asks(lookup.method());
            match self.ask(connection, &lookup).await {
                Ok(finding) => work.found(lookup, finding),
                Err(error) => {
                    work.give_back(lookup);
                    return Err(error);
                }
            }
            self.patience.progressed();
        }
        Ok(())
    }

    async fn ask(&self, connection: &mut Connection, lookup: &Lookup) -> Result<Finding, Error> {
        loop {
            let by = deadline_in(self.context.config.lookup_timeout);
            match self.node.lookups().claim(lookup) {
                Claim::Others(answer) => {
                    // If the other call fails, it was perhaps its connection: then this one asks.
                    if let Some(finding) = answer.wait(by).await {
                        return Ok(finding);
                    }
                }
                Claim::Mine(claim) => {
                    if let Some(finding) = self.known(lookup) {
                        return Ok(finding);
                    }
                    let finding = self.ask_on(connection, lookup, by).await?;
                    self.remember(lookup, finding.clone());
                    claim.answered(&finding);
                    return Ok(finding);
                }
            }
        }
    }

    fn known(&self, lookup: &Lookup) -> Option<Finding> {
        let metadata = self.node.metadata().read().unwrap_or_else(PoisonError::into_inner);
        metadata.find(lookup).filter(|_| !self.anew)
    }

    fn remember(&self, lookup: &Lookup, finding: Finding) {
        let mut metadata = self.node.metadata().write().unwrap_or_else(PoisonError::into_inner);
        metadata.insert(lookup, finding);
    }

    async fn ask_on(&self, connection: &mut Connection, lookup: &Lookup, by: Instant) -> Result<Finding, Error> {
        let mut call = Call::new(lookup);
        let asked = timeout_at(by, connection.ask(&mut call, self.node.metadata())).await;
        let after = self.context.config.lookup_timeout;
        asked
            .unwrap_or_else(|_elapsed| Err(Error::Timeout { method: lookup.method(), lookup: None, after, sent: true }))
    }
}

/// Lookups to be asked, and answers.
struct Work {
    waiting: Mutex<VecDeque<Lookup>>,
    found: Mutex<Vec<(Lookup, Finding)>>,
}

impl Work {
    fn next(&self) -> Option<Lookup> {
        lock(&self.waiting).pop_front()
    }

    fn give_back(&self, lookup: Lookup) {
        lock(&self.waiting).push_front(lookup);
    }

    fn found(&self, lookup: Lookup, finding: Finding) {
        lock(&self.found).push((lookup, finding));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
