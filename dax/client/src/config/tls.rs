//! Settings of `daxs://` connections.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::Config;
use crate::Endpoint;

/// What TLS is set up with.
#[derive(Clone, Debug, Default)]
pub(crate) struct TlsSettings {
    /// Certificates of authorities to trust instead of the default.
    pub(crate) roots: Vec<CertificateDer<'static>>,
    /// Whether to trust the platform's store, whatever the name.
    pub(crate) platform: bool,
    /// The name in certificates, if it is not the endpoint's.
    server_name: Option<String>,
    pub(crate) crypto: Option<Arc<CryptoProvider>>,
}

impl Config {
    /// Trusts the certificates in this PEM text, and only them unless [`trust_platform`](Self::trust_platform) is called as
    /// well. Can be called repeatedly. It replaces the default, which is Amazon's own authorities
    /// ([`AMAZON_ROOTS`](crate::AMAZON_ROOTS), built in) for names that end in `.amazonaws.com`, and the platform's store for
    /// all others.
    ///
    /// # Errors
    /// If the text contains no certificate, or a malformed one.
    pub fn trust_pem(mut self, pem: &[u8]) -> Result<Self, TrustError> {
        let found: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(TrustError::Pem)?;
        if found.is_empty() {
            return Err(TrustError::Empty);
        }
        self.tls.roots.extend(found);
        Ok(self)
    }

    /// Trusts the platform's store for names of AWS too, and what [`trust_pem`](Self::trust_pem) adds: for a proxy that puts
    /// the certificates of a company in place of Amazon's. Reading the store takes milliseconds, at the first connection;
    /// on Linux `SSL_CERT_FILE` and `SSL_CERT_DIR` say where it is.
    pub fn trust_platform(mut self) -> Self {
        self.tls.platform = true;
        self
    }

    /// The name that certificates of `daxs://` nodes have to bear, instead of the endpoint's host name: for tunnels, whose
    /// endpoint is `localhost`, and aliases. It holds for the endpoint and for all nodes; nothing else about certificates
    /// changes. Without meaning for `dax://`.
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.tls.server_name = Some(name.into());
        self
    }

    /// The cryptography of TLS connections, for example rustls' `aws_lc_rs::default_provider()`. Unset, it is the
    /// [default of the process](CryptoProvider::install_default) if there is one, else ring (feature `ring`).
    pub fn crypto_provider(mut self, provider: impl Into<Arc<CryptoProvider>>) -> Self {
        self.tls.crypto = Some(provider.into());
        self
    }

    /// The name that certificates have to bear.
    pub(crate) fn certified_name(&self) -> &str {
        let host = || self.endpoints.first().map_or("", Endpoint::host);
        self.tls.server_name.as_deref().unwrap_or_else(host)
    }
}

/// Text that holds no usable certificate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// No certificate was found.
    #[error("the text contains no PEM certificate")]
    Empty,
    /// A certificate is malformed.
    #[error("the text is not valid PEM")]
    Pem(#[source] rustls::pki_types::pem::Error),
}
