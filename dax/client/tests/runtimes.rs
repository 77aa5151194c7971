//! One client used from several runtimes, one after the other and at the same time, over real sockets.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]

mod support;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use dax_client::{Client, Config, Refresh};
use dax_protocol::Method;
use support::{Act, World, credentials, put, read};
use tokio::runtime::{Builder, Runtime};

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// A runtime that runs without being blocked on.
fn driven_runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

/// A cluster in a runtime that lasts.
fn cluster() -> (Runtime, World, SocketAddr) {
    let servers = driven_runtime();
    let (world, address) = servers.block_on(World::listen(None));
    (servers, world, address)
}

fn config(address: SocketAddr) -> Config {
    Config::new(&format!("dax://{address}")).unwrap().region("us-east-1").credentials_provider(credentials("AK1"))
}

#[test]
fn a_client_outlives_the_runtime_that_made_it() {
    let (servers, world, address) = cluster();
    let config = config(address).refresh(Refresh::Background(Duration::from_millis(20)));
    let first = runtime();
    let client = first.block_on(async {
        let client = Client::connect(config).await.unwrap();
        client.put_item(put("first")).await.unwrap();
        client
    });
    drop(first);
    for key in ["second", "third"] {
        let next = runtime();
        next.block_on(async {
            // A write that no byte of was sent is simply made on a new connection.
            client.put_item(put(key)).await.unwrap();
            read(&client, key).await.unwrap();
            let (before, deadline) = (client.stats().refreshes, Instant::now() + Duration::from_secs(10));
            while client.stats().refreshes < before + 2 {
                assert!(Instant::now() < deadline, "in the {key} runtime nobody fetches rosters");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        assert_eq!(world.writes(key), 1);
    }
    servers.shutdown_background();
}

#[test]
fn a_runtime_that_ends_breaks_no_call_of_another() {
    let (servers, world, address) = cluster();
    let config = config(address).max_connections_per_node(2);
    let first = driven_runtime();
    let client = first.block_on(async {
        let client = Client::connect(config).await.unwrap();
        client.put_item(put("first")).await.unwrap();
        client
    });
    world.script(|exchange| match exchange.method {
        Method::PutItem => Act::Slow(Duration::from_millis(300)),
        _ => Act::Answer,
    });
    let writer = std::thread::spawn({
        let client = client.clone();
        move || runtime().block_on(client.put_item(put("second"))).map(drop)
    });
    let deadline = Instant::now() + Duration::from_secs(10);
    while world.requests(Method::PutItem).values().sum::<usize>() < 2 {
        assert!(Instant::now() < deadline, "the second runtime does not write");
        std::thread::yield_now();
    }
    // The answer is still due.
    drop(first);
    writer.join().unwrap().unwrap();
    assert_eq!(world.writes("second"), 1);
    assert!(world.state().nodes[&address].open <= 2, "more connections than allowed");
    drop(client);
    servers.shutdown_background();
}
