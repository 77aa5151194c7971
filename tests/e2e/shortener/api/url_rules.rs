//! Which URLs a link may lead to, and how they are kept.

use local::Config;
use serde_json::json;

use super::caller::{Caller, TEXT, refused, wish};
use crate::shortener::redirect::site::{Site, in_both_modes, in_both_modes_with};

/// Tries a URL wherever one can be given: both interfaces, the second URL of a link, and changes.
async fn check_refused(caller: &Caller, url: &str, code: &str) {
    let reply = caller.post("/", TEXT, url.to_owned()).await;
    refused(&reply, 422, code, url);
    assert_eq!(reply.json()["field"], "url", "{url}");
    for field in ["url", "expired_url"] {
        let mut wish = json!({ "url": "https://example.com/" });
        wish[field] = json!(url);
        let reply = caller.create(&wish).await;
        refused(&reply, 422, code, &format!("{field} {url}"));
        assert_eq!(reply.json()["field"], field, "{url}");
        let reply = caller.patch("kept", &json!({ field: url })).await;
        refused(&reply, 422, code, &format!("changed {field} {url}"));
        assert_eq!(reply.json()["field"], field, "{url}");
    }
}

async fn all_refused(site: &Site, code: &str, urls: &[&str]) {
    let caller = site.anyone();
    caller.make(&wish("kept", &json!({}))).await;
    for url in urls {
        check_refused(&caller, url, code).await;
    }
    let link = caller.read("kept").await.json();
    assert_eq!((&link["version"], &link["expired_url"]), (&json!(1), &json!(null)));
}

#[tokio::test]
async fn what_is_no_web_address_is_refused() {
    in_both_modes(async |site| {
        let urls = [
            "example.com",
            "//example.com/",
            "/path",
            "https://",
            "https://exa mple.com/",
            "http://[::1",
            "https://example.com:99999/",
            "http://256.256.256.256/",
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "data:text/html,hello",
            "ftp://example.com/",
            "file:///etc/passwd",
            "mailto:ann@example.com",
            "blob:https://example.com/1",
            // Credentials.
            "https://user@example.com/",
            "https://user:secret@example.com/",
            "https://:secret@example.com/",
            "https://example.org@example.com/",
            // Control characters.
            "https://example.com/\r\nset-cookie: a=b",
            "https://example.com/a\tb",
            "https://example.com/\u{0}a",
            "https://example.com/\u{7f}a",
            "https://example.com/\u{85}a",
        ];
        all_refused(site, "invalid-url", &urls).await;
    })
    .await;
}

