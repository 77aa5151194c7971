//! Lines of CloudFront's real-time log: requests for links that CloudFront answered from its cache.
//!
//! Those that reach the redirector are in its own log, with more about them. The log has no address, so these clicks have no
//! visitor; nor does it say what a browser wants a page for, so a prefetch from the cache counts.

use std::borrow::Cow;

use jiff::Timestamp;
use links::clicks::Country;
use percent_encoding::percent_decode_str;
use redirector::AnsweredElsewhere;

use super::{
    PayloadError,
    line::{ClickLine, Traits},
    time_of_seconds,
};

/// The fields, in the order of `RealtimeLogConfig` in the template, which is CloudFront's order.
///
/// Source: Amazon CloudFront developer guide, "Use real-time access logs", "Fields".
#[derive(Debug)]
struct Fields<'a> {
    timestamp: &'a str,
    status: &'a str,
    method: &'a str,
    path: &'a str,
    user_agent: &'a str,
    referer: &'a str,
    result_type: &'a str,
    country: &'a str,
}

impl<'a> Fields<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let mut fields = line.split('\t');
        let mut next = || fields.next();
        let read = Self {
            timestamp: next()?,
            status: next()?,
            method: next()?,
            path: next()?,
            user_agent: next()?,
            referer: next()?,
            result_type: next()?,
            country: next()?,
        };
        next().is_none().then_some(read)
    }

    /// Whether a link was followed without the redirector.
    fn counts(&self) -> bool {
        let is_redirect = matches!(self.status, "301" | "302" | "307" | "308");
        is_redirect && self.method == "GET" && matches!(self.result_type, "Hit" | "RefreshHit")
    }
}

/// The click of a line, and when it happened; `None` if the line is about something else.
///
/// # Errors
/// [`PayloadError::Edge`] if it does not have the fields that the template chooses.
pub(crate) fn read(line: &str) -> Result<Option<(Timestamp, ClickLine<'static>)>, PayloadError> {
    let fields = Fields::read(line).ok_or(PayloadError::Edge)?;
    let time = fields.timestamp.parse().ok().and_then(time_of_seconds).ok_or(PayloadError::Edge)?;
    if !fields.counts() {
        return Ok(None);
    }
    let path = decoded(fields.path);
    let path = path.strip_prefix('/').unwrap_or(&path);
    let read = AnsweredElsewhere::read(path, &decoded(fields.user_agent), &decoded(fields.referer));
    let Some(AnsweredElsewhere { slug, referrer, person }) = read else { return Ok(None) };
    let traits = Traits {
        is_bot: person.is_none(),
        country: Country::from_code(fields.country),
        device: person.and_then(|(device, ..)| device),
        os: person.map(|(_, os, _)| os),
        browser: person.map(|(.., browser)| browser),
        visitor: None,
    };
    let slug = Cow::Owned(slug.to_string());
    Ok(Some((time, ClickLine { slug, referrer: Some(Cow::Owned(referrer)), traits })))
}

/// A value as it was sent. `-` stands for none.
fn decoded(value: &str) -> Cow<'_, str> {
    if value == "-" { Cow::Borrowed("") } else { percent_decode_str(value).decode_utf8_lossy() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use links::clicks::{Browser, Device, Os};

    /// In the documented form of the fields that the template asks for.
    const LINE: &str = "1795748400.250\t301\tGET\t/Launch\tMozilla/5.0%20(iPhone;%20CPU%20iPhone%20OS%2018_6%20like%20Mac%20OS%20X)%20AppleWebKit/605.1.15%20(KHTML,%20like%20Gecko)%20Version/18.6%20Mobile/15E148%20Safari/604.1\thttps://www.example.com/a?b=c\tHit\tDE";

    fn with(position: usize, value: &str) -> String {
        let mut fields: Vec<_> = LINE.split('\t').collect();
        fields[position] = value;
        fields.join("\t")
    }

    #[test]
    fn a_redirect_from_the_cache_is_a_click() {
        let (time, click) = read(LINE).unwrap().unwrap();
        assert_eq!(time, "2026-11-27T03:00:00.25Z".parse().unwrap());
        assert_eq!((&*click.slug, click.referrer.as_deref()), ("launch", Some("example.com")));
        let expected = Traits {
            is_bot: false,
            country: Country::from_code("DE"),
            device: Some(Device::Mobile),
            os: Some(Os::Ios),
            browser: Some(Browser::Safari),
            visitor: None,
        };
        assert_eq!(click.traits, expected);
        let (_, bot) = read(&with(4, "-")).unwrap().unwrap();
        assert!(bot.traits.is_bot && bot.traits.browser.is_none());
        let (_, direct) = read(&with(5, "-")).unwrap().unwrap();
        assert_eq!(direct.referrer.as_deref(), Some(""));
        assert_eq!(read(&with(7, "-")).unwrap().unwrap().1.traits.country, None);
        assert_eq!(read(&with(3, "/launch%E2%80%9D")).unwrap().unwrap().1.slug, "launch");
    }

    #[test]
    fn other_requests_are_not() {
        for (position, value) in [
            (1, "304"),
            (1, "404"),
            (2, "HEAD"),
            (3, "/robots.txt"),
            (3, "/launch+"),
            (6, "Miss"),
            (6, "Error"),
            (6, "FunctionGeneratedResponse"),
        ] {
            assert!(matches!(read(&with(position, value)), Ok(None)), "{value}");
        }
    }

    #[test]
    fn other_fields_are_an_error() {
        for line in ["", "x", &LINE.replacen('\t', " ", 1), &format!("{LINE}\tmore"), &with(0, "now")] {
            assert!(matches!(read(line), Err(PayloadError::Edge)), "{line}");
        }
    }
}
