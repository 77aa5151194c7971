//! What the log says about clicks.

use serde_json::{Value, json};

use super::site::{in_both_modes_with, set};

const AGENT: &str =
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36";

#[tokio::test]
async fn clicks_are_logged_at_every_level_and_their_visitors_at_none() {
    let count = |config: &mut local::Config| {
        for (variable, value) in [("CLICKS", "stream"), ("CLICKS_TABLE", "clicks"), ("LOG_LEVEL", "off")] {
            set(config, variable, value);
        }
    };
    in_both_modes_with(count, async |site| {
        site.put("launch", &[]);
        site.put("other", &[]);
        let viewer = ("cloudfront-viewer-country", "FR");
        let browser = [("user-agent", AGENT), ("referer", "https://www.example.com/secret"), viewer];
        let prefetch = [("user-agent", AGENT), ("sec-purpose", "prefetch")];
        for (method, path) in [("HEAD", "/launch"), ("GET", "/launch+"), ("GET", "/nothing")] {
            site.client.call(method, path, &browser, "").await;
        }
        site.client.call("GET", "/launch", &prefetch, "").await;
        site.client.call("GET", "/launch", &browser, "").await;
        site.client.call("GET", "/other", &[("user-agent", "curl/8.5.0")], "").await;
        let words = |line: &Value| {
            let mut click = line["click"].clone();
            // There may be a salt.
            click.as_object_mut().expect("a click").remove("visitor");
            click
        };
        let line = site.logged("launch", "redirect").await;
        assert_eq!((&line["referrer"], &line["bot"]), (&json!("example.com"), &json!(false)));
        // Nobody on this machine is in a country, and nobody but CloudFront can say so.
        assert_eq!(words(&line), json!({ "country": "", "device": "mobile", "os": "android", "browser": "chrome" }));
        let line = site.logged("other", "redirect").await;
        assert_eq!(line["click"], json!({ "country": "", "device": "", "os": "", "browser": "" }));
        let lines = site.lines_with("\"outcome\"");
        assert_eq!(lines.len(), 2, "{lines:#?}");
        let text = lines.concat();
        for secret in ["127.0.0.1", "Mozilla", "142", "secret", "curl"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    })
    .await;
}
