//! Proofs of identity: renewed, refused, and asked for again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_credential_types::provider::{ProvideCredentials, future};
use dax_client::{Client, Exception};
use dax_protocol::Method;

use crate::support::{Act, World, address, credentials, get, read, wire};
use crate::{QUIET, once, quiet_client};

#[tokio::test(start_paused = true)]
async fn expired_authorisation_is_renewed_on_the_same_connection_without_notice() {
    let world = World::new(1);
    let client = quiet_client(&world).await;
    once(&world, Method::GetItem, Act::Say(wire::error(&[4, 23, 31, 33], "Connection requires authentication")));
    read(&client, "k").await.unwrap();
    assert_eq!(world.authorizations(), ["AK1", "AK1"]);
    assert_eq!(world.state().nodes[&address(1)].connects, 1);
}

#[tokio::test(start_paused = true)]
async fn refused_authorisation_is_reported_after_one_more_try() {
    let world = World::new(1);
    let client = quiet_client(&world).await;
    world.script(|exchange| {
        if exchange.method == Method::GetItem { Act::Say(wire::error(&[4, 23, 31, 33], "no")) } else { Act::Answer }
    });
    let error = client.get_item(get("k")).await.unwrap_err();
    assert_eq!(error.exception(), Some(Exception::Authentication), "{error}");
    assert_eq!(world.authorizations(), ["AK1", "AK1"]);
}

#[tokio::test(start_paused = true)]
async fn authorisation_is_renewed_before_it_is_five_minutes_old() {
    let world = World::new(1);
    let config = world.config().refresh(QUIET).idle_timeout(Duration::from_secs(3600));
    let client = Client::connect(config).await.unwrap();
    for (passed, authorizations) in [(224, 1), (2, 2), (224, 2), (2, 3)] {
        tokio::time::sleep(Duration::from_secs(passed)).await;
        read(&client, "k").await.unwrap();
        assert_eq!(world.authorizations().len(), authorizations);
    }
}

/// Hands out a new key each time it is asked; all are expired soon, by the wall clock.
#[derive(Debug)]
struct Rotating(Arc<AtomicUsize>);

impl ProvideCredentials for Rotating {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let number = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        future::ProvideCredentials::ready(Ok(credentials(&format!("ROT{number}"))))
    }
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_are_asked_for_again_and_other_connections_follow() {
    let world = World::new(1);
    let provider = Rotating(Arc::default());
    let client = Client::connect(world.config().refresh(QUIET).credentials_provider(provider)).await.unwrap();
    world.script(|exchange| {
        let refused = exchange.method == Method::GetItem && exchange.authorized_by.as_deref() == Some("ROT1");
        if refused { Act::Say(wire::error(&[4, 23, 31, 33], "expired")) } else { Act::Answer }
    });
    read(&client, "k").await.unwrap();
    assert_eq!(world.authorizations(), ["ROT1", "ROT2"]);
}
