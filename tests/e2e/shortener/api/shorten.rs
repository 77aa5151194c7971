//! `POST /`, the interface of the AWS sample.

use local::Config;
use serde_json::json;

use super::caller::{Caller, FORM, JSON, TEXT, refused};
use crate::shortener::{
    get_item, item, put_item,
    redirect::site::{in_both_modes, in_both_modes_with},
};

/// Slugs as the AWS sample computes them.
fn aws_sample(config: &mut Config) {
    config.slug_scheme = local::SlugScheme::AwsSample;
}

async fn check(caller: &Caller, path: &str, media_type: &str, body: impl Into<Vec<u8>>, status: u16, expected: &str) {
    let body = body.into();
    let shown = String::from_utf8_lossy(body.get(..body.len().min(80)).unwrap_or_default()).into_owned();
    let reply = caller.post(path, media_type, body).await;
    refused(&reply, status, expected, &format!("{media_type} {shown}"));
}

#[tokio::test]
async fn what_curl_sends_becomes_a_link_that_leads_to_it() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        let url = "https://example.com/a?b=1&c=%20#d";
        let reply = caller.post("/", FORM, url).await;
        assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, Some("text/plain")));
        let slug = reply.text();
        assert_eq!(slug.len(), 8, "{slug}");
        assert!(slug.bytes().all(|b| b"0123456789abcdefghjkmnpqrstvwxyz".contains(&b)), "{slug}");
        assert_eq!(reply.header("location"), Some(format!("{}/{slug}", site.stack.url()).as_str()));
        let reply = caller.get(&format!("/{slug}")).await;
        assert_eq!((reply.status.as_u16(), reply.header("location")), (301, Some(url)));
    })
    .await;
}

#[tokio::test]
async fn every_form_of_a_url_is_the_same_link() {
    in_both_modes_with(aws_sample, async |site| {
        let caller = site.anyone();
        let url = "https://www.amazon.com";
        for (media_type, body) in [
            (FORM, url.to_owned()),
            (FORM, "url=https%3A%2F%2Fwww.amazon.com".to_owned()),
            (FORM, "x_a=b&url=https://www.amazon.com".to_owned()),
            ("text/plain", url.to_owned()),
            ("text/plain;charset=UTF-8", format!(" {url}\r\n")),
            // What is neither text nor a form reaches the function in base 64.
            ("application/octet-stream", format!("{url}\n")),
        ] {
            let reply = caller.post("/", media_type, body.clone()).await;
            assert_eq!((reply.status.as_u16(), reply.text()), (200, "grqpaeet"), "{media_type} {body}");
        }
        let reply = caller.call("POST", "/", &[], url).await;
        assert_eq!((reply.status.as_u16(), reply.text()), (200, "grqpaeet"), "no media type");
        let reply = caller.post("/", JSON, json!({ "url": url }).to_string()).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["slug"]), (200, &json!("grqpaeet")));
        let reply = caller.call("POST", "/", &[("accept", JSON)], url).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["slug"]), (200, &json!("grqpaeet")));
    })
    .await;
}

