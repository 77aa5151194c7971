//! `GET /api/v1/links` with `q`, `tag`, `state`, `host`, and over all owners.

use std::collections::HashSet;

use e2e::Reply;
use serde_json::{Value, json};

use super::caller::{Caller, LINKS, refused, with_keys};
use crate::shortener::{
    put_item,
    redirect::site::{self, Site, in_both_modes_with, number, text},
};

/// Most links that one call reads of an owner's list.
const READ_AT_ONCE: usize = 500;

/// Puts a thousand links of `ann` into the table: seven hosts, three tags, five states, notes in three languages.
fn fill(site: &Site) {
    let updated = site::seconds(-3_600);
    for position in 0..1_000 {
        let made = number(1_700_000_000 + position / 3);
        let host = ["a.example", "b.example", "www.a.example", "xn--bcher-kva.example"][position as usize % 4];
        let target = format!("https://{host}/caf%C3%A9/{position}?n=%20");
        let tags = (1..4).filter(|tag| position.is_multiple_of(5 * tag)).map(|tag| text(&format!("Tag {tag}")));
        let note = ["Spring sale", "ΣΊΣΥΦΟΣ", "straße"][position as usize % 3];
        let mut attributes = vec![
            ("owner", text("ann")),
            ("created_at", made.clone()),
            ("updated_at", updated.clone()),
            ("target", text(&target)),
            ("tags", json!({ "L": tags.collect::<Vec<_>>() })),
            ("note", text(note)),
        ];
        match position % 11 {
            1 => attributes.push(("state", text("disabled"))),
            2 => attributes.push(("state", text("deleted"))),
            3 => attributes.push(("state", text("blocked"))),
            4 => attributes.push(("state", text("blocked_legal"))),
            5 => attributes.push(("expires_at", number(1_750_000_000))),
            6 => attributes.push(("valid_from", number(4_000_000_000))),
            _ => {}
        }
        site.put(&format!("link-{position}"), &attributes);
    }
}

/// All links of a list, and the sizes of its pages.
async fn all(site: &Site, caller: &Caller, query: &str) -> (Vec<Value>, Vec<usize>) {
    let (mut links, mut sizes) = (Vec::new(), Vec::new());
    let mut path = format!("{LINKS}?{query}");
    loop {
        let reply = caller.get(&path).await;
        assert_eq!(reply.status, 200, "{path} {}", reply.text());
        let page = reply.json();
        let found = page["links"].as_array().expect("links");
        sizes.push(found.len());
        links.extend(found.iter().cloned());
        let Some(next) = next(&reply) else {
            assert!(page["next_cursor"].is_null(), "{}", page["next_cursor"]);
            return (links, sizes);
        };
        assert!(next.contains(page["next_cursor"].as_str().expect("a cursor")), "{next}");
        path = next.strip_prefix(&site.stack.url()).expect("an address of ours").to_owned();
        assert!(sizes.len() < 1_100, "the pages of {query} never end");
    }
}

fn next(reply: &Reply) -> Option<String> {
    let target = reply.header("link")?.strip_prefix('<')?.strip_suffix(">; rel=\"next\"");
    Some(target.expect("a target").to_owned())
}

fn slugs(links: &[Value]) -> Vec<&str> {
    links.iter().map(|link| link["slug"].as_str().expect("a slug")).collect()
}

fn position(link: &Value) -> u32 {
    let slug = link["slug"].as_str().expect("a slug");
    slug.strip_prefix("link-").expect("one of ours").parse().expect("a number")
}

