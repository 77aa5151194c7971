//! Who sends a request, and what they may do.

mod key_ring;

use std::time::SystemTime;

use http::header;
use links::{ANONYMOUS, ApiKey, KeyReader, KeyUsage, KeysError, KeysTable, Link, Scope, ScopeSet};

use crate::{
    Config, Store,
    config::Auth,
    http::{
        problem::{AccessProblem, Problem},
        request::Request,
    },
    log,
};

use key_ring::{KeyRing, Lookup};

/// The sender of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The owner of the links that the caller makes and may open.
    pub(crate) owner: String,
    /// What the caller may do.
    pub(crate) scopes: ScopeSet,
    /// Who acts, for the log and the trace that a change leaves: `key:` and the id of a key, the ARN of a signature,
    /// the subject of a token, or `anonymous`. Several principals may act for one owner.
    pub(crate) principal: String,
}

impl Caller {
    /// Fails if the caller lacks `scope`.
    pub(crate) fn require(&self, scope: Scope) -> Result<(), AccessProblem> {
        if self.scopes.allows(scope) { Ok(()) } else { Err(AccessProblem::InsufficientScope { scope }) }
    }

    /// Whether the caller may also open the links of other owners.
    pub(crate) fn is_admin(&self) -> bool {
        self.scopes.is_admin()
    }

    /// Whether the caller acts on this link as an administrator only, not as its owner.
    pub(crate) fn is_operator_of(&self, link: &Link) -> bool {
        self.is_admin() && self.owner != link.owner
    }
}

/// Finds out who sends a request.
#[derive(Debug)]
pub struct Identity<K>(AuthMethod<K>);

#[derive(Debug)]
enum AuthMethod<K> {
    /// No authentication: everybody is the same caller.
    None,
    /// API Gateway has checked a signature.
    AwsIam,
    /// API Gateway has checked a token.
    Jwt,
    /// The request carries a key.
    ApiKey(KeyRing<K>),
}

impl Identity<KeysTable> {
    /// The method that `config` names. The keys table is in the account and region of `store`. Sends nothing yet.
    pub fn new(config: &Config, store: &Store) -> Self {
        Self::with_keys(&config.auth, |table| store.keys(table))
    }

    /// Connects to the keys table, if there is one, so that the first request finds the connection open.
    ///
    /// # Errors
    /// [`KeysError`]; the first request tries again.
    pub async fn connect(&self) -> Result<(), KeysError> {
        match &self.0 {
            AuthMethod::ApiKey(ring) => ring.table().connect().await,
            AuthMethod::None | AuthMethod::AwsIam | AuthMethod::Jwt => Ok(()),
        }
    }
}

impl<K> Identity<K> {
    /// The method that `auth` names. `open` opens the keys table, if there is one.
    pub(crate) fn with_keys(auth: &Auth, open: impl FnOnce(&str) -> K) -> Self {
        Self(match auth {
            Auth::None => AuthMethod::None,
            Auth::AwsIam => AuthMethod::AwsIam,
            Auth::Jwt => AuthMethod::Jwt,
            Auth::ApiKey { table } => AuthMethod::ApiKey(KeyRing::new(open(table))),
        })
    }
}

impl<K: KeyReader + KeyUsage> Identity<K> {
    /// The caller of a request.
    ///
    /// API Gateway checks signatures and tokens before it calls the function, so a request without an identity did not
    /// come through it and is refused. Callers with a signature or a token may do everything with their own links, and
    /// nothing with those of others.
    pub(crate) async fn caller(&self, request: &Request, request_id: &str, now: SystemTime) -> Result<Caller, Problem> {
        let owner = match &self.0 {
            AuthMethod::None => Some(ANONYMOUS),
            AuthMethod::AwsIam => request.iam_arn(),
            AuthMethod::Jwt => request.jwt_subject(),
            AuthMethod::ApiKey(ring) => {
                let key = bearer(request).ok_or(AccessProblem::Unauthenticated)?;
                return Ok(by_key(ring, &key, request_id, now).await?);
            }
        };
        let owner = owner.filter(|owner| !owner.is_empty()).ok_or(AccessProblem::Unauthenticated)?;
        Ok(Caller { owner: owner.to_owned(), scopes: ScopeSet::OWNER, principal: owner.to_owned() })
    }
}

