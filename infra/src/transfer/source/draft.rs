//! A link of another shortener while it is converted.

use links::{
    HiddenCharacter, Link, RedirectStatus, Slug, State, StoredTarget, TargetUrl, Timestamp, first_unfit_for_note,
    first_unfit_for_tag, item,
};

use super::{Loss, Outcome, Place, Record, Skip, Terms, times};

/// What the importers fill in.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) place: Place,
    /// As spelled in the file.
    pub(super) slug: String,
    /// The domain of its short URL, if the file says so.
    pub(super) domain: Option<String>,
    pub(super) target: String,
    pub(super) state: State,
    pub(super) redirect: Option<RedirectStatus>,
    pub(super) cache_seconds: Option<u32>,
    pub(super) permanent: bool,
    pub(super) expired_url: Option<String>,
    pub(super) created_at: Option<Timestamp>,
    pub(super) updated_at: Option<Timestamp>,
    pub(super) valid_from: Option<Timestamp>,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) forward_query: Option<bool>,
    pub(super) owner: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) note: Option<String>,
    /// How often it was followed, as the other shortener counted.
    pub(super) clicks: Option<u64>,
    pub(super) losses: Vec<Loss>,
    /// Why it cannot be imported, if the importer knows.
    pub(super) refused: Option<String>,
}

impl Draft {
    pub(super) fn new(place: Place) -> Self {
        Self {
            place,
            slug: String::new(),
            domain: None,
            target: String::new(),
            state: State::Active,
            redirect: None,
            cache_seconds: None,
            permanent: false,
            expired_url: None,
            created_at: None,
            updated_at: None,
            valid_from: None,
            expires_at: None,
            forward_query: None,
            owner: None,
            tags: Vec::new(),
            note: None,
            clicks: None,
            losses: Vec::new(),
            refused: None,
        }
    }

    /// Records a loss that visitors notice.
    pub(super) fn lose(&mut self, what: impl Into<String>) {
        self.losses.push(Loss::Behaviour(what.into()));
    }

    /// Records a loss that only the owner notices.
    pub(super) fn lose_detail(&mut self, what: impl Into<String>) {
        self.losses.push(Loss::Detail(what.into()));
    }

    /// Records that it cannot be imported; the first reason counts.
    pub(super) fn refuse(&mut self, reason: impl Into<String>) {
        self.refused.get_or_insert_with(|| reason.into());
    }

    /// Sets slug and domain from a short URL, with or without a scheme.
    pub(super) fn name(&mut self, short_url: &str) {
        slug_of(short_url).clone_into(&mut self.slug);
        self.domain = Some(host_of(short_url)).filter(|host| !host.is_empty()).map(str::to_owned);
    }

    /// Imports it, but so that nobody can follow it.
    pub(super) fn disable(&mut self, why: &str) {
        self.state = State::Disabled;
        self.lose(format!("{why}: imported as disabled"));
    }

    /// Sets the number of clicks. An unreadable one does not make the link unusable.
    pub(super) fn counted(&mut self, text: Option<String>) {
        self.clicks = text.and_then(|text| {
            let clicks = number(&text);
            if clicks.is_none() {
                self.lose_detail("clicks whose number is unreadable");
            }
            clicks
        });
    }

    /// Sets the creation time. An unreadable time does not make the link unusable.
    pub(super) fn created(&mut self, text: Option<String>) {
        self.created_at = text.and_then(|text| {
            let time = times::parse(&text);
            if time.is_none() {
                self.lose(format!("its creation time is unreadable: {text:?}"));
            }
            time
        });
    }

    /// Reads a time that limits when the link works. If it is unreadable, the link is refused: without the limit it would
    /// work when it must not.
    pub(super) fn bound(&mut self, name: &str, text: Option<String>) -> Option<Timestamp> {
        let text = text?;
        let time = times::parse(&text);
        if time.is_none() {
            self.refuse(format!("{name} is not a time: {text:?}"));
        }
        time
    }

    /// Converts it to a link by the rules of kurz.
    pub(super) fn finish(mut self, terms: &Terms) -> Record {
        if !terms.accepts_domain(self.domain.as_deref()) {
            return Record { outcome: Outcome::Skipped(Skip::Domain), ..self.record() };
        }
        if let Some(end) = self.expires_at
            && i64::try_from(end.unix_seconds()).is_ok_and(|end| end <= terms.now.as_second())
        {
            self.lose("it has expired already; the table deletes it 30 days after its expiry");
        }
        if self.created_at.is_none() && terms.created_at.is_none() {
            let missing = "the creation time, without which links do not appear in lists (set --created-at)";
            self.lose_detail(missing);
        }
        if self.clicks.take_if(|clicks| *clicks == 0 || !terms.keeps_clicks).is_some_and(|clicks| clicks > 0) {
            self.lose_detail("clicks, because there is no table of clicks (--clicks-table names one)");
        }
        self.clean_texts();
        let outcome = match self.link(terms) {
            Ok(link) => Outcome::Link(link.slug.clone(), item::from_link(&link)),
            Err(reason) => Outcome::Bad(reason),
        };
        Record { outcome, ..self.record() }
    }

    fn record(self) -> Record {
        let Self { place, slug: name, domain, losses, clicks, .. } = self;
        Record { place, name, domain, outcome: Outcome::Skipped(Skip::Domain), losses, clicks }
    }

