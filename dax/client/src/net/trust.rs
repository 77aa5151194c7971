//! Whose certificates are accepted.

use std::{error, fmt, io};

use rustls::pki_types::CertificateDer;
use rustls::{CertificateError, RootCertStore};

use super::roots::AMAZON_ANCHORS;
use crate::config::TlsSettings;

/// The domain of AWS's endpoints, all of whose certificates are from Amazon's own authorities. Other partitions have
/// others, such as `amazonaws.com.cn`.
const AWS_DOMAIN: &str = ".amazonaws.com";

/// The authorities that may have issued a node's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Amazon's.
    Amazon,
    /// Those of the platform's store, and further ones.
    Platform(Vec<CertificateDer<'static>>),
    /// These only.
    These(Vec<CertificateDer<'static>>),
}

impl Trust {
    /// What is trusted for nodes that bear this name.
    pub(crate) fn new(settings: &TlsSettings, name: &str) -> Self {
        let of_aws = || name.to_ascii_lowercase().ends_with(AWS_DOMAIN);
        match settings {
            TlsSettings { platform: true, roots, .. } => Self::Platform(roots.clone()),
            TlsSettings { roots, .. } if !roots.is_empty() => Self::These(roots.clone()),
            _ if of_aws() => Self::Amazon,
            _ => Self::Platform(Vec::new()),
        }
    }

    /// The anchors. Nothing is parsed for Amazon's; the platform's are read from its files.
    pub(crate) fn store(&self) -> io::Result<RootCertStore> {
        let (mut store, further) = match self {
            Self::Amazon => return Ok(RootCertStore { roots: AMAZON_ANCHORS.to_vec() }),
            Self::Platform(further) => (platform(further.is_empty())?, further),
            Self::These(these) => (RootCertStore::empty(), these),
        };
        for certificate in further {
            store.add(certificate.clone()).map_err(io::Error::other)?;
        }
        Ok(store)
    }

    /// Adds to a refusal for an unknown authority whom the client knows, and how to change that.
    pub(crate) fn explain(&self, failure: io::Error) -> io::Error {
        let Some(refused) = failure.get_ref().and_then(|inner| inner.downcast_ref()).filter(|error| is_unknown(error))
        else {
            return failure;
        };
        let hint = match self {
            Self::Amazon => BY_AMAZON,
            Self::Platform(_) => BY_PLATFORM,
            Self::These(_) => BY_THESE,
        };
        io::Error::new(failure.kind(), Untrusted { hint, source: refused.clone() })
    }
}

/// Whether nobody who is trusted has signed the certificate. A signature is bad if somebody else of the same name has: an
/// earlier run of a local cluster, for example.
fn is_unknown(error: &rustls::Error) -> bool {
    use CertificateError::{BadSignature, UnknownIssuer};
    matches!(error, rustls::Error::InvalidCertificate(UnknownIssuer | BadSignature))
}

const BY_AMAZON: &str = "its certificate is not from Amazon's authorities, which alone are trusted for names of AWS; \
                         Config::trust_platform and Config::trust_pem trust others";
const BY_PLATFORM: &str =
    "its certificate is from no authority of the platform's store; Config::trust_pem trusts others";
const BY_THESE: &str = "its certificate is from none of the authorities that Config::trust_pem was given";

/// The platform's store. An empty one is an error if it is all there is.
fn platform(alone: bool) -> io::Result<RootCertStore> {
    let mut store = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (added, _ignored) = store.add_parsable_certificates(found.certs);
    if added == 0 && alone {
        let reason = found.errors.first().map_or_else(String::new, |error| format!(": {error}"));
        return Err(io::Error::other(format!("the platform's trust store has no usable certificate{reason}")));
    }
    Ok(store)
}

/// A certificate of an authority that is not trusted.
#[derive(Debug)]
pub(crate) struct Untrusted {
    hint: &'static str,
    source: rustls::Error,
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.hint)
    }
}

impl error::Error for Untrusted {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        Some(&self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_aws_need_a_certificate_of_amazon() {
        let settings = TlsSettings::default();
        let check =
            |name: &str, amazon: bool| assert_eq!(Trust::new(&settings, name) == Trust::Amazon, amazon, "{name}");
        check("my-cluster.l6fzcv.dax-clusters.us-east-1.amazonaws.com", true);
        check("MY-CLUSTER.l6fzcv.dax-clusters.US-EAST-1.AmazonAWS.com", true);
        check("my-cluster.l6fzcv.dax-clusters.cn-north-1.amazonaws.com.cn", false);
        check("amazonaws.com.example.com", false);
        check("notamazonaws.com", false);
        check("localhost", false);
        check("10.0.0.1", false);
    }

    #[test]
    fn what_the_program_trusts_replaces_the_default() {
        let root = || CertificateDer::from_slice(crate::AMAZON_ROOTS[0]);
        let check = |roots: Vec<CertificateDer<'static>>, platform: bool, expected: Trust| {
            let mut settings = TlsSettings::default();
            (settings.roots, settings.platform) = (roots, platform);
            assert_eq!(Trust::new(&settings, "c.x.dax-clusters.us-east-1.amazonaws.com"), expected);
        };
        check(vec![], false, Trust::Amazon);
        check(vec![root()], false, Trust::These(vec![root()]));
        check(vec![], true, Trust::Platform(vec![]));
        check(vec![root()], true, Trust::Platform(vec![root()]));
    }

    #[test]
    fn amazons_anchors_are_five() {
        assert_eq!(Trust::Amazon.store().unwrap().len(), 5);
    }

    #[test]
    fn only_an_unknown_authority_is_explained() {
        let check = |trust: Trust, error: CertificateError, expected: Option<&str>| {
            let failure = io::Error::new(io::ErrorKind::InvalidData, rustls::Error::InvalidCertificate(error));
            let explained = trust.explain(failure);
            let hint = explained.get_ref().and_then(|inner| inner.downcast_ref::<Untrusted>()).map(|inner| inner.hint);
            assert_eq!(hint, expected, "{trust:?}");
        };
        check(Trust::Amazon, CertificateError::UnknownIssuer, Some(BY_AMAZON));
        check(Trust::Platform(Vec::new()), CertificateError::UnknownIssuer, Some(BY_PLATFORM));
        check(Trust::These(Vec::new()), CertificateError::UnknownIssuer, Some(BY_THESE));
        check(Trust::These(Vec::new()), CertificateError::BadSignature, Some(BY_THESE));
        check(Trust::Amazon, CertificateError::Expired, None);
    }
}
