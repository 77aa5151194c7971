//! Callers with a key.

use std::time::SystemTime;

use http::header;
use links::{ApiKey, KeyReader, KeyRecord, KeyUsage};

use crate::{
    http::{problem::AccessProblem, request::Request},
    log,
};

use super::{
    Actor, Caller, Refusal,
    key_ring::{KeyRing, Lookup},
    rate::Rates,
};

/// Finds callers by their keys.
#[derive(Debug)]
pub(super) struct Keys<K> {
    ring: KeyRing<K>,
    rates: Rates,
}

impl<K> Keys<K> {
    pub(super) fn new(table: K) -> Self {
        Self { ring: KeyRing::new(table), rates: Rates::default() }
    }

    pub(super) fn table(&self) -> &K {
        self.ring.table()
    }
}

impl<K: KeyReader + KeyUsage> Keys<K> {
    /// The caller whose key the request carries.
    pub(super) async fn caller(&self, request: &Request, request_id: &str, now: SystemTime) -> Result<Caller, Refusal> {
        let key = bearer(request).ok_or(AccessProblem::Unauthenticated)?;
        let principal = format!("key:{}", key.id());
        let refuse = |owner: Option<String>, problem| Refusal {
            actor: Actor { owner, principal: Some(principal.clone()) },
            problem,
        };
        let Lookup { record, use_error } = self.ring.look_up(&key.hash(), now).await.map_err(|error| {
            log::keys_failed(request_id, &error);
            refuse(None, AccessProblem::KeysUnavailable)
        })?;
        if let Some(error) = use_error {
            log::use_not_noted(request_id, key.id(), &error);
        }
        let Some(KeyRecord { owner, scopes, rate, .. }) = record.as_ref().filter(|record| record.is_valid(now.into()))
        else {
            return Err(refuse(record.map(|record| record.owner), AccessProblem::InvalidKey));
        };
        if let Some(rate) = rate
            && !self.rates.take(key.hash(), *rate, now)
        {
            return Err(refuse(Some(owner.clone()), AccessProblem::RateLimited { per_second: rate.get() }));
        }
        Ok(Caller { owner: owner.clone(), scopes: *scopes, principal })
    }
}

