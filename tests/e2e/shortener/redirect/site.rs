//! The stacks that the same requests are tried against.

use std::{
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

use e2e::{Client, Reply, shortener_with, wait_until};
use local::{Config, Observer, Stack, dax_server::Method};
use serde_json::{Value, json};

use crate::shortener::put_item;

/// What a browser sends as `Accept`.
pub(in crate::shortener) const BROWSER: (&str, &str) =
    ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");

/// A stack, what the functions in it print, and a client.
#[derive(Debug)]
pub(in crate::shortener) struct Site {
    pub(in crate::shortener) stack: Stack,
    pub(in crate::shortener) client: Client,
    lines: Arc<Lines>,
}

#[derive(Debug, Default)]
struct Lines(Mutex<Vec<String>>);

impl Observer for Lines {
    fn output(&self, _function: &str, line: &str) {
        self.0.lock().expect("a lock").push(line.to_owned());
    }
}

/// Runs a test without DAX and with one node of it.
pub(in crate::shortener) async fn in_both_modes(test: impl AsyncFn(&Site)) {
    in_both_modes_with(|_config| {}, test).await;
}

/// [`in_both_modes`] with a changed configuration.
pub(in crate::shortener) async fn in_both_modes_with(change: impl Fn(&mut Config), test: impl AsyncFn(&Site)) {
    for dax_nodes in [0, 1] {
        #[expect(clippy::print_stdout, reason = "says where a test has failed")]
        {
            println!("with {dax_nodes} nodes of DAX");
        }
        let lines = Arc::new(Lines::default());
        let stack = shortener_with(|config| {
            config.dax_nodes = dax_nodes;
            config.observer = Arc::<Lines>::clone(&lines);
            change(config);
        })
        .await;
        let client = Client::of(&stack);
        let site = Site { stack, client, lines };
        test(&site).await;
        let Site { stack, lines, .. } = site;
        stack.stop().await;
        lines.0.lock().expect("a lock").iter().for_each(|line| check_line(line));
    }
}

/// Lambda filters by level only lines with a level and a time; others count as `INFO`.
pub(in crate::shortener) fn check_line(line: &str) {
    let read: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    assert!(["info", "warn", "error"].iter().any(|level| read["level"] == *level), "{line}");
    let time = read["timestamp"].as_str().unwrap_or_default();
    let shape: String = time.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    assert_eq!(shape, "0000-00-00T00:00:00.000Z", "{line}");
    assert!(read["message"].as_str().is_some_and(|message| !message.is_empty()), "{line}");
}

/// Every request meets the same environment, and so the same cache.
pub(in crate::shortener) fn one_environment(config: &mut Config) {
    redirector(config).concurrency = 1;
}

pub(in crate::shortener) fn redirector(config: &mut Config) -> &mut local::FunctionConfig {
    config.functions.get_mut("Redirector").expect("a redirector")
}

/// Sets a variable of the redirector.
pub(in crate::shortener) fn set(config: &mut Config, variable: &str, value: &str) {
    let env = &mut redirector(config).env;
    env.insert(variable.to_owned(), value.to_owned());
}

impl Site {
    pub(in crate::shortener) async fn get(&self, path: &str) -> Reply {
        self.client.get(path).await
    }

    /// As a browser would.
    pub(in crate::shortener) async fn browse(&self, path: &str) -> Reply {
        self.client.call("GET", path, &[BROWSER], "").await
    }

    /// Puts the item of a link to `https://example.com/{slug}` with these attributes into the table.
    pub(in crate::shortener) fn put(&self, slug: &str, attributes: &[(&str, Value)]) {
        put_item(&self.stack, &crate::shortener::item(slug, attributes));
    }

    /// The same request as `HEAD` has the headers of `GET` and no body.
    pub(in crate::shortener) async fn check_head(&self, path: &str, headers: &[(&str, &str)], get: &Reply) {
        let head = self.client.call("HEAD", path, headers, "").await;
        assert_eq!((head.status, head.text()), (get.status, ""), "HEAD {path}");
        let told = |reply: &Reply| {
            let mut headers = reply.headers.clone();
            // Each answer has its own.
            for name in ["date", "content-length", "apigw-requestid", "server-timing"] {
                headers.remove(name);
            }
            headers
        };
        assert_eq!(told(&head), told(get), "HEAD {path}");
    }

    /// How often links were asked for, be it DAX or the table.
    pub(in crate::shortener) fn reads(&self) -> u64 {
        let dax = self.stack.dax().map_or(0, |cluster| {
            let requests = cluster.counters(0).expect("a node").requests;
            requests.get(&Method::GetItem).copied().unwrap_or(0)
        });
        dax + self.stack.dynamodb_requests()
    }

    /// What the redirector printed that contains this text.
    pub(in crate::shortener) fn lines_with(&self, part: &str) -> Vec<String> {
        let lines = self.lines.0.lock().expect("a lock");
        lines.iter().filter(|line| line.contains(part)).cloned().collect()
    }

    /// The redirector's line about a request for that slug with that outcome.
    pub(in crate::shortener) async fn logged(&self, slug: &str, outcome: &str) -> Value {
        self.logged_where(|line| line["slug"] == slug && line["outcome"] == outcome).await
    }

    /// The first line of a function that is wanted.
    pub(in crate::shortener) async fn logged_where(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        let found = || {
            let lines = self.lines.0.lock().expect("a lock");
            lines.iter().find_map(|line| {
                let line: Value = serde_json::from_str(line).ok()?;
                wanted(&line).then_some(line)
            })
        };
        wait_until("the request is in the log", async || found().is_some()).await;
        found().expect("a line")
    }
}

/// Attributes of an item.
pub(in crate::shortener) type Attributes = Vec<(&'static str, Value)>;

/// A string in the table.
pub(in crate::shortener) fn text(value: &str) -> Value {
    json!({ "S": value })
}

/// A number in the table.
pub(in crate::shortener) fn number(value: u32) -> Value {
    json!({ "N": value.to_string() })
}

/// A truth in the table.
pub(in crate::shortener) fn yes() -> Value {
    json!({ "BOOL": true })
}

/// Seconds since the epoch, `offset` from now, as the table keeps them.
pub(in crate::shortener) fn seconds(offset: i64) -> Value {
    #[expect(clippy::disallowed_methods, reason = "the functions go by the real clock too")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time");
    json!({ "N": (i64::try_from(now.as_secs()).expect("a number") + offset).to_string() })
}
