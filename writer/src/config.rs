//! What the operator can set.

use std::time::Duration;

use links::{
    DaxSettings, DynamoDbSettings, Origin, SlugScheme, SlugSecret,
    settings::{Reader, SettingsError},
};

/// The variables that an operator sets for this function. A variable of the platform, such as `AWS_REGION`, is not
/// among them.
pub const VARIABLES: [&str; 14] = [
    "DDB_TABLE",
    "DAX_ENDPOINT",
    "DAX_TIMEOUT_MS",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "DDB_LOCAL",
    "BASE_URL",
    "SLUG_SCHEME",
    "SLUG_SECRET",
    "WRITER_AUTH",
    "KEYS_TABLE",
    "ALLOW_PRIVATE_TARGETS",
    "CACHE_TTL_SECONDS",
    "DAX_RECORD_TTL_SECONDS",
    "PAGE",
];

/// The writer's settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// The table.
    pub dynamodb: DynamoDbSettings,
    /// The DAX cluster in front of it, if any. `DAX_TIMEOUT_MS` is 1,000 by default: a write reaches the table before
    /// it is answered.
    pub dax: Option<DaxSettings>,
    /// `BASE_URL`: scheme and host of short URLs, without a slash at the end. Unset: the host of each request.
    pub base_url: Option<String>,
    /// `SLUG_SCHEME`: `keyed` (default; under `SLUG_SECRET`) or `seed`.
    pub scheme: SlugScheme,
    /// `WRITER_AUTH`: who may write. It has no default: an open writer must be asked for.
    pub auth: Auth,
    /// `ALLOW_PRIVATE_TARGETS=1`: take `localhost` and private addresses as targets. Default off.
    pub allow_private_targets: bool,
    /// How long redirectors may serve what a link was before a change: the lifetime of what they keep in process,
    /// `CACHE_TTL_SECONDS` (default 10), and with a DAX cluster that of its items, `DAX_RECORD_TTL_SECONDS` (default
    /// 60). Only told to callers.
    pub visible_within: Duration,
    /// `PAGE=0`: no page for people at `GET /`. Default on.
    pub page: bool,
}

/// Who may write, and whose the links are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// Everybody; all links belong to `anonymous`.
    None,
    /// Those whom API Gateway has let through by their AWS signature; the owner is their ARN.
    AwsIam,
    /// Those whom API Gateway has let through by their token; the owner is its subject.
    Jwt,
    /// Those who have a key; the owner is the key's.
    ApiKey {
        /// `KEYS_TABLE`: the table of keys, in the account and region of the links.
        table: String,
    },
}

impl Config {
    /// Reads the settings out of named texts.
    ///
    /// # Errors
    /// [`SettingsError`] with every variable that is missing or wrong.
    pub fn from_vars(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut read = Reader::new(lookup);
        let dax = read.dax(Duration::from_secs(1));
        let config = Self {
            visible_within: visible_within(&mut read, dax.is_some()),
            dynamodb: read.dynamodb(),
            dax,
            base_url: base_url(&mut read),
            scheme: scheme(&mut read),
            auth: auth(&mut read),
            allow_private_targets: read.choice("ALLOW_PRIVATE_TARGETS", false, "0 or 1", switch),
            page: read.choice("PAGE", true, "0 or 1", switch),
        };
        read.finish(config)
    }
}

fn switch(value: &str) -> Option<bool> {
    match value {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    }
}

fn visible_within<L: Fn(&str) -> Option<String>>(read: &mut Reader<L>, has_dax: bool) -> Duration {
    let in_process = read.parsed("CACHE_TTL_SECONDS", 10_u32);
    let in_dax = read.parsed("DAX_RECORD_TTL_SECONDS", 60_u32);
    let seconds = u64::from(in_process) + if has_dax { u64::from(in_dax) } else { 0 };
    Duration::from_secs(seconds)
}

fn base_url<L: Fn(&str) -> Option<String>>(read: &mut Reader<L>) -> Option<String> {
    let text = read.text("BASE_URL")?;
    let base = text.strip_suffix('/').unwrap_or(&text);
    if Origin::of(base).is_none() {
        read.mistake("BASE_URL", format_args!("is \"{text}\" instead of an http or https URL"));
    }
    Some(base.to_owned())
}

