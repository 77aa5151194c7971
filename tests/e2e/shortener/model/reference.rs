//! The reference: the contract as maps and a clock.

use std::collections::HashMap;

use e2e::Reply;
use serde_json::{Map, Value};

use super::{
    creation::{Source, Unseen},
    link::{Link, Problem},
    slot::{Slot, State},
};

/// The holder of a key.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) owner: String,
    pub(super) key: String,
    pub(super) is_admin: bool,
}

impl Caller {
    pub(super) fn may_reach(&self, link: &Link) -> bool {
        self.is_admin || self.owner == link.owner
    }
}

/// A request with an idempotency key.
#[derive(Clone, Debug)]
pub(super) struct Requested {
    pub(super) owner: String,
    pub(super) key: String,
    pub(super) body: Map<String, Value>,
}

/// A bulk request with an idempotency key.
#[derive(Clone, Debug)]
pub(super) struct Bulk {
    pub(super) caller: usize,
    pub(super) key: String,
    pub(super) bodies: Vec<Map<String, Value>>,
}

/// When a request was sent and its response received, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) start: i64,
    pub(super) end: i64,
    /// A write of unknown outcome from before this time has happened by now, or never will.
    pub(super) late_before: i64,
}

impl Window {
    /// The seconds that the service's clock may have shown.
    pub(super) fn seconds(self) -> impl Iterator<Item = i64> {
        self.start / 1_000..=self.end / 1_000
    }
}

/// A response of the management API.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Link {
        status: u16,
        link: Box<Link>,
        existing: bool,
    },
    /// Of `POST /`.
    Slug(String),
    Empty,
    /// How many links an administrator's request has blocked or opened.
    Changed(usize),
    Problem(Problem),
}

/// A response, and whether its outcome is unknown to the caller.
#[derive(Debug)]
pub(super) struct Told<'a> {
    pub(super) status: u16,
    pub(super) body: Value,
    /// `None` for a part of a bulk request.
    pub(super) reply: Option<&'a Reply>,
    /// There was a fault meanwhile, so the outcome may be unknown.
    pub(super) is_disturbed: bool,
}

impl Told<'_> {
    /// The end of the problem's type.
    pub(super) fn problem(&self) -> &str {
        let kind = self.body["type"].as_str().unwrap_or_default();
        kind.rsplit(':').next().unwrap_or_default()
    }

    /// Whether the outcome is unknown, and why that is allowed.
    pub(super) fn is_unknown(&self) -> bool {
        let is_unavailable = self.status == 503 && self.problem() == "unavailable";
        // A killed process says nothing; the gateway does.
        self.is_disturbed && (is_unavailable || matches!(self.status, 500 | 502) && self.problem().is_empty())
    }
}

/// The text of a difference.
pub(super) type Difference = String;

#[derive(Debug)]
pub(super) struct Model {
    /// Distinguishes the targets and aliases of models that share a stack.
    pub(super) name: String,
    pub(super) callers: Vec<Caller>,
    pub(super) base_url: String,
    /// Seconds after which a change is visible everywhere.
    pub(super) bound: i64,
    pub(super) slots: HashMap<String, Slot>,
    /// The slugs of all links, the latest last.
    pub(super) touched: Vec<String>,
    pub(super) requested: Vec<Requested>,
    pub(super) bulks: Vec<Bulk>,
    /// The slugs of each source, in the order in which the service tries them.
    pub(super) derived: HashMap<Source, Vec<String>>,
    pub(super) unseen: Vec<Unseen>,
}

impl Model {
    pub(super) fn new(name: &str, callers: Vec<Caller>, base_url: String, bound: i64) -> Self {
        Self {
            name: name.to_owned(),
            callers,
            base_url,
            bound,
            slots: HashMap::new(),
            touched: Vec::new(),
            requested: Vec::new(),
            bulks: Vec::new(),
            derived: HashMap::new(),
            unseen: Vec::new(),
        }
    }

    pub(super) fn admin(&self) -> usize {
        self.callers.len() - 1
    }

    pub(super) fn link(&self, slug: &str) -> Option<&Link> {
        self.slots.get(slug)?.link()
    }

