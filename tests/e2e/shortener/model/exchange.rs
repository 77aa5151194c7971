//! A request to the management API, and the comparison of its response with the reference.

use e2e::Reply;
use serde_json::{Map, Value, json};

use super::{
    driver::{Driver, now},
    link::{Link, Problem, mistake},
    operations::Operation,
    reference::{Answer, Bulk, Caller, Difference, Model, Told, Window},
};

/// How many responses of unknown outcome a client may get while there is no fault.
const MOST_UNEXPECTED: usize = 2;
const JSON: &str = "application/json";

/// The end of a problem's type; empty for other responses.
pub(super) fn problem(reply: &Reply) -> String {
    if reply.header("content-type") != Some("application/problem+json") {
        return String::new();
    }
    let problem = reply.json();
    let kind = problem["type"].as_str().unwrap_or_default();
    kind.rsplit(':').next().unwrap_or_default().to_owned()
}

fn body(reply: &Reply) -> Value {
    match reply.header("content-type") {
        _ if reply.body.is_empty() => Value::Null,
        Some(kind) if kind.ends_with("json") => reply.json(),
        _ => reply.text().into(),
    }
}

/// One request in progress.
pub(super) struct Exchange<'a, 'b> {
    pub(super) driver: &'a mut Driver<'b>,
    pub(super) caller: usize,
    /// For messages: the slugs concerned, and the responses.
    pub(super) slugs: Vec<String>,
    pub(super) seen: String,
}

impl Exchange<'_, '_> {
    pub(super) async fn call(
        &mut self,
        method: &str,
        path: &str,
        more: &[(&str, &str)],
        body: String,
    ) -> (Reply, Window) {
        let caller = &self.driver.model.callers[self.caller];
        let authorization = format!("Bearer {}", caller.key);
        let mut headers = vec![("authorization", &*authorization)];
        headers.extend(more);
        let start = now();
        let reply = self.driver.client.call(method, path, &headers, body).await;
        let window = self.driver.faults.window(start);
        let text = String::from_utf8_lossy(&reply.body);
        self.seen = format!("{} {:?} {text}", reply.status.as_u16(), reply.header("location"));
        (reply, window)
    }

