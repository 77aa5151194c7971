//! `GET /api/v1/links`.

use std::collections::HashSet;

use e2e::Reply;
use serde_json::json;

use super::caller::{Caller, LINKS, lasting, refused, seconds, wish, with_keys};
use crate::shortener::redirect::site::{self, Site, in_both_modes, in_both_modes_with, number, text};

/// Puts links of `owner` into the table, three in each second.
fn fill(site: &Site, owner: &str, slugs: std::ops::Range<u32>) {
    for position in slugs {
        let made = number(1_700_000_000 + position / 3);
        let attributes = [("owner", text(owner)), ("created_at", made.clone()), ("updated_at", made)];
        site.put(&format!("{owner}-{position}"), &attributes);
    }
}

/// Follows `Link: rel="next"` to the end; gives the slugs of each page.
async fn pages(site: &Site, caller: &Caller, query: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut path = format!("{LINKS}{query}");
    let mut newest = u64::MAX;
    loop {
        let reply = caller.get(&path).await;
        assert_eq!(reply.status, 200, "{path} {}", reply.text());
        let page = reply.json();
        let links = page["links"].as_array().expect("links");
        for link in links {
            let made = seconds(&link["created_at"]);
            assert!(made <= newest, "{link} is newer than the one before");
            newest = made;
        }
        let slugs = links.iter().map(|link| link["slug"].as_str().expect("a slug").to_owned());
        pages.push(slugs.collect());
        let Some(next) = next(&reply) else {
            assert!(page.as_object().expect("a page").contains_key("next_cursor"));
            assert!(page["next_cursor"].is_null(), "{}", page["next_cursor"]);
            return pages;
        };
        let cursor = page["next_cursor"].as_str().expect("a cursor");
        assert!(next.contains(cursor), "{next}");
        let below = next.strip_prefix(&site.stack.url()).expect("an address of ours");
        path = below.to_owned();
        assert!(pages.len() < 1_000, "the pages never end");
    }
}

/// The target of `Link: <…>; rel="next"`.
fn next(reply: &Reply) -> Option<String> {
    let header = reply.header("link")?;
    let target = header.strip_prefix('<')?.strip_suffix(">; rel=\"next\"");
    Some(target.expect("a target").to_owned())
}

#[tokio::test]
async fn pages_hold_every_link_once_newest_first() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        assert_eq!(pages(site, &caller, "").await, [Vec::<String>::new()]);
        let check = async |query: &str, expected: &[usize]| {
            let pages = pages(site, &caller, query).await;
            let sizes: Vec<_> = pages.iter().map(Vec::len).collect();
            assert_eq!(sizes, expected, "{query}");
            let slugs: HashSet<_> = pages.iter().flatten().collect();
            assert_eq!(slugs.len(), expected.iter().sum::<usize>(), "{query}");
        };
        fill(site, "anonymous", 0..99);
        check("?limit=100", &[99]).await;
        fill(site, "anonymous", 99..100);
        check("?limit=100", &[100]).await;
        check("?limit=50", &[50, 50]).await;
        check("", &[20; 5]).await;
        fill(site, "anonymous", 100..101);
        check("?limit=100", &[100, 1]).await;
        // A page may end between links of one second.
        fill(site, "anonymous", 101..205);
        check("?limit=100", &[100, 100, 5]).await;
        check("?limit=41", &[41; 5]).await;
        check("?limit=1", &[1; 205]).await;
        check("?limit=100&x_mine=1", &[100, 100, 5]).await;
    })
    .await;
}

#[tokio::test]
async fn links_that_are_made_while_pages_are_turned_do_not_disturb() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        fill(site, "anonymous", 0..10);
        let first = caller.get("/api/v1/links?limit=5").await.json();
        let mut slugs = HashSet::new();
        let mut take = |page: &serde_json::Value| {
            for link in page["links"].as_array().expect("links") {
                assert!(slugs.insert(link["slug"].as_str().expect("a slug").to_owned()));
            }
            slugs.len()
        };
        take(&first);
        let newest = caller.make(&wish("newest", &json!({}))).await;
        // The link that the cursor stands for goes away as well.
        let last = first["links"][4]["slug"].as_str().expect("a slug");
        assert_eq!(caller.delete(last).await.status, 204);
        let cursor = first["next_cursor"].as_str().expect("a cursor");
        let second = caller.get(&format!("{LINKS}?limit=5&cursor={cursor}")).await.json();
        assert_eq!(take(&second), 10, "{second}");
        assert!(second["next_cursor"].is_null());
        let again = caller.get(&format!("{LINKS}?limit=1")).await.json();
        assert_eq!(again["links"][0]["slug"], newest["slug"]);
    })
    .await;
}

