//! Typed settings from environment variables, with every mistake reported at once.
//!
//! [`run`](crate::run) passes the environment in as a lookup; tests pass a closure.

use std::{error::Error, fmt, str::FromStr, time::Duration};

use aws_credential_types::Credentials;

use crate::{AbuseContact, AbuseContactError, ClickDelivery, ClickSettings, OriginSecret, bounds::DEFAULT_CACHE_TTL};

/// The endpoint that `DDB_LOCAL` stands for, as in the AWS sample.
const LOCAL_ENDPOINT: &str = "http://localhost:8000";

/// Reads settings and gathers what is wrong with them.
pub struct Reader<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    mistakes: Vec<String>,
}

impl<'a> Reader<'a> {
    /// Reads from `lookup`. A variable with an empty value counts as not set.
    pub fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
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

    /// What `parse` makes of a variable, `default` if it is not set. `expected` says which values there are.
    pub fn choice<T>(&mut self, name: &str, default: T, expected: &str, parse: impl Fn(&str) -> Option<T>) -> T {
        let Some(value) = self.text(name) else {
            return default;
        };
        parse(&value).unwrap_or_else(|| {
            self.mistake(name, format_args!("is \"{value}\" instead of {expected}"));
            default
        })
    }

    /// A switch: `0` or `1`.
    pub fn flag(&mut self, name: &str, default: bool) -> bool {
        self.choice(name, default, "0 or 1", |value| match value {
            "0" => Some(false),
            "1" => Some(true),
            _ => None,
        })
    }

    /// Records that a variable is wrong, and how.
    pub fn mistake(&mut self, name: &str, what: impl fmt::Display) {
        self.mistakes.push(format!("{name} {what}"));
    }

    /// `AWS_REGION`, which Lambda sets for every function.
    pub fn region(&mut self) -> String {
        self.required("AWS_REGION")
    }

    /// The credentials of the function's role. Lambda sets them for every function, and they outlive the process.
    pub fn credentials(&mut self) -> Credentials {
        let (id, secret) = (self.required("AWS_ACCESS_KEY_ID"), self.required("AWS_SECRET_ACCESS_KEY"));
        Credentials::new(id, secret, self.text("AWS_SESSION_TOKEN"), None, "environment")
    }

    /// An endpoint of DynamoDB other than the region's: `AWS_ENDPOINT_URL_DYNAMODB`, or with `DDB_LOCAL` that of a local
    /// table.
    pub fn dynamodb_endpoint(&self) -> Option<String> {
        let local = self.text("DDB_LOCAL").map(|_| LOCAL_ENDPOINT.to_owned());
        self.text("AWS_ENDPOINT_URL_DYNAMODB").or(local)
    }

    /// Whether `SSL_CERT_FILE` or `SSL_CERT_DIR` say whom to trust: then the platform's store, which they are, is read.
    pub fn platform_trust(&self) -> bool {
        ["SSL_CERT_FILE", "SSL_CERT_DIR"].iter().any(|name| self.text(name).is_some())
    }

    /// `DAX_ENDPOINT`, the cluster in front of the table, if it is set; and `DAX_TIMEOUT_MS`, the longest wait for one
    /// response.
    pub fn dax<E: FromStr<Err: fmt::Display>>(&mut self, default_timeout: Duration) -> Option<(E, Duration)> {
        let default = u64::try_from(default_timeout.as_millis()).unwrap_or(u64::MAX);
        let timeout = Duration::from_millis(self.parsed("DAX_TIMEOUT_MS", default));
        if timeout.is_zero() {
            self.mistake("DAX_TIMEOUT_MS", "is 0");
        }
        let endpoint = self.text("DAX_ENDPOINT")?;
        match endpoint.parse() {
            Ok(endpoint) => Some((endpoint, timeout)),
            Err(error) => {
                self.mistake("DAX_ENDPOINT", format_args!("is \"{endpoint}\": {error}"));
                None
            }
        }
    }

