//! The fields of a JSON object or a form. Each field is taken by name and type; fields that were not taken are unknown, and
//! refused.

use links::{BlockReason, HiddenCharacter, HostSuffix, RedirectStatus, State, Timestamp};
use serde_json::{Map, Value};

use super::{
    json::{self, is_own},
    problem::{FieldProblem, Origin, Problem},
};

const HOST: &str = "a host name or an IP address, without scheme, port and path";

/// A field of a merge patch: absent (`None`), `null` (`Some(None)`), or a value.
pub(crate) type Patch<T> = Option<Option<T>>;

/// The fields of a JSON object or a form.
#[derive(Debug)]
pub(crate) struct Fields {
    object: Map<String, Value>,
    origin: Origin,
    /// The names in a form as they follow each other, so that the first unknown one is named.
    order: Vec<String>,
    /// The first field that is there twice.
    twice: Option<String>,
}

impl Fields {
    /// The fields of a JSON object.
    pub(crate) fn new(object: Map<String, Value>) -> Self {
        Self { object, origin: Origin::Json, order: Vec::new(), twice: None }
    }

    /// The fields of a form with these names, of which `twice` is there twice.
    pub(crate) fn of_form(object: Map<String, Value>, order: Vec<String>, twice: Option<String>) -> Self {
        let origin = if object.contains_key("url") { Origin::FormWithUrl } else { Origin::Form };
        Self { object, origin, order, twice }
    }

    /// Parses a JSON object.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Problem> {
        Ok(Self::new(json::object(body)?))
    }

    /// The object as one string that depends neither on the order of its fields nor on the caller's own fields.
    pub(crate) fn canonical(&self) -> String {
        let mut fields: Vec<_> = self.object.iter().filter(|(name, _)| !is_own(name)).collect();
        fields.sort_unstable_by_key(|(name, _)| *name);
        fields.into_iter().map(|(name, value)| format!("{name}={value}\n")).collect()
    }

    pub(crate) fn text(&mut self, field: &'static str) -> Result<Patch<String>, Problem> {
        self.take(field, "a string", text)
    }

    pub(crate) fn flag(&mut self, field: &'static str) -> Result<Patch<bool>, Problem> {
        self.take(field, "true or false", |value| value.as_bool())
    }

    /// A whole number within `range`.
    pub(crate) fn number(
        &mut self,
        field: &'static str,
        range: std::ops::RangeInclusive<u32>,
    ) -> Result<Patch<u32>, Problem> {
        let number = self.take(field, "a whole number", |value| whole(&value))?;
        let Some(Some(number)) = number else {
            return Ok(number.map(|_null| None));
        };
        match u32::try_from(number).ok().filter(|number| range.contains(number)) {
            Some(number) => Ok(Some(Some(number))),
            None => Err(FieldProblem::OutOfRange { field, from: *range.start(), to: *range.end() }.into()),
        }
    }

    pub(crate) fn redirect(&mut self, field: &'static str) -> Result<Patch<RedirectStatus>, Problem> {
        self.take(field, "301, 302, 307 or 308", |value| RedirectStatus::from_code(u16::try_from(whole(&value)?).ok()?))
    }

    /// A state that a patch may set: any but deleted.
    pub(crate) fn state(&mut self, field: &'static str) -> Result<Patch<State>, Problem> {
        const EXPECTED: &str = "active or disabled; for administrators also blocked or blocked_legal";
        self.take(field, EXPECTED, |value| State::from_name(value.as_str()?).filter(|state| *state != State::Deleted))
    }

    /// Why to block links.
    pub(crate) fn reason(&mut self, field: &'static str) -> Result<Patch<BlockReason>, Problem> {
        self.take(field, "abuse or legal", |value| BlockReason::from_name(value.as_str()?))
    }

    /// The name or the address of a host.
    pub(crate) fn host(&mut self, field: &'static str) -> Result<Patch<HostSuffix>, Problem> {
        self.take(field, HOST, |value| value.as_str()?.parse().ok())
    }

    /// A list of hosts; absent, an empty one.
    pub(crate) fn hosts(&mut self, field: &'static str, limit: usize) -> Result<Vec<HostSuffix>, Problem> {
        const EXPECTED: &str = "a list of host names or IP addresses, without scheme, port and path";
        let hosts = self.take(field, EXPECTED, |value| {
            let Value::Array(values) = value else { return None };
            values.iter().map(|value| value.as_str()?.parse().ok()).collect::<Option<Vec<_>>>()
        })?;
        let hosts = hosts.flatten().unwrap_or_default();
        if hosts.len() > limit { Err(FieldProblem::TooMany { field, limit }.into()) } else { Ok(hosts) }
    }

    /// A point in time: RFC 3339, or seconds since the epoch. Fractions of a second are dropped.
    pub(crate) fn time(&mut self, field: &'static str) -> Result<Patch<Timestamp>, Problem> {
        const EXPECTED: &str =
            "a time such as \"2030-01-31T12:00:00Z\", or seconds since the epoch, before the end of the year 9999";
        self.take(field, EXPECTED, |value| time(&value))
    }

    /// A list of at most `max_texts` strings, none of them empty or longer than `max_characters`.
    pub(crate) fn texts(
        &mut self,
        field: &'static str,
        max_texts: usize,
        max_characters: usize,
    ) -> Result<Patch<Vec<String>>, Problem> {
        let texts = self
            .take(field, "a list of strings", |value| list(value)?.into_iter().map(text).collect::<Option<Vec<_>>>())?;
        if let Some(Some(texts)) = &texts {
            if texts.len() > max_texts {
                return Err(FieldProblem::TooMany { field, limit: max_texts }.into());
            }
            texts.iter().try_for_each(|text| check_length(field, text, 1, max_characters))?;
        }
        Ok(texts)
    }

    /// A list of anything.
    pub(crate) fn values(&mut self, field: &'static str) -> Result<Patch<Vec<Value>>, Problem> {
        self.take(field, "a list", list)
    }

    /// Refuses fields that were not taken, because a misspelt one must not be ignored, and one that is there twice.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        let origin = self.origin;
        let names = self.order.iter().chain(self.object.keys());
        let mut left = names.filter(|field| self.object.contains_key(*field));
        let unknown = left.find(|field| !is_own(field)).cloned();
        match (unknown, self.twice) {
            (Some(field), _) => Err(FieldProblem::Unknown { field, origin }.into()),
            (None, Some(field)) => Err(FieldProblem::Twice { field, origin }.into()),
            (None, None) => Ok(()),
        }
    }

    fn take<T>(
        &mut self,
        field: &'static str,
        expected: &'static str,
        read: impl FnOnce(Value) -> Option<T>,
    ) -> Result<Patch<T>, Problem> {
        match self.object.remove(field) {
            None => Ok(None),
            Some(Value::Null) => Ok(Some(None)),
            Some(value) => match read(value) {
                Some(value) => Ok(Some(Some(value))),
                None => Err(FieldProblem::WrongType { field, expected }.into()),
            },
        }
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn list(value: Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(values) => Some(values),
        _ => None,
    }
}

