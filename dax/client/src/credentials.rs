//! Credentials from any SDK provider, kept until shortly before they expire.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use tokio::time::{Instant, timeout};

use crate::error::{Error, with_causes};
use crate::joint::{Joint, Run, Waited};

/// Credentials are requested again this long before they expire. Providers hand out the next set minutes before the
/// old one ends, and an authorisation started now is used for another 225 s.
const REFRESH_BEFORE_EXPIRY: Duration = Duration::from_secs(300);

/// With credentials that live shorter than [`REFRESH_BEFORE_EXPIRY`] every lookup would ask again; this bounds it.
const MIN_REUSE: Duration = Duration::from_secs(10);

/// A provider that failed is left alone for so long while the last credentials are valid.
const LEAVE_ALONE: Duration = Duration::from_secs(1);

/// How long a caller whose credentials a server refused waits for others before it tries the same again.
const WAIT_WHEN_DOUBTED: Duration = Duration::from_secs(1);

/// A provider is given at least this time, as the SDK gives it, whatever the caller's own deadline.
const MIN_PROVIDER_TIME: Duration = Duration::from_secs(5);

/// Credentials and the number of the set they belong to.
#[derive(Debug, Clone)]
pub(crate) struct Current {
    pub(crate) credentials: Credentials,
    /// Grows whenever the provider returned other credentials than before.
    pub(crate) generation: u64,
    refresh_at: Option<SystemTime>,
    /// A server refused them.
    doubted: bool,
}

/// The provider and what it returned last.
#[derive(Debug)]
pub(crate) struct CredentialsCache {
    store: Arc<Store>,
    /// The provider is asked once for all who wait.
    fetching: Joint<Fetched>,
}

type Fetched = Result<Arc<Current>, Arc<CredentialsError>>;

#[derive(Debug)]
struct Store {
    provider: SharedCredentialsProvider,
    provider_time: Duration,
    current: RwLock<Option<Arc<Current>>>,
    generation: AtomicU64,
    failed_at: RwLock<Option<Instant>>,
}

impl CredentialsCache {
    /// `total_timeout` is that of a call: a provider may take as long, or [`MIN_PROVIDER_TIME`].
    pub(crate) fn new(provider: SharedCredentialsProvider, total_timeout: Duration) -> Self {
        let store = Store {
            provider,
            provider_time: total_timeout.max(MIN_PROVIDER_TIME),
            current: RwLock::new(None),
            generation: AtomicU64::new(0),
            failed_at: RwLock::new(None),
        };
        Self { store: Arc::new(store), fetching: Joint::default() }
    }

    /// The newest generation seen; a connection authorised under an older one must authorise again.
    pub(crate) fn generation(&self) -> u64 {
        self.store.generation.load(Ordering::Relaxed)
    }

    /// Credentials good for at least the next authorisation.
    ///
    /// Valid ones are returned at once, and the provider is asked for the next in the background. Only without any does
    /// the caller wait, until `by`.
    ///
    /// # Errors
    /// [`Error::Credentials`]: there are no valid ones, and the provider failed or has not answered yet.
    pub(crate) async fn get(&self, now: SystemTime, by: Instant) -> Result<Arc<Current>, Error> {
        if let Some(current) = self.store.fresh(now) {
            return Ok(current);
        }
        match self.store.unexpired(now) {
            Some(current) => Ok(self.next_or(current, now, by).await),
            None => self.first(now, by).await,
        }
    }

    /// The next credentials if they come soon enough, else these.
    async fn next_or(&self, current: Arc<Current>, now: SystemTime, by: Instant) -> Arc<Current> {
        if self.store.just_failed() {
            return current;
        }
        let fetch = self.fetch(now);
        if !current.doubted {
            return current;
        }
        let by = by.min(fetch.begun + WAIT_WHEN_DOUBTED);
        match fetch.wait(by).await {
            Waited::Done(Ok(next)) => next,
            _ => current,
        }
    }

    async fn first(&self, now: SystemTime, by: Instant) -> Result<Arc<Current>, Error> {
        loop {
            match self.fetch(now).wait(by).await {
                Waited::Done(Ok(current)) => return Ok(current),
                Waited::Done(Err(error)) => return Err(Error::Credentials { source: error.into() }),
                Waited::Lost if Instant::now() < by => {}
                _ => return Err(Error::Credentials { source: "the provider has not answered yet".into() }),
            }
        }
    }

    fn fetch(&self, now: SystemTime) -> Run<Fetched> {
        let store = Arc::clone(&self.store);
        let Ok(run) = self.fetching.join(|| Ok::<_, std::convert::Infallible>(async move { store.fetch(now).await }));
        run
    }

    /// Asks the provider again at the next use: a server refused what it returned.
    pub(crate) fn doubt(&self) {
        let mut slot = self.store.current.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(current) = slot.as_ref() {
            let refresh_at = Some(SystemTime::UNIX_EPOCH);
            *slot = Some(Arc::new(Current { refresh_at, doubted: true, ..Current::clone(current) }));
        }
    }

