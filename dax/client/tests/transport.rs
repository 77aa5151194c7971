//! Real sockets on loopback: TCP, and TLS with certificates made on the spot.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use dax_client::{Client, Config, Error, Refresh, TrustError};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::PrivateKeyDer;
use rustls::{HandshakeKind, ServerConfig, SupportedProtocolVersion};
use support::{World, credentials, put, read};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

fn config(endpoint: &str) -> Config {
    Config::new(endpoint).unwrap().region("us-east-1").credentials_provider(credentials("AK1"))
}

/// An error with its causes, in one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {}", with_causes(cause)))
}

/// A server for `name`, and the PEM text that a client has to trust.
fn identity(name: &str) -> (TlsAcceptor, String) {
    identity_with(name, rustls::ALL_VERSIONS)
}

fn identity_with(name: &str, versions: &[&'static SupportedProtocolVersion]) -> (TlsAcceptor, String) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed([name.to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let server = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    (TlsAcceptor::from(Arc::new(server)), cert.pem())
}

#[tokio::test]
async fn tcp() {
    let (world, address) = World::listen(None).await;
    for endpoint in [format!("dax://{address}"), address.to_string(), format!("dax://localhost:{}", address.port())] {
        let client = Client::connect(config(&endpoint)).await.unwrap();
        read(&client, "k").await.unwrap();
        client.put_item(put("k")).await.unwrap();
    }
    assert_eq!(world.writes("k"), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_calls_at_once_over_tcp() {
    let (world, address) = World::listen(None).await;
    let config = config(&format!("dax://{address}")).max_connections_per_node(8);
    let client = Client::connect(config).await.unwrap();
    let calls: Vec<_> = (0..400)
        .map(|number| {
            let client = client.clone();
            tokio::spawn(async move { read(&client, &format!("k{number}")).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    world.assert_sound();
    assert!(client.stats().nodes[0].connects <= 9);
}

#[tokio::test]
async fn tls_checks_the_discovery_host_while_connecting_to_node_addresses() {
    // The roster announces 127.0.0.1; the certificate knows only the name.
    let (acceptor, pem) = identity("localhost");
    let (world, address) = World::listen(Some(acceptor)).await;
    let endpoint = format!("daxs://localhost:{}", address.port());
    let trusting = config(&endpoint).trust_pem(pem.as_bytes()).unwrap().min_idle_per_node(2);
    let client = Client::connect(trusting).await.unwrap();
    for number in 0..20 {
        read(&client, &format!("k{number}")).await.unwrap();
    }
    assert_eq!(world.state().nodes.len(), 1);
    assert_eq!(client.stats().nodes[0].address, address);
}

#[tokio::test]
async fn idle_tls_connections_are_used_again_although_session_tickets_arrived_meanwhile() {
    let (acceptor, pem) = identity("localhost");
    let (world, address) = World::listen(Some(acceptor)).await;
    let lazy = config(&format!("daxs://localhost:{}", address.port()))
        .trust_pem(pem.as_bytes())
        .unwrap()
        .refresh(Refresh::OnUse(Duration::from_secs(60)));
    let client = Client::connect(lazy).await.unwrap();
    for _ in 0..5 {
        read(&client, "k").await.unwrap();
    }
    assert_eq!(world.state().nodes[&address].connects, 1);
}

/// Calls of a client that keeps no connection for the next one.
async fn reads(config: Config, calls: usize) {
    let config = config.refresh(Refresh::OnUse(Duration::from_secs(60))).idle_timeout(Duration::ZERO);
    let client = Client::connect(config).await.unwrap();
    for _ in 0..calls {
        read(&client, "k").await.unwrap();
    }
}

#[tokio::test]
async fn a_new_connection_resumes_a_session_of_the_same_node() {
    use HandshakeKind::{Full, Resumed};
    for versions in [&[&rustls::version::TLS13], &[&rustls::version::TLS12]] {
        let (acceptor, pem) = identity_with("localhost", versions);
        let (world, address) = World::listen(Some(acceptor)).await;
        let config = || config(&format!("daxs://localhost:{}", address.port())).trust_pem(pem.as_bytes()).unwrap();
        reads(config(), 4).await;
        assert_eq!(world.state().tls, [Full, Resumed, Resumed, Resumed, Resumed], "{versions:?}");
        // Another client knows nothing of this one's sessions.
        reads(config(), 1).await;
        assert_eq!(world.state().tls[5..], [Full, Resumed], "{versions:?}");
    }
}

#[tokio::test]
async fn sessions_are_kept_apart_by_node_and_by_client() {
    let (_, other_pem) = identity("localhost");
    // Each node has its own certificate and knows its own sessions only.
    let (first, first_pem) = identity("localhost");
    let (second, second_pem) = identity("localhost");
    let (world, leader) = World::listen(Some(first)).await;
    let (_, follower) = world.listen_too(Some(second)).await;
    let endpoint = format!("daxs://localhost:{}", leader.port());
    let trusting = |pem: &str| config(&endpoint).trust_pem(pem.as_bytes()).unwrap();
    reads(trusting(&format!("{first_pem}{second_pem}")).seed(1), 20).await;
    for node in [leader, follower] {
        assert!(world.state().nodes[&node].connects > 3, "both nodes are asked");
    }
    let full = world.state().tls.iter().filter(|kind| **kind == HandshakeKind::Full).count();
    assert_eq!(full, 2, "one for each node: {:?}", world.state().tls);

    // What another client was shown proves nothing to one that trusts others, or expects another name.
    for config in [trusting(&other_pem), trusting(&first_pem).server_name("other.test")] {
        let error = Client::connect(config).await.unwrap_err();
        assert!(matches!(error, Error::Tls { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_refused_certificate_says_how_to_trust_it() {
    let name = "c.l6fzcv.dax-clusters.us-east-1.amazonaws.com";
    let (acceptor, pem) = identity(name);
    let (_world, address) = World::listen(Some(acceptor)).await;
    let tunnel = || config(&format!("daxs://localhost:{}", address.port())).server_name(name);
    let (_, other_pem) = identity(name);
    let check = async |config: Config, expected: &[&str]| {
        let error = Client::connect(config).await.unwrap_err();
        let Error::Tls { source, .. } = &error else { panic!("{error:?}") };
        for part in expected {
            assert!(source.to_string().contains(part), "{source}");
        }
        assert!(with_causes(&error).contains(": invalid peer certificate: "), "{}", with_causes(&error));
    };
    check(tunnel(), &["Amazon", "Config::trust_platform", "Config::trust_pem"]).await;
    check(tunnel().trust_pem(other_pem.as_bytes()).unwrap(), &["none of the authorities"]).await;
    check(tunnel().trust_platform(), &["platform's store", "Config::trust_pem"]).await;
    reads(tunnel().trust_platform().trust_pem(pem.as_bytes()).unwrap(), 1).await;
}

#[tokio::test]
async fn tls_refuses_other_names_and_unknown_issuers() {
    let (_, other_pem) = identity("localhost");
    for (name, trust_server) in [("other.test", true), ("localhost", false)] {
        let (acceptor, pem) = identity(name);
        let (_world, address) = World::listen(Some(acceptor)).await;
        let trusted = if trust_server { &pem } else { &other_pem };
        let config = config(&format!("daxs://localhost:{}", address.port())).trust_pem(trusted.as_bytes()).unwrap();
        let error = Client::connect(config).await.unwrap_err();
        assert!(matches!(&error, Error::Tls { server_name, .. } if server_name == "localhost"), "{name}: {error:?}");
    }
}

#[tokio::test]
async fn tls_to_a_plain_port_is_an_error_and_no_hang() {
    let (_world, address) = World::listen(None).await;
    let (_, pem) = identity("localhost");
    let config = config(&format!("daxs://localhost:{}", address.port())).trust_pem(pem.as_bytes()).unwrap();
    let error = Client::connect(config).await.unwrap_err();
    assert!(error.is_io(), "{error:?}");

    // A real node reads what it does not understand, and closes.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let closing = tokio::spawn(async move {
        let (mut stream, _peer) = listener.accept().await.unwrap();
        stream.read_u8().await.unwrap();
        stream.shutdown().await.unwrap();
        while stream.read(&mut [0; 1024]).await.is_ok_and(|read| read > 0) {}
    });
    let config = self::config(&format!("daxs://localhost:{}", address.port())).trust_pem(pem.as_bytes()).unwrap();
    let error = Client::connect(config).await.unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("needs dax://"), "{cause}");
    closing.await.unwrap();
}

#[tokio::test]
async fn a_plain_connection_to_a_tls_port_says_so() {
    let (acceptor, _) = identity("localhost");
    let (_world, address) = World::listen(Some(acceptor)).await;
    let error = Client::connect(config(&format!("dax://{address}"))).await.unwrap_err();
    assert!(matches!(&error, Error::Malformed { .. }) && error.to_string().contains("needs daxs://"), "{error:?}");
}

#[tokio::test]
async fn a_tunnel_end_is_checked_for_the_configured_name() {
    let (acceptor, pem) = identity("my-cluster.test");
    let (_world, address) = World::listen(Some(acceptor)).await;
    let tunnel = || config(&format!("daxs://localhost:{}", address.port())).trust_pem(pem.as_bytes()).unwrap();
    read(&Client::connect(tunnel().server_name("my-cluster.test")).await.unwrap(), "k").await.unwrap();
    let error = Client::connect(tunnel().server_name("other.test")).await.unwrap_err();
    assert!(matches!(&error, Error::Tls { server_name, .. } if server_name == "other.test"), "{error:?}");
}

#[tokio::test]
async fn the_cryptography_is_the_one_that_was_chosen() {
    let (acceptor, pem) = identity("localhost");
    let (_world, address) = World::listen(Some(acceptor)).await;
    let config = || config(&format!("daxs://localhost:{}", address.port())).trust_pem(pem.as_bytes()).unwrap();
    let whole = rustls::crypto::ring::default_provider();
    let empty = rustls::crypto::CryptoProvider { cipher_suites: Vec::new(), ..whole.clone() };
    read(&Client::connect(config().crypto_provider(whole)).await.unwrap(), "k").await.unwrap();
    Client::connect(config().crypto_provider(empty)).await.unwrap_err();
}

#[test]
fn text_without_a_certificate_is_not_trusted() {
    let config = Config::new("daxs://localhost").unwrap();
    assert!(matches!(config.trust_pem(b"no PEM here"), Err(TrustError::Empty)));
}
