//! Lookups under way at a node. Of several calls that need the same answer, one asks.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::codec::Lookup;
use crate::codec::control::Finding;

/// What is being asked now.
#[derive(Debug, Default)]
pub(super) struct Lookups(Mutex<HashMap<Lookup, watch::Receiver<Option<Finding>>>>);

/// Who asks.
pub(super) enum Claim<'a> {
    /// The caller, which holds this while it does.
    Mine(Asking<'a>),
    /// Another call.
    Others(Answer),
}

/// The right to ask; once it is dropped, with or without an answer, the next caller may ask.
pub(super) struct Asking<'a> {
    lookups: &'a Lookups,
    lookup: &'a Lookup,
    answer: watch::Sender<Option<Finding>>,
}

/// The answer that another call will get.
pub(super) struct Answer(watch::Receiver<Option<Finding>>);

impl Lookups {
    /// Takes the right to ask, unless another call has it.
    pub(super) fn claim<'a>(&'a self, lookup: &'a Lookup) -> Claim<'a> {
        let mut asked = self.lock();
        if let Some(answer) = asked.get(lookup) {
            return Claim::Others(Answer(answer.clone()));
        }
        let (sender, receiver) = watch::channel(None);
        asked.insert(lookup.clone(), receiver);
        Claim::Mine(Asking { lookups: self, lookup, answer: sender })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Lookup, watch::Receiver<Option<Finding>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asking<'_> {
    /// Hands the answer to all who wait for it.
    pub(super) fn answered(self, finding: &Finding) {
        self.answer.send_replace(Some(finding.clone()));
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.lookups.lock().remove(self.lookup);
    }
}

impl Answer {
    /// Waits for it until `by`; `None` if the other call failed, or time is over.
    pub(super) async fn wait(mut self, by: Instant) -> Option<Finding> {
        let found = timeout_at(by, self.0.wait_for(Option::is_some)).await;
        found.ok()?.ok()?.clone()
    }
}