#[tokio::test]
async fn slugs_are_those_of_the_aws_sample() {
    in_both_modes_with(aws_sample, async |site| {
        let caller = site.anyone();
        for (url, slug) in [
            ("https://www.amazon.com", "grqpaeet"),
            ("https://example.com/1139924", "8c8r"),
            ("https://example.com/425790", "47d90svq"),
            ("https://example.com/1023374", "q1e1ft90"),
            ("https://example.com/588975", "3el49v5g"),
            ("https://example.com/1176252", "2q3runug"),
            ("https://example.com/1313633", "5164d63b"),
            ("https://example.com/2232887", "n0utblij"),
        ] {
            for _ in 0..2 {
                let reply = caller.post("/", FORM, url).await;
                assert_eq!((reply.status.as_u16(), reply.text()), (200, slug), "{url}");
            }
            let reply = caller.get(&format!("/{slug}")).await;
            assert_eq!(reply.header("location"), Some(url), "{slug}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_repeated_url_rewrites_nothing() {
    in_both_modes_with(aws_sample, async |site| {
        let caller = site.anyone();
        // An item of the AWS sample, with an attribute that a rewrite would lose.
        let before =
            json!({ "id": { "S": "grqpaeet" }, "target": { "S": "https://www.amazon.com" }, "clicks": { "N": "7" } });
        put_item(&site.stack, &before);
        assert_eq!(caller.post("/", FORM, "https://www.amazon.com").await.text(), "grqpaeet");
        assert_eq!(get_item(&site.stack, "grqpaeet"), before);

        let slug = caller.post("/", FORM, "https://example.com/again").await.text().to_owned();
        let before = get_item(&site.stack, &slug);
        assert_eq!(caller.post("/", FORM, "https://example.com/again").await.text(), slug);
        assert_eq!(get_item(&site.stack, &slug), before);
    })
    .await;
}

#[tokio::test]
async fn a_slug_that_means_something_else_is_not_touched() {
    in_both_modes_with(aws_sample, async |site| {
        let caller = site.anyone();
        let other = item("grqpaeet", &[]);
        put_item(&site.stack, &other);
        let slug = caller.post("/", FORM, "https://www.amazon.com").await.text().to_owned();
        assert_ne!(slug, "grqpaeet");
        assert_eq!(get_item(&site.stack, "grqpaeet"), other);
        assert_eq!(caller.get(&format!("/{slug}")).await.header("location"), Some("https://www.amazon.com"));
    })
    .await;
}

#[tokio::test]
async fn what_is_no_url_for_a_link_is_refused() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        // A first request, so that what the function asks while it starts is not counted.
        check(&caller, "/", "text/plain", "", 400, "empty-body").await;
        let before = site.stack.dynamodb_requests();
        let own = format!("{}/abc", site.stack.url());
        let long = format!("https://example.com/{}", "a".repeat(9_000));
        for (media_type, body, status, expected) in [
            (FORM, "", 400, "empty-body"),
            ("text/plain", " \r\n ", 400, "empty-body"),
            (JSON, "", 400, "empty-body"),
            ("text/plain", "example.com", 422, "invalid-url"),
            ("text/plain", "javascript:alert(1)", 422, "invalid-url"),
            ("text/plain", "data:text/html,hello", 422, "invalid-url"),
            ("text/plain", "https://example.com/\r\nset-cookie: a=b", 422, "invalid-url"),
            ("text/plain", "https://user:secret@example.com/", 422, "invalid-url"),
            ("text/plain", "http://10.0.0.1/", 422, "private-target"),
            ("text/plain", "http://169.254.169.254/latest/meta-data/", 422, "private-target"),
            ("text/plain", "http://[::1]/", 422, "private-target"),
            ("text/plain", "http://localhost/", 422, "private-target"),
            ("text/plain", own.as_str(), 422, "self-loop"),
            ("text/plain", long.as_str(), 422, "url-too-long"),
            (FORM, "uri=https://example.com", 422, "unknown-field"),
            (FORM, "slug=abc", 422, "missing-field"),
            (FORM, "url=https://example.com/?id=5&size=XL", 422, "unknown-field"),
            (FORM, "url=https://example.com/a&url=https://example.com/b", 422, "unknown-field"),
            (FORM, "'https://example.com/?a=b'", 422, "invalid-url"),
            (FORM, "{\"url\":\"https://example.com/\"}", 422, "invalid-url"),
            (JSON, "{\"url\":\"https://example.com/a\",\"url\":\"https://example.com/b\"}", 422, "unknown-field"),
            (JSON, "{\"url\":", 400, "malformed-json"),
            (JSON, "{\"url\":7}", 422, "wrong-type"),
            (JSON, "{\"url\":\"https://example.com\",\"sulg\":\"x\"}", 422, "unknown-field"),
            ("image/png", "x", 415, "unsupported-media-type"),
        ] {
            check(&caller, "/", media_type, body, status, expected).await;
        }
        let cut = caller.post("/", FORM, "url=https://example.com/?id=5&size=XL&color=red").await.json();
        assert_eq!(cut["field"], "size");
        assert!(cut["detail"].as_str().expect("a text").contains("--data-urlencode"), "{cut}");
        check(&caller, "/", "text/plain", b"https://example.com/\xff".to_vec(), 422, "invalid-url").await;
        check(&caller, "/", "application/octet-stream", b"\xff\xfe\xfd".to_vec(), 422, "invalid-url").await;
        let large = format!("https://example.com/{}", "a".repeat(300 << 10));
        check(&caller, "/", "text/plain", large.clone(), 413, "body-too-large").await;
        check(&caller, "/", FORM, large, 413, "body-too-large").await;
        assert_eq!(site.stack.dynamodb_requests(), before, "nothing of this reached the table");
    })
    .await;
}

#[tokio::test]
async fn json_is_answered_as_by_the_api() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        let url = "https://example.com/json";
        let body = json!({ "url": url }).to_string();
        for (headers, body, status) in [
            (&[("content-type", JSON)][..], body.as_str(), 201),
            (&[("content-type", JSON)], body.as_str(), 200),
            (&[("content-type", FORM), ("accept", JSON)], url, 200),
            (&[("content-type", TEXT), ("accept", "text/html, application/json;q=0.5")], url, 200),
        ] {
            let reply = caller.call("POST", "/", headers, body.to_owned()).await;
            assert_eq!((reply.status.as_u16(), reply.header("content-type")), (status, Some(JSON)), "{headers:?}");
            let link = reply.json();
            assert_eq!((&link["url"], &link["existing"]), (&json!(url), &json!(status == 200)));
            assert_eq!(reply.header("location"), link["short_url"].as_str());
            assert_eq!(reply.header("etag"), Some("\"1\""));
        }
        for accept in ["*/*", "text/plain", "application/json;q=0"] {
            let headers = [("content-type", TEXT), ("accept", accept)];
            let reply = caller.call("POST", "/", &headers, url).await;
            assert_eq!(reply.header("content-type"), Some(TEXT), "{accept}");
        }
        // All options of the API are options here.
        let body = json!({ "url": url, "slug": "launch", "redirect": 307 }).to_string();
        let reply = caller.post("/", JSON, body).await;
        assert_eq!(reply.json()["redirect"], 307, "{}", reply.text());
        assert_eq!(site.visit("launch").await.0, 307);
        let form = "url=https%3A%2F%2Fexample.com%2F%3Fa%3D1%26b&slug=form&redirect=308&tags=a,b&permanent=true";
        assert_eq!(caller.post("/", FORM, form).await.text(), "form");
        let link = caller.read("form").await.json();
        assert_eq!((&link["url"], &link["tags"]), (&json!("https://example.com/?a=1&b"), &json!(["a", "b"])));
        assert_eq!((&link["redirect"], &link["permanent"]), (&json!(308), &json!(true)));
    })
    .await;
}
