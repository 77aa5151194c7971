//! What the operator can set.

use aws_credential_types::Credentials;
use function::{
    ClickDelivery,
    log::Level,
    settings::{Reader, SettingsError},
};
use links::DynamoDbSettings;

/// How long the counters of a day are kept unless `CLICKS_KEEP_DAYS` says otherwise.
const KEEP_DAYS: u32 = 400;

/// The function's settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// The table of links, `DDB_TABLE`, of which only the owners are read.
    pub dynamodb: DynamoDbSettings,
    /// `CLICKS_TABLE`: the table of counts, in the same account and region.
    pub table: String,
    /// `CLICKS`: how clicks come. Those that come by another way count too, with a warning.
    pub delivery: ClickDelivery,
    /// `CLICKS_KEEP_DAYS`: how long the counters of a day are kept. Default 400; 0 keeps them for ever.
    pub keep_days: u32,
    /// `CLICKS_ARCHIVE`: the bucket that gets every click as a line. Unset, there is none.
    pub archive: Option<ArchiveSettings>,
    /// `LOG_LEVEL`: `info` (default) logs every batch, `warn` and `error` only failures, `off` nothing, not even the metric.
    pub log_level: Level,
    /// `AWS_LAMBDA_FUNCTION_NAME`, which Lambda sets: the dimension of the metric.
    pub function_name: String,
}

/// Where the archive is, and the credentials to write to it.
#[derive(Debug, Clone)]
pub struct ArchiveSettings {
    /// The bucket.
    pub bucket: String,
    /// `AWS_ENDPOINT_URL_S3`: an endpoint other than the region's, such as an emulator's.
    pub endpoint_url: Option<String>,
    /// The bucket's region.
    pub region: String,
    /// Credentials that outlive the process.
    pub credentials: Credentials,
}

impl Config {
    /// Parses settings from environment variables.
    ///
    /// # Errors
    /// [`SettingsError`] with every variable that is missing or wrong.
    pub fn from_vars(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut read = Reader::new(&lookup);
        let dynamodb = DynamoDbSettings {
            table: read.required("DDB_TABLE"),
            endpoint_url: read.dynamodb_endpoint(),
            region: read.region(),
            credentials: read.credentials(),
            platform_trust: read.platform_trust(),
        };
        let clicks = read.clicks();
        if clicks.is_none() {
            read.mistake("CLICKS", "does not say how clicks come");
        }
        let archive = read.text("CLICKS_ARCHIVE").map(|bucket| ArchiveSettings {
            bucket,
            endpoint_url: read.text("AWS_ENDPOINT_URL_S3"),
            region: dynamodb.region.clone(),
            credentials: dynamodb.credentials.clone(),
        });
        let config = Self {
            dynamodb,
            delivery: clicks.as_ref().map_or(ClickDelivery::Stream, |clicks| clicks.delivery),
            table: clicks.map_or_else(String::new, |clicks| clicks.table),
            keep_days: read.parsed("CLICKS_KEEP_DAYS", KEEP_DAYS),
            archive,
            log_level: read.choice("LOG_LEVEL", Level::Info, "info, warn, error or off", Level::from_name),
            function_name: read.text("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_else(|| "clicks".to_owned()),
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
        let config = config(&[("DDB_TABLE", "l"), ("CLICKS", "direct"), ("CLICKS_TABLE", "c")]).unwrap();
        assert_eq!(config.delivery, ClickDelivery::Direct);
        assert_eq!((config.dynamodb.table.as_str(), config.table.as_str(), config.keep_days), ("l", "c", 400));
        assert!(config.archive.is_none() && config.log_level == Level::Info);
    }

    #[test]
    fn the_archive_is_a_bucket_in_the_same_region() {
        let tables = [("DDB_TABLE", "l"), ("CLICKS", "stream"), ("CLICKS_TABLE", "c")];
        let archive = [("CLICKS_ARCHIVE", "b"), ("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")];
        let archive = config(&[&tables[..], &archive].concat()).unwrap().archive.unwrap();
        assert_eq!((archive.bucket.as_str(), archive.region.as_str()), ("b", "r"));
        assert_eq!(archive.endpoint_url.as_deref(), Some("http://127.0.0.1:9"));
    }

    #[test]
    fn bad_values_are_named_all_at_once() {
        let wrong = [("CLICKS_KEEP_DAYS", "-1"), ("LOG_LEVEL", "loud"), ("CLICKS", "stream")];
        let text = config(&wrong).unwrap_err().to_string();
        for part in ["DDB_TABLE is not set", "CLICKS_TABLE is not set", "CLICKS_KEEP_DAYS", "LOG_LEVEL is \"loud\""] {
            assert!(text.contains(part), "{part} in {text}");
        }
        let text = config(&[("DDB_TABLE", "l"), ("CLICKS_TABLE", "c")]).unwrap_err().to_string();
        assert_eq!(text, "bad settings: CLICKS does not say how clicks come");
    }
}
