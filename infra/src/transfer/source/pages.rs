//! Links in JSON, as paginated APIs return them: pages one after another or in a list, a list of links, or links one after
//! another.

use anyhow::{Context as _, Result};
use serde_json::{Deserializer, Map, Value};

use super::{Place, Record};

/// A link, with the members that were not taken yet.
#[derive(Debug)]
pub(super) struct Entry {
    /// Counted from 1.
    pub(super) number: u64,
    members: Map<String, Value>,
}

impl Entry {
    /// Takes a string, or a number as a string; `None` if it is `null` or empty.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        let text = match self.members.remove(name)? {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            other => {
                self.members.insert(name.to_owned(), other);
                return None;
            }
        };
        Some(text).filter(|text| !text.trim().is_empty())
    }

    /// Takes a member, and returns whether it is set.
    pub(super) fn is(&mut self, name: &str) -> bool {
        self.members.remove(name).as_ref().is_some_and(is_set)
    }

    /// Whether it has a member that is not `null`.
    pub(super) fn has(&self, name: &str) -> bool {
        self.members.get(name).is_some_and(|value| !value.is_null())
    }

    /// Takes the strings of a list.
    pub(super) fn texts(&mut self, name: &str) -> Vec<String> {
        let values = match self.members.remove(name) {
            Some(Value::Array(values)) => values,
            _ => Vec::new(),
        };
        let texts = values.into_iter().filter_map(|value| match value {
            Value::String(text) => Some(text),
            _ => None,
        });
        texts.collect()
    }

    /// The names of the members that were not taken and are set.
    pub(super) fn rest(&self) -> impl Iterator<Item = &str> {
        let set = self.members.iter().filter(|(_, value)| is_set(value));
        set.map(|(name, _)| name.as_str())
    }
}

/// Not `null`, `false`, zero or empty.
fn is_set(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => !values.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

/// The links of a file.
#[derive(Debug, Default)]
pub(super) struct Pages {
    links: Vec<Result<Entry, Record>>,
    /// A message if the last page says that there are more links.
    more: Option<String>,
}

impl Pages {
    /// Reads a file whose pages hold their links in `member`. `more` gets the last page and the number of links in the file,
    /// and returns a message if links are missing.
    ///
    /// # Errors
    /// If it is not JSON.
    pub(super) fn read(
        text: &[u8],
        member: &str,
        more: impl Fn(&Map<String, Value>, u64) -> Option<String>,
    ) -> Result<Self> {
        let mut pages = Self::default();
        for document in Deserializer::from_slice(text).into_iter::<Value>() {
            pages.add(document.context("not JSON")?, member, &more);
        }
        Ok(pages)
    }

    fn add(&mut self, value: Value, member: &str, more: &impl Fn(&Map<String, Value>, u64) -> Option<String>) {
        let number = self.links.len() as u64 + 1;
        match value {
            Value::Array(values) => {
                for value in values {
                    self.add(value, member, more);
                }
            }
            Value::Object(mut members) => match members.remove(member) {
                Some(links @ Value::Array(_)) => {
                    self.add(links, member, more);
                    self.more = more(&members, self.links.len() as u64);
                }
                _ => self.links.push(Ok(Entry { number, members })),
            },
            _ => {
                let reason = "not an object".to_owned();
                let record = Record::unreadable(Place::Entry(number), reason);
                self.links.push(Err(record));
            }
        }
    }

    /// The records of all links, and an unreadable one at the end if pages are missing.
    pub(super) fn records<I: IntoIterator<Item = Record>>(
        self,
        mut record: impl FnMut(Entry) -> I,
    ) -> impl Iterator<Item = Record> {
        let next = Place::Entry(self.links.len() as u64 + 1);
        let more = self.more.map(|reason| Record::unreadable(next, reason));
        let links = self.links.into_iter().flat_map(move |link| match link {
            Ok(entry) => record(entry).into_iter().collect::<Vec<_>>(),
            Err(unreadable) => vec![unreadable],
        });
        links.chain(more)
    }
}
