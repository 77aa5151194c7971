//! Everybody who may send a request, for each way of authentication.

use local::Stack;
use serde_json::{Value, json};

use super::{super::keys::set_attribute, rules::Rule};

pub(super) const USER: &str = "arn:aws:iam::111122223333:user/team/ann";
pub(super) const ROLE: &str = "arn:aws:iam::111122223333:role/Dev";
/// How earlier releases stored the owner of a role's links.
pub(super) const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/Dev/botocore-session-1700000001";
/// As the operator writes it; API Gateway reports sessions, without the path.
pub(super) const ADMIN_ROLE: &str = "arn:aws:iam::111122223333:role/ops/Desk";

/// All scopes of an owner.
pub(super) const ALL: &str = "create read update delete";

/// Somebody who sends requests.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) name: String,
    pub(super) proof: Proof,
    pub(super) known: Result<Known, Rule>,
    /// `owner` and `principal` of the caller's log lines.
    pub(super) logged: (Value, Value),
}

/// What a caller shows.
#[derive(Debug)]
pub(super) enum Proof {
    Nothing,
    /// The header of a request over HTTP.
    Bearer(String),
    /// The authorizer block of an event, as API Gateway fills it in.
    Authorizer(Value),
}

/// What the service knows of a caller.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) owner: String,
    pub(super) scopes: Vec<String>,
    pub(super) is_admin: bool,
}

impl Known {
    pub(super) fn allows(&self, scope: &str) -> bool {
        self.is_admin || scope.is_empty() || self.scopes.iter().any(|held| held == scope)
    }

    /// Whether a link of the stored owner is theirs.
    pub(super) fn owns(&self, owner: &str) -> bool {
        self.owner == owner || self.owner == ROLE && owner == SESSION
    }
}

fn refused(name: &str, proof: Proof, status: u16, problem: &'static str, logged: (Value, Value)) -> Caller {
    Caller { name: name.to_owned(), proof, known: Err(Rule::refused(status, problem)), logged }
}

fn known(name: &str, proof: Proof, owner: &str, scopes: &str, principal: &str) -> Caller {
    let held = |scope: &&str| *scope != "admin";
    let known = Known {
        owner: owner.to_owned(),
        scopes: scopes.split(' ').filter(held).map(str::to_owned).collect(),
        is_admin: scopes.split(' ').any(|scope| scope == "admin"),
    };
    Caller { name: name.to_owned(), proof, known: Ok(known), logged: (json!(owner), json!(principal)) }
}

fn id(key: &str) -> String {
    format!("key:{}", key.split('_').nth(1).expect("a key"))
}

fn bearer(key: &str) -> Proof {
    Proof::Bearer(format!("Bearer {key}"))
}

/// Every set of scopes.
pub(super) fn scope_sets() -> Vec<String> {
    let scopes: Vec<&str> = ALL.split(' ').collect();
    let set = |bits: usize| {
        let held = scopes.iter().enumerate().filter(|(index, _)| bits >> index & 1 == 1);
        held.map(|(_, scope)| *scope).collect::<Vec<_>>().join(" ")
    };
    (1..1 << scopes.len()).map(set).collect()
}

/// `API_KEY`, with a key of the same owner for each of these sets of scopes.
pub(super) async fn with_keys(stack: &Stack, scope_sets: &[String]) -> Vec<Caller> {
    const UNKNOWN: &str = "kurz_00000000_00000000000000000000000000000000";
    let issue =
        async |owner: &str, scopes: &str| stack.issue_key(owner, &scopes.replace(' ', ",")).await.expect("a key");
    let invalid =
        |name: &str, key: &str, owner: Value| refused(name, bearer(key), 401, "invalid-key", (owner, json!(id(key))));
    let nobody = (Value::Null, Value::Null);
    let revoked = issue("ann", "admin").await;
    stack.revoke_key(&revoked).await.expect("it is there");
    let expired = issue("ann", ALL).await;
    set_attribute(stack, &expired, "expires_at", json!({ "N": "1" }));
    let reserved = issue("ann", ALL).await;
    set_attribute(stack, &reserved, "owner", json!({ "S": "anonymous" }));
    let mut callers = vec![
        refused("nobody", Proof::Nothing, 401, "unauthenticated", nobody.clone()),
        refused("garbage", bearer("garbage"), 401, "unauthenticated", nobody),
        invalid("unknown", UNKNOWN, Value::Null),
        invalid("revoked", &revoked, json!("ann")),
        invalid("expired", &expired, json!("ann")),
        refused("reserved", bearer(&reserved), 403, "reserved-owner", (json!("anonymous"), json!(id(&reserved)))),
    ];
    for scopes in scope_sets {
        let key = issue("ann", scopes).await;
        callers.push(known(&format!("ann: {scopes}"), bearer(&key), "ann", scopes, &id(&key)));
    }
    for (owner, scopes) in [("bob", ALL), ("operator", "admin"), ("operator", "read admin")] {
        let key = issue(owner, scopes).await;
        callers.push(known(&format!("{owner}: {scopes}"), bearer(&key), owner, scopes, &id(&key)));
    }
    callers
}

