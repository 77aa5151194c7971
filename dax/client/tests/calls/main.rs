//! Single calls against scripted nodes, in virtual time: broken connections, deadlines, authorisation, retries.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]

mod authorisation;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use aws_credential_types::provider::{ProvideCredentials, future};
use dax_client::{Client, Error, Exception, Refresh, Retry, RetryPolicy};
use dax_protocol::Method;
use support::{Act, Down, Event, World, address, get, put, read, wire};
use tokio::time::Instant;

/// No background task: nothing but the calls under test.
const QUIET: Refresh = Refresh::OnUse(Duration::from_secs(3600));

/// Does `act` to the first exchange of `method` and answers all others.
fn once(world: &World, method: Method, act: Act) {
    world.script(
        move |exchange| {
            if exchange.method == method && exchange.seen == 0 { act.clone() } else { Act::Answer }
        },
    );
}

/// As [`once`], for the second exchange of `method`.
fn once_more(world: &World, method: Method, act: Act) {
    world.script(
        move |exchange| {
            if exchange.method == method && exchange.seen == 1 { act.clone() } else { Act::Answer }
        },
    );
}

async fn quiet_client(world: &World) -> Client {
    Client::connect(world.config().refresh(QUIET)).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_first_call_asks_what_it_must_know_and_later_ones_ask_nothing() {
    let world = World::new(1);
    let client = quiet_client(&world).await;
    read(&client, "a").await.unwrap();
    read(&client, "b").await.unwrap();
    let node = address(1);
    let request = |method| Event::Request(node, method);
    assert_eq!(
        world.state().log,
        [
            Event::Handshake(node),
            Event::Authorize(node, "AK1".to_owned()),
            request(Method::Endpoints),
            request(Method::DefineKeySchema),
            request(Method::GetItem),
            request(Method::DefineAttributeList),
            request(Method::GetItem),
        ],
        "one connection, the one that found the cluster, serves all"
    );
}

#[tokio::test(start_paused = true)]
async fn a_read_survives_a_connection_cut_anywhere() {
    let whole = wire::item(191_068, "k").len();
    let cuts = [Act::CutBefore].into_iter().chain((0..whole).map(Act::CutAfter)).chain([Act::AnswerThenClose]);
    for nodes in [1, 3] {
        for act in cuts.clone() {
            let world = World::new(nodes);
            let client = quiet_client(&world).await;
            once(&world, Method::GetItem, act.clone());
            for key in ["k", "l"] {
                read(&client, key).await.unwrap_or_else(|error| panic!("{act:?} with {nodes} nodes: {error}"));
            }
            world.assert_sound();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_may_have_happened_is_not_repeated_unless_asked_for() {
    let acts = [(Act::CutBefore, 0), (Act::CutAfter(0), 1), (Act::CutAfter(1), 1), (Act::Hang, 0)];
    for (act, effects) in acts {
        let world = World::new(3);
        let client = quiet_client(&world).await;
        once(&world, Method::PutItem, act.clone());
        let error = client.put_item(put("k")).await.unwrap_err();
        assert!(error.outcome_unknown() && error.retry() == Retry::Never, "{act:?}: {error}");
        assert_eq!(world.writes("k"), effects, "{act:?}");
        client.put_item(put("k")).await.unwrap();

        let world = World::new(3);
        let retry = RetryPolicy::new().repeat_unknown_writes(true);
        let client = Client::connect(world.config().refresh(QUIET).retry(retry)).await.unwrap();
        once(&world, Method::PutItem, act.clone());
        client.put_item(put("k")).await.unwrap();
        assert_eq!(world.writes("k"), effects + 1, "{act:?}, repeated");
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_cannot_be_understood_is_not_repeated() {
    let refused = Act::Say(wire::error(&[1, 37, 38], "try again"));
    for act in [Act::CutBefore, Act::Hang, Act::Say(b"\xff".to_vec()), refused] {
        let world = World::new(2);
        let client = quiet_client(&world).await;
        once(&world, Method::DefineAttributeList, act.clone());
        let error = client.put_item(support::put_returning_old("k")).await.unwrap_err();
        assert!(error.outcome_unknown() && error.retry() == Retry::Never, "{act:?}: {error:?}");
        assert_eq!(world.writes("k"), 1, "{act:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_lookups_fail_was_not_sent_and_is_repeated() {
    for lookup in [Method::DefineKeySchema, Method::DefineAttributeListId] {
        for act in [Act::CutBefore, Act::CutAfter(1), Act::Hang] {
            let world = World::new(3);
            let client = quiet_client(&world).await;
            once(&world, lookup, act.clone());
            client.put_item(put("k")).await.unwrap_or_else(|error| panic!("{lookup} {act:?}: {error}"));
            assert_eq!(world.writes("k"), 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_that_the_server_closed_is_not_used() {
    let world = World::new(1);
    let client = quiet_client(&world).await;
    client.put_item(put("k")).await.unwrap();
    world.close_idle(1);
    support::settle().await;
    client.put_item(put("k")).await.unwrap();
    assert_eq!(world.writes("k"), 2);
    assert_eq!(client.stats().nodes[0].io_errors, 0);
}

#[tokio::test(start_paused = true)]
async fn a_kept_connection_that_breaks_without_a_word_does_not_count_as_an_attempt() {
    for (warm, succeeds) in [(true, true), (false, false)] {
        let world = World::new(1);
        let config = world.config().refresh(QUIET).retry(RetryPolicy::never());
        let client = Client::connect(config).await.unwrap();
        if warm {
            read(&client, "warm").await.unwrap();
        } else {
            // The first call is then on a separate connection.
            world.close_idle(1);
            support::settle().await;
            client.warm_up(support::TABLE).await.unwrap();
            world.close_idle(1);
            support::settle().await;
        }
        let before = world.requests(Method::GetItem).values().sum::<usize>();
        world.script(move |exchange| {
            if exchange.method == Method::GetItem && exchange.seen == before { Act::CutBefore } else { Act::Answer }
        });
        assert_eq!(read(&client, "k").await.is_ok(), succeeds, "warm: {warm}");
        assert_eq!(client.stats().nodes[0].retries, u64::from(succeeds));
    }
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_none_cost_the_connection_only() {
    for nonsense in
        [&b"\xff"[..], b"HTTP/1.1 400 Bad Request", b"\x80\x1c", b"\x80\xbf\x18\x63\x00\xff", b"\x80\xf6\xf6"]
    {
        let world = World::new(2);
        let client = quiet_client(&world).await;
        read(&client, "warm").await.unwrap();
        world.script(move |exchange| {
            if exchange.method == Method::GetItem && exchange.seen == 1 {
                Act::Say(nonsense.to_vec())
            } else {
                Act::Answer
            }
        });
        // The last one is an answer with bytes after it: the answer counts, the connection is closed.
        let first = client.get_item(get("k")).await;
        assert!(first.is_ok(), "{nonsense:x?}: {first:?}");
        read(&client, "k").await.unwrap();
        world.assert_sound();
    }
}

#[tokio::test(start_paused = true)]
async fn server_errors_keep_the_connection() {
    let world = World::new(1);
    let client = quiet_client(&world).await;
    once(&world, Method::PutItem, Act::Say(wire::error(&[4, 37, 38, 39, 43], "The conditional request failed")));
    let error = client.put_item(put("k")).await.unwrap_err();
    assert!(error.is_condition_failed(), "{error}");
    client.put_item(put("k")).await.unwrap();
    assert_eq!(world.requests(Method::PutItem)[&address(1)], 2, "a failed condition is never retried");
    assert_eq!(world.state().nodes[&address(1)].connects, 1);
}

#[tokio::test(start_paused = true)]
async fn a_table_that_was_not_found_may_come_back_with_another_key() {
    let world = World::new(1);
    let client = quiet_client(&world).await;
    read(&client, "k").await.unwrap();
    once_more(&world, Method::GetItem, Act::Say(wire::error(&[4, 37, 38, 39, 41], "Requested resource not found")));
    assert!(client.get_item(get("k")).await.unwrap_err().is_not_found());
    read(&client, "k").await.unwrap();
    assert_eq!(world.requests(Method::DefineKeySchema)[&address(1)], 2);
}

#[tokio::test(start_paused = true)]
async fn throttling_is_retried_after_growing_waits_and_gives_up() {
    let world = World::new(2);
    let client = quiet_client(&world).await;
    world.script(|exchange| {
        if exchange.method == Method::GetItem {
            Act::Say(wire::error(&[4, 37, 38, 39, 50], "slow down"))
        } else {
            Act::Answer
        }
    });
    let start = Instant::now();
    let error = client.get_item(get("k")).await.unwrap_err();
    assert_eq!(error.server().unwrap().code(), "ThrottlingException");
    let total: usize = world.requests(Method::GetItem).values().sum();
    assert_eq!(total, 3);
    let (least, most) = (Duration::from_millis(35 + 70), Duration::from_millis(70 + 140 + 10));
    assert!((least..most).contains(&start.elapsed()), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn deadlines_cover_every_step() {
    let short = Duration::from_millis(100);
    for (step, act) in
        [(Method::GetItem, Act::Hang), (Method::DefineKeySchema, Act::Hang), (Method::DefineAttributeList, Act::Hang)]
    {
        let world = World::new(1);
        let config =
            world.config().refresh(QUIET).request_timeout(short).lookup_timeout(short).retry(RetryPolicy::never());
        let client = Client::connect(config).await.unwrap();
        world.script(move |exchange| if exchange.method == step { act.clone() } else { Act::Answer });
        let start = Instant::now();
        let error = client.get_item(get("k")).await.unwrap_err();
        assert!(matches!(error, Error::Timeout { .. }), "{step}: {error}");
        assert!(start.elapsed() <= short + Duration::from_millis(5), "{step}: {:?}", start.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_node_costs_one_deadline_and_the_call_goes_to_another() {
    let world = World::new(2);
    let config = world.config().refresh(QUIET).request_timeout(Duration::from_millis(100));
    let client = Client::connect(config).await.unwrap();
    world.script(|exchange| {
        let slow = exchange.node == address(2) && exchange.method == Method::GetItem;
        if slow { Act::Slow(Duration::from_secs(20)) } else { Act::Answer }
    });
    for number in 0..20 {
        let start = Instant::now();
        read(&client, &format!("k{number}")).await.unwrap();
        assert!(start.elapsed() < Duration::from_millis(110), "{:?}", start.elapsed());
    }
    let stats = client.stats();
    let slow = stats.nodes.iter().find(|node| node.address == address(2)).unwrap();
    assert_eq!((slow.io_errors, slow.routed), (5, false), "evicted after five errors in a row");
    world.assert_sound();
}

#[tokio::test(start_paused = true)]
async fn total_time_is_bounded_however_many_attempts_are_allowed() {
    let world = World::new(3);
    let config = world
        .config()
        .refresh(QUIET)
        .request_timeout(Duration::from_millis(300))
        .total_timeout(Duration::from_secs(1))
        .retry(RetryPolicy::new().attempts(1000));
    let client = Client::connect(config).await.unwrap();
    world.script(|exchange| if exchange.method == Method::GetItem { Act::Hang } else { Act::Answer });
    let start = Instant::now();
    assert!(client.get_item(get("k")).await.is_err());
    assert!(start.elapsed() <= Duration::from_millis(1010), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn calls_beyond_the_connection_limit_wait_in_line_and_beyond_that_fail_at_once() {
    let world = World::new(1);
    let config = world.config().refresh(QUIET).max_connections_per_node(4).max_waiting_per_node(8);
    let client = Client::connect(config).await.unwrap();
    read(&client, "warm").await.unwrap();
    world.script(
        |exchange| {
            if exchange.method == Method::GetItem { Act::Slow(Duration::from_millis(10)) } else { Act::Answer }
        },
    );
    let calls: Vec<_> = (0..20)
        .map(|number| {
            let client = client.clone();
            tokio::spawn(async move { read(&client, &format!("k{number}")).await })
        })
        .collect();
    let (mut done, mut refused) = (0, 0);
    for call in calls {
        match call.await.unwrap() {
            Ok(()) => done += 1,
            Err(Error::NoRoute { .. }) => refused += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!((done, refused), (12, 8));
    assert_eq!(world.state().nodes[&address(1)].connects, 4);
}

#[tokio::test(start_paused = true)]
async fn start_up_says_what_is_wrong() {
    let failure = |world: World| async move { Client::connect(world.config()).await.unwrap_err() };

    let world = World::new(1);
    world.state().dns.clear();
    assert!(matches!(failure(world).await, Error::Dns { host, .. } if host == support::HOST));

    for (down, kind) in
        [(Down::Refuses, std::io::ErrorKind::ConnectionRefused), (Down::Silent, std::io::ErrorKind::TimedOut)]
    {
        let world = World::new(1);
        world.set_down(1, down);
        let start = Instant::now();
        let error = failure(world).await;
        assert!(
            matches!(&error, Error::Connect { endpoint, source, .. } if *endpoint == address(1) && source.kind() == kind),
            "{error:?}"
        );
        assert!(start.elapsed() <= Duration::from_millis(1100));
    }

    let world = World::new(1);
    world.script(|_| Act::Say(wire::error(&[4, 23, 31, 33], "Connection requires authentication")));
    assert_eq!(failure(world).await.exception(), Some(Exception::Authentication));

    let world = World::new(2);
    world.state().roster[0].leader = false;
    assert!(failure(world).await.to_string().contains("no leader"));

    let world = World::new(1);
    world.state().roster.clear();
    assert!(failure(world).await.to_string().contains("no nodes"));

    #[derive(Debug)]
    struct None;
    impl ProvideCredentials for None {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            use aws_credential_types::provider::error::CredentialsError;
            future::ProvideCredentials::ready(Err(CredentialsError::not_loaded("no profile")))
        }
    }
    let error = Client::connect(World::new(1).config().credentials_provider(None)).await.unwrap_err();
    assert!(matches!(error, Error::Credentials { .. }), "{error}");

    let error = Client::connect(dax_client::Config::new("dax://127.0.0.1").unwrap()).await.unwrap_err();
    assert!(error.to_string().contains("region"), "{error}");
}
