//! What a log line says about a click, for the function that counts clicks.

use std::time::SystemTime;

use links::{
    Slug,
    clicks::{Browser, Country, Device, Os, VisitorCode},
};

use crate::{
    Event, Salts,
    agent::Person,
    event::{Headers, Method},
    outcome::Outcome,
    visitor,
};

/// A request that followed a link, so that it counts: as a click if a person sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Click {
    pub(crate) country: Option<Country>,
    pub(crate) person: Option<Person>,
    pub(crate) visitor: Option<VisitorCode>,
}

/// Describes clicks.
#[derive(Debug)]
pub(crate) struct Clicks {
    salts: Salts,
    /// Whether every request comes from CloudFront, which then knows the visitor.
    behind_cloudfront: bool,
}

/// Whether a request is one that counts: neither a link checker's, nor a browser's in advance, nor one for a link that has
/// ended.
pub(crate) fn counts(method: Method, headers: &Headers, outcome: &Outcome) -> bool {
    method == Method::Get && outcome.is_followed() && !headers.is_prefetch()
}

impl Clicks {
    pub(crate) const fn new(salts: Salts, behind_cloudfront: bool) -> Self {
        Self { salts, behind_cloudfront }
    }

    /// Describes a request that counts.
    pub(crate) fn describe(&self, slug: &Slug, event: &Event, headers: &Headers, now: SystemTime) -> Click {
        let person = headers.agent.person;
        let (address, named) = if self.behind_cloudfront {
            (headers.viewer_address.0, headers.viewer_country.0)
        } else {
            (event.source(), None)
        };
        let code = |person| visitor::code(&self.salts.at(now)?, slug, address, person);
        Click { country: named.or_else(|| address.country()), person, visitor: person.as_ref().and_then(code) }
    }
}

impl Click {
    /// Adds it to a line that is not finished, as the member `click`. What is not known is an empty text.
    pub(crate) fn write_to(&self, line: &mut String) {
        let code = self.visitor.map(hexadecimal);
        let code = code.as_ref().and_then(|code| str::from_utf8(code).ok());
        for part in [
            r#","click":{"country":""#,
            self.country.as_ref().map_or("", Country::as_str),
            r#"","device":""#,
            self.person.and_then(|person| person.device).map_or("", Device::as_str),
            r#"","os":""#,
            self.person.map_or("", |person| Os::as_str(person.os)),
            r#"","browser":""#,
            self.person.map_or("", |person| Browser::as_str(person.browser)),
            if code.is_some() { r#"","visitor":""# } else { "" },
            code.unwrap_or_default(),
            r#""}"#,
        ] {
            line.push_str(part);
        }
    }
}

/// What `Display` does in ten times the time.
fn hexadecimal(code: VisitorCode) -> [u8; 6] {
    let [a, b, c] = code.to_bytes();
    let digit = |number: u8| if number < 10 { b'0' + number } else { b'a' - 10 + number };
    [a >> 4, a & 15, b >> 4, b & 15, c >> 4, c & 15].map(digit)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use links::{RedirectStatus, State, Timestamp, clicks::Salt};
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        cache::{Cached, Options},
        log::{RequestLine, request_line},
        outcome::follow,
    };

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;
    const SAFARI: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1";

    /// The whole line of a click in Germany, and what it says about the visitor.
    fn logged(clicks: &Clicks, headers: Value, address: &str) -> (String, Value) {
        let event =
            json!({ "headers": headers, "requestContext": { "http": { "method": "GET", "sourceIp": address } } });
        let event: Event = serde_json::from_str(&event.to_string()).unwrap();
        let headers = event.headers().unwrap();
        let line = RequestLine {
            time: NOW,
            request_id: "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
            slug: "launch",
            outcome: "redirect",
            method: event.method(),
            status: 301,
            tier: "lru",
            duration: Duration::from_micros(12),
            click: Some(clicks.describe(&"launch".parse().unwrap(), &event, headers, NOW)),
        };
        let text = request_line(&line, headers);
        let mut value: Value = serde_json::from_str(&text).unwrap();
        (text, value["click"].take())
    }

