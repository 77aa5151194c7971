//! The product's own settings.

use clap::ValueEnum;

/// The settings that become variables of the functions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Choices {
    pub(crate) slug_scheme: SlugScheme,
    pub(crate) auth: Auth,
    pub(crate) clicks: Clicks,
}

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

/// How clicks are counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
#[non_exhaustive]
pub enum Clicks {
    /// Through a stream, exactly.
    #[default]
    Stream,
    /// Without a stream; what is delivered again after a failure counts twice.
    Direct,
    /// Not at all.
    None,
}

impl Clicks {
    /// The value of `Clicks` in the template and of `CLICKS` in the functions.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Direct => "direct",
            Self::None => "none",
        }
    }
}
