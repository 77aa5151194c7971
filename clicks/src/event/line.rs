//! A line of the redirector's log, as far as it says that a link was clicked.
//!
//! CloudWatch Logs has the line as the redirector wrote it, or within an object of Lambda's: under `message`, as an object or
//! as a text.

use std::{borrow::Cow, fmt};

use links::clicks::{Browser, Country, Device, Os, VisitorCode};
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

use super::PayloadError;

/// Longest referrer that gets a counter. The redirector writes no longer ones.
const MAX_REFERRER_BYTES: usize = 100;

/// A click as a line describes it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ClickLine<'a> {
    /// What should be a slug.
    pub(crate) slug: Cow<'a, str>,
    /// The host that the visitor came from; empty if there was none. `None` if it is not worth a counter.
    pub(crate) referrer: Option<Cow<'a, str>>,
    pub(crate) traits: Traits,
}

/// What all clicks have in common. Unknown is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Traits {
    pub(crate) is_bot: bool,
    pub(crate) country: Option<Country>,
    pub(crate) device: Option<Device>,
    pub(crate) os: Option<Os>,
    pub(crate) browser: Option<Browser>,
    pub(crate) visitor: Option<VisitorCode>,
}

impl<'a> ClickLine<'a> {
    /// The click of a line; `None` if the line is about something else.
    ///
    /// # Errors
    /// [`PayloadError::Line`] if it should be one and cannot be read.
    pub(crate) fn read(text: &'a str) -> Result<Option<Self>, PayloadError> {
        let Some(line) = Line::read(text)? else { return Ok(None) };
        if line.click.is_some() {
            return Ok(line.click());
        }
        match line.message {
            Inner::Line(inner) => Ok(inner.click()),
            Inner::Text(inner) => {
                let inner = Line::read(&inner)?;
                Ok(inner.and_then(Line::click).map(ClickLine::into_owned))
            }
            Inner::Other => Ok(None),
        }
    }

    fn into_owned(self) -> ClickLine<'static> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        ClickLine { slug: owned(self.slug), referrer: self.referrer.map(owned), traits: self.traits }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Line<'a> {
    #[serde(borrow)]
    slug: Cow<'a, str>,
    bot: bool,
    #[serde(borrow)]
    referrer: Cow<'a, str>,
    #[serde(borrow)]
    click: Option<Fields<'a>>,
    #[serde(borrow)]
    message: Inner<'a>,
}

/// Fields of a click. A word that this release does not know is as good as none.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Fields<'a> {
    #[serde(borrow)]
    country: Cow<'a, str>,
    #[serde(borrow)]
    device: Cow<'a, str>,
    #[serde(borrow)]
    os: Cow<'a, str>,
    #[serde(borrow)]
    browser: Cow<'a, str>,
    #[serde(borrow)]
    visitor: Cow<'a, str>,
}

impl<'a> Line<'a> {
    /// Reads a text; `None` if it is not JSON and does not look like a line with a click.
    fn read(text: &'a str) -> Result<Option<Self>, PayloadError> {
        if !text.starts_with('{') {
            return Ok(None);
        }
        match serde_json::from_str(text) {
            Ok(line) => Ok(Some(line)),
            Err(error) if text.contains(r#""click""#) => Err(PayloadError::Line(error)),
            Err(_not_ours) => Ok(None),
        }
    }

    fn click(self) -> Option<ClickLine<'a>> {
        let fields = self.click?;
        let traits = Traits {
            is_bot: self.bot,
            country: Country::from_code(&fields.country),
            device: Device::from_name(&fields.device),
            os: Os::from_name(&fields.os),
            browser: Browser::from_name(&fields.browser),
            visitor: VisitorCode::from_hex(&fields.visitor),
        };
        let is_usable = self.referrer.len() <= MAX_REFERRER_BYTES && !self.referrer.contains(char::is_control);
        Some(ClickLine { slug: self.slug, referrer: is_usable.then_some(self.referrer), traits })
    }
}