    /// `CACHE_TTL_SECONDS`: how long a redirector serves a link from its cache.
    pub fn cache_ttl(&mut self) -> Duration {
        let default = u32::try_from(DEFAULT_CACHE_TTL.as_secs()).unwrap_or(u32::MAX);
        Duration::from_secs(self.parsed("CACHE_TTL_SECONDS", default).into())
    }

    /// `ABUSE_CONTACT`: where to report abuse, if the operator says so.
    pub fn abuse_contact(&mut self) -> Option<AbuseContact> {
        self.choice("ABUSE_CONTACT", None, &AbuseContactError.to_string(), |value| value.parse().ok().map(Some))
    }

    /// `ORIGIN_SECRET`: what CloudFront adds to every request, if no other requests are allowed.
    pub fn origin_secret(&mut self) -> Option<OriginSecret> {
        match OriginSecret::new(self.text("ORIGIN_SECRET")?) {
            Ok(secret) => Some(secret),
            Err(error) => {
                self.mistake("ORIGIN_SECRET", error);
                None
            }
        }
    }

    /// `CLICKS` and `CLICKS_TABLE`: how clicks are counted. They are not, if `CLICKS` is `none` or not set.
    pub fn clicks(&mut self) -> Option<ClickSettings> {
        let delivery = self.choice("CLICKS", None, "stream, direct or none", |value| match value {
            "stream" => Some(Some(ClickDelivery::Stream)),
            "direct" => Some(Some(ClickDelivery::Direct)),
            "none" => Some(None),
            _ => None,
        })?;
        Some(ClickSettings { delivery, table: self.required("CLICKS_TABLE") })
    }

    /// `settings`, unless a mistake was recorded.
    ///
    /// # Errors
    /// [`SettingsError`] with all of them.
    pub fn finish<T>(self, settings: T) -> Result<T, SettingsError> {
        if self.mistakes.is_empty() { Ok(settings) } else { Err(SettingsError { mistakes: self.mistakes }) }
    }
}

impl fmt::Debug for Reader<'_> {
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
        let mut reader = Reader::new(&|name| match name {
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
    fn counting_needs_a_table() {
        let check = |variables: &[(&str, &str)], expected: Result<Option<ClickDelivery>, &str>| {
            let lookup = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
            let mut reader = Reader::new(&lookup);
            let clicks = reader.clicks();
            let read = reader.finish(clicks.map(|clicks| clicks.delivery)).map_err(|error| error.to_string());
            assert_eq!(read, expected.map_err(|mistake| format!("bad settings: {mistake}")), "{variables:?}");
        };
        check(&[], Ok(None));
        check(&[("CLICKS", "none"), ("CLICKS_TABLE", "clicks")], Ok(None));
        check(&[("CLICKS", "stream"), ("CLICKS_TABLE", "clicks")], Ok(Some(ClickDelivery::Stream)));
        check(&[("CLICKS", "direct"), ("CLICKS_TABLE", "clicks")], Ok(Some(ClickDelivery::Direct)));
        check(&[("CLICKS", "direct")], Err("CLICKS_TABLE is not set"));
        check(&[("CLICKS", "true")], Err("CLICKS is \"true\" instead of stream, direct or none"));
    }

    #[test]
    fn the_switch_of_the_aws_sample_means_a_local_table() {
        let endpoint = |variables: &[(&str, &str)]| {
            let lookup = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
            Reader::new(&lookup).dynamodb_endpoint()
        };
        assert_eq!(endpoint(&[]), None);
        assert_eq!(endpoint(&[("DDB_LOCAL", "1")]).as_deref(), Some("http://localhost:8000"));
        let both = [("DDB_LOCAL", "1"), ("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9")];
        assert_eq!(endpoint(&both).as_deref(), Some("http://127.0.0.1:9"));
    }
}
