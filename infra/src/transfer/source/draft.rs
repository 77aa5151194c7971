//! A link of another shortener while it is converted.

use links::{Link, Slug, State, TargetUrl, Timestamp, item};

use super::{Loss, Place, Record, Terms};

/// What the importers fill in.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) place: Place,
    /// As spelled in the file.
    pub(super) slug: String,
    pub(super) target: String,
    pub(super) state: State,
    pub(super) created_at: Option<Timestamp>,
    pub(super) updated_at: Option<Timestamp>,
    pub(super) valid_from: Option<Timestamp>,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) forward_query: Option<bool>,
    pub(super) tags: Vec<String>,
    pub(super) note: Option<String>,
    pub(super) losses: Vec<Loss>,
    /// Why it cannot be imported, if the importer knows.
    pub(super) refused: Option<String>,
}

impl Draft {
    pub(super) fn new(place: Place) -> Self {
        Self {
            place,
            slug: String::new(),
            target: String::new(),
            state: State::Active,
            created_at: None,
            updated_at: None,
            valid_from: None,
            expires_at: None,
            forward_query: None,
            tags: Vec::new(),
            note: None,
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

    /// Sets the creation time. An unreadable time does not make the link unusable.
    pub(super) fn created(&mut self, text: Option<String>) {
        self.created_at = text.and_then(|text| {
            let time = time(&text);
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
        let time = time(&text);
        if time.is_none() {
            self.refused = Some(format!("{name} is not a time: {text:?}"));
        }
        time
    }

    /// Converts it to a link by the rules of kurz.
    pub(super) fn finish(mut self, terms: &Terms) -> Record {
        if let Some(end) = self.expires_at
            && i64::try_from(end.unix_seconds()).is_ok_and(|end| end <= terms.now.as_second())
        {
            self.lose("it has expired already; the table deletes it 30 days after its expiry");
        }
        if self.created_at.is_none() && terms.created_at.is_none() {
            let missing = "the creation time, without which links do not appear in lists (set --created-at)";
            self.lose_detail(missing);
        }
        let link = self.link(terms);
        Record {
            place: self.place,
            name: self.slug,
            link: link.map(|link| (link.slug.clone(), item::from_link(&link))),
            losses: self.losses,
        }
    }

    fn link(&self, terms: &Terms) -> Result<Link, String> {
        if let Some(reason) = &self.refused {
            return Err(reason.clone());
        }
        let slug = self.parse_slug()?;
        let target = TargetUrl::parse(&self.target, &terms.rules)
            .map_err(|error| format!("the target {:?} is refused: {:#}", self.target, anyhow::Error::new(error)))?;
        let fallback = terms.created_at.and_then(timestamp);
        let created_at = self.created_at.or(fallback);
        let now = Timestamp::from_unix_seconds(0);
        let mut link = Link::new(slug, &target, &terms.owner, created_at.unwrap_or(now));
        link.created_at = created_at;
        // From the file, never from the clock: importing the same file again must produce the same items.
        link.updated_at = self.updated_at.or(created_at);
        link.state = self.state;
        link.valid_from = self.valid_from;
        link.expires_at = self.expires_at;
        link.forward_query = self.forward_query.unwrap_or(terms.forward_query);
        link.tags.clone_from(&self.tags);
        link.note.clone_from(&self.note);
        Ok(link)
    }

    fn parse_slug(&self) -> Result<Slug, String> {
        let slug: Slug = self.slug.parse().map_err(|error| format!("not a valid slug: {error}"))?;
        if slug.is_reserved() {
            return Err("this slug is reserved".to_owned());
        }
        Ok(slug)
    }
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

/// Parses a time as shorteners write it: RFC 3339, also with a space, without a colon in the offset, or without an offset
/// (then UTC); or seconds or milliseconds since the epoch.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(number) = text.parse::<u64>() {
        // A hundred billion seconds are the year 5138.
        let seconds = if number < 100_000_000_000 { number } else { number / 1_000 };
        return Some(Timestamp::from_unix_seconds(seconds));
    }
    let time = text.parse::<jiff::Timestamp>().or_else(|_| {
        let time = text.parse::<jiff::civil::DateTime>()?;
        time.to_zoned(jiff::tz::TimeZone::UTC).map(|time| time.timestamp())
    });
    timestamp(time.ok()?)
}

fn timestamp(time: jiff::Timestamp) -> Option<Timestamp> {
    let seconds = u64::try_from(time.as_second()).ok()?;
    Some(Timestamp::from_unix_seconds(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_usual_form() {
        let check = |text: &str, expected: Option<u64>| {
            assert_eq!(time(text).map(Timestamp::unix_seconds), expected, "{text}");
        };
        check("2020-10-26T17:20:40+0000", Some(1_603_732_840));
        check("2020-10-26T17:20:40Z", Some(1_603_732_840));
        check("2020-10-26T19:20:40+02:00", Some(1_603_732_840));
        check("2020-10-26T17:20:40.123Z", Some(1_603_732_840));
        check("2020-10-26 17:20:40", Some(1_603_732_840));
        check("2020-10-26T17:20:40", Some(1_603_732_840));
        check("2020-10-26", Some(1_603_670_400));
        check("1603732840", Some(1_603_732_840));
        check("1603732840123", Some(1_603_732_840));
        check("0000-00-00 00:00:00", None);
        check("1969-12-31T23:59:59Z", None);
        check("26.10.2020", None);
        check("", None);
    }

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
}
