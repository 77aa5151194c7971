//! Requests of all kinds, few of which count.

use e2e::{Client, wait_until};
use rand::{RngExt as _, SeedableRng as _, rngs::SmallRng};

/// What CloudFront adds to every request, so that the redirector believes it.
pub(super) const PROOF: &str = "0123456789abcdef";
/// A link that has ended.
pub(super) const ENDED: &str = "ended";
/// A link that leads elsewhere since it has ended.
pub(super) const OVER: &str = "over";

/// Browsers, with the device, operating system and browser that they are.
const BROWSERS: [(&str, [&str; 3]); 6] = [
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 \
         Mobile/15E148 Safari/604.1",
        ["mobile", "ios", "safari"],
    ),
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36",
        ["desktop", "windows", "chrome"],
    ),
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 \
         Safari/537.36 Edg/138.0.0.0",
        ["desktop", "windows", "edge"],
    ),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", ["desktop", "linux", "firefox"]),
    (
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Mobile Safari/537.36",
        ["mobile", "android", "chrome"],
    ),
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 \
         Safari/605.1.15",
        ["desktop", "macos", "safari"],
    ),
];
const BOTS: [&str; 3] =
    ["curl/8.5.0", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "WhatsApp/2.23.20.0"];
const COUNTRIES: [&str; 7] = ["DE", "US", "JP", "BR", "IN", "GB", "ZA"];
/// What a browser sends, and the host that is counted.
const REFERRERS: [(&str, &str); 6] = [
    ("", ""),
    ("https://t.co/abc", "t.co"),
    ("https://News.Example.COM:8443/story?id=1", "news.example.com"),
    ("https://www.example.org/", "example.org"),
    ("https://mail.example.net", "mail.example.net"),
    ("http://m.example.de/a/b", "m.example.de"),
];
/// So many people share all visits.
const PEOPLE: usize = 100;

/// What counts of a visit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Counts {
    Person { country: &'static str, referrer: &'static str, platform: [&'static str; 3] },
    Bot,
    Nothing,
}

/// One request, and the response.
#[derive(Debug, Clone)]
pub(super) struct Visit {
    pub(super) slug: String,
    pub(super) counts: Counts,
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    status: u16,
}

impl Visit {
    /// Somebody with a telephone.
    pub(super) fn person(slug: &str) -> Self {
        Self::of_person(slug, 0, 0)
    }

    fn of_person(slug: &str, person: usize, referrer: usize) -> Self {
        let (agent, platform) = BROWSERS[person % BROWSERS.len()];
        let country = COUNTRIES[person % COUNTRIES.len()];
        let (url, host) = REFERRERS[referrer];
        let mut headers = vec![
            ("x-origin-verify", PROOF.to_owned()),
            ("user-agent", agent.to_owned()),
            ("cloudfront-viewer-country", country.to_owned()),
            ("cloudfront-viewer-address", format!("203.0.113.{person}:4711")),
        ];
        if !url.is_empty() {
            headers.push(("referer", url.to_owned()));
        }
        let counts = Counts::Person { country, referrer: host, platform };
        Self { slug: slug.to_owned(), counts, method: "GET", path: format!("/{slug}"), headers, status: 301 }
    }

    /// The same request in a way that does not count.
    fn uncounted(mut self, kind: u8) -> Self {
        self.counts = Counts::Nothing;
        match kind {
            0 => self.method = "HEAD",
            1 => self.headers.push(("sec-purpose", "prefetch;prerender".to_owned())),
            2 => (self.path, self.status) = (format!("{}+", self.path), 200),
            3 => (self.path, self.status) = ("/nobody-made-this".to_owned(), 404),
            4 => (self.path, self.status) = (format!("/{ENDED}"), 410),
            5 => (self.path, self.status) = (format!("/{OVER}"), 302),
            _ => (self.path, self.status) = ("/wp-login.php".to_owned(), 404),
        }
        self
    }

    fn of_bot(mut self, agent: &str) -> Self {
        self.counts = Counts::Bot;
        for (name, value) in &mut self.headers {
            if *name == "user-agent" {
                agent.clone_into(value);
            }
        }
        self
    }

    /// Sends it until it gets its response: on a busy machine a store may be too slow, and the redirector says so and counts
    /// nothing.
    pub(super) async fn send(&self, client: &Client) {
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        wait_until("the redirector responds", async || {
            let reply = client.call(self.method, &self.path, &headers, "").await;
            let status = reply.status.as_u16();
            let is_too_slow = status == 503 && reply.header("retry-after").is_some();
            assert!(status == self.status || is_too_slow, "{reply:?}: {self:?}");
            status == self.status
        })
        .await;
    }
}

/// So many requests: the links by Zipf's law, a tenth from bots, a quarter in ways that do not count.
pub(super) fn draw(seed: u64, count: usize, slugs: &[String]) -> Vec<Visit> {
    let mut dice = SmallRng::seed_from_u64(seed);
    let mut sum = 0.0;
    let mut sums = Vec::new();
    for rank in 1..=u32::try_from(slugs.len()).expect("few links") {
        sum += 1.0 / f64::from(rank);
        sums.push(sum);
    }
    let visit = |_| {
        let drawn = dice.random_range(0.0..sum);
        let slug = &slugs[sums.partition_point(|sum| *sum <= drawn).min(slugs.len() - 1)];
        let visit = Visit::of_person(slug, dice.random_range(0..PEOPLE), dice.random_range(0..REFERRERS.len()));
        match dice.random_range(0..100) {
            0..10 => visit.of_bot(BOTS[dice.random_range(0..BOTS.len())]),
            10..35 => visit.uncounted(dice.random_range(0..7)),
            _ => visit,
        }
    };
    (0..count).map(visit).collect()
}