async fn by_key<K: KeyReader + KeyUsage>(
    ring: &KeyRing<K>,
    key: &ApiKey,
    request_id: &str,
    now: SystemTime,
) -> Result<Caller, AccessProblem> {
    let Lookup { record, use_error } = ring.look_up(&key.hash(), now).await.map_err(|error| {
        log::keys_failed(request_id, &error);
        AccessProblem::KeysUnavailable
    })?;
    if let Some(error) = use_error {
        log::use_not_noted(request_id, key.id(), &error);
    }
    match record {
        Some(record) if !record.is_revoked() => {
            Ok(Caller { owner: record.owner, scopes: record.scopes, principal: format!("key:{}", key.id()) })
        }
        _ => Err(AccessProblem::InvalidKey),
    }
}

/// The key of the request, if it carries a well-formed one. Anything else is refused without asking the table.
fn bearer(request: &Request) -> Option<ApiKey> {
    let header = request.header_text(header::AUTHORIZATION)?;
    let (scheme, credentials) = header.split_once(' ')?;
    let is_bearer = scheme.eq_ignore_ascii_case("bearer");
    is_bearer.then(|| credentials.trim().parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::request::request;
    use crate::testing::{MemoryKeys, key};
    use links::Timestamp;
    use serde_json::{Value, json};
    use std::sync::atomic::Ordering;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn keys() -> Auth {
        Auth::ApiKey { table: "k".into() }
    }

    async fn check(auth: Auth, authorizer: &Value, expected: Option<&str>) {
        let request = request(json!({ "requestContext": { "authorizer": authorizer } }));
        let table = MemoryKeys::default();
        let identity = Identity::with_keys(&auth, |_name| &table);
        let caller = identity.caller(&request, "1", NOW).await.ok();
        let expected = expected.map(|owner| (owner, owner, ScopeSet::OWNER));
        let actual = caller.as_ref();
        let actual = actual.map(|caller| (caller.owner.as_str(), caller.principal.as_str(), caller.scopes));
        assert_eq!(actual, expected, "{auth:?} {authorizer}");
    }

    #[tokio::test]
    async fn the_owner_is_the_caller_that_the_gateway_has_checked() {
        let iam = json!({ "iam": { "userArn": "arn:aws:iam::1:user/ann" } });
        let jwt = json!({ "jwt": { "claims": { "sub": "ann" }, "scopes": null } });
        check(Auth::None, &Value::Null, Some("anonymous")).await;
        check(Auth::None, &iam, Some("anonymous")).await;
        check(Auth::AwsIam, &iam, Some("arn:aws:iam::1:user/ann")).await;
        check(Auth::AwsIam, &jwt, None).await;
        check(Auth::AwsIam, &Value::Null, None).await;
        check(Auth::Jwt, &jwt, Some("ann")).await;
        check(Auth::Jwt, &iam, None).await;
        check(keys(), &iam, None).await;
        check(keys(), &jwt, None).await;
    }

    /// The caller with that `Authorization` header, and how often the table was read.
    async fn with_header(table: &MemoryKeys, value: Option<&str>) -> (Result<Caller, Problem>, usize) {
        let headers = json!({ "headers": { "authorization": value.unwrap_or_default() } });
        let changes = if value.is_some() { headers } else { json!({}) };
        let request = request(changes);
        let identity = Identity::with_keys(&keys(), |_name| table);
        let before = table.reads();
        let caller = identity.caller(&request, "1", NOW).await;
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
            let problem = caller.unwrap_err().describe();
            assert_eq!((problem.status.as_u16(), reads), (401, 0), "{header:?}");
            assert_eq!(problem.header.unwrap().1, "Bearer", "{header:?}");
        }
    }

    #[tokio::test]
    async fn unknown_and_revoked_keys_are_refused_alike() {
        let (revoked, mut record) = key(1, "ann", ScopeSet::OWNER);
        record.revoked_at = Some(Timestamp::from_unix_seconds(1));
        let (unknown, _) = key(2, "ann", ScopeSet::OWNER);
        let table = MemoryKeys::with([(revoked.hash(), record)]);
        for key in [revoked, unknown] {
            let (caller, _) = with_header(&table, Some(&format!("Bearer {}", key.reveal()))).await;
            let problem = caller.unwrap_err().describe();
            assert_eq!((problem.code, problem.status.as_u16()), ("invalid-key", 401));
            assert_eq!(problem.header.unwrap().1, "Bearer error=\"invalid_token\"");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_table_that_does_not_respond_is_not_the_callers_fault() {
        let (good, record) = key(1, "ann", ScopeSet::OWNER);
        let table = MemoryKeys::with([(good.hash(), record)]);
        table.hangs.store(true, Ordering::Relaxed);
        let (caller, _) = with_header(&table, Some(&format!("Bearer {}", good.reveal()))).await;
        let problem = caller.unwrap_err().describe();
        assert_eq!((problem.code, problem.status.as_u16()), ("unavailable", 503));
    }
}