/// `AWS_IAM`.
pub(super) fn with_signatures() -> Vec<Caller> {
    let signed = |arn: &str| Proof::Authorizer(json!({ "iam": { "userArn": arn, "accountId": "111122223333" } }));
    let sts = |name: &str| format!("arn:aws:sts::111122223333:assumed-role/{name}");
    let federated = "arn:aws:sts::111122223333:federated-user/ann";
    let desk = "arn:aws:iam::111122223333:role/Desk";
    let nobody = (Value::Null, Value::Null);
    vec![
        refused("nobody", Proof::Nothing, 401, "unauthenticated", nobody.clone()),
        refused("a token", token(&json!({ "sub": "ann" }), Value::Null), 401, "unauthenticated", nobody),
        refused("federated", signed(federated), 403, "no-role-or-user", (Value::Null, json!(federated))),
        known("a user", signed(USER), USER, ALL, USER),
        known(
            "another user",
            signed("arn:aws:iam::111122223333:user/ann"),
            "arn:aws:iam::111122223333:user/ann",
            ALL,
            "arn:aws:iam::111122223333:user/ann",
        ),
        known("a session", signed(SESSION), ROLE, ALL, ROLE),
        known("another session", signed(&sts("Dev/bob@example.com")), ROLE, ALL, ROLE),
        known(
            "another role",
            signed(&sts("Ops/botocore-session-1700000001")),
            "arn:aws:iam::111122223333:role/Ops",
            ALL,
            "arn:aws:iam::111122223333:role/Ops",
        ),
        known("an administrator", signed(&sts("Desk/any")), desk, "admin", desk),
        known(
            "the same name elsewhere",
            signed("arn:aws:sts::444455556666:assumed-role/Desk/any"),
            "arn:aws:iam::444455556666:role/Desk",
            ALL,
            "arn:aws:iam::444455556666:role/Desk",
        ),
    ]
}

fn token(claims: &Value, scopes: Value) -> Proof {
    Proof::Authorizer(json!({ "jwt": { "claims": claims, "scopes": scopes } }))
}

/// `JWT`.
pub(super) fn with_tokens() -> Vec<Caller> {
    let nobody = (Value::Null, Value::Null);
    let anonymous = (json!("anonymous"), json!("anonymous"));
    let ann = |name: &str, more: Value, listed: Value, scopes: &str| {
        let mut claims = json!({ "sub": "ann", "iss": "https://issuer.example", "exp": "1700000000" });
        claims.as_object_mut().expect("claims").extend(more.as_object().expect("claims").clone());
        known(name, token(&claims, listed), "ann", scopes, "ann")
    };
    let mut callers = vec![
        refused("nobody", Proof::Nothing, 401, "unauthenticated", nobody.clone()),
        refused("no subject", token(&json!({ "scope": ALL }), Value::Null), 401, "unauthenticated", nobody),
        refused(
            "anonymous",
            token(&json!({ "sub": "anonymous", "scope": ALL }), Value::Null),
            403,
            "reserved-owner",
            anonymous,
        ),
        ann("no scope", json!({}), Value::Null, ""),
        ann(
            "others' scopes",
            json!({ "scope": "openid aws.cognito.signin.user.admin mail.read admin" }),
            Value::Null,
            "",
        ),
        ann("listed", json!({}), json!(["links/create", "email"]), "create"),
        ann("scp", json!({ "scp": "[links:read links:update]" }), Value::Null, "read update"),
        ann("a list", json!({ "scp": ["kurz.delete", "kurz.create"] }), Value::Null, "create delete"),
        known(
            "in a group",
            token(&json!({ "sub": "carol", "cognito:groups": "[users admins]" }), Value::Null),
            "carol",
            "admin",
            "carol",
        ),
        ann(
            "in another group",
            json!({ "cognito:groups": "[users sub-admins]", "scope": "links.read" }),
            Value::Null,
            "read",
        ),
        known("an administrator", token(&json!({ "sub": "root" }), Value::Null), "root", "admin", "root"),
        known("bob", token(&json!({ "sub": "bob", "scope": ALL }), Value::Null), "bob", ALL, "bob"),
    ];
    for scopes in scope_sets() {
        let names: Vec<_> = scopes.split(' ').map(|scope| format!("links.{scope}")).collect();
        callers.push(ann(&scopes, json!({ "scope": names.join(" ") }), Value::Null, &scopes));
    }
    callers
}

/// `NONE`, where everybody has `scopes`.
pub(super) async fn without_authentication(stack: &Stack, scopes: &str) -> Vec<Caller> {
    let issue = async |owner: &str, scopes: &str| stack.issue_key(owner, scopes).await.expect("a key");
    let (owner, admin) = (issue("ann", "create,read,update,delete").await, issue("operator", "admin").await);
    let anyone = |name: &str, proof| known(name, proof, "anonymous", scopes, "anonymous");
    vec![
        anyone("anybody", Proof::Nothing),
        anyone("garbage", bearer("garbage")),
        anyone("an owner's key", bearer(&owner)),
        known("an administrator's key", bearer(&admin), "operator", "admin", &id(&admin)),
    ]
}
