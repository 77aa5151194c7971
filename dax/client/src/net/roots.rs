//! The certificate authorities of AWS.

use rustls::pki_types::{Der, TrustAnchor};

/// The root certificates of [Amazon Trust Services](https://www.amazontrust.com/repository/), in DER.
///
/// They are Amazon Root CA 1 to 4, and Starfield Services Root CA G2, which signed them for stores that are older than they
/// are. All certificates of AWS's endpoints chain to one of them, and Amazon asks those who keep a trust store to have all
/// five. The first one expires at the end of 2037.
pub const AMAZON_ROOTS: [&[u8]; 5] = [
    include_bytes!("roots/amazon-root-ca-1.der"),
    include_bytes!("roots/amazon-root-ca-2.der"),
    include_bytes!("roots/amazon-root-ca-3.der"),
    include_bytes!("roots/amazon-root-ca-4.der"),
    include_bytes!("roots/starfield-services-root-g2.der"),
];

/// What of them is trusted: name and key, found while compiling.
pub(crate) const AMAZON_ANCHORS: [TrustAnchor<'static>; 5] = {
    let [first, second, third, fourth, starfield] = AMAZON_ROOTS;
    [anchor(first), anchor(second), anchor(third), anchor(fourth), anchor(starfield)]
};

/// Name and key of a certificate without name constraints.
const fn anchor(certificate: &'static [u8]) -> TrustAnchor<'static> {
    let (signed, _algorithm_and_signature) = element(element(certificate).0);
    let (_version, rest) = element(signed);
    let (_serial, rest) = element(rest);
    let (_algorithm, rest) = element(rest);
    let (_issuer, rest) = element(rest);
    let (_validity, rest) = element(rest);
    let (subject, rest) = element(rest);
    let (key, _extensions) = element(rest);
    TrustAnchor {
        subject: Der::from_slice(subject),
        subject_public_key_info: Der::from_slice(key),
        name_constraints: None,
    }
}

/// The value of the first element, and what follows it.
const fn element(der: &'static [u8]) -> (&'static [u8], &'static [u8]) {
    match der {
        [_tag, length @ ..=0x7f, rest @ ..] => rest.split_at(*length as usize),
        [_tag, 0x81, length, rest @ ..] => rest.split_at(*length as usize),
        [_tag, 0x82, high, low, rest @ ..] => rest.split_at(u16::from_be_bytes([*high, *low]) as usize),
        #[expect(clippy::panic, reason = "an error of the compiler: it is evaluated for constants only")]
        _ => panic!("no DER element"),
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;
    use rustls::RootCertStore;
    use rustls::pki_types::CertificateDer;
    use sha2::{Digest as _, Sha256};

    use super::*;

    /// As Amazon Trust Services publishes them.
    const FINGERPRINTS: [&str; 5] = [
        "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
        "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
        "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
        "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
        "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
    ];

    #[test]
    fn the_certificates_are_those_that_amazon_publishes() {
        for (certificate, expected) in AMAZON_ROOTS.iter().zip(FINGERPRINTS) {
            assert_eq!(HEXLOWER.encode(&Sha256::digest(certificate)), expected);
        }
    }

    #[test]
    fn the_anchors_are_those_that_rustls_finds_in_the_certificates() {
        let mut parsed = RootCertStore::empty();
        for certificate in AMAZON_ROOTS {
            parsed.add(CertificateDer::from_slice(certificate)).unwrap();
        }
        assert_eq!(parsed.roots, AMAZON_ANCHORS);
    }
}