    /// Removes what no note and no tag may contain. It is no reason to lose the link.
    fn clean_texts(&mut self) {
        let mut removed = self.note.as_mut().is_some_and(|note| clean(note, first_unfit_for_note));
        for tag in &mut self.tags {
            removed |= clean(tag, first_unfit_for_tag);
        }
        self.note.take_if(|note| note.trim().is_empty());
        self.tags.retain(|tag| !tag.trim().is_empty());
        if removed {
            self.lose_detail("control characters in notes and tags");
        }
    }

    fn link(&self, terms: &Terms) -> Result<Link, String> {
        if let Some(reason) = &self.refused {
            return Err(reason.clone());
        }
        let slug = self.parse_slug()?;
        let target = parse_target("the target", &self.target, terms)?;
        let expired = self.expired_url.as_deref().map(|url| parse_target("expired_url", url, terms)).transpose()?;
        let owner = self.owner.as_deref().unwrap_or(&terms.owner);
        if owner.is_empty() {
            return Err("it has no owner: set --owner".to_owned());
        }
        if self.expires_at.zip(self.valid_from).is_some_and(|(end, start)| end <= start) {
            return Err("it is never valid: it ends before it begins".to_owned());
        }
        let fallback = terms.created_at.and_then(times::timestamp);
        let created_at = self.created_at.or(fallback);
        let now = Timestamp::from_unix_seconds(0);
        let mut link = Link::new(slug, &target, owner, created_at.unwrap_or(now));
        link.created_at = created_at;
        // From the file, never from the clock: importing the same file again must produce the same items.
        link.updated_at = self.updated_at.or(created_at);
        link.state = self.state;
        link.redirect = self.redirect;
        link.cache_seconds = self.cache_seconds;
        link.permanent = self.permanent;
        link.expired_url = expired.as_ref().map(StoredTarget::from);
        link.valid_from = self.valid_from;
        link.expires_at = self.expires_at;
        link.forward_query = self.forward_query.unwrap_or(terms.forward_query);
        link.tags.clone_from(&self.tags);
        link.note.clone_from(&self.note);
        Ok(link)
    }

    fn parse_slug(&self) -> Result<Slug, String> {
        let slug: Slug = self.slug.parse().map_err(|error| format!("not a valid slug: {error}"))?;
        if slug.is_path() {
            return Err("this slug is a path of the service".to_owned());
        }
        Ok(slug)
    }
}

/// Removes unfit characters, and returns whether there were any.
fn clean(text: &mut String, first_unfit: fn(&str) -> Option<HiddenCharacter>) -> bool {
    let has_any = first_unfit(text).is_some();
    if has_any {
        text.retain(|c| first_unfit(c.encode_utf8(&mut [0; 4])).is_none());
    }
    has_any
}

fn parse_target(name: &str, text: &str, terms: &Terms) -> Result<TargetUrl, String> {
    TargetUrl::parse(text, &terms.rules)
        .map_err(|error| format!("{name} {text:?} is refused: {:#}", anyhow::Error::new(error)))
}

/// The slug in a short URL with or without a scheme: what follows the host.
pub(super) fn slug_of(short_url: &str) -> &str {
    let (_, rest) = short_url.split_once("://").unwrap_or(("", short_url));
    let (_, path) = rest.split_once('/').unwrap_or_default();
    path
}

/// The host in a short URL with or without a scheme.
pub(super) fn host_of(short_url: &str) -> &str {
    let (_, rest) = short_url.split_once("://").unwrap_or(("", short_url));
    rest.split('/').next().unwrap_or_default()
}

/// A whole number, perhaps with a comma before each group of three digits.
fn number(text: &str) -> Option<u64> {
    let mut groups = text.trim().split(',');
    let first = groups.next()?;
    let digits = groups.try_fold(first.to_owned(), |digits, group| (group.len() == 3).then(|| digits + group))?;
    let is_plain = !first.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    is_plain.then(|| digits.parse().ok()).flatten()
}

/// The words of a list in one cell.
pub(super) fn tags(text: Option<String>) -> Vec<String> {
    let text = text.unwrap_or_default();
    let words = text.split(['|', ',']).map(str::trim).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_urls_are_taken_apart() {
        let check = |url: &str, host: &str, slug: &str| {
            assert_eq!((host_of(url), slug_of(url)), (host, slug), "{url}");
        };
        check("https://bit.ly/3xAbC", "bit.ly", "3xAbC");
        check("bit.ly/3xAbC", "bit.ly", "3xAbC");
        check("http://go.example.com:8080/a/b", "go.example.com:8080", "a/b");
        check("https://s.example", "s.example", "");
        check("", "", "");
    }

    #[test]
    fn numbers_may_have_commas() {
        let check = |text: &str, expected: Option<u64>| assert_eq!(number(text), expected, "{text}");
        check("0", Some(0));
        check(" 1204 ", Some(1_204));
        check("1,204", Some(1_204));
        check("12,345,678", Some(12_345_678));
        for text in ["", ",", "1,2", "1,2345", "1.204", "-1", "+1", "1e3", ",123", "many", "99999999999999999999"] {
            check(text, None);
        }
    }

    #[test]
    fn tags_are_separated_as_shlink_separates_them() {
        let check = |text: &str, expected: &[&str]| assert_eq!(tags(Some(text.to_owned())), expected, "{text}");
        check("foo,bar", &["foo", "bar"]);
        check("foo|bar, baz", &["foo", "bar", "baz"]);
        check(" | ,", &[]);
        assert!(tags(None).is_empty());
    }
}