#[tokio::test]
async fn a_list_shows_links_as_they_are() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        for slug in ["plain", "paused", "deleted"] {
            caller.make(&wish(slug, &json!({}))).await;
        }
        caller.change("paused", &json!({ "state": "disabled", "note": "n" })).await;
        assert_eq!(caller.delete("deleted").await.status, 204);
        let month = -30 * 24 * 3_600;
        let forgotten = [
            ("state", text("deleted")),
            ("owner", text("anonymous")),
            ("created_at", site::seconds(2 * month)),
            ("updated_at", site::seconds(month)),
        ];
        site.put("forgotten", &forgotten);
        let page = caller.get(LINKS).await.json();
        let links = page["links"].as_array().expect("links");
        assert_eq!(links.len(), 3, "{page}");
        for link in links {
            let slug = link["slug"].as_str().expect("a slug");
            let read = caller.read(slug).await.json();
            assert_eq!(lasting(link.clone()), lasting(read));
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_no_cursor_or_no_limit_is_refused() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        fill(site, "anonymous", 0..3);
        let page = caller.get("/api/v1/links?limit=1").await.json();
        let cursor = page["next_cursor"].as_str().expect("a cursor").to_owned();
        let cut = cursor.get(..cursor.len() / 2).expect("half a cursor").to_owned();
        let long = "A".repeat(4_000);
        for (parameter, value) in [
            ("limit", "0"),
            ("limit", "101"),
            ("limit", "-1"),
            ("limit", ""),
            ("limit", "ten"),
            ("limit", "1.0"),
            ("limit", "99999999999999999999"),
            ("cursor", ""),
            ("cursor", "!"),
            ("cursor", "garbage"),
            ("cursor", "MTIzIA"),
            ("cursor", &cut),
            ("cursor", &long),
            ("cursor", "%00"),
            ("limt", "5"),
            ("cursor", "anonymous-1"),
        ] {
            let reply = caller.get(&format!("{LINKS}?{parameter}={value}")).await;
            refused(&reply, 400, "invalid-parameter", &format!("{parameter}={value}"));
            assert_eq!(reply.json()["parameter"], parameter);
        }
        for limit in [1, 100] {
            let reply = caller.get(&format!("{LINKS}?limit={limit}")).await;
            assert_eq!(reply.status, 200);
        }
    })
    .await;
}

#[tokio::test]
async fn an_owner_lists_its_own_links_only() {
    in_both_modes_with(with_keys, async |site| {
        let (ann, bob) = (site.owner("ann").await, site.owner("bob").await);
        let admin = site.caller("operator", "admin").await;
        fill(site, "ann", 0..25);
        fill(site, "bob", 0..25);
        let is_of = |owner: &'static str| move |slug: &String| slug.starts_with(owner);
        for (caller, query, owner) in [
            (&ann, "", "ann"),
            (&bob, "?limit=7", "bob"),
            (&ann, "?owner=ann&limit=10", "ann"),
            (&admin, "?owner=ann&limit=10", "ann"),
        ] {
            let slugs = pages(site, caller, query).await.concat();
            assert_eq!(slugs.len(), 25, "{query}");
            assert!(slugs.iter().all(is_of(owner)), "{query} {slugs:?}");
        }
        let theirs = ann.get("/api/v1/links?limit=10").await.json();
        let cursor = theirs["next_cursor"].as_str().expect("a cursor");
        let reply = bob.get(&format!("{LINKS}?limit=100&cursor={cursor}")).await;
        if reply.status == 200 {
            assert!(!reply.text().contains("\"owner\":\"ann\""), "{}", reply.text());
        } else {
            refused(&reply, 400, "invalid-parameter", "a cursor of ann's");
        }
        let reply = ann.get("/api/v1/links?owner=bob").await;
        refused(&reply, 403, "insufficient-scope", "the links of bob");
    })
    .await;
}
