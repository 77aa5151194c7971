//! The product's own settings.

use clap::ValueEnum;

/// How slugs are derived.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
#[non_exhaustive]
pub enum SlugScheme {
    /// HMAC under the stack's secret: outsiders cannot compute them.
    #[default]
    Keyed,
    /// The algorithm of the AWS sample: MD5 of the URL.
    #[value(alias = "seed")]
    AwsSample,
}

/// Who may create links.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
#[non_exhaustive]
pub enum Auth {
    /// Anyone who can reach the loopback interface.
    #[default]
    None,
    /// Holders of an API key.
    ApiKey,
}