    #[test]
    fn a_click_is_described_in_fixed_words() {
        let salt = Salt::from_random([7; 16]);
        let (with, without) = (Clicks::new(Salts::knowing(NOW, salt), false), Clicks::new(Salts::default(), false));
        let browser = json!({ "user-agent": SAFARI, "referer": "https://t.co/x" });
        let (line, mut click) = logged(&with, browser.clone(), "193.0.6.139");
        assert!(line.contains(r#""referrer":"t.co","click":{"country":"NL","device":"mobile","#), "{line}");
        let (_, added) = line.split_once(",\"click\"").unwrap();
        assert!(added.ends_with("\"}}\n") && added.len() <= 90, "{} bytes: {line}", added.len());
        assert_eq!(click["visitor"].take().as_str().map(str::len), Some(6), "{line}");
        let expected = json!({ "country": "NL", "device": "mobile", "os": "ios", "browser": "safari" });
        let of_nobody = |mut click: Value| {
            click.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            click
        };
        assert_eq!(of_nobody(click), expected);
        assert_eq!(logged(&without, browser.clone(), "193.0.6.139").1, expected, "without a salt");
        let nowhere = json!({ "country": "", "device": "mobile", "os": "ios", "browser": "safari" });
        assert_eq!(logged(&with, browser, "").1, nowhere);
        let bot = json!({ "country": "NL", "device": "", "os": "", "browser": "" });
        assert_eq!(logged(&with, json!({ "user-agent": "curl/8.5.0" }), "193.0.6.139").1, bot);
    }

    #[test]
    fn nothing_that_is_written_identifies_a_visitor() {
        let clicks = Clicks::new(Salts::knowing(NOW, Salt::from_random([7; 16])), true);
        let headers = json!({ "user-agent": SAFARI, "referer": "https://example.com/private?q=private",
            "cloudfront-viewer-address": "198.51.100.7:46532", "x-forwarded-for": "203.0.113.17",
            "x-origin-verify": "0123456789abcdef", "accept-language": "private" });
        let (line, click) = logged(&clicks, headers, "192.0.2.33");
        assert!(click["visitor"].is_string(), "{line}");
        for secret in ["198.51", "203.0", "192.0", "46532", "Mozilla", "18_6", "15E148", "private", "0123456789"] {
            assert!(!line.contains(secret), "{secret} in {line}");
        }
    }

    #[test]
    fn cloudfront_is_believed_where_all_requests_come_through_it() {
        let viewer = json!({ "user-agent": SAFARI, "cloudfront-viewer-country": "FR",
            "cloudfront-viewer-address": "193.0.6.139:443" });
        let no_country = json!({ "user-agent": SAFARI, "cloudfront-viewer-address": "193.0.6.139:443" });
        let nothing = json!({ "user-agent": SAFARI });
        let check = |behind_cloudfront, headers: &Value, country: &str, has_visitor: bool| {
            let clicks = Clicks::new(Salts::knowing(NOW, Salt::from_random([7; 16])), behind_cloudfront);
            // The registry of North America.
            let (line, click) = logged(&clicks, headers.clone(), "199.212.0.43");
            assert_eq!((&click["country"], click["visitor"].is_string()), (&json!(country), has_visitor), "{line}");
        };
        check(false, &viewer, "US", true);
        check(true, &viewer, "FR", true);
        check(true, &no_country, "NL", true);
        // The address of the request is one of CloudFront's.
        check(true, &nothing, "", false);
    }

    #[test]
    fn only_what_follows_a_link_counts() {
        let plain = Headers::default();
        let prefetch: Headers = serde_json::from_str(r#"{"sec-purpose":"prefetch"}"#).unwrap();
        let ended = || Some("https://example.com/over".into());
        let check = |method, headers: &Headers, options: &Options, expected| {
            let link = Cached { target: "https://example.com/", options };
            let outcome = follow(link, "", RedirectStatus::Found, Timestamp::from_unix_seconds(9));
            assert_eq!(counts(method, headers, &outcome), expected, "{method:?} {headers:?} {options:?}");
        };
        let open = Options::DEFAULT;
        check(Method::Get, &plain, &open, true);
        check(Method::Head, &plain, &open, false);
        check(Method::Get, &prefetch, &open, false);
        for state in [State::Deleted, State::Disabled, State::Blocked, State::BlockedLegal] {
            check(Method::Get, &plain, &Options { state, ..open.clone() }, false);
        }
        check(Method::Get, &plain, &Options { state: State::Deleted, expired_url: ended(), ..open }, false);
    }

    #[test]
    fn codes_are_written_as_they_are_shown() {
        for hash in [0, 0x9a_bcde, 0xff_ffff, 0x01_2345] {
            let code = VisitorCode::of_hash(hash);
            assert_eq!(str::from_utf8(&hexadecimal(code)), Ok(code.to_string().as_str()));
        }
    }
}
