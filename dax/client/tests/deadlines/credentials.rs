//! A credentials provider that is slow, fails or never answers is no node's fault, and harms no call while the last
//! credentials are valid.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use aws_smithy_async::time::TimeSource;
use dax_client::{Client, Config, Error};
use tokio::time::Instant;

use crate::support::{self, World};
use crate::{GRACE, REFRESHES, TOTAL, config, longest};

/// Wall-clock time that goes with the paused clock.
#[derive(Debug)]
pub(crate) struct WallClock;

impl TimeSource for WallClock {
    fn now(&self) -> SystemTime {
        thread_local!(static START: (SystemTime, Instant) = (SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000), Instant::now()));
        START.with(|(wall, start)| *wall + start.elapsed())
    }
}

/// Hands out credentials as it is told.
#[derive(Clone, Debug)]
pub(crate) struct Provider(Arc<Mutex<Ways>>);

#[derive(Debug)]
struct Ways {
    expiry: Option<SystemTime>,
    now: Way,
    asked: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Answers,
    Fails,
    Hangs,
}

impl Provider {
    /// The provider, and a handle to the same.
    pub(crate) fn new() -> (Self, Self) {
        let provider = Self(Arc::new(Mutex::new(Ways { expiry: None, now: Way::Answers, asked: 0 })));
        (provider.clone(), provider)
    }

    /// From now on it never answers.
    pub(crate) fn hang(&self) {
        self.become_(Way::Hangs);
    }

    /// What it hands out next expires so many seconds from now.
    pub(crate) fn live(&self, seconds: u64) {
        self.0.lock().unwrap().expiry = Some(WallClock.now() + Duration::from_secs(seconds));
    }

    fn become_(&self, way: Way) {
        self.0.lock().unwrap().now = way;
    }

    fn asked(&self) -> usize {
        self.0.lock().unwrap().asked
    }
}

impl ProvideCredentials for Provider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let mut ways = self.0.lock().unwrap();
        ways.asked += 1;
        let credentials = Credentials::new(format!("AK{}", ways.asked), "secret", None, ways.expiry, "test");
        match ways.now {
            Way::Answers => future::ProvideCredentials::ready(Ok(credentials)),
            Way::Fails => future::ProvideCredentials::ready(Err(CredentialsError::not_loaded("STS is down"))),
            Way::Hangs => future::ProvideCredentials::new(std::future::pending()),
        }
    }
}

fn provided(world: &World, provider: Provider) -> Config {
    config(world, REFRESHES[0]).credentials_provider(provider).time_source(WallClock)
}

#[tokio::test(start_paused = true)]
async fn valid_credentials_are_used_while_the_provider_hangs_or_fails() {
    for way in [Way::Hangs, Way::Fails] {
        for callers in [1, 200] {
            let world = World::new(1);
            let (provider, handle) = Provider::new();
            handle.live(200);
            let client = Client::connect(provided(&world, provider)).await.unwrap();
            handle.become_(way);
            // New connections, all of which want a proof, for as long as the credentials are valid.
            for _ in 0..5 {
                tokio::time::sleep(Duration::from_secs(30)).await;
                world.close_idle(1);
                support::settle().await;
                let (took, outcome) = longest(&client, callers).await;
                outcome.unwrap_or_else(|error| panic!("{way:?}, {callers} callers: {error}"));
                assert!(took <= GRACE, "{way:?}, {callers} callers: {took:?}");
            }
            let node = &client.stats().nodes[0];
            assert!(node.routed && node.io_errors == 0, "{way:?}, {callers} callers: {node:?}");
            assert!((2..20).contains(&handle.asked()), "{way:?}, {callers} callers: asked {} times", handle.asked());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn new_credentials_are_fetched_ahead_and_used_when_they_come() {
    let world = World::new(1);
    let (provider, handle) = Provider::new();
    handle.live(200);
    let client = Client::connect(provided(&world, provider)).await.unwrap();
    handle.live(3600);
    for _ in 0..2 {
        // The first call of this loop uses the first credentials and has the next ones fetched.
        tokio::time::sleep(Duration::from_secs(20)).await;
        world.close_idle(1);
        support::settle().await;
        support::read(&client, "k").await.unwrap();
    }
    assert_eq!(world.authorizations().last().map(String::as_str), Some("AK2"));
    assert_eq!(handle.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn without_credentials_the_error_says_so_and_blames_no_node() {
    for way in [Way::Hangs, Way::Fails] {
        for callers in [1, 200] {
            let world = World::new(3);
            let (provider, handle) = Provider::new();
            handle.live(0);
            let client = Client::connect(provided(&world, provider)).await.unwrap();
            handle.become_(way);
            for last in 1..=3 {
                world.close_idle(last);
            }
            support::settle().await;
            for _ in 0..3 {
                let start = Instant::now();
                let (took, outcome) = longest(&client, callers).await;
                assert!(took <= TOTAL + GRACE, "{way:?}, {callers} callers: {took:?}");
                assert!(matches!(outcome, Err(Error::Credentials { .. })), "{way:?}, {callers} callers: {outcome:?}");
                assert!(start.elapsed() <= TOTAL + GRACE);
            }
            for node in client.stats().nodes {
                assert!(node.routed && node.io_errors == 0, "{way:?}, {callers} callers: {node:?}");
            }
            handle.live(3600);
            handle.become_(Way::Answers);
            tokio::time::sleep(Duration::from_secs(20)).await;
            support::read(&client, "k").await.unwrap();
        }
    }
}
