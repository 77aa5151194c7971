//! Who may do what with whose links: every caller, every call, every owner.

use e2e::{Client, Reply};
use local::Stack;
use serde_json::{Value, json};

use super::keys::{keyed_stack, keyed_stack_with};

const JSON: &str = "application/json";
const SCOPES: [&str; 4] = ["create", "read", "update", "delete"];
const OWNERS: [&str; 2] = ["ann", "bob"];

/// Somebody who sends requests.
#[derive(Debug)]
struct Caller {
    name: String,
    authorization: Option<String>,
    /// Unset for callers that the service cannot identify.
    known: Option<Known>,
}

#[derive(Debug)]
struct Known {
    owner: &'static str,
    scopes: Vec<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Operation {
    Shorten,
    Create,
    Bulk,
    List,
    ListOf,
    Get,
    Patch,
    Delete,
    Restore,
    Qr,
    OpenApi,
}

use Operation::*;

impl Operation {
    const ALL: [Self; 11] = [Shorten, Create, Bulk, List, ListOf, Get, Patch, Delete, Restore, Qr, OpenApi];

    /// Whether it is about somebody's links.
    fn has_owner(self) -> bool {
        matches!(self, ListOf | Get | Patch | Delete | Restore | Qr)
    }
}

/// The rule, whole: status, and the end of the problem's type.
fn expected(caller: &Caller, operation: Operation, owner: &str) -> (u16, &'static str) {
    let (scope, done) = match operation {
        OpenApi => return (200, ""),
        Shorten => ("create", 200),
        Create => ("create", 201),
        Bulk => ("create", 200),
        List | ListOf | Get | Qr => ("read", 200),
        Patch => ("update", 200),
        Delete => ("delete", 204),
        Restore => ("delete", 200),
    };
    let Some(known) = &caller.known else {
        let is_key = caller.authorization.as_ref().is_some_and(|a| a.contains("kurz_"));
        return match is_key {
            true => (401, "invalid-key"),
            false => (401, "unauthenticated"),
        };
    };
    let is_admin = known.scopes.contains(&"admin");
    if !is_admin && !known.scopes.contains(&scope) {
        return (403, "insufficient-scope");
    }
    if operation.has_owner() && !is_admin && known.owner != owner {
        // A list of somebody else's links exists for administrators only.
        return match operation {
            ListOf => (403, "insufficient-scope"),
            _ => (403, "not-owner"),
        };
    }
    (done, "")
}

async fn callers(stack: &Stack) -> Vec<Caller> {
    let bearer = |key: &str| Some(format!("Bearer {key}"));
    let stranger = |name: &str, authorization| Caller { name: name.to_owned(), authorization, known: None };
    let revoked = stack.issue_key("ann", "admin").await.expect("a key");
    stack.revoke_key(&revoked).await.expect("it is there");
    let mut callers = vec![
        stranger("nobody", None),
        stranger("garbage", bearer("garbage")),
        stranger("unknown", bearer("kurz_00000000_00000000000000000000000000000000")),
        stranger("revoked", bearer(&revoked)),
    ];
    let mut sets: Vec<(&str, Vec<&str>)> = SCOPES.map(|scope| ("ann", vec![scope])).into();
    sets.extend(OWNERS.map(|owner| (owner, SCOPES.to_vec())));
    sets.push(("operator", vec!["admin"]));
    for (owner, scopes) in sets {
        let names = scopes.join(",");
        let key = stack.issue_key(owner, &names).await.expect("a key");
        callers.push(Caller {
            name: format!("{owner} {names}"),
            authorization: bearer(&key),
            known: Some(Known { owner, scopes }),
        });
    }
    callers
}

async fn call(client: &Client, caller: &Caller, method: &str, path: &str, media_type: &str, body: &Value) -> Reply {
    let authorization = caller.authorization.as_deref();
    let mut headers = vec![("content-type", media_type)];
    headers.extend(authorization.map(|value| ("authorization", value)));
    let body = match body {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        body => body.to_string(),
    };
    client.call(method, path, &headers, body).await
}

/// Carries an operation out on a link that is there for it, or deleted if it is to be restored.
async fn attempt(client: &Client, caller: &Caller, operation: Operation, owner: &str, slug: &str) -> Reply {
    let link = format!("/api/v1/links/{slug}");
    let new = json!({ "url": format!("https://example.com/new/{slug}"), "reuse": false });
    let (method, path, body) = match operation {
        Shorten => ("POST", "/".to_owned(), json!(format!("https://example.com/{slug}"))),
        Create => ("POST", "/api/v1/links".to_owned(), new),
        Bulk => ("POST", "/api/v1/links:bulk".to_owned(), json!({ "links": [new] })),
        List => ("GET", "/api/v1/links".to_owned(), Value::Null),
        ListOf => ("GET", format!("/api/v1/links?owner={owner}"), Value::Null),
        Get => ("GET", link, Value::Null),
        Patch => ("PATCH", link, json!({ "note": "changed" })),
        Delete => ("DELETE", link, Value::Null),
        Restore => ("POST", format!("{link}/restore"), Value::Null),
        Qr => ("GET", format!("{link}/qr"), Value::Null),
        OpenApi => ("GET", "/api/v1/openapi.json".to_owned(), Value::Null),
    };
    let media_type = match operation {
        Shorten => "text/plain",
        Patch => "application/merge-patch+json",
        _ => JSON,
    };
    call(client, caller, method, &path, media_type, &body).await
}

/// The end of a problem's type; empty if the response is not a problem.
fn code(reply: &Reply) -> String {
    if reply.header("content-type") != Some("application/problem+json") {
        return String::new();
    }
    let problem = reply.json();
    let kind = problem["type"].as_str().expect("a type");
    kind.rsplit(':').next().unwrap_or_default().to_owned()
}

async fn matrix(stack: Stack) {
    let client = Client::of(&stack);
    let callers = callers(&stack).await;
    let by_name = |name: &str| callers.iter().find(|caller| caller.name == name).expect("a caller");
    let admin = by_name("operator admin");
    let (mut cells, mut wrong) = (0, Vec::new());
    for caller in &callers {
        for operation in Operation::ALL {
            for owner in OWNERS {
                if !operation.has_owner() && owner != OWNERS[0] {
                    continue;
                }
                cells += 1;
                let slug = format!("cell-{cells}");
                let maker = by_name(&format!("{owner} {}", SCOPES.join(",")));
                let wish = json!({ "url": format!("https://example.com/{slug}"), "slug": slug });
                let made = call(&client, maker, "POST", "/api/v1/links", JSON, &wish).await;
                assert_eq!(made.status.as_u16(), 201, "{}", made.text());
                let path = format!("/api/v1/links/{slug}");
                if operation == Restore {
                    let gone = call(&client, maker, "DELETE", &path, JSON, &Value::Null).await;
                    assert_eq!(gone.status.as_u16(), 204, "{}", gone.text());
                }
                let before = call(&client, admin, "GET", &path, JSON, &Value::Null).await;
                let reply = attempt(&client, caller, operation, owner, &slug).await;
                let after = call(&client, admin, "GET", &path, JSON, &Value::Null).await;
                let actual = (reply.status.as_u16(), code(&reply));
                let (status, problem) = expected(caller, operation, owner);
                if actual != (status, problem.to_owned()) {
                    wrong.push(format!(
                        "{} {operation:?} {owner}: {actual:?} instead of {status} {problem}",
                        caller.name
                    ));
                }
                let changes = matches!(operation, Patch | Delete | Restore) && status < 300;
                let version = |reply: &Reply| reply.json()["version"].clone();
                if (version(&before) != version(&after)) != changes {
                    wrong.push(format!("{} {operation:?} {owner}: the link", caller.name));
                }
                if problem == "insufficient-scope" {
                    assert!(reply.json()["scope"].is_string(), "{}", reply.text());
                }
                if status == 401 {
                    assert!(reply.header("www-authenticate").is_some(), "{}", reply.text());
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new(), "{} of {cells} cells", wrong.len());
    assert_eq!(cells, 11 * (5 + 6 * 2), "callers, calls without owner and with");
    lists_are_of_one_owner(&client, &callers).await;
    stack.stop().await;
}

/// Goes through all pages of everybody who may list.
async fn lists_are_of_one_owner(client: &Client, callers: &[Caller]) {
    let mut listed = 0;
    for caller in callers {
        let Some(known) = caller.known.as_ref().filter(|known| known.scopes.contains(&"read")) else {
            continue;
        };
        let mut cursor = String::new();
        loop {
            let path = format!("/api/v1/links?limit=7{cursor}");
            let page = call(client, caller, "GET", &path, JSON, &Value::Null).await.json();
            for link in page["links"].as_array().expect("links") {
                assert_eq!(link["owner"], known.owner, "{}", caller.name);
                listed += 1;
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
    }
    assert!(listed > 200, "{listed}");
}

#[tokio::test]
async fn every_cell_of_the_matrix_through_dax() {
    matrix(keyed_stack().await).await;
}

#[tokio::test]
async fn every_cell_of_the_matrix_without_dax() {
    matrix(keyed_stack_with(|config| config.dax_nodes = 0).await).await;
}

#[tokio::test]
async fn the_cursor_of_one_owner_opens_no_list_of_another() {
    let stack = keyed_stack().await;
    let client = Client::of(&stack);
    let callers = callers(&stack).await;
    let all = |owner: &str| format!("{owner} {}", SCOPES.join(","));
    let by_name = |name: String| callers.iter().find(|caller| caller.name == name).expect("a caller");
    let [ann, bob] = OWNERS.map(|owner| by_name(all(owner)));
    for number in 0..3 {
        for caller in [ann, bob] {
            let wish = json!({ "url": format!("https://example.com/{number}") });
            let made = call(&client, caller, "POST", "/api/v1/links", JSON, &wish).await;
            assert_eq!(made.status.as_u16(), 201, "{}", made.text());
        }
    }
    let page = call(&client, ann, "GET", "/api/v1/links?limit=1", JSON, &Value::Null).await;
    let cursor = page.json()["next_cursor"].as_str().expect("more").to_owned();
    let path = format!("/api/v1/links?limit=100&cursor={cursor}");
    let page = call(&client, bob, "GET", &path, JSON, &Value::Null).await;
    if page.status.as_u16() == 200 {
        let links = page.json()["links"].clone();
        let owners = links.as_array().expect("links").iter().map(|link| &link["owner"]);
        assert!(owners.into_iter().all(|owner| owner == "bob"), "{links}");
    } else {
        assert_eq!((page.status.as_u16(), code(&page).as_str()), (400, "invalid-parameter"));
    }
    stack.stop().await;
}