    pub(super) fn told<'r>(&mut self, reply: &'r Reply, window: Window) -> Told<'r> {
        let mut told = Told {
            status: reply.status.as_u16(),
            body: body(reply),
            reply: Some(reply),
            is_disturbed: self.driver.faults.disturb(window.start),
        };
        if told.status == 503 && !told.is_disturbed && told.problem() == "unavailable" {
            // The timeout for the cluster is short here, and the machine may be busy.
            self.driver.unexpected += 1;
            told.is_disturbed = self.driver.unexpected <= MOST_UNEXPECTED;
        }
        self.driver.unknown += usize::from(told.is_unknown());
        told
    }

    pub(super) async fn perform(&mut self, operation: &Operation) -> Result<(), Difference> {
        match operation {
            Operation::Shorten { url } => {
                let (reply, window) = self.call("POST", "/", &[("content-type", "text/plain")], url.clone()).await;
                let body = Map::from_iter([("url".to_owned(), url.clone().into())]);
                self.created(&body, None, &reply, window)
            }
            Operation::Create { body, key } => {
                let mut headers = vec![("content-type", JSON)];
                headers.extend(key.as_ref().map(|key| ("idempotency-key", key.as_str())));
                let text = Value::Object(body.clone()).to_string();
                let (reply, window) = self.call("POST", "/api/v1/links", &headers, text).await;
                self.slugs.extend(body.get("slug").and_then(Value::as_str).map(str::to_owned));
                self.created(body, key.as_deref(), &reply, window)
            }
            Operation::Bulk { bodies, key } => self.bulk(bodies, key.as_deref()).await,
            Operation::List { limit, pages } => self.list(*limit, *pages).await,
            Operation::Follow { slug, query } => self.follow(slug, query).await,
            Operation::Preview { slug } => self.preview(slug).await,
            Operation::Get { slug } => {
                let (reply, window) = self.call("GET", &format!("/api/v1/links/{slug}"), &[], String::new()).await;
                self.slugs.push(slug.clone());
                let told = self.told(&reply, window);
                let caller = self.driver.model.callers[self.caller].clone();
                self.driver.model.judge(slug, window, &told, |link, now| match link {
                    Some(other) if !caller.may_reach(other) => {
                        vec![(Answer::Problem(other.refusal(now)), link.cloned())]
                    }
                    link => Model::shown(link),
                })
            }
            Operation::Patch { slug, body, if_match } => {
                let text = Value::Object(body.clone()).to_string();
                let content = Some(("content-type", "application/merge-patch+json"));
                let (reply, window) = self.change("PATCH", slug, "", *if_match, content, text).await;
                let told = self.told(&reply, window);
                let may_block = self.driver.model.callers[self.caller].is_admin;
                let blocks = body
                    .get("state")
                    .is_some_and(|state| state.as_str().is_some_and(|state| state.starts_with("blocked")));
                let refused = match mistake(body, false) {
                    None if blocks && !may_block => Some((403, "insufficient-scope")),
                    mistake => mistake,
                };
                match refused {
                    Some(problem) => self.refused(&told, problem),
                    None => {
                        self.changed(slug, *if_match, window, &told, |link, now, by| link.patched(body, now, by), false)
                    }
                }
            }
            Operation::Delete { slug, if_match } => {
                let (reply, window) = self.change("DELETE", slug, "", *if_match, None, String::new()).await;
                let told = self.told(&reply, window);
                self.changed(slug, *if_match, window, &told, |link, now, by| Ok(link.deleted(now, by)), true)
            }
            Operation::Takedown { slug, state } => self.take_down(slug, *state).await,
            Operation::Restore { slug, if_match } => {
                let (reply, window) = self.change("POST", slug, "/restore", *if_match, None, String::new()).await;
                let told = self.told(&reply, window);
                self.changed(slug, *if_match, window, &told, |link, now, _| Ok(link.restored(now)), false)
            }
        }
    }

    async fn take_down(&mut self, slug: &str, state: Option<&'static str>) -> Result<(), Difference> {
        let reason = if state == Some("blocked_legal") { "legal" } else { "abuse" };
        let (path, body) = match state {
            Some(_) => ("/api/v1/admin/block", json!({ "slug": slug, "reason": reason })),
            None => ("/api/v1/admin/unblock", json!({ "slug": slug })),
        };
        self.slugs.push(slug.to_owned());
        let (reply, window) = self.call("POST", path, &[("content-type", JSON)], body.to_string()).await;
        let told = self.told(&reply, window);
        if !self.driver.model.callers[self.caller].is_admin {
            return self.refused(&told, (403, "insufficient-scope"));
        }
        self.driver.model.judge(slug, window, &told, |link, now| match link {
            None => vec![(Answer::Problem((404, "unknown-link")), None)],
            Some(link) => {
                let after = link.blocked(state, now);
                vec![(Answer::Changed(usize::from(after != *link)), Some(after))]
            }
        })
    }

    async fn change(
        &mut self,
        method: &str,
        slug: &str,
        end: &str,
        if_match: Option<u64>,
        content: Option<(&str, &str)>,
        body: String,
    ) -> (Reply, Window) {
        self.slugs.push(slug.to_owned());
        let tag = if_match.map(|version| format!("\"{version}\""));
        let mut headers = Vec::from_iter(content);
        headers.extend(tag.as_deref().map(|tag| ("if-match", tag)));
        self.call(method, &format!("/api/v1/links/{slug}{end}"), &headers, body).await
    }

    fn refused(&self, told: &Told<'_>, problem: Problem) -> Result<(), Difference> {
        match told.is_unknown() || self.driver.model.is(told, &Answer::Problem(problem)) {
            true => Ok(()),
            false => Err(format!("the answer should be {problem:?}")),
        }
    }

    /// Changes an existing link.
    fn changed(
        &mut self,
        slug: &str,
        if_match: Option<u64>,
        window: Window,
        told: &Told<'_>,
        change: impl Fn(&Link, i64, &Caller) -> Result<Link, Problem>,
        is_empty: bool,
    ) -> Result<(), Difference> {
        let model = &mut self.driver.model;
        let caller = model.callers[self.caller].clone();
        if model.link(slug).is_some() {
            model.touch(slug);
        }
        model.judge(slug, window, told, |link, now| {
            let refused = |problem: Problem| vec![(Answer::Problem(problem), link.cloned())];
            let Some(link) = link else {
                return refused((404, "unknown-link"));
            };
            if !caller.may_reach(link) {
                return refused(link.refusal(now));
            }
            if if_match.is_some_and(|version| version != link.version) {
                return refused((412, "version-mismatch"));
            }
            if link.is_operators() && !caller.is_admin {
                return refused((403, "link-blocked"));
            }
            match change(link, now, &caller) {
                Err(problem) => refused(problem),
                Ok(after) => {
                    let answer = match is_empty {
                        true => Answer::Empty,
                        false => Answer::Link { status: 200, link: Box::new(after.clone()), existing: true },
                    };
                    vec![(answer, Some(after))]
                }
            }
        })
    }

    fn created(
        &mut self,
        body: &Map<String, Value>,
        key: Option<&str>,
        reply: &Reply,
        window: Window,
    ) -> Result<(), Difference> {
        let told = self.told(reply, window);
        let owner = self.driver.model.callers[self.caller].owner.clone();
        let slug = self.driver.model.created(&owner, body, key, window, &told)?;
        self.slugs.extend(slug);
        Ok(())
    }

    async fn bulk(&mut self, bodies: &[Map<String, Value>], key: Option<&str>) -> Result<(), Difference> {
        let mut headers = vec![("content-type", JSON)];
        headers.extend(key.map(|key| ("idempotency-key", key)));
        let text = json!({ "links": bodies }).to_string();
        let (reply, window) = self.call("POST", "/api/v1/links:bulk", &headers, text).await;
        let told = self.told(&reply, window);
        if let Some(key) = key {
            let (caller, key, bodies) = (self.caller, key.to_owned(), bodies.to_vec());
            let bulk = Bulk { caller, key, bodies };
            self.driver.model.bulks.push(bulk);
        }
        let results = told.body["results"].as_array().cloned().unwrap_or_default();
        if !told.is_unknown() && (told.status != 200 || results.len() != bodies.len()) {
            return Err(format!("there should be {} results", bodies.len()));
        }
        let owner = self.driver.model.callers[self.caller].owner.clone();
        for (index, body) in bodies.iter().enumerate() {
            let part = match results.get(index) {
                None => Told { reply: None, body: told.body.clone(), ..told },
                Some(result) if result["index"] != index => {
                    return Err(format!("{index} is in another place"));
                }
                Some(result) => Told {
                    status: result["status"].as_u64().and_then(|status| status.try_into().ok()).unwrap_or(0),
                    body: if result["link"].is_null() { result["problem"].clone() } else { result["link"].clone() },
                    reply: None,
                    is_disturbed: told.is_disturbed,
                },
            };
            let key = key.map(|key| format!("{key} {index}"));
            let made = self.driver.model.created(&owner, body, key.as_deref(), window, &part);
            let slug = made.map_err(|difference| format!("{index}: {difference}"))?;
            self.slugs.extend(slug);
        }
        Ok(())
    }
}
