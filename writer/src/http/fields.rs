//! The fields of a JSON object, each taken once by its name and type. What is left over nobody has asked for.

use links::{RedirectStatus, State, Timestamp};
use serde_json::{Map, Value};

use crate::http::problem::Problem;

/// A field of a request: absent, `null`, or a value.
pub(crate) type Given<T> = Option<Option<T>>;

/// The fields of a JSON object.
#[derive(Debug)]
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    pub(crate) fn new(object: Map<String, Value>) -> Self {
        Self(object)
    }

    /// Reads a JSON text that must be an object.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Problem> {
        let object = serde_json::from_slice(body)
            .map_err(|error| Problem::MalformedJson { line: error.line(), column: error.column() })?;
        Ok(Self(object))
    }

    /// The object as one text, in which the order of its fields does not matter and a caller's own fields are missing.
    pub(crate) fn canonical(&self) -> String {
        let mut fields: Vec<_> = self.0.iter().filter(|(name, _)| !is_own(name)).collect();
        fields.sort_unstable_by_key(|(name, _)| *name);
        fields.into_iter().map(|(name, value)| format!("{name}={value}\n")).collect()
    }

    pub(crate) fn text(&mut self, field: &'static str) -> Result<Given<String>, Problem> {
        self.take(field, "a string", |value| match value {
            Value::String(text) => Some(text),
            _ => None,
        })
    }

    pub(crate) fn flag(&mut self, field: &'static str) -> Result<Given<bool>, Problem> {
        self.take(field, "true or false", |value| value.as_bool())
    }

    /// A whole number within `range`.
    pub(crate) fn number(
        &mut self,
        field: &'static str,
        range: std::ops::RangeInclusive<u64>,
    ) -> Result<Given<u64>, Problem> {
        let number = self.take(field, "a whole number", |value| whole(&value))?;
        match number.flatten() {
            Some(number) if !range.contains(&number) => {
                Err(Problem::OutOfRange { field, from: *range.start(), to: *range.end() })
            }
            _ => Ok(number),
        }
    }

    pub(crate) fn redirect(&mut self, field: &'static str) -> Result<Given<RedirectStatus>, Problem> {
        self.take(field, "301, 302, 307 or 308", |value| RedirectStatus::from_code(u16::try_from(whole(&value)?).ok()?))
    }

    /// A state that a link can be given by changing it; being deleted is not among them.
    pub(crate) fn state(&mut self, field: &'static str) -> Result<Given<State>, Problem> {
        const EXPECTED: &str = "active or disabled; for administrators also blocked or blocked_legal";
        self.take(field, EXPECTED, |value| State::from_name(value.as_str()?).filter(|state| *state != State::Deleted))
    }

    /// A point in time: RFC 3339, or seconds since the epoch. Fractions of a second are cut off.
    pub(crate) fn time(&mut self, field: &'static str) -> Result<Given<Timestamp>, Problem> {
        const EXPECTED: &str =
            "a time such as \"2030-01-31T12:00:00Z\", or seconds since the epoch, before the end of the year 9999";
        self.take(field, EXPECTED, |value| {
            let time = match value {
                Value::String(text) => text.parse::<jiff::Timestamp>().ok()?,
                Value::Number(_) => {
                    let seconds = i64::try_from(whole(&value)?).ok()?;
                    jiff::Timestamp::from_second(seconds).ok()?
                }
                _ => return None,
            };
            let seconds = u64::try_from(time.as_second()).ok()?;
            Some(Timestamp::from_unix_seconds(seconds))
        })
    }

    /// A list of texts, as many and as long as allowed.
    pub(crate) fn texts(
        &mut self,
        field: &'static str,
        max_texts: usize,
        max_characters: usize,
    ) -> Result<Given<Vec<String>>, Problem> {
        let texts = self.take(field, "a list of strings", |value| match value {
            Value::Array(values) => values
                .into_iter()
                .map(|value| match value {
                    Value::String(text) => Some(text),
                    _ => None,
                })
                .collect::<Option<Vec<_>>>(),
            _ => None,
        })?;
        if let Some(Some(texts)) = &texts {
            if texts.len() > max_texts {
                return Err(Problem::TooMany { field, limit: max_texts });
            }
            for text in texts {
                check_length(field, text, 1, max_characters)?;
            }
        }
        Ok(texts)
    }

    /// A list of anything.
    pub(crate) fn values(&mut self, field: &'static str) -> Result<Given<Vec<Value>>, Problem> {
        self.take(field, "a list", |value| match value {
            Value::Array(values) => Some(values),
            _ => None,
        })
    }

    /// Nothing may be left: a misspelt option must not pass as if it had been heeded.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        match self.0.into_iter().find(|(name, _)| !is_own(name)) {
            None => Ok(()),
            Some((field, _)) => Err(Problem::UnknownField { field }),
        }
    }

    fn take<T>(
        &mut self,
        field: &'static str,
        expected: &'static str,
        read: impl FnOnce(Value) -> Option<T>,
    ) -> Result<Given<T>, Problem> {
        match self.0.remove(field) {
            None => Ok(None),
            Some(Value::Null) => Ok(Some(None)),
            Some(value) => match read(value) {
                Some(value) => Ok(Some(Some(value))),
                None => Err(Problem::WrongType { field, expected }),
            },
        }
    }
}

