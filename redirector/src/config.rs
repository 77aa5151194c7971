//! What the operator can set.

use std::time::Duration;

use function::{
    AbuseContact, ClickSettings, OriginSecret,
    log::Level,
    settings::{Reader, SettingsError},
};
use links::{DaxSettings, DynamoDbSettings, RedirectStatus};

/// Most bytes of the in-process cache, whatever the number of its entries: URLs may be long, and the smallest function
/// has 128 MB.
const CACHE_BYTES: usize = 32 << 20;

/// Longest wait for one response of DAX by default: it responds within a few milliseconds, and past this the table can
/// still be asked.
const DAX_TIMEOUT: Duration = Duration::from_millis(100);

/// The redirector's settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// The table.
    pub dynamodb: DynamoDbSettings,
    /// The DAX cluster in front of it, if any. `DAX_TIMEOUT_MS` is 100 by default.
    pub dax: Option<DaxSettings>,
    /// `DEFAULT_REDIRECT`: status of links that set none. Default 301.
    pub default_redirect: RedirectStatus,
    /// `CACHE_ENTRIES`: most links kept in process. Default 10,000; 0 keeps none.
    pub cache_entries: usize,
    /// Most bytes kept in process: 32 MiB.
    pub cache_bytes: usize,
    /// `CACHE_TTL_SECONDS`: how long a link kept in process counts as current. Default 10 s.
    pub cache_ttl: Duration,
    /// `CLICKS` and `CLICKS_TABLE`: whether clicks are counted. If they are, their log lines say more, and are written
    /// whatever `log_level` is: they are what is counted.
    pub clicks: Option<ClickSettings>,
    /// `LOG_LEVEL`: `info` (default) logs every request, `warn` and `error` only failures, `off` nothing.
    pub log_level: Level,
    /// `ABUSE_CONTACT`: where visitors report abuse. Named by pages of blocked links, by previews and by `security.txt`, which
    /// does not exist without it.
    pub abuse_contact: Option<AbuseContact>,
    /// `ORIGIN_SECRET`: what CloudFront adds to every request. Requests without it are refused. Unset, all are taken, and
    /// what CloudFront's headers say about visitors is not believed.
    pub origin_secret: Option<OriginSecret>,
    /// `DEBUG_HEADERS=1`: response headers name the tier and the duration. Default off.
    pub debug_headers: bool,
}

impl Config {
    /// Parses settings from environment variables.
    ///
    /// # Errors
    /// [`SettingsError`] with every variable that is missing or wrong.
    pub fn from_vars(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut read = Reader::new(&lookup);
        let config = Self {
            dynamodb: DynamoDbSettings {
                table: read.required("DDB_TABLE"),
                endpoint_url: read.dynamodb_endpoint(),
                region: read.region(),
                credentials: read.credentials(),
                platform_trust: read.platform_trust(),
            },
            dax: read.dax(DAX_TIMEOUT).map(|(endpoint, timeout)| DaxSettings { endpoint, timeout }),
            default_redirect: read.choice(
                "DEFAULT_REDIRECT",
                RedirectStatus::MovedPermanently,
                "301, 302, 307 or 308",
                |value| value.parse().ok().and_then(RedirectStatus::from_code),
            ),
            cache_entries: read.parsed("CACHE_ENTRIES", 10_000),
            cache_bytes: CACHE_BYTES,
            cache_ttl: read.cache_ttl(),
            clicks: read.clicks(),
            log_level: read.choice("LOG_LEVEL", Level::Info, "info, warn, error or off", Level::from_name),
            abuse_contact: read.abuse_contact(),
            origin_secret: read.origin_secret(),
            debug_headers: read.flag("DEBUG_HEADERS", false),
        };
        read.finish(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLATFORM: [(&str, &str); 3] =
        [("AWS_REGION", "r"), ("AWS_ACCESS_KEY_ID", "k"), ("AWS_SECRET_ACCESS_KEY", "s")];

    fn config(variables: &[(&str, &str)]) -> Result<Config, SettingsError> {
        let all: Vec<_> = PLATFORM.iter().chain(variables).collect();
        Config::from_vars(|name| all.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
    }

    #[test]
    fn defaults_are_as_documented() {
        let config = config(&[("DDB_TABLE", "t")]).unwrap();
        assert_eq!(config.default_redirect.code(), 301);
        assert_eq!((config.cache_entries, config.cache_ttl), (10_000, Duration::from_secs(10)));
        assert_eq!((config.log_level, config.debug_headers, config.clicks), (Level::Info, false, None));
    }

    #[test]
    fn bad_values_are_named_all_at_once() {
        let wrong =
            [("DEFAULT_REDIRECT", "200"), ("CACHE_ENTRIES", "many"), ("LOG_LEVEL", "loud"), ("ORIGIN_SECRET", "guess")];
        let text = config(&wrong).unwrap_err().to_string();
        for part in [
            "DDB_TABLE is not set",
            "DEFAULT_REDIRECT is \"200\"",
            "CACHE_ENTRIES",
            "LOG_LEVEL is \"loud\"",
            "ORIGIN_SECRET has fewer than 16 bytes",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(!text.contains("guess"), "{text}");
    }
}