#[tokio::test]
async fn filtered_pages_are_a_part_of_the_whole() {
    in_both_modes_with(with_keys, async |site| {
        let ann = site.owner("ann").await;
        fill(site);
        let (whole, sizes) = all(site, &ann, "limit=100").await;
        assert_eq!((whole.len(), sizes), (1_000, vec![100; 10]));
        let check = async |query: &str, is_meant: &dyn Fn(u32) -> bool| {
            let expected: Vec<_> = whole.iter().filter(|link| is_meant(position(link))).cloned().collect();
            for limit in [7, 100] {
                let (found, sizes) = all(site, &ann, &format!("{query}&limit={limit}")).await;
                assert_eq!(slugs(&found), slugs(&expected), "{query} {limit}");
                assert!(found == expected, "{query} {limit}: other links under the same slugs");
                assert!(sizes.iter().all(|size| *size <= limit), "{query} {sizes:?}");
                // A page that is not full has read its fill.
                let short = sizes.iter().filter(|size| **size < limit).count();
                assert!(short <= 1_000 / READ_AT_ONCE + 1, "{query} {sizes:?}");
            }
        };
        check("q=SPRING", &|it| it.is_multiple_of(3)).await;
        check("q=spring+SALE", &|it| it.is_multiple_of(3)).await;
        check("q=%CF%83%CE%AF%CF%83%CF%85%CF%86%CE%BF%CF%82", &|it| it % 3 == 1).await;
        check("q=strasse", &|it| it % 3 == 2).await;
        check("q=B%C3%9CCHER.example", &|it| it % 4 == 3).await;
        check("q=caf%C3%A9/99", &|it| it == 99 || it / 10 == 99).await;
        check("q=link-777", &|it| it == 777).await;
        check("q=tag", &|it| it.is_multiple_of(5)).await;
        check("tag=Tag+1", &|it| it.is_multiple_of(5)).await;
        check("tag=Tag+2&tag=Tag+3", &|it| it.is_multiple_of(30)).await;
        check("tag=tag+1", &|_| false).await;
        check("state=active", &|it| ![1, 2, 3, 4, 5, 6].contains(&(it % 11))).await;
        check("state=disabled", &|it| it % 11 == 1).await;
        check("state=deleted", &|it| it % 11 == 2).await;
        check("state=blocked", &|it| [3, 4].contains(&(it % 11))).await;
        check("state=blocked_legal", &|it| it % 11 == 4).await;
        check("state=expired", &|it| it % 11 == 5).await;
        check("state=early", &|it| it % 11 == 6).await;
        check("host=a.example", &|it| it.is_multiple_of(2) && it % 4 != 1).await;
        check("host=WWW.A.example.", &|it| it % 4 == 2).await;
        check("host=b%C3%BCcher.example", &|it| it % 4 == 3).await;
        check("host=example", &|_| true).await;
        check("host=c.example", &|_| false).await;
        check("q=sale&tag=Tag+1&state=active&host=a.example&x_mine=1", &|it| {
            it.is_multiple_of(15) && ![1, 2, 3, 4, 5, 6].contains(&(it % 11)) && it.is_multiple_of(2)
        })
        .await;
        let by_url = format!("q={}/link-777", site.stack.url());
        check(&by_url, &|it| it == 777).await;
        // Nothing to find: two calls that each read their fill, and one that learns that nothing is left.
        let (_, sizes) = all(site, &ann, "q=nowhere").await;
        assert!(sizes.len() <= 1_000 / READ_AT_ONCE + 1, "{sizes:?}");
        let first = ann.get("/api/v1/links?q=nowhere").await.json();
        assert!(first["links"] == json!([]) && first["next_cursor"].is_string(), "{first}");
        let bob = site.owner("bob").await;
        assert_eq!(all(site, &bob, "q=link").await, (Vec::new(), vec![0]));
    })
    .await;
}

#[tokio::test]
async fn what_is_no_filter_is_refused() {
    in_both_modes_with(with_keys, async |site| {
        let ann = site.owner("ann").await;
        let long = "q".repeat(8_193);
        for (query, parameter) in [
            ("tag=", "tag"),
            ("state=", "state"),
            ("state=Active", "state"),
            ("state=scheduled", "state"),
            ("state=active&state=active", "state"),
            ("q=a&q=b", "q"),
            ("host=", "host"),
            ("host=https%3A%2F%2Fexample.com", "host"),
            ("host=example.com%3A80", "host"),
            ("host=*.example.com", "host"),
            ("host=a&host=b", "host"),
            ("tags=a", "tags"),
            ("query=a", "query"),
            ("limit=5&limit=7", "limit"),
            ("q=%FF", "q"),
            (&format!("q={long}"), "q"),
        ] {
            let reply = ann.get(&format!("{LINKS}?{query}")).await;
            refused(&reply, 400, "invalid-parameter", query);
            assert_eq!(reply.json()["parameter"], parameter, "{query}");
        }
        for query in ["q=", "q=%20", "tag=%20", "host=com", "host=%5B%3A%3A1%5D", "host=192.0.2.1"] {
            let reply = ann.get(&format!("{LINKS}?{query}")).await;
            assert_eq!(reply.status, 200, "{query} {}", reply.text());
        }
    })
    .await;
}