/// The member `message`: the outcome in the redirector's own line, the whole line in an object of Lambda's.
#[derive(Debug, Default)]
enum Inner<'a> {
    Text(Cow<'a, str>),
    Line(Box<Line<'a>>),
    #[default]
    Other,
}

impl<'de: 'a, 'a> Deserialize<'de> for Inner<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(InnerVisitor)
    }
}

struct InnerVisitor;

impl<'de> Visitor<'de> for InnerVisitor {
    type Value = Inner<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Inner<'de>, E> {
        Ok(Inner::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Inner<'de>, E> {
        Ok(Inner::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Inner<'de>, A::Error> {
        Line::deserialize(MapAccessDeserializer::new(map)).map(|line| Inner::Line(Box::new(line)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Inner<'de>, A::Error> {
        while values.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Inner::Other)
    }

    fn visit_unit<E>(self) -> Result<Inner<'de>, E> {
        Ok(Inner::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Inner<'de>, E> {
        Ok(Inner::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Inner<'de>, E> {
        Ok(Inner::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Inner<'de>, E> {
        Ok(Inner::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Inner<'de>, E> {
        Ok(Inner::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const LINE: &str = r#"{"timestamp":"2026-11-27T03:00:00.000Z","level":"info","message":"redirect","request_id":"r",
        "slug":"launch","outcome":"redirect","method":"GET","status":301,"tier":"lru","duration_us":12,"bot":false,
        "prefetch":false,"referrer":"t.co","click":{"country":"DE","device":"mobile","os":"ios","browser":"safari",
        "visitor":"a3f09c"}}"#;

    fn person() -> Traits {
        Traits {
            is_bot: false,
            country: Country::from_code("DE"),
            device: Some(Device::Mobile),
            os: Some(Os::Ios),
            browser: Some(Browser::Safari),
            visitor: VisitorCode::from_hex("a3f09c"),
        }
    }

    #[test]
    fn a_line_is_read_bare_and_wrapped() {
        let object: serde_json::Value = serde_json::from_str(LINE).unwrap();
        let wrapped = |message: serde_json::Value| {
            json!({ "timestamp": "t", "level": "INFO", "message": message, "requestId": "r" }).to_string()
        };
        for text in [LINE.to_owned(), wrapped(object), wrapped(LINE.into())] {
            let click = ClickLine::read(&text).unwrap().unwrap();
            assert_eq!((&*click.slug, click.referrer.as_deref(), click.traits), ("launch", Some("t.co"), person()));
        }
    }

    #[test]
    fn what_is_unknown_is_none() {
        let text = r#"{"slug":"a","bot":true,"referrer":"","click":{"country":"","device":"watch","os":"","later":1}}"#;
        let click = ClickLine::read(text).unwrap().unwrap();
        assert_eq!(click.traits, Traits { is_bot: true, ..Traits::default() });
        assert_eq!(click.referrer.as_deref(), Some(""));
    }

    #[test]
    fn long_and_strange_referrers_are_not_worth_a_counter() {
        let check = |referrer: &str, expected: bool| {
            let text = json!({ "slug": "a", "referrer": referrer, "click": {} }).to_string();
            assert_eq!(ClickLine::read(&text).unwrap().unwrap().referrer.is_some(), expected, "{referrer}");
        };
        check(&"x".repeat(100), true);
        check(&"x".repeat(101), false);
        check("a\nb", false);
        check("bücher.example", true);
    }

    #[test]
    fn other_lines_are_no_clicks() {
        for text in [
            "",
            "START RequestId: click",
            "{",
            r#"{"message":7}"#,
            r#"{"message":["click"]}"#,
            r#"{"message":null,"slug":"click"}"#,
            r#"{"message":"{not json"}"#,
            r#"{"level":"error","message":"the store failed","slug":"click"}"#,
        ] {
            assert!(matches!(ClickLine::read(text), Ok(None)), "{text}");
        }
    }

    #[test]
    fn a_click_that_cannot_be_read_is_an_error() {
        for text in [
            r#"{"slug":"a","click":{"country":"#,
            r#"{"slug":1,"click":{}}"#,
            r#"{"message":"{\"slug\":\"a\",\"click\":7}"}"#,
        ] {
            assert!(matches!(ClickLine::read(text), Err(PayloadError::Line(_))), "{text}");
        }
    }
}
