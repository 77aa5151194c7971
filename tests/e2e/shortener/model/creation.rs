//! The rules for new links. The service chooses most slugs: the reference takes them from its responses, and then checks
//! that the service stays with them.

use serde_json::{Map, Value};

use super::{
    link::{Link, is_plain, mistake},
    reference::{Answer, Difference, Model, Requested, Told, Window},
    slot::{Slot, State},
};

const MISMATCH: Answer = Answer::Problem((422, "idempotency-mismatch"));
const BLOCKED: Answer = Answer::Problem((403, "link-blocked"));

/// How the service finds the slug of a link without an alias.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Source {
    /// From owner and URL: the first slug that is free, or whose link still has that target.
    Url(String, String),
    /// From owner and idempotency key.
    Request(String, String),
    Random,
}

/// Links of a request without a response, one of which may exist under an unknown slug. They differ in their times.
#[derive(Debug)]
pub(super) struct Unseen {
    source: Source,
    drafts: Vec<Link>,
}

/// The outcome of a request for a new link under this slug.
fn aliased(wanted: Link, body: &Map<String, Value>, link: Option<&Link>, is_disturbed: bool) -> Vec<(Answer, State)> {
    let reuse = body.get("reuse").and_then(Value::as_bool).unwrap_or(true);
    let made = |link: &Link, status| Answer::Link { status, link: Box::new(link.clone()), existing: status == 200 };
    let Some(link) = link else {
        let mut outcomes = vec![(made(&wanted, 201), Some(wanted.clone()))];
        // The service may have repeated the put and found its own link.
        if is_disturbed {
            outcomes.push((made(&wanted, 200), Some(wanted)));
        }
        return outcomes;
    };
    let key = |link: &Link| link.request.clone().map(|(key, _)| (link.owner.clone(), key));
    let answer = if key(link).is_some() && key(link) == key(&wanted) {
        match link.request == wanted.request {
            true => made(link, 200),
            false => MISMATCH,
        }
    } else if !reuse && *link == wanted {
        // Within one second, a second request looks like a repetition of the first.
        made(link, 201)
    } else {
        match link.conflict(body, &wanted, reuse) {
            None => made(link, 200),
            Some(code) => Answer::Problem((409, code)),
        }
    };
    vec![(answer, Some(link.clone()))]
}

impl Model {
    /// Checks the response to a request for a new link, and returns the slug.
    pub(super) fn created(
        &mut self,
        owner: &str,
        body: &Map<String, Value>,
        key: Option<&str>,
        window: Window,
        told: &Told<'_>,
    ) -> Result<Option<String>, Difference> {
        let slug = body.get("slug").and_then(Value::as_str);
        // Whether it has expired may depend on the second.
        let draft = |now| match mistake(body, true) {
            Some(problem) => Err(problem),
            None => Link::new(slug.unwrap_or_default(), owner, body, key, now),
        };
        let (drafts, refusals): (Vec<_>, Vec<_>) = window.seconds().map(draft).partition(Result::is_ok);
        let drafts: Vec<Link> = drafts.into_iter().flatten().collect();
        let mut problems = refusals.into_iter().filter_map(Result::err);
        if problems.any(|problem| self.is(told, &Answer::Problem(problem))) {
            return Ok(None);
        }
        if drafts.is_empty() {
            return match told.is_unknown() {
                true => Ok(None),
                false => Err("the request should be refused".to_owned()),
            };
        }
        // Those of a bulk request cannot be sent alone: their keys contain a space.
        if let Some(key) = key.filter(|key| !key.contains(' ')) {
            self.requested.push(Requested { owner: owner.to_owned(), key: key.to_owned(), body: body.clone() });
        }
        let reuse = body.get("reuse").and_then(Value::as_bool).unwrap_or(true);
        if let Some(slug) = slug {
            self.judge(slug, window, told, |link, now| {
                let wanted = drafts.iter().find(|draft| draft.created_at == now);
                let wanted = wanted.into_iter().cloned();
                wanted.flat_map(|wanted| aliased(wanted, body, link, told.is_disturbed)).collect()
            })?;
            self.touch(slug);
            return Ok(Some(slug.to_owned()));
        }
        let source = match (key, &drafts[0].url) {
            (Some(key), _) => Source::Request(owner.to_owned(), key.to_owned()),
            (None, url) if reuse && is_plain(body) => Source::Url(owner.to_owned(), url.clone()),
            _ => Source::Random,
        };
        if told.is_unknown() {
            self.unseen.push(Unseen { source, drafts });
            return Ok(None);
        }
        if self.is(told, &MISMATCH) {
            return self.is_mismatch(&source, &drafts[0]).map(|()| None);
        }
        if self.is(told, &BLOCKED) {
            return self.is_closed(&source, &drafts[0], window).map(Some);
        }
        let slug = match &told.body {
            Value::String(slug) => slug.clone(),
            body => body["slug"].as_str().ok_or("there should be a link")?.to_owned(),
        };
        self.found_or_made(&slug, &source, (body, drafts), window, told)?;
        self.touch(&slug);
        Ok(Some(slug))
    }

    /// Another request was sent with that key, or may have been.
    fn is_mismatch(&self, source: &Source, wanted: &Link) -> Result<(), Difference> {
        let known = self.derived.get(source).into_iter().flatten();
        let known = known.filter_map(|slug| self.slots.get(slug)?.link());
        let unseen = self.unseen.iter().filter(|unseen| unseen.source == *source);
        let mut others = known.chain(unseen.flat_map(|unseen| &unseen.drafts));
        match others.any(|other| other.request != wanted.request) {
            true => Ok(()),
            false => Err("there was no other request of that name".to_owned()),
        }
    }

