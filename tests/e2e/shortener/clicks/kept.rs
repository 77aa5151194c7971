//! What a data directory keeps of clicks.

use e2e::{Client, wait_until};
use rustix::process::Signal;

use super::report;
use crate::platform::program::Running;

const AGENT: (&str, &str) = ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");

async fn click(client: &Client) {
    assert_eq!(client.call("GET", "/mine", &[AGENT], "").await.status.as_u16(), 301);
}

#[tokio::test]
async fn the_last_click_before_the_end_is_counted() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = format!("--data-dir={}", directory.path().display());
    let mut program = Running::start(&[&data]).await;
    assert_eq!(program.ready["clicks"], "stream");
    let link = r#"{"url":"https://example.com","slug":"mine"}"#;
    let reply = program.client().post("/api/v1/links", "application/json", link).await;
    assert_eq!(reply.status.as_u16(), 201, "{}", reply.text());
    click(&program.client()).await;
    assert_eq!(program.stop(Signal::INT).await, Some(0));

    // The stream of the next run is another one, and continues where this one ended.
    let program = Running::start(&[&data]).await;
    let client = program.client();
    assert_eq!(report(&client, "mine", "").await["totals"]["clicks"], 1);
    click(&client).await;
    let count = async || report(&client, "mine", "").await["totals"]["clicks"].as_u64();
    wait_until("the second click is counted", async || count().await == Some(2)).await;
}
