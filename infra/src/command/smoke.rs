//! `smoke`: creates a link at the deployed URL and follows it, as a user would, and waits until that was counted.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use clap::Args;
use console::style;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::aws::signed::{Request, Response};
use crate::outcome::{Exit, failure};
use crate::stack::Session;

/// Always the same, so that there is only one link however often this runs.
const TARGET: &str = "https://example.com/kurz-smoke-test?a=1&b=%C3%BC#top";

/// A visitor: what no browser sends counts as a bot.
const BROWSER: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";
/// The longest time until a click is counted: CloudWatch Logs may take some seconds, the stream collects for twenty.
const COUNTED_WITHIN: Duration = Duration::from_secs(120);
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Options of `infra smoke`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// URL to test instead of the stack's
    #[arg(long)]
    url: Option<String>,
    /// File with the key or token for `Authorization: Bearer`, `-` for standard input, if the writer requires one
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    // Hidden, because every user of the machine can read the arguments of its processes.
    /// That key or token itself
    #[arg(long, env = "KURZ_API_KEY", hide = true, hide_env_values = true)]
    key: Option<String>,
}

impl Options {
    fn key(&self) -> Result<Option<String>> {
        let Some(file) = &self.key_file else {
            return Ok(self.key.clone());
        };
        let text = if file.as_os_str() == "-" {
            std::io::read_to_string(std::io::stdin()).context("cannot read the key from standard input")?
        } else {
            std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?
        };
        let key = text.trim();
        anyhow::ensure!(!key.is_empty(), "there is no key in {}", file.display());
        Ok(Some(key.to_owned()))
    }
}

/// Runs `infra smoke`.
///
/// # Errors
/// Exit code 2 if one of the checks fails.
pub(crate) async fn run(session: &Session, options: &Options) -> Result<Exit> {
    let stack = session.existing_stack().await?;
    let url = options.url.as_deref().map_or_else(|| stack.output("Url"), Ok)?.trim_end_matches('/').to_owned();
    let auth = stack.output("WriterAuth")?.to_owned();
    session.terminal.line(format_args!("  {url}, writer auth {auth}"));
    let counts = stack.parameters.get("Clicks").is_some_and(|mode| mode != "none");
    let mut smoke = Smoke { session, url, auth, counts, key: options.key()?, failed: 0 };
    smoke.all().await;
    if smoke.failed == 0 {
        return Ok(Exit::Done);
    }
    Err(failure(Exit::NotAsDesired, format!("{} checks failed", smoke.failed)))
}

struct Smoke<'a> {
    session: &'a Session,
    url: String,
    auth: String,
    /// Whether clicks are counted.
    counts: bool,
    key: Option<String>,
    failed: usize,
}

