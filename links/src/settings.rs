//! Typed settings out of named texts, with every mistake reported at once.
//!
//! A function's `main` passes the environment in as a lookup; tests pass a closure.

use std::{error::Error, fmt, str::FromStr, time::Duration};

use crate::{DaxSettings, DynamoDbSettings};

/// Where `DDB_LOCAL` points, as in the original application.
const LOCAL_ENDPOINT: &str = "http://localhost:8000";

/// Reads settings and gathers what is wrong with them.
pub struct Reader<L> {
    lookup: L,
    mistakes: Vec<String>,
}

impl<L: Fn(&str) -> Option<String>> Reader<L> {
    /// Reads from `lookup`. A variable that is set to nothing counts as not set.
    pub fn new(lookup: L) -> Self {
        Self { lookup, mistakes: Vec::new() }
    }

    /// The text of a variable, if set.
    pub fn text(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.is_empty())
    }

    /// The text of a variable that must be set.
    pub fn required(&mut self, name: &str) -> String {
        self.text(name).unwrap_or_else(|| {
            self.mistake(name, "is not set");
            String::new()
        })
    }

    /// The value of a variable, `default` if it is not set.
    pub fn parsed<T: FromStr<Err: fmt::Display>>(&mut self, name: &str, default: T) -> T {
        match self.text(name).map(|value| value.parse::<T>()) {
            None => default,
            Some(Ok(value)) => value,
            Some(Err(error)) => {
                self.mistake(name, error);
                default
            }
        }
    }

    /// The meaning of a variable that `parse` understands, `default` if it is not set.
    pub fn choice<T>(&mut self, name: &str, default: T, expected: &str, parse: impl Fn(&str) -> Option<T>) -> T {
        let Some(value) = self.text(name) else {
            return default;
        };
        parse(&value).unwrap_or_else(|| {
            self.mistake(name, format_args!("is \"{value}\" instead of {expected}"));
            default
        })
    }

    /// Notes that a variable is wrong, and how.
    pub fn mistake(&mut self, name: &str, what: impl fmt::Display) {
        self.mistakes.push(format!("{name} {what}"));
    }

    /// Where the table is and how to reach it. Region and credentials are what Lambda sets for every function.
    pub fn dynamodb(&mut self) -> DynamoDbSettings {
        let local = self.text("DDB_LOCAL").map(|_| LOCAL_ENDPOINT.to_owned());
        DynamoDbSettings {
            table: self.required("DDB_TABLE"),
            endpoint_url: self.text("AWS_ENDPOINT_URL_DYNAMODB").or(local),
            region: self.required("AWS_REGION"),
            access_key_id: self.required("AWS_ACCESS_KEY_ID"),
            secret_access_key: self.required("AWS_SECRET_ACCESS_KEY"),
            session_token: self.text("AWS_SESSION_TOKEN"),
        }
    }

    /// The DAX cluster in front of the table, if `DAX_ENDPOINT` names one: `dax://host:port`, `daxs://host[:port]` or
    /// `host:port`. `DAX_TIMEOUT_MS` is the longest wait for one answer.
    pub fn dax(&mut self, default_timeout: Duration) -> Option<DaxSettings> {
        let default = u64::try_from(default_timeout.as_millis()).unwrap_or(u64::MAX);
        let timeout = Duration::from_millis(self.parsed("DAX_TIMEOUT_MS", default));
        if timeout.is_zero() {
            self.mistake("DAX_TIMEOUT_MS", "is 0");
        }
        let endpoint = self.text("DAX_ENDPOINT")?;
        match endpoint.parse() {
            Ok(endpoint) => Some(DaxSettings { endpoint, timeout }),
            Err(error) => {
                self.mistake("DAX_ENDPOINT", format_args!("is \"{endpoint}\": {error}"));
                None
            }
        }
    }

    /// `settings`, unless a mistake was noted.
    ///
    /// # Errors
    /// [`SettingsError`] with all of them.
    pub fn finish<T>(self, settings: T) -> Result<T, SettingsError> {
        if self.mistakes.is_empty() { Ok(settings) } else { Err(SettingsError { mistakes: self.mistakes }) }
    }
}

impl<L> fmt::Debug for Reader<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("mistakes", &self.mistakes).finish_non_exhaustive()
    }
}

/// Settings that a program cannot start with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError {
    mistakes: Vec<String>,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bad settings: {}", self.mistakes.join("; "))
    }
}

impl Error for SettingsError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_reported() {
        let mut reader = Reader::new(|name| match name {
            "NUMBER" => Some("x".into()),
            "CHOICE" => Some("c".into()),
            "EMPTY" => Some(String::new()),
            _ => None,
        });
        assert_eq!(reader.parsed("NUMBER", 7_u8), 7);
        assert_eq!(reader.parsed("UNSET", 7_u8), 7);
        reader.choice("CHOICE", (), "a or b", |_| None);
        reader.required("EMPTY");
        assert_eq!(
            reader.finish(()).unwrap_err().to_string(),
            "bad settings: NUMBER invalid digit found in string; CHOICE is \"c\" instead of a or b; EMPTY is not set"
        );
    }

    #[test]
    fn the_original_switch_means_a_local_table() {
        let endpoint = |variables: &[(&str, &str)]| {
            let lookup = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
            Reader::new(lookup).dynamodb().endpoint_url
        };
        assert_eq!(endpoint(&[]), None);
        assert_eq!(endpoint(&[("DDB_LOCAL", "1")]).as_deref(), Some("http://localhost:8000"));
        let both = [("DDB_LOCAL", "1"), ("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9")];
        assert_eq!(endpoint(&both).as_deref(), Some("http://127.0.0.1:9"));
    }
}
