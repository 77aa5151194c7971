//! A certificate for `daxs://`, made at start.

use std::{io::Write as _, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use tempfile::NamedTempFile;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

use super::config::{ClusterConfig, from_here};

/// What the nodes need to speak TLS, and what clients need to trust them.
pub(crate) struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    /// The certificate authority in PEM form; deleted with this value.
    pub(crate) authority: NamedTempFile,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("authority", &self.authority.path()).finish_non_exhaustive()
    }
}

/// The names that clients may know a cluster by.
pub(crate) fn names(config: &ClusterConfig) -> Vec<String> {
    let addresses =
        [Some(from_here(config.host)), config.advertise].into_iter().flatten().map(|address| address.to_string());
    let names = ["localhost", "*.dax.localhost"].map(str::to_owned).into_iter().chain(addresses);
    names.chain(config.allowed_hosts.iter().cloned()).collect()
}

/// Makes a certificate authority for this run, and a certificate of it for these names.
///
/// # Errors
/// If the authority's file cannot be written.
pub(crate) fn generate(names: &[String]) -> anyhow::Result<Tls> {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    authority.distinguished_name.push(DnType::CommonName, "Local DAX, of this run only");
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;

    let mut node = CertificateParams::new(names)?;
    node.distinguished_name.push(DnType::CommonName, "localhost");
    let node_key = KeyPair::generate()?;
    let node = node.signed_by(&node_key, &authority)?;

    let mut file = tempfile::Builder::new().prefix("dax-ca-").suffix(".pem").tempfile()?;
    file.write_all(authority.pem().as_bytes())?;
    file.flush()?;

    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(node_key.serialize_der()));
    let chain = vec![CertificateDer::from(node.der().to_vec())];
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok(Tls { acceptor: TlsAcceptor::from(Arc::new(config)), authority: file })
}
