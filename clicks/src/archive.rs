//! The archive: every counted click as a line of JSON in a bucket, for whoever wants to ask what the counters do not answer.
//!
//! A file is named by its day and by what it was made from, so whatever is done twice overwrites itself or, if the stream was
//! cut differently, repeats clicks that have the same `id`.

use std::{error::Error, time::Duration};

use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Region, RequestChecksumCalculation, retry::RetryConfig, timeout::TimeoutConfig},
    primitives::ByteStream,
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

use crate::{
    batch::{
        Batch,
        lines::{File, Lines},
    },
    config::ArchiveSettings,
};

/// Longest wait for one attempt to store a file.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest wait for a file to be stored.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(40);

/// A bucket.
#[derive(Debug)]
pub struct Archive {
    client: Client,
    bucket: String,
}

/// The bucket did not take a file.
#[derive(Debug, thiserror::Error)]
#[error("the archive did not take {key}")]
pub struct ArchiveError {
    /// The file's name.
    pub key: String,
    source: Box<dyn Error + Send + Sync>,
}

impl Archive {
    /// The bucket of the settings. Nothing is sent yet.
    pub fn new(settings: &ArchiveSettings) -> Self {
        let http = aws_smithy_http_client::Builder::new();
        let http = match &settings.endpoint_url {
            // No TLS for an emulator.
            Some(url) if url.starts_with("http://") => http.build_http(),
            _ => http.tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https(),
        };
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .operation_timeout(OPERATION_TIMEOUT)
            .build();
        let mut config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(settings.region.clone()))
            .credentials_provider(settings.credentials.clone())
            .http_client(http)
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard().with_max_attempts(4))
            // A gzip file carries its checksum, and a body without a trailer is one that any server takes.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            // An emulator on one address cannot tell buckets by host name.
            .force_path_style(settings.endpoint_url.is_some());
        config.set_endpoint_url(settings.endpoint_url.clone());
        Self { client: Client::from_conf(config.build()), bucket: settings.bucket.clone() }
    }

    /// Stores the clicks of a batch of that shard, or of a message that came without a stream.
    ///
    /// # Errors
    /// [`ArchiveError`]; some files may have been stored.
    pub(crate) async fn store(&self, lines: Lines, shard: Option<u64>, batch: &Batch) -> Result<(), ArchiveError> {
        for file in lines.finish() {
            self.put(key(&file, shard, batch), file.content).await?;
        }
        Ok(())
    }

    async fn put(&self, key: String, content: Vec<u8>) -> Result<(), ArchiveError> {
        let request = self.client.put_object().bucket(&self.bucket).key(&key).content_type("application/gzip");
        let stored = Box::pin(request.body(ByteStream::from(content)).send()).await;
        stored.map(drop).map_err(|error| ArchiveError { key, source: Box::new(error) })
    }
}

/// The name of a file: `day=2026-11-26/shard-0-4959…-4959….jsonl.gz`, from the first record of the batch to the last.
fn key(file: &File, shard: Option<u64>, batch: &Batch) -> String {
    let day = file.day;
    match (shard, batch.sequences.first(), batch.sequences.last()) {
        (Some(shard), Some(first), Some(last)) => format!("day={day}/shard-{shard}-{first}-{last}.jsonl.gz"),
        _ => format!("day={day}/message-{}-{:08x}.jsonl.gz", batch.first_event, file.checksum()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_by_what_it_was_made_from() {
        let file = File { day: "2026-11-26".parse().unwrap(), content: vec![1] };
        let mut batch = Batch { first_event: "38".to_owned(), ..Batch::default() };
        assert_eq!(key(&file, None, &batch), "day=2026-11-26/message-38-a505df1b.jsonl.gz");
        batch.sequences = ["5", "6", "9"].map(|text| text.parse().unwrap()).to_vec();
        assert_eq!(key(&file, Some(3), &batch), "day=2026-11-26/shard-3-5-9.jsonl.gz");
    }
}
