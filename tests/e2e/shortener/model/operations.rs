//! The requests. Every step has its own random numbers, which depend only on the seed and the number of the step.
//!
//! So the kind of request that a step makes is the same in every run of a seed. Times and the slugs that the service
//! chooses are not, and if a fault makes a write fail that succeeded in another run, later steps may find another link.

use rand::{RngExt as _, SeedableRng as _, rngs::SmallRng};
use serde_json::{Map, Value, json};

use super::{
    TARGETS,
    link::rfc3339,
    reference::{Model, Requested},
};

/// How many targets there are: few, so that callers often ask for an existing link.
const URLS: usize = 9;
/// How many aliases there are: few, so that they are often taken.
const ALIASES: usize = 16;
/// With more possible states than this, a link is read before anything else happens to it.
const TOO_UNCERTAIN: usize = 8;

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Request {
    /// Position among the model's callers; the last one is an administrator.
    pub(super) caller: usize,
    pub(super) operation: Operation,
}

#[derive(Clone, Debug)]
pub(super) enum Operation {
    /// `POST /` with the bare URL.
    Shorten {
        url: String,
    },
    Create {
        body: Map<String, Value>,
        key: Option<String>,
    },
    Bulk {
        bodies: Vec<Map<String, Value>>,
        key: Option<String>,
    },
    Get {
        slug: String,
    },
    Patch {
        slug: String,
        body: Map<String, Value>,
        if_match: Option<u64>,
    },
    Delete {
        slug: String,
        if_match: Option<u64>,
    },
    Restore {
        slug: String,
        if_match: Option<u64>,
    },
    /// Blocks the link, in that state, or without one lifts its block.
    Takedown {
        slug: String,
        state: Option<&'static str>,
    },
    List {
        limit: usize,
        pages: usize,
    },
    Follow {
        slug: String,
        query: &'static str,
    },
    Preview {
        slug: String,
    },
}

