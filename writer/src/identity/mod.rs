//! Who sends a request, and what they may do.

mod key_ring;
mod keys;
mod rate;

use std::time::SystemTime;

use links::{ANONYMOUS, KeyReader, KeyUsage, KeysError, KeysTable, Link, Scope, ScopeSet};

use crate::{
    Config, Store,
    config::Auth,
    http::{problem::AccessProblem, request::Request},
    principal::{self, Admins},
};

use keys::Keys;

/// The sender of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The owner of the links that the caller makes and may open.
    pub(crate) owner: String,
    /// What the caller may do.
    pub(crate) scopes: ScopeSet,
    /// Who acts, for the log and the trace that a change leaves: `key:` and the id of a key, the ARN of a role or user,
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
        self.is_admin() && !self.owns(&link.owner)
    }

    /// Whether a link of the stored `owner` is the caller's. Earlier releases stored the session of a role, and its links
    /// belong to the role.
    pub(crate) fn owns(&self, owner: &str) -> bool {
        self.owner == owner || principal::without_session(owner).is_some_and(|owner| owner == self.owner)
    }

    /// Somebody who acts for themselves, unless the name is reserved.
    fn named(name: String, scopes: ScopeSet) -> Result<Self, Refusal> {
        Self { owner: name.clone(), scopes, principal: name }.checked()
    }

    /// Everybody is `anonymous`, so nobody else may be.
    fn checked(self) -> Result<Self, Refusal> {
        if self.owner == ANONYMOUS {
            return Err(Refusal { actor: Actor::from(&self), problem: AccessProblem::ReservedOwner });
        }
        Ok(self)
    }
}

/// Who sent a request, as far as that is known, for the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Actor {
    pub(crate) owner: Option<String>,
    pub(crate) principal: Option<String>,
}

impl From<&Caller> for Actor {
    fn from(caller: &Caller) -> Self {
        Self { owner: Some(caller.owner.clone()), principal: Some(caller.principal.clone()) }
    }
}

/// Why a caller was not admitted, and who it seems to be.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) actor: Actor,
    pub(crate) problem: AccessProblem,
}

impl From<AccessProblem> for Refusal {
    fn from(problem: AccessProblem) -> Self {
        Self { actor: Actor::default(), problem }
    }
}

/// Finds out who sends a request.
#[derive(Debug)]
pub struct Identity<K>(AuthMethod<K>);

#[derive(Debug)]
enum AuthMethod<K> {
    /// Everybody is the same caller, except that keys may make administrators.
    None { scopes: ScopeSet, keys: Option<Keys<K>> },
    /// API Gateway has checked a signature.
    AwsIam { admins: Admins },
    /// API Gateway has checked a token.
    Jwt { admins: Admins },
    /// The request carries a key.
    ApiKey(Keys<K>),
}

impl Identity<KeysTable> {
    /// The method that `config` names. The keys table is in the account and region of `store`. Sends nothing yet.
    pub fn new(config: &Config, store: &Store) -> Self {
        Self::with_keys(&config.auth, |table| store.keys(table))
    }

    /// Connects to the keys table, if every request needs it, so that the first one finds the connection open.
    ///
    /// # Errors
    /// [`KeysError`]; the first request tries again.
    pub async fn connect(&self) -> Result<(), KeysError> {
        match &self.0 {
            AuthMethod::ApiKey(keys) => keys.table().connect().await,
            AuthMethod::None { .. } | AuthMethod::AwsIam { .. } | AuthMethod::Jwt { .. } => Ok(()),
        }
    }
}

impl<K> Identity<K> {
    /// The method that `auth` names. `open` opens the keys table, if there is one.
    pub(crate) fn with_keys(auth: &Auth, open: impl FnOnce(&str) -> K) -> Self {
        Self(match auth {
            Auth::None { scopes, table } => {
                AuthMethod::None { scopes: *scopes, keys: table.as_deref().map(|table| Keys::new(open(table))) }
            }
            Auth::AwsIam { admins } => AuthMethod::AwsIam { admins: admins.clone() },
            Auth::Jwt { admins } => AuthMethod::Jwt { admins: admins.clone() },
            Auth::ApiKey { table } => AuthMethod::ApiKey(Keys::new(open(table))),
        })
    }
}

impl<K: KeyReader + KeyUsage> Identity<K> {
    /// The caller of a request.
    ///
    /// API Gateway checks signatures and tokens before it calls the function, so a request without an identity did not
    /// come through it and is refused.
    pub(crate) async fn caller(&self, request: &Request, request_id: &str, now: SystemTime) -> Result<Caller, Refusal> {
        match &self.0 {
            AuthMethod::None { scopes, keys } => anyone(*scopes, keys.as_ref(), request, request_id, now).await,
            AuthMethod::AwsIam { admins } => by_signature(admins, request),
            AuthMethod::Jwt { admins } => by_token(admins, request),
            AuthMethod::ApiKey(keys) => keys.caller(request, request_id, now).await?.checked(),
        }
    }
}

