//! Credentials from any SDK provider, kept until shortly before they expire.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};

/// Credentials are requested again this long before they expire. Providers hand out the next set minutes before the
/// old one ends, and an authorisation started now is used for another 225 s.
const REFRESH_BEFORE_EXPIRY: Duration = Duration::from_secs(300);

/// With credentials that live shorter than [`REFRESH_BEFORE_EXPIRY`] every lookup would ask again; this bounds it.
const MIN_REUSE: Duration = Duration::from_secs(10);

/// Credentials and the number of the set they belong to.
#[derive(Debug, Clone)]
pub(crate) struct Current {
    pub(crate) credentials: Credentials,
    /// Grows whenever the provider returned other credentials than before.
    pub(crate) generation: u64,
    refresh_at: Option<SystemTime>,
}

/// The provider and what it returned last.
#[derive(Debug)]
pub(crate) struct CredentialsCache {
    provider: SharedCredentialsProvider,
    current: RwLock<Option<Arc<Current>>>,
    generation: AtomicU64,
    /// One caller asks the provider, the others wait for what it gets.
    refreshing: tokio::sync::Mutex<()>,
}

impl CredentialsCache {
    pub(crate) fn new(provider: SharedCredentialsProvider) -> Self {
        Self {
            provider,
            current: RwLock::new(None),
            generation: AtomicU64::new(0),
            refreshing: tokio::sync::Mutex::new(()),
        }
    }

    /// The newest generation seen; a connection authorised under an older one must authorise again.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Relaxed)
    }

    /// Credentials good for at least the next authorisation. The caller bounds the wait.
    ///
    /// If the provider fails, the last credentials are returned, unless they have expired.
    pub(crate) async fn get(&self, now: SystemTime) -> Result<Arc<Current>, CredentialsError> {
        if let Some(current) = self.fresh(now) {
            return Ok(current);
        }
        let _one_at_a_time = self.refreshing.lock().await;
        if let Some(current) = self.fresh(now) {
            return Ok(current);
        }
        match self.provider.provide_credentials().await {
            Ok(credentials) => Ok(self.store(credentials, now)),
            Err(error) => self.unexpired(now).ok_or(error),
        }
    }

    /// Asks the provider again at the next use: a server refused what it returned.
    pub(crate) fn doubt(&self) {
        let mut slot = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(current) = slot.as_ref() {
            let stale = Current { refresh_at: Some(SystemTime::UNIX_EPOCH), ..Current::clone(current) };
            *slot = Some(Arc::new(stale));
        }
    }

    fn last(&self) -> Option<Arc<Current>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn fresh(&self, now: SystemTime) -> Option<Arc<Current>> {
        self.last().filter(|current| current.refresh_at.is_none_or(|at| now < at))
    }

    fn unexpired(&self, now: SystemTime) -> Option<Arc<Current>> {
        self.last().filter(|current| current.credentials.expiry().is_none_or(|at| now < at))
    }

    fn store(&self, credentials: Credentials, now: SystemTime) -> Arc<Current> {
        let mut slot = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let same = slot.as_ref().is_some_and(|last| same_keys(&last.credentials, &credentials));
        let generation = self.generation.load(Ordering::Relaxed) + u64::from(!same);
        self.generation.store(generation, Ordering::Relaxed);
        let refresh_at = credentials.expiry().map(|expiry| {
            let early = expiry.checked_sub(REFRESH_BEFORE_EXPIRY).unwrap_or(SystemTime::UNIX_EPOCH);
            early.max(now + MIN_REUSE)
        });
        let current = Arc::new(Current { credentials, generation, refresh_at });
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

    #[tokio::test]
    async fn asks_once_then_again_before_expiry_and_survives_a_failing_provider() {
        let calls = Arc::new(AtomicUsize::new(0));
        let provider = Numbered { calls: Arc::clone(&calls), lifetime: Duration::from_secs(3600), fails_from: 3 };
        let cache = CredentialsCache::new(SharedCredentialsProvider::new(provider));

        let mut seen = Vec::new();
        for seconds in [0, 3299, 3300, 6899, 6900, 7199] {
            let current = cache.get(at(seconds)).await.unwrap();
            seen.push((current.credentials.access_key_id().to_owned(), current.generation));
        }
        let keys: Vec<_> = seen.iter().map(|(key, generation)| (key.as_str(), *generation)).collect();
        assert_eq!(keys, [("AK1", 1), ("AK1", 1), ("AK2", 2), ("AK2", 2), ("AK2", 2), ("AK2", 2)]);
        assert!(cache.get(at(7200)).await.is_err(), "expired credentials are not used");
    }

    #[tokio::test]
    async fn refused_credentials_are_asked_for_again_without_a_new_generation() {
        let cache = CredentialsCache::new(SharedCredentialsProvider::new(Credentials::from_keys("AK", "secret", None)));
        let first = cache.get(at(0)).await.unwrap();
        cache.doubt();
        assert_eq!(cache.get(at(1)).await.unwrap().generation, first.generation);
    }
}