/// The random numbers of a step.
pub(super) fn dice(seed: u64, step: usize) -> SmallRng {
    let step = u64::try_from(step).expect("few steps");
    SmallRng::seed_from_u64(seed ^ step.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

fn pick<T: Clone>(dice: &mut SmallRng, choices: &[T]) -> T {
    choices[dice.random_range(0..choices.len())].clone()
}

/// The request of a step.
///
/// During faults there are more writes than usual, because their outcome is what is in doubt.
pub(super) fn generate(dice: &mut SmallRng, model: &Model, now: i64, is_disturbed: bool) -> Request {
    let maker = dice.random_range(0..model.callers.len());
    let kind = dice.random_range(0..if is_disturbed { 64 } else { 100 });
    let slug = slug(dice, model);
    let caller = caller(dice, model, &slug);
    let request = |caller, operation| Request { caller, operation };
    if kind >= 20 && model.uncertainty(&slug) > TOO_UNCERTAIN {
        return request(model.admin(), Operation::Get { slug });
    }
    let if_match = if_match(dice, model, &slug);
    // Leaving a state is as interesting as entering it.
    let kind = match (kind, model.state_of(&slug)) {
        (28..48, Some("deleted")) if dice.random_bool(0.5) => 50,
        (28..42, Some("disabled" | "blocked" | "blocked_legal")) if dice.random_bool(0.5) => 45,
        _ => kind,
    };
    match kind {
        0..5 => request(maker, Operation::Shorten { url: url(dice, model) }),
        5..17 => {
            let (body, key) = wish(dice, model, maker, now);
            request(maker, Operation::Create { body, key })
        }
        17..20 => bulk(dice, model, maker, now),
        20..28 => request(caller, Operation::Get { slug }),
        28..42 => {
            let body = patch(dice, model, now);
            request(caller, Operation::Patch { slug, body, if_match })
        }
        42..48 => request(caller, Operation::Delete { slug, if_match }),
        48..54 => request(caller, Operation::Restore { slug, if_match }),
        54..58 => {
            let limit = pick(dice, &[1, 2, 3, 7, 20, 100]);
            let pages = if limit < 7 { 3 } else { usize::MAX };
            request(maker, Operation::List { limit, pages })
        }
        58..60 => request(caller, Operation::Preview { slug }),
        60..63 => {
            let state = pick(dice, &[Some("blocked"), Some("blocked_legal"), None, None]);
            let caller = if dice.random_bool(0.9) { model.admin() } else { caller };
            request(caller, Operation::Takedown { slug, state })
        }
        _ => {
            let query = pick(dice, &["", "", "utm=1"]);
            request(caller, Operation::Follow { slug, query })
        }
    }
}

/// Mostly a link that changed recently; sometimes one that does not exist, or not yet.
fn slug(dice: &mut SmallRng, model: &Model) -> String {
    let (known, die) = (&model.touched, dice.random_range(0..100));
    let position = dice.random_range(0..usize::MAX);
    match die {
        0..8 => alias(position % ALIASES, model),
        _ if known.is_empty() => alias(0, model),
        8..65 => known[known.len() - 1 - position % known.len().min(8)].clone(),
        _ => known[position % known.len()].clone(),
    }
}

fn alias(number: usize, model: &Model) -> String {
    format!("alias-{}-{number}", model.name)
}

/// Mostly the owner.
fn caller(dice: &mut SmallRng, model: &Model, slug: &str) -> usize {
    let other = dice.random_range(0..model.callers.len());
    let owner = model.owner_of(slug);
    match dice.random_range(0..100) {
        0..80 => owner.unwrap_or(other),
        80..90 => model.admin(),
        _ => other,
    }
}

/// Mostly none; otherwise mostly the right one.
fn if_match(dice: &mut SmallRng, model: &Model, slug: &str) -> Option<u64> {
    let version = model.version_of(slug).unwrap_or(1);
    match dice.random_range(0..10) {
        0..6 => None,
        6..9 => Some(version),
        _ => Some(version.saturating_sub(1)),
    }
}

fn url(dice: &mut SmallRng, model: &Model) -> String {
    format!("{TARGETS}{}/{}", model.name, dice.random_range(0..URLS))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("{other} is not an object"),
    }
}

/// The body of a request for a new link, and its idempotency key.
fn wish(dice: &mut SmallRng, model: &Model, maker: usize, now: i64) -> (Map<String, Value>, Option<String>) {
    let mut body = object(json!({ "url": url(dice, model) }));
    match dice.random_range(0..12) {
        0..2 => {}
        2..4 => {
            body.insert("reuse".into(), false.into());
        }
        4..7 => option(dice, model, now, &mut body),
        7..9 => {
            body.insert("slug".into(), alias(dice.random_range(0..ALIASES), model).into());
            if dice.random_bool(0.3) {
                option(dice, model, now, &mut body);
            }
        }
        9..11 => return named(dice, model, maker, body, now),
        _ => wrong(dice, now, &mut body),
    }
    (body, None)
}

/// A request with an idempotency key: a new one, a repetition, or another request with a used key.
fn named(
    dice: &mut SmallRng,
    model: &Model,
    maker: usize,
    mut body: Map<String, Value>,
    now: i64,
) -> (Map<String, Value>, Option<String>) {
    let owner = &model.callers[maker].owner;
    let sent: Vec<&Requested> = model.requested.iter().filter(|sent| sent.owner == *owner).collect();
    let die = dice.random_range(0..10);
    if !sent.is_empty() && die < 6 {
        let sent = sent[sent.len() - 1 - dice.random_range(0..sent.len().min(4))];
        if die < 5 {
            body = sent.body.clone();
        }
        return (body, Some(sent.key.clone()));
    }
    if die < 8 {
        option(dice, model, now, &mut body);
    }
    let key = format!("{}-{:x}", model.name, dice.random_range(0..u64::MAX));
    (body, Some(key))
}

/// An option of a new link, or a change to an existing one.
fn option(dice: &mut SmallRng, model: &Model, now: i64, body: &mut Map<String, Value>) {
    let soon = now + dice.random_range(2..6);
    let (name, value) = match dice.random_range(0..13) {
        0 => ("redirect", pick(dice, &[json!(301), json!(302), json!(307), json!(308), Value::Null])),
        1 => ("cache_seconds", pick(dice, &[json!(0), json!(30), json!(600), Value::Null])),
        2 => ("permanent", pick(dice, &[json!(true), json!(false)])),
        3 => ("forward_query", pick(dice, &[json!(true), json!(true), json!(false)])),
        4 => ("expired_url", pick(dice, &[json!(format!("{TARGETS}over")), Value::Null])),
        5 => ("valid_from", pick(dice, &[json!(rfc3339(soon)), json!(rfc3339(now - 60)), Value::Null])),
        6 | 7 => ("expires_at", pick(dice, &[json!(rfc3339(soon)), json!(rfc3339(soon)), Value::Null])),
        8 => ("ttl_seconds", pick(dice, &[json!(60), json!(3_600), Value::Null])),
        9 => ("tags", pick(dice, &[json!(["a", "b"]), json!([]), json!(["ü"])])),
        10 => ("note", pick(dice, &[json!("n"), json!(""), Value::Null])),
        11 => ("x_mine", json!(dice.random_range(0..3))),
        _ => {
            let expired = format!("{TARGETS}{}/late", model.name);
            body.insert("expires_at".into(), rfc3339(soon).into());
            ("expired_url", json!(expired))
        }
    };
    body.insert(name.into(), value);
}

/// A mistake.
fn wrong(dice: &mut SmallRng, now: i64, body: &mut Map<String, Value>) {
    let (name, value) = match dice.random_range(0..8) {
        0 => ("cahce_seconds", json!(1)),
        1 => ("cache_seconds", json!(90_000)),
        2 => ("redirect", json!(303)),
        3 => ("url", json!("ftp://example.com/")),
        4 => ("url", json!("http://localhost/")),
        5 => ("url", Value::Null),
        6 => ("expired_url", json!("mailto:a@example.com")),
        _ => {
            body.insert("valid_from".into(), rfc3339(now + 100).into());
            ("expires_at", json!(rfc3339(now + 50)))
        }
    };
    body.insert(name.into(), value);
}

fn patch(dice: &mut SmallRng, model: &Model, now: i64) -> Map<String, Value> {
    let mut body = Map::new();
    match dice.random_range(0..16) {
        0..4 => {
            body.insert("url".into(), url(dice, model).into());
        }
        4..7 => {
            let state = pick(dice, &["disabled", "disabled", "active"]);
            body.insert("state".into(), state.into());
        }
        7 => {
            let state = pick(dice, &["blocked", "blocked_legal", "active"]);
            body.insert("state".into(), state.into());
        }
        8 => wrong(dice, now, &mut body),
        9 => {}
        _ => {
            option(dice, model, now, &mut body);
            if dice.random_bool(0.3) {
                option(dice, model, now, &mut body);
            }
        }
    }
    // They exclude each other.
    if body.contains_key("ttl_seconds") {
        body.remove("expires_at");
    }
    body
}

/// Independent links, so that their order does not matter, or a repetition of an earlier bulk request.
fn bulk(dice: &mut SmallRng, model: &Model, maker: usize, now: i64) -> Request {
    let mut bodies: Vec<Map<String, Value>> = Vec::new();
    for _ in 0..dice.random_range(1..5) {
        let (body, key) = wish(dice, model, maker, now);
        let is_alike = |other: &Map<String, Value>| {
            other["url"] == body["url"] || other.get("slug").is_some_and(|slug| body.get("slug") == Some(slug))
        };
        if key.is_none() && !bodies.iter().any(is_alike) {
            bodies.push(body);
        }
    }
    let again = dice.random_range(0..model.bulks.len().max(1));
    let (caller, bodies, key) = match (dice.random_range(0..10), model.bulks.get(again)) {
        (0..3, Some(sent)) => (sent.caller, sent.bodies.clone(), Some(sent.key.clone())),
        (0..6, _) => {
            let key = format!("bulk-{:x}", dice.random_range(0..u64::MAX));
            (maker, bodies, Some(key))
        }
        _ => (maker, bodies, None),
    };
    let operation = Operation::Bulk { bodies, key };
    Request { caller, operation }
}
