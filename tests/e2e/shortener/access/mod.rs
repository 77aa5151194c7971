//! Who may do what with whose links: every caller, with every set of scopes, every call, every owner and every state, for
//! each way of authentication.

mod callers;
mod pages;
mod rules;
mod world;

use std::collections::BTreeSet;

use e2e::wait_until;
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use super::{get_item, item, put_item};
use callers::{ADMIN_ROLE, Caller, ROLE, SESSION, USER};
use rules::{LINK_CALLS, LinkCall, PLAIN_CALLS, PlainCall, Relation, Rule, STATES};
use world::{Answer, World};

/// Cells that are tried at the same time.
const CONCURRENCY: usize = 8;

/// One cell about a link.
#[derive(Debug)]
struct Cell<'a> {
    caller: &'a Caller,
    call: LinkCall,
    /// The stored owner of the link; none for links of the AWS sample.
    owner: Option<&'a str>,
    state: &'static str,
    slug: String,
}

impl Cell<'_> {
    fn expected(&self) -> Rule {
        let known = match &self.caller.known {
            Ok(known) => known,
            Err(refused) => return *refused,
        };
        if !known.allows(self.call.scope) {
            return Rule::refused(403, "insufficient-scope");
        }
        let relation = match () {
            () if known.is_admin => Relation::Admin,
            () if known.owns(self.owner.unwrap_or("anonymous")) => Relation::Owner,
            () => Relation::Stranger,
        };
        Rule::of(relation, self.call.name, self.state)
    }

    /// Whether the caller may see what is in the link.
    fn is_readable(&self) -> bool {
        self.caller
            .known
            .as_ref()
            .is_ok_and(|known| known.is_admin || known.allows("read") && known.owns(self.owner.unwrap_or("anonymous")))
    }
}

/// Puts the link of a cell into the table, as it was left in its state.
async fn prepare(world: &World, cell: &Cell<'_>, admin: &Caller) {
    let now = jiff::Timestamp::now().as_second();
    let number = |value: i64| json!({ "N": value.to_string() });
    let mut more = vec![
        ("version", number(3)),
        ("created_at", number(now - 1_000)),
        ("updated_at", number(now - 500)),
        ("target", json!({ "S": format!("https://example.com/secret-{}", cell.slug) })),
        ("note", json!({ "S": "secret-note" })),
        ("tags", json!({ "L": [{ "S": "secret-tag" }] })),
    ];
    more.extend(cell.owner.map(|owner| ("owner", json!({ "S": owner }))));
    match cell.state {
        "disabled" | "blocked" => more.push(("state", json!({ "S": cell.state }))),
        "deleted" => more.extend([("state", json!({ "S": "deleted" })), ("restores_to", json!({ "S": "active" }))]),
        "early" => more.push(("valid_from", number(now + 10_000))),
        "expired" => more.push(("expires_at", number(now - 100))),
        _ => {}
    }
    put_item(&world.stack, &item(&cell.slug, &more));
    if cell.state == "removed" {
        let path = format!("/api/v1/links/{}", cell.slug);
        let removed = world.send(admin, "DELETE", &path, "", None).await;
        assert_eq!(removed.status, 204, "{}", removed.text);
    }
}

/// Everything that is wrong with a cell.
async fn try_cell(world: &World, cell: &Cell<'_>, admin: &Caller) -> Vec<String> {
    prepare(world, cell, admin).await;
    let before = get_item(&world.stack, &cell.slug);
    let path = cell.call.path.replace("{slug}", &cell.slug);
    let body = cell.call.body.replace("{slug}", &cell.slug);
    let answer = world.send(cell.caller, cell.call.method, &path, &body, cell.call.if_match).await;
    let is_changed = get_item(&world.stack, &cell.slug) != before;
    let expected = cell.expected();
    let mut wrong = wrong(&answer, expected);
    if is_changed != expected.changes {
        wrong.push(format!("the link was changed: {is_changed}"));
    }
    if !cell.is_readable() && answer.text.contains("secret") {
        wrong.push(format!("it reveals {}", answer.text));
    }
    if expected.status == 200 && !["qr", "clicks"].contains(&cell.call.name) && cell.call.is_about_path() {
        let keys: BTreeSet<_> = answer.json().as_object().expect("a link").keys().cloned().collect();
        let is_receipt = keys.iter().eq(["short_url", "slug", "version"]);
        if is_receipt == cell.is_readable() {
            wrong.push(format!("it shows {keys:?}"));
        }
    }
    let label = format!("{}, {} of {:?}, {}", cell.caller.name, cell.call.name, cell.owner, cell.state);
    wrong.into_iter().map(|wrong| format!("{label}: {wrong}")).collect()
}

/// What is wrong with status and problem.
fn wrong(answer: &Answer, expected: Rule) -> Vec<String> {
    let mut wrong = Vec::new();
    if (answer.status, answer.problem.as_str()) != (expected.status, expected.problem) {
        wrong.push(format!("{} {} instead of {} {}", answer.status, answer.problem, expected.status, expected.problem));
    }
    if answer.status == 401 && !answer.challenge {
        wrong.push("no challenge".to_owned());
    }
    wrong
}