fn time(value: &Value) -> Option<Timestamp> {
    let time = match value {
        Value::String(text) => text.parse::<jiff::Timestamp>().ok()?,
        Value::Number(_) => jiff::Timestamp::from_second(i64::try_from(whole(value)?).ok()?).ok()?,
        _ => return None,
    };
    Some(Timestamp::from_unix_seconds(u64::try_from(time.as_second()).ok()?))
}

/// A number that is not negative and has no fraction. JSON does not distinguish `1.0` from `1`.
fn whole(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| {
        let number = value.as_f64()?;
        // Up to this bound an `f64` holds every whole number exactly, and prints it without an exponent.
        let is_whole = number.fract() == 0.0 && (0.0..=9e15).contains(&number);
        is_whole.then(|| format!("{number:.0}").parse().ok())?
    })
}

/// Checks the number of characters of a text.
pub(crate) fn check_length(field: &'static str, text: &str, min: usize, max: usize) -> Result<(), Problem> {
    match text.chars().count() {
        characters if (min..=max).contains(&characters) => Ok(()),
        _ => Err(FieldProblem::Length { field, min, max }.into()),
    }
}

/// Refuses a text with a character that `first_unfit` finds.
pub(crate) fn check_characters(
    field: &'static str,
    text: &str,
    first_unfit: impl Fn(&str) -> Option<HiddenCharacter>,
) -> Result<(), Problem> {
    match first_unfit(text) {
        None => Ok(()),
        Some(found) => Err(FieldProblem::Character { field, found }.into()),
    }
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
        assert!(matches!(given.text("c"), Err(Problem::Field(FieldProblem::WrongType { field: "c", .. }))));
    }

    #[test]
    fn remaining_fields_are_unknown_unless_they_are_the_callers_own() {
        assert!(fields(json!({ "x_mine": [1] })).finish().is_ok());
        assert!(matches!(
            fields(json!({ "urll": 1 })).finish(),
            Err(Problem::Field(FieldProblem::Unknown { field, .. })) if field == "urll"
        ));
    }

    #[test]
    fn times_have_two_forms() {
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
        let check = |value: Value, expected: Result<u32, &str>| {
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