/// A number that is not negative and has no fraction. JSON does not tell `1.0` from `1`.
fn whole(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| {
        let number = value.as_f64()?;
        // Up to here every whole number has a form without a fraction, and the shortest text is that form.
        let is_whole = number.fract() == 0.0 && (0.0..=9e15).contains(&number);
        is_whole.then(|| format!("{number:.0}").parse().ok())?
    })
}

/// Checks the number of characters of a text.
pub(crate) fn check_length(field: &'static str, text: &str, min: usize, max: usize) -> Result<(), Problem> {
    match text.chars().count() {
        characters if (min..=max).contains(&characters) => Ok(()),
        _ => Err(Problem::Length { field, min, max }),
    }
}

/// Names that callers may use for fields of their own.
fn is_own(name: &str) -> bool {
    name.starts_with("x_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields(value: Value) -> Fields {
        Fields::new(value.as_object().unwrap().clone())
    }

    #[test]
    fn a_field_is_absent_null_or_a_value() {
        let mut given = fields(json!({ "a": null, "b": "x", "c": 1 }));
        assert_eq!(given.text("z").unwrap(), None);
        assert_eq!(given.text("a").unwrap(), Some(None));
        assert_eq!(given.text("b").unwrap(), Some(Some("x".into())));
        assert!(matches!(given.text("c"), Err(Problem::WrongType { field: "c", .. })));
    }

    #[test]
    fn what_is_left_is_unknown_unless_it_is_the_callers_own() {
        assert!(fields(json!({ "x_mine": [1] })).finish().is_ok());
        assert!(matches!(
            fields(json!({ "urll": 1 })).finish(),
            Err(Problem::UnknownField { field }) if field == "urll"
        ));
    }

    #[test]
    fn times_come_in_two_forms() {
        let check = |value: Value, expected: Option<u64>| {
            let time = fields(json!({ "t": value })).time("t");
            let seconds = time.ok().flatten().flatten().map(Timestamp::unix_seconds);
            assert_eq!(seconds, expected, "{value}");
        };
        check(json!("1970-01-01T00:01:00Z"), Some(60));
        check(json!("1970-01-01T01:01:00.999+01:00"), Some(60));
        check(json!(60), Some(60));
        check(json!(-1), None);
        check(json!(1.5), None);
        check(json!("1969-12-31T23:59:59Z"), None);
        check(json!("2030-01-31"), None);
        check(json!("tomorrow"), None);
        check(json!(253_402_300_800_u64), None);
        check(json!(true), None);
    }

    #[test]
    fn numbers_have_a_range() {
        let check = |value: Value, expected: Result<u64, &str>| {
            let number = fields(json!({ "n": value })).number("n", 1..=3);
            let number = number.map(|n| n.unwrap().unwrap());
            assert_eq!(number.map_err(|problem| problem.code()), expected, "{value}");
        };
        check(json!(1), Ok(1));
        check(json!(3), Ok(3));
        check(json!(2.0), Ok(2));
        check(json!(0), Err("out-of-range"));
        check(json!(4), Err("out-of-range"));
        check(json!("1"), Err("wrong-type"));
        check(json!(1.5), Err("wrong-type"));
        check(json!(-1), Err("wrong-type"));
    }

    #[test]
    fn lists_are_bounded() {
        let check = |value: Value, expected: Option<&str>| {
            let texts = fields(json!({ "l": value })).texts("l", 2, 3);
            assert_eq!(texts.err().map(|problem| problem.code()), expected, "{value}");
        };
        check(json!(["a", "äöü"]), None);
        check(json!([]), None);
        check(json!(["a", "b", "c"]), Some("too-many"));
        check(json!(["abcd"]), Some("wrong-length"));
        check(json!([""]), Some("wrong-length"));
        check(json!([1]), Some("wrong-type"));
        check(json!("a"), Some("wrong-type"));
    }

    #[test]
    fn the_order_of_fields_does_not_matter() {
        let canonical = |text: &str| Fields::parse(text.as_bytes()).unwrap().canonical();
        assert_eq!(canonical(r#"{"url":"u","slug":"s"}"#), canonical(r#"{ "slug": "s", "x_a": 1, "url": "u" }"#));
        assert_ne!(canonical(r#"{"url":"u"}"#), canonical(r#"{"url":"v"}"#));
    }
}