/// Everybody, or an administrator who shows a key. All other keys are left alone: they are of another time, when the
/// service asked for them.
async fn anyone<K: KeyReader + KeyUsage>(
    scopes: ScopeSet,
    keys: Option<&Keys<K>>,
    request: &Request,
    request_id: &str,
    now: SystemTime,
) -> Result<Caller, Refusal> {
    let anonymous = || Caller { owner: ANONYMOUS.to_owned(), scopes, principal: ANONYMOUS.to_owned() };
    let Some(keys) = keys.filter(|_| keys::bearer(request).is_some()) else {
        return Ok(anonymous());
    };
    match keys.caller(request, request_id, now).await {
        Ok(holder) if holder.is_admin() => holder.checked(),
        Ok(_) | Err(Refusal { problem: AccessProblem::InvalidKey, .. }) => Ok(anonymous()),
        Err(refusal) => Err(refusal),
    }
}

/// The role or the user that has signed the request. What they may do with their own links, IAM has decided.
fn by_signature(admins: &Admins, request: &Request) -> Result<Caller, Refusal> {
    let arn = request.iam_arn().filter(|arn| !arn.is_empty()).ok_or(AccessProblem::Unauthenticated)?;
    let owner = principal::without_session(arn).ok_or_else(|| Refusal {
        actor: Actor { owner: None, principal: Some(arn.to_owned()) },
        problem: AccessProblem::NoRoleOrUser,
    })?;
    let scopes = if admins.has_arn(&owner) { ScopeSet::OWNER.with(Scope::Admin) } else { ScopeSet::OWNER };
    Caller::named(owner, scopes)
}