/// The key of the request, if it carries a well-formed one. Anything else is refused without asking the table.
pub(super) fn bearer(request: &Request) -> Option<ApiKey> {
    let header = request.header_text(header::AUTHORIZATION)?;
    let (scheme, credentials) = header.split_once(' ')?;
    let is_bearer = scheme.eq_ignore_ascii_case("bearer");
    is_bearer.then(|| credentials.trim().parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        http::{problem::Problem, request::request},
        testing::{MemoryKeys, key},
    };
    use links::{Scope, ScopeSet, Timestamp};
    use serde_json::json;
    use std::{num::NonZeroU32, sync::atomic::Ordering, time::Duration};

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    /// The caller with that `Authorization` header, and how often the table was read.
    async fn with_header(table: &MemoryKeys, value: Option<&str>) -> (Result<Caller, Refusal>, usize) {
        let headers = json!({ "headers": { "authorization": value.unwrap_or_default() } });
        let changes = if value.is_some() { headers } else { json!({}) };
        let request = request(changes);
        let before = table.reads();
        let caller = Keys::new(table).caller(&request, "1", NOW).await;
        (caller, table.reads() - before)
    }

    #[tokio::test]
    async fn a_key_has_the_rights_of_its_record() {
        let (good, record) = key(1, "ann", ScopeSet::NONE.with(Scope::Read));
        let table = MemoryKeys::with([(good.hash(), record)]);
        let token = good.reveal();
        for scheme in ["Bearer", "bearer", "BEARER", "Bearer  "] {
            let (caller, _) = with_header(&table, Some(&format!("{scheme} {token}"))).await;
            let caller = caller.unwrap();
            assert_eq!(caller.owner, "ann", "{scheme}");
            assert_eq!(caller.principal, format!("key:{}", good.id()));
            assert!(caller.require(Scope::Read).is_ok());
            let refused = Problem::from(caller.require(Scope::Delete).unwrap_err()).describe();
            assert_eq!((refused.code, refused.status.as_u16()), ("insufficient-scope", 403));
            assert_eq!(serde_json::to_value(refused.into_body("1")).unwrap()["scope"], "delete");
        }
    }

    #[tokio::test]
    async fn a_malformed_key_is_refused_without_asking_the_table() {
        let (good, record) = key(1, "ann", ScopeSet::OWNER);
        let table = MemoryKeys::with([(good.hash(), record)]);
        let token = good.reveal();
        let long = format!("Bearer {token}{}", "0".repeat(100_000));
        let headers = [
            None,
            Some(""),
            Some("Bearer"),
            Some("Bearer "),
            Some("Bearer secret"),
            Some(token),
            Some(&long),
            Some(&format!("Basic {token}")),
            Some(&format!("Bearer {token}, Bearer {token}")),
            Some(&format!("Bearer {}", token.to_uppercase())),
            Some(&format!("Bearer\t{token}")),
        ]
        .map(|header| header.map(str::to_owned));
        for header in headers {
            let (caller, reads) = with_header(&table, header.as_deref()).await;
            let Refusal { actor, problem } = caller.unwrap_err();
            assert_eq!(actor, Actor::default());
            let problem = Problem::from(problem).describe();
            assert_eq!((problem.status.as_u16(), reads), (401, 0), "{header:?}");
            assert_eq!(problem.header.unwrap().1, "Bearer", "{header:?}");
        }
    }

    #[tokio::test]
    async fn unknown_revoked_and_expired_keys_are_refused_alike() {
        let (revoked, mut record) = key(1, "ann", ScopeSet::OWNER);
        record.revoked_at = Some(Timestamp::from_unix_seconds(1));
        let (expired, mut over) = key(2, "ann", ScopeSet::OWNER);
        over.expires_at = Some(NOW.into());
        let (unknown, _) = key(3, "ann", ScopeSet::OWNER);
        let table = MemoryKeys::with([(revoked.hash(), record), (expired.hash(), over)]);
        for (key, owner) in [(revoked, Some("ann")), (expired, Some("ann")), (unknown, None)] {
            let (caller, _) = with_header(&table, Some(&format!("Bearer {}", key.reveal()))).await;
            let Refusal { actor, problem } = caller.unwrap_err();
            let principal = format!("key:{}", key.id());
            assert_eq!((actor.owner.as_deref(), actor.principal), (owner, Some(principal)));
            let problem = Problem::from(problem).describe();
            assert_eq!((problem.code, problem.status.as_u16()), ("invalid-key", 401));
            assert_eq!(problem.header.unwrap().1, "Bearer error=\"invalid_token\"");
        }
    }

    #[tokio::test]
    async fn a_key_is_used_as_often_as_it_may_be() {
        let (limited, mut record) = key(1, "ann", ScopeSet::OWNER);
        record.rate = NonZeroU32::new(2);
        let table = MemoryKeys::with([(limited.hash(), record)]);
        let keys = Keys::new(&table);
        let request = request(json!({ "headers": { "authorization": format!("Bearer {}", limited.reveal()) } }));
        let code = async |milliseconds| {
            let caller = keys.caller(&request, "1", NOW + Duration::from_millis(milliseconds)).await;
            caller.err().map(|refusal| {
                assert_eq!(refusal.actor.owner.as_deref(), Some("ann"));
                let problem = Problem::from(refusal.problem).describe();
                assert_eq!(
                    problem.header.as_ref().map(|(name, value)| (name.as_str(), value.as_str())),
                    Some(("retry-after", "1"))
                );
                problem.code
            })
        };
        for (milliseconds, expected) in [(0, None), (0, None), (0, Some("rate-limited")), (500, None)] {
            assert_eq!(code(milliseconds).await, expected, "{milliseconds}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_table_that_does_not_respond_is_not_the_callers_fault() {
        let (good, record) = key(1, "ann", ScopeSet::OWNER);
        let table = MemoryKeys::with([(good.hash(), record)]);
        table.hangs.store(true, Ordering::Relaxed);
        let (caller, _) = with_header(&table, Some(&format!("Bearer {}", good.reveal()))).await;
        let problem = Problem::from(caller.unwrap_err().problem).describe();
        assert_eq!((problem.code, problem.status.as_u16()), ("unavailable", 503));
    }
}