    /// Asks no more.
    pub(crate) fn stop(&self) {
        self.fetching.abort();
    }
}

impl Store {
    async fn fetch(&self, now: SystemTime) -> Fetched {
        let answer = timeout(self.provider_time, self.provider.provide_credentials()).await;
        let outcome = answer.unwrap_or_else(|_| Err(CredentialsError::provider_timed_out(self.provider_time)));
        let failed_at = outcome.is_err().then(Instant::now);
        *self.failed_at.write().unwrap_or_else(PoisonError::into_inner) = failed_at;
        match outcome {
            Ok(credentials) => Ok(self.keep(credentials, now)),
            Err(error) => {
                tracing::warn!(error = %with_causes(&error), "the credentials provider failed");
                Err(Arc::new(error))
            }
        }
    }

    fn just_failed(&self) -> bool {
        let failed_at = *self.failed_at.read().unwrap_or_else(PoisonError::into_inner);
        failed_at.is_some_and(|at| at.elapsed() < LEAVE_ALONE)
    }

    fn last(&self) -> Option<Arc<Current>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn fresh(&self, now: SystemTime) -> Option<Arc<Current>> {
        self.unexpired(now).filter(|current| current.refresh_at.is_none_or(|at| now < at))
    }

    fn unexpired(&self, now: SystemTime) -> Option<Arc<Current>> {
        self.last().filter(|current| current.credentials.expiry().is_none_or(|at| now < at))
    }

    fn keep(&self, credentials: Credentials, now: SystemTime) -> Arc<Current> {
        let mut slot = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let same = slot.as_ref().is_some_and(|last| same_keys(&last.credentials, &credentials));
        let generation = self.generation.load(Ordering::Relaxed) + u64::from(!same);
        self.generation.store(generation, Ordering::Relaxed);
        let refresh_at = credentials.expiry().map(|expiry| {
            let early = expiry.checked_sub(REFRESH_BEFORE_EXPIRY).unwrap_or(SystemTime::UNIX_EPOCH);
            early.max(now + MIN_REUSE)
        });
        let current = Arc::new(Current { credentials, generation, refresh_at, doubted: false });
        *slot = Some(Arc::clone(&current));
        current
    }
}

fn same_keys(a: &Credentials, b: &Credentials) -> bool {
    a.access_key_id() == b.access_key_id()
        && a.secret_access_key() == b.secret_access_key()
        && a.session_token() == b.session_token()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use aws_credential_types::provider::future;

    use super::*;

    /// Hands out keys numbered from 1 that live `lifetime`, and fails from call `fails_from` on.
    #[derive(Debug)]
    struct Numbered {
        calls: Arc<AtomicUsize>,
        lifetime: Duration,
        fails_from: usize,
    }

    impl ProvideCredentials for Numbered {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
            let expiry = at(0) + self.lifetime * u32::try_from(call).unwrap();
            future::ProvideCredentials::ready(if call < self.fails_from {
                Ok(Credentials::new(format!("AK{call}"), "secret", None, Some(expiry), "test"))
            } else {
                Err(CredentialsError::not_loaded("gone"))
            })
        }
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds)
    }

    #[tokio::test(start_paused = true)]
    async fn asks_once_then_again_before_expiry_and_survives_a_failing_provider() {
        let calls = Arc::new(AtomicUsize::new(0));
        let provider = Numbered { calls: Arc::clone(&calls), lifetime: Duration::from_secs(3600), fails_from: 3 };
        let cache = CredentialsCache::new(SharedCredentialsProvider::new(provider), Duration::ZERO);
        let soon = || Instant::now() + Duration::from_secs(1);

        let mut seen = Vec::new();
        for seconds in [0, 3299, 3300, 6899, 6900, 7199] {
            cache.get(at(seconds), soon()).await.unwrap();
            tokio::time::sleep(2 * LEAVE_ALONE).await;
            let current = cache.get(at(seconds), soon()).await.unwrap();
            seen.push((current.credentials.access_key_id().to_owned(), current.generation));
        }
        let keys: Vec<_> = seen.iter().map(|(key, generation)| (key.as_str(), *generation)).collect();
        assert_eq!(keys, [("AK1", 1), ("AK1", 1), ("AK2", 2), ("AK2", 2), ("AK2", 2), ("AK2", 2)]);
        assert!(cache.get(at(7200), soon()).await.is_err(), "expired credentials are not used");
    }

    #[tokio::test(start_paused = true)]
    async fn refused_credentials_are_asked_for_again_without_a_new_generation() {
        let provider = SharedCredentialsProvider::new(Credentials::from_keys("AK", "secret", None));
        let cache = CredentialsCache::new(provider, Duration::ZERO);
        let by = Instant::now() + Duration::from_secs(1);
        let first = cache.get(at(0), by).await.unwrap();
        cache.doubt();
        assert_eq!(cache.get(at(1), by).await.unwrap().generation, first.generation);
    }
}