fn auth<L: Fn(&str) -> Option<String>>(read: &mut Reader<L>) -> Auth {
    match read.required("WRITER_AUTH").as_str() {
        "AWS_IAM" => Auth::AwsIam,
        "JWT" => Auth::Jwt,
        "API_KEY" => Auth::ApiKey { table: read.required("KEYS_TABLE") },
        // Unset is noted already.
        "NONE" | "" => Auth::None,
        other => {
            let expected = "API_KEY, AWS_IAM, JWT or NONE";
            read.mistake("WRITER_AUTH", format_args!("is \"{other}\" instead of {expected}"));
            Auth::None
        }
    }
}

fn scheme<L: Fn(&str) -> Option<String>>(read: &mut Reader<L>) -> SlugScheme {
    let is_keyed = read.choice("SLUG_SCHEME", true, "keyed or seed", |value| match value {
        "keyed" => Some(true),
        "seed" => Some(false),
        _ => None,
    });
    if !is_keyed {
        return SlugScheme::Seed;
    }
    let secret = read.required("SLUG_SECRET");
    match SlugSecret::new(secret.as_bytes()) {
        Ok(secret) => SlugScheme::Keyed(secret),
        Err(error) => {
            if !secret.is_empty() {
                read.mistake("SLUG_SECRET", format_args!("is too short: {error}"));
            }
            // Never used: with a mistake noted, there are no settings to use.
            SlugScheme::Seed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef";

    fn config(variables: &[(&str, &str)]) -> Result<Config, SettingsError> {
        Config::from_vars(|name| {
            let set = variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
            set.or_else(|| name.starts_with("AWS_").then(|| "x".to_owned()))
        })
    }

    #[test]
    fn a_complete_set_is_read() {
        let required = [("DDB_TABLE", "t"), ("SLUG_SECRET", SECRET), ("WRITER_AUTH", "NONE")];
        let config = config(&[&required[..], &[("BASE_URL", "https://s.example/")]].concat()).unwrap();
        assert_eq!(config.base_url.as_deref(), Some("https://s.example"));
        assert!(matches!(config.scheme, SlugScheme::Keyed(_)));
        assert_eq!((config.auth, config.allow_private_targets, config.page), (Auth::None, false, true));
        assert_eq!(config.visible_within.as_secs(), 10);
        let with_dax = [("DAX_ENDPOINT", "dax://localhost:8111"), ("DAX_RECORD_TTL_SECONDS", "5")];
        let with_dax = self::config(&[&required[..], &with_dax].concat()).unwrap();
        assert_eq!(with_dax.visible_within.as_secs(), 15);
    }

    #[test]
    fn the_seed_scheme_needs_no_secret() {
        let seed = [("DDB_TABLE", "t"), ("SLUG_SCHEME", "seed"), ("WRITER_AUTH", "JWT")];
        assert!(matches!(config(&seed).unwrap().scheme, SlugScheme::Seed));
    }

    #[test]
    fn keys_need_a_table() {
        let keyed = [("DDB_TABLE", "t"), ("SLUG_SCHEME", "seed"), ("WRITER_AUTH", "API_KEY")];
        let text = config(&keyed).unwrap_err().to_string();
        assert_eq!(text, "bad settings: KEYS_TABLE is not set");
        let complete = [&keyed[..], &[("KEYS_TABLE", "k")]].concat();
        let table = "k".to_owned();
        assert_eq!(config(&complete).unwrap().auth, Auth::ApiKey { table });
    }

    #[test]
    fn what_is_missing_or_wrong_is_named_and_the_secret_is_not_told() {
        let text = config(&[]).unwrap_err().to_string();
        for part in ["DDB_TABLE is not set", "SLUG_SECRET is not set", "WRITER_AUTH is not set"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        let wrong = [("SLUG_SECRET", "too-short"), ("WRITER_AUTH", "none"), ("BASE_URL", "s.example"), ("PAGE", "off")];
        let text = config(&wrong).unwrap_err().to_string();
        for part in
            ["SLUG_SECRET is too short", "WRITER_AUTH is \"none\"", "BASE_URL is \"s.example\"", "PAGE is \"off\""]
        {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(!text.contains("too-short"), "{text}");
    }
}