impl Smoke<'_> {
    async fn all(&mut self) {
        if self.auth != "NONE" {
            let begun = Instant::now();
            let result = self.refuses_strangers().await;
            self.report("a stranger cannot create", begun, &result);
        }
        let begun = Instant::now();
        let slug = self.create().await;
        self.report("create a link", begun, &slug);
        let begun = Instant::now();
        let result = self.list().await;
        self.report("the management API is reached", begun, &result);
        if let Ok(slug) = &slug {
            let before = self.clicks(slug).await;
            self.use_link(slug).await;
            self.count(slug, before).await;
        }
        for path in ["/no-such-link-x7q9", "/wp-login.php"] {
            let begun = Instant::now();
            let result = self.is_missing(path).await;
            self.report(&format!("{path} is unknown"), begun, &result);
        }
    }

    async fn use_link(&mut self, slug: &str) {
        for (method, what) in [("GET", "follow it"), ("HEAD", "request its headers")] {
            let begun = Instant::now();
            let result = self.follow(method, slug).await;
            self.report(what, begun, &result);
        }
        let begun = Instant::now();
        let again = self.create().await;
        let again = again.and_then(|again| if again == slug { Ok(again) } else { bail!("another slug: {again}") });
        self.report("the same URL keeps its slug", begun, &again);
    }

    /// Reports whether more clicks are counted than `before`, if the key may read that.
    async fn count(&mut self, slug: &str, before: Result<Option<u64>>) {
        let begun = Instant::now();
        match before {
            Ok(None) => {}
            Ok(Some(before)) => {
                let result = self.more_clicks(slug, before).await;
                self.report("a click is counted", begun, &result);
            }
            Err(error) => self.report("clicks can be read", begun, &Err::<(), _>(error)),
        }
    }

    fn report<T>(&mut self, what: &str, begun: Instant, result: &Result<T>) {
        let took = format!("{} ms", begun.elapsed().as_millis());
        let problem = result.as_ref().err().map(|error| format!("{error:#}"));
        match &problem {
            None => self.session.terminal.line(format_args!("{} {what:<34} {took:>8}", style("✓").green())),
            Some(problem) => {
                self.failed += 1;
                self.session.terminal.line(format_args!("{} {what:<34} {took:>8}  {problem}", style("✗").red()));
            }
        }
        self.session.terminal.event("check", json!({"what": what, "ok": problem.is_none(), "problem": problem}));
    }

    async fn create(&self) -> Result<String> {
        let response = self.as_caller("POST", "/", TARGET).await?;
        expect_status(&response, &[200, 201])?;
        let slug = response.body.trim();
        if slug.is_empty() || slug.len() > 64 || slug.contains('/') {
            bail!("not a slug: {slug:?}");
        }
        Ok(slug.to_owned())
    }

    /// `GET /api/v1/links` also fits the redirector's route, which would answer 404. The key need not have the scope `read`.
    async fn list(&self) -> Result<()> {
        let response = self.as_caller("GET", "/api/v1/links", "").await?;
        match response.status {
            403 if response.body.contains("insufficient-scope") => Ok(()),
            409 if response.body.contains("no-owner-index") => Ok(()),
            _ => expect_status(&response, &[200]),
        }
    }

    /// The clicks of people on a link; `None` if none are counted, or the key may not read them.
    async fn clicks(&self, slug: &str) -> Result<Option<u64>> {
        if !self.counts {
            return Ok(None);
        }
        let response = self.as_caller("GET", &format!("/api/v1/links/{slug}/clicks"), "").await?;
        if response.status == 403 && response.body.contains("insufficient-scope") {
            return Ok(None);
        }
        expect_status(&response, &[200])?;
        let answer: Value = serde_json::from_str(&response.body).context("not JSON")?;
        let clicks = answer.pointer("/totals/clicks").and_then(Value::as_u64);
        clicks.map(Some).context("no number of clicks")
    }

    async fn more_clicks(&self, slug: &str, before: u64) -> Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < COUNTED_WITHIN {
            if self.clicks(slug).await?.is_some_and(|clicks| clicks > before) {
                return Ok(());
            }
            sleep(POLL_INTERVAL).await;
        }
        bail!("still {before} clicks; see `infra logs clicks`, and docs/operating.md")
    }

    /// Sends a request with the key, or signed.
    async fn as_caller(&self, method: &str, path: &str, body: &str) -> Result<Response> {
        // A signature uses the same header.
        let key = self.key.as_ref().filter(|_| self.auth != "AWS_IAM");
        let bearer = key.map(|key| format!("Bearer {key}"));
        let content_type = (!body.is_empty()).then_some(("content-type", "text/plain"));
        let authorization = bearer.as_deref().map(|bearer| ("authorization", bearer));
        let headers: Vec<_> = content_type.into_iter().chain(authorization).collect();
        let sign_for = (self.auth == "AWS_IAM").then_some("execute-api");
        if matches!(self.auth.as_str(), "API_KEY" | "JWT") && bearer.is_none() {
            bail!("the writer requires a key or token: set KURZ_API_KEY or --key-file");
        }
        let url = format!("{}{path}", self.url);
        self.session.aws.signed.send(Request { method, url: &url, headers: &headers, body, sign_for }).await
    }

    async fn refuses_strangers(&self) -> Result<()> {
        let url = format!("{}/", self.url);
        let headers = [("content-type", "text/plain")];
        let request = Request { method: "POST", url: &url, headers: &headers, body: TARGET, sign_for: None };
        expect_status(&self.session.aws.signed.send(request).await?, &[401, 403])
    }

    async fn follow(&self, method: &str, slug: &str) -> Result<()> {
        let url = format!("{}/{slug}", self.url);
        let headers = [("user-agent", BROWSER)];
        let request = Request { method, url: &url, headers: &headers, body: "", sign_for: None };
        let response = self.session.aws.signed.send(request).await?;
        expect_status(&response, &[301, 302, 307, 308])?;
        let location = response.header("location").context("no Location")?;
        if location != TARGET {
            bail!("leads to {location}");
        }
        response.header("cache-control").map(drop).context("no Cache-Control")
    }

    async fn is_missing(&self, path: &str) -> Result<()> {
        let url = format!("{}{path}", self.url);
        let request = Request { method: "GET", url: &url, headers: &[], body: "", sign_for: None };
        expect_status(&self.session.aws.signed.send(request).await?, &[404])
    }
}

fn expect_status(response: &Response, expected: &[u16]) -> Result<()> {
    if expected.contains(&response.status) {
        return Ok(());
    }
    let start: String = response.body.chars().take(200).collect();
    Err(anyhow!("status {}: {start}", response.status))
}