#[tokio::test]
async fn private_targets_are_refused() {
    in_both_modes(async |site| {
        let urls = [
            "http://localhost/",
            "http://LOCALHOST:8080/",
            "http://localhost./",
            "http://a.localhost/",
            "http://127.0.0.1/",
            "http://127.1/",
            "http://10.0.0.1/",
            "http://172.16.0.1/",
            "http://172.31.255.255/",
            "http://192.168.1.1/",
            "http://169.254.169.254/latest/meta-data/",
            "http://0.0.0.0/",
            "http://100.64.0.1/",
            // The same in other spellings.
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://%31%32%37.0.0.1/",
            "http://\u{ff11}27.0.0.1/",
            "http://[::1]/",
            "http://[::]/",
            "http://[fe80::1]/",
            "http://[fc00::1]/",
            "http://[fd12:3456::1]/",
            "http://[::ffff:10.0.0.1]/",
            "http://[::ffff:7f00:1]/",
            "http://[::127.0.0.1]/",
            "http://[64:ff9b::a00:1]/",
            // Special-purpose addresses, as IANA's registries name them.
            "http://[2002:7f00:1::]/",
            "http://[2001:0:53aa:64c:0:0:0:1]/",
            "http://[::ffff:0:7f00:1]/",
            "http://[::ffff:8.8.8.8]/",
            "http://[64:ff9b:1::a00:1]/",
            "http://[fec0::1]/",
            "http://[ff02::1]/",
            "http://224.0.0.1/",
            "http://240.0.0.1/",
            "http://198.18.0.1/",
            "http://192.0.0.1/",
            // Special-use names, and names without a dot.
            "http://router/",
            "http://printer.local/",
            "http://nas.lan/",
            "http://db.internal/",
            "http://x.home.arpa/",
            "http://localhost.localdomain/",
            "http://ip6-localhost/",
            "http://./",
            "http://*/",
            "http://localhost../",
        ];
        all_refused(site, "private-target", &urls).await;
        // Their neighbours are public.
        for (number, url) in [
            "http://11.0.0.1/",
            "http://172.15.255.255/",
            "http://172.32.0.1/",
            "http://192.169.0.1/",
            "http://169.253.0.1/",
            "http://100.128.0.1/",
            "http://[2001:4860:4860::8888]/",
            "http://223.255.255.255/",
            "http://localhost.example.com/",
            "http://notlocalhost.example/",
        ]
        .into_iter()
        .enumerate()
        {
            let slug = format!("public-{number}");
            let link = site.anyone().make(&json!({ "url": url, "slug": slug })).await;
            assert_eq!(link["slug"], slug, "{url}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_operator_may_allow_private_targets() {
    let allowing = |config: &mut Config| set(config, "ALLOW_PRIVATE_TARGETS", "1");
    in_both_modes_with(allowing, async |site| {
        for url in ["http://10.0.0.1/", "http://[::1]:8080/", "http://intranet/"] {
            let reply = site.anyone().post("/", TEXT, url).await;
            assert_eq!(reply.status, 200, "{url}");
            let visit = site.visit(reply.text()).await;
            assert_eq!(visit, (301, Some(url.to_owned())));
        }
        let own = format!("{}/abc", site.stack.url());
        let reply = site.anyone().post("/", TEXT, own).await;
        refused(&reply, 422, "self-loop", "a link to ourselves");
    })
    .await;
}

#[tokio::test]
async fn a_link_does_not_lead_to_the_service_itself() {
    let named = |config: &mut Config| set(config, "BASE_URL", "https://kurz.example");
    in_both_modes_with(named, async |site| {
        let urls = [
            "https://kurz.example",
            "https://kurz.example/abc",
            "HTTPS://Kurz.Example/abc",
            "https://kurz.example:443/",
            "http://kurz.example/",
            "https://kurz.example./abc",
            "https://kurz.%65xample/",
        ];
        all_refused(site, "self-loop", &urls).await;
        for url in [
            "https://kurz.example.com/",
            "https://www.kurz.example/",
            "https://kurz.example:8443/",
            "https://example.com/?u=https://kurz.example/",
        ] {
            let link = site.anyone().make(&json!({ "url": url })).await;
            assert_eq!(link["url"], url);
            let short_url = link["short_url"].as_str().expect("an address");
            assert!(short_url.starts_with("https://kurz.example/"), "{short_url}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_url_has_at_most_8192_bytes() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        let of = |bytes: usize| format!("https://example.com/{}", "a".repeat(bytes - 20));
        let longest = of(8_192);
        let link = caller.make(&json!({ "url": longest, "slug": "long" })).await;
        assert_eq!(link["url"], longest);
        assert_eq!(site.visit("long").await, (301, Some(longest.clone())));
        // White space around it is not part of it.
        let reply = caller.post("/", TEXT, format!("  {longest}\n")).await;
        assert_eq!(reply.status, 200);

        // What counts is what is stored: this grows when it is escaped.
        let growing = format!("https://example.com/{}", "\u{fc}".repeat(1_363));
        for (url, bytes) in [(of(8_193), 8_193), (growing, 8_198)] {
            for reply in [caller.post("/", TEXT, url.clone()).await, caller.create(&json!({ "url": url })).await] {
                refused(&reply, 422, "url-too-long", "a byte too many");
                let problem = reply.json();
                assert_eq!((&problem["limit"], &problem["bytes"]), (&json!(8_192), &json!(bytes)));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn urls_are_kept_in_normal_form() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        for (number, (url, kept)) in [
            ("https://example.com/a?b=1&c=%20#d", "https://example.com/a?b=1&c=%20#d"),
            ("HTTPS://Example.COM:443/a/../b/./c", "https://example.com/b/c"),
            ("http://example.com:80/", "http://example.com/"),
            ("https://example.com:8443/", "https://example.com:8443/"),
            (" \t\r\n\u{c}https://example.com/x \r\n", "https://example.com/x"),
            ("https://example.com/a b", "https://example.com/a%20b"),
            ("https://example.com/%7Ea%2fb", "https://example.com/%7Ea%2fb"),
            ("https:\\\\example.com\\a", "https://example.com/a"),
            ("https://b\u{fc}cher.example/\u{fc}", "https://xn--bcher-kva.example/%C3%BC"),
            ("https://B\u{dc}CHER.example/", "https://xn--bcher-kva.example/"),
            ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"),
            ("https://\u{4f8b}\u{3048}.\u{30c6}\u{30b9}\u{30c8}/", "https://xn--r8jz45g.xn--zckzah/"),
            ("http://0x08.8.8.8/", "http://8.8.8.8/"),
            ("https://example.com?q", "https://example.com/?q"),
            ("https://example.com", "https://example.com"),
        ]
        .into_iter()
        .enumerate()
        {
            let slug = format!("form-{number}");
            let link = caller.make(&json!({ "url": url, "slug": slug })).await;
            assert_eq!(link["url"], kept, "{url:?}");
            assert_eq!(site.visit(&slug).await, (301, Some(kept.to_owned())), "{url:?}");
            // Another spelling is the same URL.
            let again = caller.create(&json!({ "url": kept, "slug": slug })).await;
            assert_eq!(again.status, 200, "{url:?}");
        }
    })
    .await;
}

/// Sets a variable of the writer.
fn set(config: &mut Config, variable: &str, value: &str) {
    let writer = config.functions.get_mut("Writer").expect("a writer");
    writer.env.insert(variable.to_owned(), value.to_owned());
}