    /// An administrator closed the owner's link to that URL. Returns its slug.
    fn is_closed(&mut self, source: &Source, wanted: &Link, window: Window) -> Result<String, Difference> {
        let known = self.derived.get(source).cloned().unwrap_or_default();
        let closes = |link: &Link| link.closes(&wanted.owner, &wanted.url);
        let may_close = |slug: &&String| {
            let slot = self.slots.get(*slug);
            slot.is_some_and(|slot| slot.possible().any(|(_, state)| state.as_ref().is_some_and(closes)))
        };
        let slug = match source {
            Source::Url(..) => known.iter().find(may_close).cloned(),
            _ => None,
        };
        let slug = slug.ok_or("no administrator closed a link to this URL")?;
        self.narrow(&slug, window, |link, _| closes(link))?;
        Ok(slug)
    }

    fn found_or_made(
        &mut self,
        slug: &str,
        source: &Source,
        (body, drafts): (&Map<String, Value>, Vec<Link>),
        window: Window,
        told: &Told<'_>,
    ) -> Result<(), Difference> {
        let known = self.derived.get(source).cloned().unwrap_or_default();
        let wanted = drafts[0].clone();
        let serves = |link: &Link, now| match source {
            Source::Request(..) => link.request == wanted.request,
            _ => link.serves(&wanted.owner, &wanted.url, now) && link.has_options(body, &wanted),
        };
        for candidate in known.iter().take_while(|candidate| *candidate != slug) {
            // The service tried this slug first and rejected it, which says something about it.
            self.narrow(candidate, window, |link, now| {
                let is_derived = matches!(source, Source::Url(..));
                let is_closed = is_derived && link.closes(&wanted.owner, &wanted.url);
                !serves(link, now) && !is_closed
            })?;
        }
        if known.iter().any(|known| known == slug) {
            self.narrow(slug, window, serves)?;
            return self.judge(slug, window, told, |link, _| {
                let shown = Self::shown(link);
                match told.body.is_string() {
                    true => shown.into_iter().map(|(_, next)| (Answer::Slug(slug.to_owned()), next)).collect(),
                    false => shown,
                }
            });
        }
        if self.slots.get(slug).is_some_and(Slot::is_certain) {
            return Err(format!("{slug} is another link's"));
        }
        let named = |draft: &Link| draft.under(slug);
        let unseen = self.unseen.iter().filter(|unseen| unseen.source == *source);
        let old = unseen.flat_map(|unseen| &unseen.drafts).filter(|draft| draft.request == wanted.request);
        let mut links: Vec<(Link, u16)> = old.map(|draft| (named(draft), 200)).collect();
        links.extend(drafts.iter().map(|draft| (named(draft), 201)));
        if told.is_disturbed && *source != Source::Random {
            // The service may have repeated the put and found its own link.
            links.extend(drafts.iter().map(|draft| (named(draft), 200)));
        }
        links.retain(|(link, status)| {
            let link = Box::new(link.clone());
            let answer = match told.body.is_string() {
                true => Answer::Slug(link.slug.clone()),
                false => Answer::Link { status: *status, link, existing: *status == 200 },
            };
            self.is(told, &answer)
        });
        if links.is_empty() {
            return Err(format!("this should be new, or one of {:?}", self.unseen));
        }
        self.is_made(links.into_iter().map(|(link, _)| link).collect(), source.clone(), window);
        Ok(())
    }

    /// Keeps only the states of a link that `fits` accepts.
    fn narrow(&mut self, slug: &str, window: Window, fits: impl Fn(&Link, i64) -> bool) -> Result<(), Difference> {
        let bound = self.bound;
        let slot = self.slot(slug);
        let states = slot.possible().filter_map(|(base, state)| Some((base, state.clone()?)));
        let fitting: Vec<_> = states.filter(|(_, link)| window.seconds().any(|now| fits(link, now))).collect();
        if fitting.is_empty() {
            return Err(format!("the link {slug} should have led to another answer: {:?}", slot.link()));
        }
        let outcomes = fitting.into_iter().map(|(base, link)| (base, Some(link))).collect();
        slot.decide(outcomes, window, bound);
        Ok(())
    }

    /// One of these was made. They differ in their times, which not every response contains.
    fn is_made(&mut self, links: Vec<Link>, source: Source, window: Window) {
        let slug = links[0].slug.clone();
        if source != Source::Random {
            // Every other request of this kind tries the same slug.
            self.unseen.retain(|unseen| unseen.source != source);
            self.derived.entry(source).or_default().push(slug.clone());
        }
        let bound = self.bound;
        let outcomes = links.into_iter().map(|link| (0, Some(link))).collect();
        self.slot(&slug).decide(outcomes, window, bound);
    }

    /// Checks a link that was read against what is known, and against what may have been made without a response.
    pub(super) fn seen(&mut self, slug: &str, window: Window, told: &Told<'_>) -> Result<(), Difference> {
        if self.slots.contains_key(slug) {
            return self.judge(slug, window, told, |link, _| Self::shown(link));
        }
        let found = self.unseen.iter().enumerate().find_map(|(position, unseen)| {
            unseen.drafts.iter().find_map(|draft| {
                let link = draft.under(slug);
                let answer = Answer::Link { status: 200, link: Box::new(link.clone()), existing: true };
                self.is(told, &answer).then_some((position, link))
            })
        });
        let (position, link) = found.ok_or("nobody has made this link")?;
        let unseen = self.unseen.remove(position);
        self.is_made(vec![link], unseen.source, window);
        self.touch(slug);
        Ok(())
    }
}
