//! What holds however many callers create links at once, and whatever dies meanwhile.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use e2e::{Client, shortener};
use local::Stack;
use rand::{RngExt, SeedableRng, rngs::SmallRng};
use rustix::process::{Pid, Signal, kill_process};

const CREATORS: usize = 200;
const URLS: usize = 50;

fn url(number: usize) -> String {
    format!("https://example.com/page/{number}")
}

/// Repeats a create until it succeeds, as a client does after a 503.
async fn create(client: Client, url: String, failures: Arc<AtomicU64>) -> String {
    loop {
        let reply = client.post("/", "text/plain", url.clone()).await;
        match reply.status.as_u16() {
            200 => return reply.text().to_owned(),
            // The function died, or the store did not answer in time.
            500 | 503 => failures.fetch_add(1, Ordering::Relaxed),
            status => panic!("{status} {}", reply.text()),
        };
    }
}

/// Kills a random process of the writer again and again until told to stop, ever less often, so that the creators get
/// done on a slow machine too. Returns how many it has killed.
async fn kill_writers(stack: &Stack, seed: u64, stop: &AtomicBool) -> u32 {
    let mut rng = SmallRng::seed_from_u64(seed);
    let mut killed = 0;
    let mut pause_ms = 5.0_f64;
    while !stop.load(Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_secs_f64(rng.random_range(0.5..1.5) * pause_ms / 1e3)).await;
        pause_ms = (pause_ms * 1.2).min(300.0);
        let pids = stack.function_stats("writer").expect("a writer").pids;
        if pids.is_empty() {
            continue;
        }
        let pid = pids[rng.random_range(0..pids.len())];
        let pid = Pid::from_raw(i32::try_from(pid).expect("a pid")).expect("a pid");
        // It may have ended by itself since.
        killed += u32::from(kill_process(pid, Signal::KILL).is_ok());
    }
    killed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_creators_and_a_killer_leave_every_link_right() {
    let seed = e2e::seed();
    println!("TEST_SEED={seed}");
    let stack = shortener().await;
    let client = Client::of(&stack);
    let failures = Arc::new(AtomicU64::new(0));
    let slugs: Mutex<HashMap<String, String>> = Mutex::default();
    let stop = AtomicBool::new(false);

    let creating = async {
        let mut creators = tokio::task::JoinSet::new();
        for number in 0..CREATORS {
            let url = url(number % URLS);
            let failures = Arc::clone(&failures);
            creators.spawn(async move { (url.clone(), create(client, url, failures).await) });
        }
        while let Some(created) = creators.join_next().await {
            let (url, slug) = created.expect("a creator ends well");
            let mut slugs = slugs.lock().expect("a lock");
            let known = slugs.entry(url.clone()).or_insert_with(|| slug.clone());
            assert_eq!(*known, slug, "{url} has two slugs; seed {seed}");
        }
        stop.store(true, Ordering::Relaxed);
    };
    let ((), killed) = tokio::join!(creating, kill_writers(&stack, seed, &stop));
    println!("{killed} processes killed, {} requests repeated", failures.load(Ordering::Relaxed));
    assert!(killed > 0, "the killer did its work");

    let slugs = slugs.into_inner().expect("a lock");
    assert_eq!(slugs.len(), URLS);
    for (url, slug) in &slugs {
        let reply = client.get(&format!("/{slug}")).await;
        assert_eq!(reply.header("location"), Some(url.as_str()), "{slug}; seed {seed}");
        // The same again: nothing has moved.
        assert_eq!(client.post("/", "text/plain", url.clone()).await.text(), slug, "seed {seed}");
    }
    let distinct: std::collections::HashSet<_> = slugs.values().collect();
    assert_eq!(distinct.len(), URLS, "no two URLs share a slug; seed {seed}");
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_want_one_alias_one_gets_it() {
    let stack = shortener().await;
    let client = Client::of(&stack);
    let mut wishes = tokio::task::JoinSet::new();
    for number in 0..40 {
        wishes.spawn(async move {
            let body = serde_json::json!({ "url": url(number), "slug": "launch" }).to_string();
            let reply = client.post("/api/v1/links", "application/json", body).await;
            (number, reply.status.as_u16())
        });
    }
    let mut winners = Vec::new();
    while let Some(wish) = wishes.join_next().await {
        match wish.expect("a wish ends well") {
            (number, 201) => winners.push(number),
            (_, status) => assert_eq!(status, 409),
        }
    }
    assert_eq!(winners.len(), 1, "{winners:?}");
    let reply = client.get("/launch").await;
    assert_eq!(reply.header("location"), Some(url(winners[0]).as_str()));
    stack.stop().await;
}