#[tokio::test]
async fn a_cursor_goes_on_in_its_own_list_only() {
    in_both_modes_with(with_keys, async |site| {
        let admin = site.caller("ann", "admin").await;
        fill(site);
        let lists =
            ["", "q=a", "q=b", "tag=a", "state=active", "host=a.example", "owner=bob", "owner=*", "owner=*&q=a"];
        let mut cursors = Vec::new();
        for list in lists {
            let page = admin.get(&format!("{LINKS}?limit=1&{list}")).await.json();
            cursors.push(page["next_cursor"].as_str().map(str::to_owned));
        }
        assert!(cursors.iter().flatten().count() >= 7, "{cursors:?}");
        for (from, cursor) in lists.iter().zip(&cursors) {
            let Some(cursor) = cursor else { continue };
            for to in lists {
                let reply = admin.get(&format!("{LINKS}?limit=1&{to}&cursor={cursor}")).await;
                if *from == to {
                    assert_eq!(reply.status, 200, "{to}: {}", reply.text());
                } else {
                    refused(&reply, 400, "invalid-parameter", &format!("{from} in {to}"));
                }
            }
        }
        // How many links a page holds is no part of the list.
        let cursor = cursors[1].as_deref().expect("a cursor");
        assert_eq!(admin.get(&format!("{LINKS}?limit=50&q=a&cursor={cursor}")).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn an_administrator_searches_the_links_of_all_owners() {
    in_both_modes_with(with_keys, async |site| {
        let (ann, admin) = (site.owner("ann").await, site.caller("operator", "admin").await);
        for position in 0..120 {
            let owner = ["ann", "bob"][position % 2];
            let to = ["good.example", "www.bad.example"][usize::from(position.is_multiple_of(10))];
            let target = format!("https://{to}/{position}");
            let made = number(1_700_000_000);
            let attributes = [("owner", text(owner)), ("created_at", made), ("target", text(&target))];
            site.put(&format!("{owner}-{position}"), &attributes);
        }
        // As the AWS sample has them: no owner, no time, and a target that nobody has checked.
        site.put("sample", &[("target", text("HTTPS://Bad.Example/%zz"))]);
        // What is not a link does not hide the others.
        put_item(&site.stack, &json!({ "id": { "S": "Not a slug" }, "target": { "S": "https://bad.example/" } }));
        put_item(&site.stack, &json!({ "id": { "S": "no-target" } }));
        for limit in [1, 3, 50, 100] {
            let (found, sizes) = all(site, &admin, &format!("owner=*&limit={limit}")).await;
            assert_eq!(found.len(), 121, "{limit} {sizes:?}");
            assert_eq!(slugs(&found).into_iter().collect::<HashSet<_>>().len(), 121, "{limit}");
            let (found, sizes) = all(site, &admin, &format!("owner=*&host=bad.example&limit={limit}")).await;
            let found: HashSet<_> = slugs(&found).into_iter().collect();
            let expected = (0..12).map(|number| format!("{}-{}", "ann", number * 10)).chain(["sample".to_owned()]);
            assert_eq!(found, expected.collect::<HashSet<_>>().iter().map(String::as_str).collect(), "{sizes:?}");
        }
        let (found, _) = all(site, &admin, "owner=*&q=sample").await;
        assert_eq!((found.len(), &found[0]["owner"]), (1, &json!("anonymous")));
        let (found, _) = all(site, &admin, "owner=bob&host=bad.example").await;
        assert_eq!(found.len(), 0);
        assert_eq!(all(site, &admin, "").await.0.len(), 0, "without owner, an administrator lists its own links");
        for query in ["owner=*", "owner=*&host=bad.example", "owner=bob&q=a"] {
            let reply = ann.get(&format!("{LINKS}?{query}")).await;
            refused(&reply, 403, "insufficient-scope", query);
        }
    })
    .await;
}