    pub(super) fn owner_of(&self, slug: &str) -> Option<usize> {
        let owner = &self.link(slug)?.owner;
        self.callers.iter().position(|caller| caller.owner == *owner)
    }

    pub(super) fn version_of(&self, slug: &str) -> Option<u64> {
        Some(self.link(slug)?.version)
    }

    pub(super) fn state_of(&self, slug: &str) -> Option<&str> {
        Some(&self.link(slug)?.state)
    }

    pub(super) fn uncertainty(&self, slug: &str) -> usize {
        self.slots.get(slug).map_or(1, Slot::len)
    }

    pub(super) fn slot(&mut self, slug: &str) -> &mut Slot {
        self.slots.entry(slug.to_owned()).or_default()
    }

    pub(super) fn touch(&mut self, slug: &str) {
        self.touched.retain(|other| other != slug);
        self.touched.push(slug.to_owned());
    }

    /// Whether a response equals this one.
    pub(super) fn is(&self, told: &Told<'_>, answer: &Answer) -> bool {
        let header = |name| told.reply.map(|reply| reply.header(name));
        match answer {
            Answer::Link { status, link, existing } => {
                let tag = format!("\"{}\"", link.version);
                told.status == *status
                    && self.is_promise(&told.body["visible_by"], link)
                    && told.body == link.json(&self.base_url, *existing, &told.body["visible_by"])
                    && header("etag").is_none_or(|value| value == Some(&tag))
            }
            Answer::Slug(slug) => {
                let address = format!("{}/{slug}", self.base_url);
                told.status == 200
                    && told.body == *slug
                    && header("location").is_none_or(|value| value == Some(&address))
            }
            Answer::Changed(links) => told.status == 200 && told.body == serde_json::json!({ "changed": links }),
            Answer::Empty => told.status == 204 && told.body.is_null(),
            Answer::Problem((status, code)) => told.status == *status && told.problem() == *code,
        }
    }

    /// Whether `visible_by` may have this value.
    fn is_promise(&self, visible_by: &Value, link: &Link) -> bool {
        let told = visible_by.as_str().and_then(|text| text.parse().ok());
        told.is_some_and(|told: jiff::Timestamp| {
            let earliest = link.visible_by(self.bound, i64::MIN);
            let latest = link.visible_by(self.bound, i64::MAX);
            (earliest..=latest).contains(&told.as_second())
        })
    }

    /// Compares a response about one slug with `rule`, which maps the current state and the time to the response and the next
    /// state.
    pub(super) fn judge(
        &mut self,
        slug: &str,
        window: Window,
        told: &Told<'_>,
        rule: impl Fn(Option<&Link>, i64) -> Vec<(Answer, State)>,
    ) -> Result<(), Difference> {
        let bound = self.bound;
        let slot = self.slots.entry(slug.to_owned()).or_default();
        let possible: Vec<(usize, State)> = slot.possible().map(|(base, state)| (base, state.clone())).collect();
        let mut expected = Vec::new();
        for (base, state) in possible {
            for now in window.seconds() {
                let outcomes = rule(state.as_ref(), now).into_iter();
                expected.extend(outcomes.map(|(answer, next)| (base, answer, next)));
            }
        }
        if told.is_unknown() {
            for (base, _, next) in expected {
                slot.perhaps(base, next, window.end);
            }
            return Ok(());
        }
        let fitting: Vec<_> = expected.iter().filter(|(_, answer, _)| self.is(told, answer)).collect();
        if fitting.is_empty() {
            let answers: Vec<_> = expected.iter().map(|(_, answer, _)| format!("  {answer:?}")).collect();
            return Err(format!("the answer should be one of\n{}", answers.join("\n")));
        }
        let outcomes = fitting.iter().map(|(base, _, next)| (*base, next.clone())).collect();
        self.slot(slug).decide(outcomes, window, bound);
        Ok(())
    }

    /// The response that shows the link and changes nothing.
    pub(super) fn shown(link: Option<&Link>) -> Vec<(Answer, State)> {
        let Some(link) = link else {
            return vec![(Answer::Problem((404, "unknown-link")), None)];
        };
        let answer = Answer::Link { status: 200, link: Box::new(link.clone()), existing: true };
        vec![(answer, Some(link.clone()))]
    }
}
