//! `application/x-www-form-urlencoded`: the fields of a form, and the pairs of any text in that encoding.

use links::trim_hidden;
use percent_encoding::percent_decode;
use serde_json::{Map, Value};

use super::{
    fields::Fields,
    json::is_own,
    problem::{Problem, UrlProblem},
};

/// One name and value, still encoded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair<'a> {
    name: &'a [u8],
    value: &'a [u8],
}

/// The pairs of a text. A name without `=` has an empty value.
pub(crate) fn pairs(text: &[u8]) -> impl Iterator<Item = Pair<'_>> {
    text.split(|byte| *byte == b'&').map(|pair| match pair.iter().position(|byte| *byte == b'=') {
        Some(end) => Pair { name: pair.get(..end).unwrap_or_default(), value: pair.get(end + 1..).unwrap_or_default() },
        None => Pair { name: pair, value: &[] },
    })
}

impl Pair<'_> {
    /// Whether there was nothing between two `&`.
    pub(crate) fn is_empty(self) -> bool {
        self.name.is_empty() && self.value.is_empty()
    }

    /// Name and value.
    ///
    /// # Errors
    /// Both with replacement characters, if they are not UTF-8.
    pub(crate) fn decode(self) -> Result<(String, String), (String, String)> {
        let decode = |text: &[u8]| {
            let blanks: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
            let bytes: Vec<u8> = percent_decode(&blanks).collect();
            String::from_utf8(bytes).map_err(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
        };
        match (decode(self.name), decode(self.value)) {
            (Ok(name), Ok(value)) => Ok((name, value)),
            (Ok(name) | Err(name), Ok(value) | Err(value)) => Err((name, value)),
        }
    }
}

/// The fields of a form, with the types that they have in JSON. A field without a value counts as not given, since
/// browsers send all fields. `tags` may be there several times, and each may name several with commas between them.
pub(crate) fn fields(form: &str) -> Result<Fields, Problem> {
    let mut object = Map::new();
    let mut order = Vec::new();
    let mut twice = None;
    for pair in pairs(trim_hidden(form).as_bytes()) {
        let (name, value) = pair.decode().map_err(|_not_utf8| UrlProblem::NotText)?;
        let value = typed(&name, value);
        match (object.get_mut(&name), value) {
            (None, value) => {
                order.push(name.clone());
                object.insert(name, value);
            }
            (Some(Value::Array(tags)), Value::Array(more)) => tags.extend(more),
            _ if is_own(&name) => {}
            _ => drop(twice.get_or_insert(name)),
        }
    }
    Ok(Fields::of_form(object, order, twice))
}

/// A value as the field's type has it in JSON. What does not fit stays a text, which the field then refuses.
fn typed(name: &str, value: String) -> Value {
    let trimmed = value.trim();
    let number = || trimmed.parse::<u64>().ok().map(Value::from);
    let typed = match name {
        "tags" if trimmed.is_empty() => Some(Value::Array(Vec::new())),
        "tags" => Some(trimmed.split(',').map(|tag| Value::from(tag.trim())).collect()),
        _ if trimmed.is_empty() => Some(Value::Null),
        "redirect" | "cache_seconds" | "ttl_seconds" | "expires_at" | "valid_from" => number(),
        "permanent" | "forward_query" | "reuse" => trimmed.parse::<bool>().ok().map(Value::from),
        _ => None,
    };
    typed.unwrap_or(Value::String(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_have_the_types_of_json() {
        let form = "url=https%3A%2F%2Fe.com%2F%3Fa%3D1%26b&slug=s&redirect=307&cache_seconds=0&ttl_seconds=60\
            &permanent=true&forward_query=false&reuse=true&valid_from=60&tags=a,+b&tags=c&note=1+2&x_a=1&x_a=2";
        let json = json!({
            "url": "https://e.com/?a=1&b", "slug": "s", "redirect": 307, "cache_seconds": 0, "ttl_seconds": 60,
            "permanent": true, "forward_query": false, "reuse": true, "valid_from": 60, "tags": ["a", "b", "c"],
            "note": "1 2",
        });
        let json = Fields::new(json.as_object().unwrap().clone()).canonical();
        assert_eq!(fields(form).unwrap().canonical(), json);
    }
}