/// Everything that is wrong with a call about no existing link.
async fn try_plain(world: &World, caller: &Caller, call: PlainCall, number: usize) -> Vec<String> {
    let body = call.body.replace('#', &number.to_string());
    let answer = world.send(caller, call.method, call.path, &body, None).await;
    let expected = match &caller.known {
        _ if call.scope.is_empty() => Rule::done(call.status),
        Err(refused) => *refused,
        Ok(known) if known.allows(call.scope) => Rule::done(call.status),
        Ok(_) => Rule::refused(403, "insufficient-scope"),
    };
    let mut wrong = wrong(&answer, expected);
    let may_read = caller.known.as_ref().is_ok_and(|known| known.allows("read"));
    if !may_read && answer.text.contains("secret") {
        wrong.push(format!("it reveals {}", answer.text));
    }
    wrong.into_iter().map(|wrong| format!("{}, {} {}: {wrong}", caller.name, call.method, call.path)).collect()
}

async fn matrix(world: World, callers: Vec<Caller>, owners: &[Option<&str>]) {
    every_call_has_rules(&world).await;
    let admin = callers.iter().find(|caller| caller.known.as_ref().is_ok_and(|known| known.is_admin));
    let admin = admin.expect("an administrator");
    let mut cells = Vec::new();
    for caller in &callers {
        for call in LINK_CALLS {
            for owner in owners {
                for state in STATES {
                    let slug = format!("cell-{}", cells.len());
                    cells.push(Cell { caller, call, owner: *owner, state, slug });
                }
            }
        }
    }
    let found = stream::iter(&cells).map(|cell| try_cell(&world, cell, admin)).buffer_unordered(CONCURRENCY);
    let mut wrong: Vec<String> = found.collect::<Vec<_>>().await.concat();
    for (number, caller) in callers.iter().enumerate() {
        for (index, call) in PLAIN_CALLS.into_iter().enumerate() {
            wrong.extend(try_plain(&world, caller, call, number * PLAIN_CALLS.len() + index).await);
        }
    }
    assert_eq!(cells.len(), callers.len() * LINK_CALLS.len() * owners.len() * STATES.len());
    wrong.extend(every_line_names_its_caller(&world, &cells).await);
    assert_eq!(wrong, Vec::<String>::new(), "{} of {} cells", wrong.len(), cells.len());
    world.stack.stop().await;
}

/// The rules cover every call of the API's description.
async fn every_call_has_rules(world: &World) {
    let client = e2e::Client::of(&world.stack);
    let description = client.get("/api/v1/openapi.json").await.json();
    for (path, methods) in description["paths"].as_object().expect("paths") {
        for method in methods.as_object().expect("methods").keys().filter(|key| *key != "parameters") {
            let is_same = |(m, p): (&str, &str)| m.eq_ignore_ascii_case(method) && p == path;
            let mut calls = LINK_CALLS.iter().map(|call| (call.method, call.path));
            let mut plain = PLAIN_CALLS.iter().map(|call| (call.method, call.path));
            assert!(calls.any(is_same) || plain.any(is_same), "no rules for {method} {path}");
        }
    }
}

/// The log has a line for every cell, refused or not, with its caller.
async fn every_line_names_its_caller(world: &World, cells: &[Cell<'_>]) -> Vec<String> {
    let is_cell = |line: &Value| line["slug"].as_str().is_some_and(|slug| slug.starts_with("cell-"));
    let removed = cells.iter().filter(|cell| cell.state == "removed").count();
    let cells: Vec<_> = cells.iter().filter(|cell| cell.call.is_about_path()).collect();
    let lines = || world.log.lines().into_iter().filter(is_cell).collect::<Vec<_>>();
    wait_until("all is logged", async || lines().len() >= cells.len() + removed).await;
    let lines = lines();
    let is_logged = |cell: &Cell<'_>| {
        let (owner, principal) = &cell.caller.logged;
        lines.iter().filter(|line| line["slug"] == cell.slug.as_str()).any(|line| {
            line["status"] == cell.expected().status && line["owner"] == *owner && line["principal"] == *principal
        })
    };
    let missing = cells.into_iter().filter(|cell| !is_logged(cell));
    missing.map(|cell| format!("{}, {}: no line of {:?}", cell.caller.name, cell.slug, cell.caller.logged)).collect()
}

#[tokio::test]
async fn every_cell_with_keys() {
    let world = World::start("API_KEY", &[], 0).await;
    let callers = callers::with_keys(&world.stack, &callers::scope_sets()).await;
    matrix(world, callers, &[Some("ann"), Some("bob"), None]).await;
}

#[tokio::test]
async fn every_relation_and_state_through_dax() {
    let world = World::start("API_KEY", &[], 1).await;
    let callers = callers::with_keys(&world.stack, &[callers::ALL.to_owned()]).await;
    matrix(world, callers, &[Some("ann"), Some("bob"), None]).await;
}

#[tokio::test]
async fn every_cell_with_signatures() {
    let world = World::start("AWS_IAM", &[("ADMIN_PRINCIPALS", ADMIN_ROLE)], 0).await;
    matrix(world, callers::with_signatures(), &[Some(USER), Some(ROLE), Some(SESSION), None]).await;
}

#[tokio::test]
async fn every_cell_with_tokens() {
    let world = World::start("JWT", &[("ADMIN_PRINCIPALS", "root, cognito:groups=admins")], 0).await;
    matrix(world, callers::with_tokens(), &[Some("ann"), Some("bob"), None]).await;
}

#[tokio::test]
async fn every_cell_without_authentication() {
    for (setting, scopes) in
        [("", "create"), ("create,read,update,delete", "create read update delete"), ("read", "read")]
    {
        let world = World::start("NONE", &[("ANONYMOUS_SCOPES", setting)], 0).await;
        let callers = callers::without_authentication(&world.stack, scopes).await;
        matrix(world, callers, &[Some("anonymous"), Some("ann"), None]).await;
    }
}