/// The subject of the token, with the token's own scopes.
fn by_token(admins: &Admins, request: &Request) -> Result<Caller, Refusal> {
    let claim = |name: &str| request.jwt_claim(name);
    let subject = claim("sub").filter(|subject| !subject.trim().is_empty()).ok_or(AccessProblem::Unauthenticated)?;
    let scopes = principal::scopes(request.jwt_scopes(), claim);
    let scopes = if admins.has_token(subject, claim) { scopes.with(Scope::Admin) } else { scopes };
    Caller::named(subject.to_owned(), scopes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::request::request;
    use crate::testing::{MemoryKeys, key};
    use serde_json::{Value, json};

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn open(scopes: ScopeSet) -> Auth {
        Auth::None { scopes, table: Some("k".into()) }
    }

    fn iam(admins: &str) -> Auth {
        Auth::AwsIam { admins: Admins::with_arns(admins).unwrap() }
    }

    fn jwt(admins: &str) -> Auth {
        Auth::Jwt { admins: Admins::with_claims(admins).unwrap() }
    }

    /// Owner and scopes of the caller, or the code of the refusal.
    async fn check(auth: &Auth, authorizer: &Value, expected: Result<(&str, &str), &str>) {
        let request = request(json!({ "requestContext": { "authorizer": authorizer } }));
        let table = MemoryKeys::default();
        let identity = Identity::with_keys(auth, |_name| &table);
        let caller = identity.caller(&request, "1", NOW).await;
        let caller = caller.map(|caller| {
            assert_eq!(caller.principal, caller.owner);
            (caller.owner, caller.scopes.to_string())
        });
        let actual = caller.map_err(|refusal| crate::http::problem::Problem::from(refusal.problem).code());
        let expected = expected.map(|(owner, scopes)| (owner.to_owned(), scopes.to_owned()));
        assert_eq!(actual, expected, "{auth:?} {authorizer}");
    }

    const ALL: &str = "create,read,update,delete";

    #[tokio::test]
    async fn everybody_is_the_same_caller() {
        let create = ScopeSet::NONE.with(Scope::Create);
        check(&open(create), &Value::Null, Ok(("anonymous", "create"))).await;
        check(&open(ScopeSet::OWNER), &Value::Null, Ok(("anonymous", ALL))).await;
        let signed = json!({ "iam": { "userArn": "arn:aws:iam::1:user/ann" } });
        check(&open(create), &signed, Ok(("anonymous", "create"))).await;
    }

    #[tokio::test]
    async fn a_signature_is_a_role_or_a_user() {
        let signed = |arn: &str| json!({ "iam": { "userArn": arn } });
        let admins = iam("arn:aws:iam::1:role/path/Ops");
        let user = "arn:aws:iam::1:user/ann";
        check(&admins, &signed(user), Ok((user, ALL))).await;
        let role = Ok(("arn:aws:iam::1:role/Dev", ALL));
        check(&admins, &signed("arn:aws:sts::1:assumed-role/Dev/session-1"), role).await;
        check(&admins, &signed("arn:aws:sts::1:assumed-role/Dev/session-2"), role).await;
        let ops = Ok(("arn:aws:iam::1:role/Ops", "create,read,update,delete,admin"));
        check(&admins, &signed("arn:aws:sts::1:assumed-role/Ops/s"), ops).await;
        check(&admins, &signed("arn:aws:sts::1:federated-user/ann"), Err("no-role-or-user")).await;
        check(&admins, &signed("anonymous"), Err("no-role-or-user")).await;
        check(&admins, &signed(""), Err("unauthenticated")).await;
        check(&admins, &Value::Null, Err("unauthenticated")).await;
        check(&admins, &json!({ "jwt": { "claims": { "sub": "ann" }, "scopes": null } }), Err("unauthenticated")).await;
    }

    #[tokio::test]
    async fn a_token_allows_what_its_scopes_say() {
        let token = |claims: Value, scopes: Value| json!({ "jwt": { "claims": claims, "scopes": scopes } });
        let admins = jwt("root,cognito:groups=admins");
        let plain = json!({ "sub": "ann", "scope": "openid links.read" });
        check(&admins, &token(plain, Value::Null), Ok(("ann", "read"))).await;
        let listed = json!(["kurz/create", "profile"]);
        check(&admins, &token(json!({ "sub": "ann" }), listed), Ok(("ann", "create"))).await;
        check(&admins, &token(json!({ "sub": "ann" }), Value::Null), Ok(("ann", ""))).await;
        check(&admins, &token(json!({ "sub": "root" }), Value::Null), Ok(("root", "admin"))).await;
        let group = json!({ "sub": "ann", "cognito:groups": "[users admins]", "scope": "read" });
        check(&admins, &token(group, Value::Null), Ok(("ann", "read,admin"))).await;
        let nobody = json!({ "sub": "anonymous", "scope": "read" });
        check(&admins, &token(nobody, Value::Null), Err("reserved-owner")).await;
        check(&admins, &token(json!({ "sub": " " }), Value::Null), Err("unauthenticated")).await;
        check(&admins, &json!({ "iam": { "userArn": "arn:aws:iam::1:user/ann" } }), Err("unauthenticated")).await;
    }

    #[tokio::test]
    async fn without_authentication_a_key_makes_an_administrator_and_nothing_else() {
        let (admin, record) = key(1, "ops", ScopeSet::NONE.with(Scope::Admin));
        let (owner, other) = key(2, "ann", ScopeSet::OWNER);
        let (unknown, _) = key(3, "ann", ScopeSet::OWNER);
        let table = MemoryKeys::with([(admin.hash(), record), (owner.hash(), other)]);
        let identity = Identity::with_keys(&open(ScopeSet::NONE.with(Scope::Create)), |_name| &table);
        let check = async |header: &str, principal: &str, owner: &str| {
            let request = request(json!({ "headers": { "authorization": header } }));
            let caller = identity.caller(&request, "1", NOW).await.unwrap();
            assert_eq!((caller.owner.as_str(), caller.principal.as_str()), (owner, principal), "{header}");
            assert_eq!(caller.is_admin(), owner == "ops", "{header}");
        };
        check(&format!("Bearer {}", admin.reveal()), &format!("key:{}", admin.id()), "ops").await;
        check(&format!("Bearer {}", owner.reveal()), "anonymous", "anonymous").await;
        check(&format!("Bearer {}", unknown.reveal()), "anonymous", "anonymous").await;
        check("Bearer admin", "anonymous", "anonymous").await;
    }

    #[test]
    fn links_of_a_session_belong_to_its_role() {
        let check = |owner: &str, stored: &str, expected: bool| {
            let caller = Caller::named(owner.to_owned(), ScopeSet::OWNER).unwrap();
            assert_eq!(caller.owns(stored), expected, "{owner} {stored}");
        };
        let role = "arn:aws:iam::1:role/Dev";
        check(role, role, true);
        check(role, "arn:aws:sts::1:assumed-role/Dev/ann@example.com", true);
        check(role, "arn:aws:sts::1:assumed-role/Other/Dev", false);
        check(role, "arn:aws:sts::2:assumed-role/Dev/s", false);
        check("ann", "ann", true);
        check("ann", "arn:aws:iam::1:user/ann", false);
    }
}
