//! Different URLs whose first slug is the same, made at the same moment.

use std::collections::{HashMap, HashSet};

use e2e::{Client, shortener_with};
use tokio::task::JoinSet;

use crate::shortener::{api::caller::TEXT, get_item};

/// Numbers of `https://example.com/{number}` that the AWS sample's algorithm gives one slug.
const COLLIDING: [([u32; 2], [&str; 2]); 3] = [
    ([425_790, 1_023_374], ["47d90svq", "q1e1ft90"]),
    ([588_975, 1_176_252], ["3el49v5g", "2q3runug"]),
    ([1_313_633, 2_232_887], ["5164d63b", "n0utblij"]),
];
/// Creators of each URL.
const CREATORS: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn colliding_urls_get_a_slug_each() {
    for dax_nodes in [0, 3] {
        let stack = shortener_with(|config| {
            config.slug_scheme = local::SlugScheme::AwsSample;
            config.dax_nodes = dax_nodes;
        })
        .await;
        let client = Client::of(&stack);
        let mut creators = JoinSet::new();
        for _ in 0..CREATORS {
            for number in COLLIDING.iter().flat_map(|(numbers, _)| numbers) {
                let url = format!("https://example.com/{number}");
                creators.spawn(async move {
                    let reply = client.post("/", TEXT, url.clone()).await;
                    assert_eq!(reply.status, 200, "{url} {}", reply.text());
                    (url, reply.text().to_owned())
                });
            }
        }
        let mut slugs = HashMap::new();
        for (url, slug) in creators.join_all().await {
            let known = slugs.entry(url.clone()).or_insert_with(|| slug.clone());
            assert_eq!(*known, slug, "{url} has two slugs");
        }
        let distinct: HashSet<_> = slugs.values().collect();
        assert_eq!(distinct.len(), 2 * COLLIDING.len(), "{slugs:?}");
        for (url, slug) in &slugs {
            assert_eq!(get_item(&stack, slug)["target"]["S"], *url, "{slug}");
            let reply = client.get(&format!("/{slug}")).await;
            assert_eq!(reply.header("location"), Some(url.as_str()), "{slug}");
        }
        for (numbers, [shared, second]) in COLLIDING {
            let mine = numbers.map(|number| slugs[&format!("https://example.com/{number}")].as_str());
            assert_eq!(mine.iter().filter(|slug| **slug == shared).count(), 1, "{mine:?}");
            // The second caller gets the next slug of its own sequence.
            if mine[0] == shared {
                assert_eq!(mine[1], second);
            }
        }
        stack.stop().await;
    }
}
