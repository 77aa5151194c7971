//! Links that are not followed, or not to their target.

use serde_json::{Value, json};

use super::site::{Attributes, Site, in_both_modes, seconds, text};
use crate::shortener::put_item;

/// Everything that is wrong with a link, with the status and the code of the problem.
pub(super) fn closed() -> Vec<(&'static str, Attributes, u16, &'static str)> {
    let state = |name| ("state", text(name));
    let over = || ("expired_url", text("https://example.com/over"));
    vec![
        ("disabled", vec![state("disabled")], 404, "not-found"),
        ("early", vec![("valid_from", seconds(1_000))], 404, "not-found"),
        ("deleted", vec![state("deleted")], 410, "gone"),
        ("expired", vec![("expires_at", seconds(-1))], 410, "gone"),
        ("abuse", vec![state("blocked"), over()], 403, "blocked"),
        ("legal", vec![state("blocked_legal"), over()], 451, "blocked-legal"),
        // Closed is closed, whatever the time.
        ("abuse-expired", vec![state("blocked"), ("expires_at", seconds(-1)), over()], 403, "blocked"),
        ("disabled-expired", vec![state("disabled"), ("expires_at", seconds(-1)), over()], 404, "not-found"),
        // Left by an application that checked nothing.
        ("script", vec![("target", text("javascript:alert(1)"))], 404, "not-found"),
        ("split", vec![("target", text("https://example.com/\r\nset-cookie: a=b"))], 404, "not-found"),
        ("over-script", vec![state("deleted"), ("expired_url", text("javascript:alert(1)"))], 410, "gone"),
        ("broken", vec![("target", json!({ "N": "1" }))], 500, "malformed-link"),
        ("strange", vec![state("sleeping")], 500, "malformed-link"),
    ]
}

#[tokio::test]
async fn what_is_closed_leads_nowhere() {
    in_both_modes(async |site| {
        for (slug, attributes, status, code) in closed() {
            site.put(slug, &attributes);
            let path = format!("/{slug}");
            let reply = site.get(&path).await;
            assert_eq!((reply.status.as_u16(), reply.header("cache-control")), (status, Some("no-store")), "{slug}");
            assert_eq!(reply.header("location"), None, "{slug}");
            assert_eq!(reply.header("set-cookie"), None, "{slug}");
            let problem = reply.json();
            assert_eq!(problem["type"], format!("urn:kurz:problem:{code}"), "{slug}");
            assert_eq!(problem["slug"], slug);
            assert!(!reply.text().contains("example.com"), "{slug}");
            let line = site.logged(slug, code).await;
            assert_eq!(line["status"], status);
        }
    })
    .await;
}

async fn leads_to(site: &Site, slug: &str, attributes: &[(&str, Value)], status: u16, url: &str) {
    site.put(slug, attributes);
    let reply = site.get(&format!("/{slug}")).await;
    assert_eq!((reply.status.as_u16(), reply.header("location")), (status, Some(url)), "{slug}");
}

#[tokio::test]
async fn what_is_over_leads_to_its_last_url() {
    in_both_modes(async |site| {
        let over = || ("expired_url", text("https://example.com/over"));
        let cases = [
            ("expired", vec![("expires_at", seconds(-1)), over()]),
            ("deleted", vec![("state", text("deleted")), over()]),
            // Its own status is for its own target.
            ("permanent", vec![("expires_at", seconds(-1)), over(), ("redirect", json!({ "N": "308" }))]),
        ];
        for (slug, attributes) in cases {
            leads_to(site, slug, &attributes, 302, "https://example.com/over").await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_link_is_followed_between_its_times() {
    in_both_modes(async |site| {
        let times = [("valid_from", seconds(-10)), ("expires_at", seconds(1_000))];
        leads_to(site, "begun", &times, 301, "https://example.com/begun").await;
        let active = [("state", text("active"))];
        leads_to(site, "active", &active, 301, "https://example.com/active").await;
    })
    .await;
}

#[tokio::test]
async fn attributes_that_nobody_knows_do_no_harm() {
    in_both_modes(async |site| {
        let mut item = crate::shortener::item("launch", &[]);
        item["clicks"] = json!({ "M": { "today": { "N": "7" } } });
        put_item(&site.stack, &item);
        leads_to(site, "other", &[("ttl", seconds(5))], 301, "https://example.com/other").await;
        assert_eq!(site.get("/launch").await.status, 301);
    })
    .await;
}
