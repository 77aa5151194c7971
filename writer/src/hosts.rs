//! Which hosts links may lead to: a cache in front of the operator's lists.
//!
//! The lists are current for ten seconds, however often they are used, so a change reaches every writer within that
//! time. While they cannot be read, the last known ones count for five minutes. After that, nothing that would have to be
//! checked is done: an operator who forbids a host must be able to rely on it.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use links::{HostRules, HostStore};

use crate::{http::problem::AccessProblem, log};

/// How long the lists are current.
const TTL: Duration = Duration::from_secs(10);
/// How long they count while they cannot be read.
const STALE_TTL: Duration = Duration::from_secs(300);
/// Longest wait for the keys table. It leaves the request's own work enough of the function's timeout.
const LIMIT: Duration = Duration::from_millis(1_500);

/// The keys table did not respond in time.
#[derive(Debug, thiserror::Error)]
#[error("the keys table: no response within {LIMIT:?}")]
struct NoResponse;

/// The lists as this process knows them.
#[derive(Debug, Default)]
pub(crate) struct KnownHosts(Mutex<Option<(SystemTime, HostRules)>>);

impl KnownHosts {
    /// The lists, as they were at most ten seconds before `now` if the store responds.
    pub(crate) async fn current(
        &self,
        store: &impl HostStore,
        request_id: &str,
        now: SystemTime,
    ) -> Result<HostRules, AccessProblem> {
        if let Some(rules) = self.within(TTL, now) {
            return Ok(rules);
        }
        match tokio::time::timeout(LIMIT, store.host_rules()).await {
            Ok(Ok(rules)) => {
                self.learn(rules.clone(), now);
                return Ok(rules);
            }
            Ok(Err(error)) => log::hosts_failed(request_id, &error),
            Err(_) => log::hosts_failed(request_id, &NoResponse),
        }
        self.within(STALE_TTL, now).ok_or(AccessProblem::HostsUnavailable)
    }

    /// Notes lists whose reading or change began at `now`.
    pub(crate) fn learn(&self, rules: HostRules, now: SystemTime) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, rules));
    }

    /// The known lists if they are younger than `age`. Their age is unknown if the clock was set back.
    fn within(&self, age: Duration, now: SystemTime) -> Option<HostRules> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (read_at, rules) = known.as_ref()?;
        now.duration_since(*read_at).is_ok_and(|its| its < age).then(|| rules.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{http::problem::Problem, testing::Memory};

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_000 + seconds)
    }

    async fn forbidden(known: &KnownHosts, store: &Memory, seconds: u64) -> Result<usize, &'static str> {
        let rules = known.current(store, "r", at(seconds)).await;
        rules.map(|rules| rules.forbidden().count()).map_err(|problem| Problem::from(problem).code())
    }

    #[tokio::test]
    async fn lists_are_current_for_ten_seconds_and_count_for_five_minutes() {
        let (known, store) = (KnownHosts::default(), Memory::default());
        assert_eq!(forbidden(&known, &store, 0).await, Ok(0));
        *store.hosts.lock().unwrap() = Some(HostRules::new(["evil.example".parse().unwrap()], []));
        assert_eq!(forbidden(&known, &store, 9).await, Ok(0));
        assert_eq!(forbidden(&known, &store, 10).await, Ok(1));
        *store.hosts.lock().unwrap() = None;
        for seconds in [19, 20, 309] {
            assert_eq!(forbidden(&known, &store, seconds).await, Ok(1), "{seconds}");
        }
        assert_eq!(forbidden(&known, &store, 310).await, Err("unavailable"));
        assert_eq!(forbidden(&KnownHosts::default(), &store, 0).await, Err("unavailable"));
    }
}
