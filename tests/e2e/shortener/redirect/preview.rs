//! `GET` and `HEAD /{slug}+`.

use serde_json::{Value, json};

use super::{
    site::{BROWSER, in_both_modes, seconds, text, yes},
    states::closed,
};

const URL: &str = "https://xn--mnchen-3ya.example/reisen?a=1&b=\"'><script>alert(1)</script>#ende";

#[tokio::test]
async fn a_preview_tells_everything_and_leads_nowhere() {
    in_both_modes(async |site| {
        let times = [("created_at", json!({ "N": "1798761600" })), ("expires_at", json!({ "N": "4102444800" }))];
        let [created, expires] = times;
        site.put("launch", &[("target", text(URL)), created, expires]);
        let told = json!({ "slug": "launch", "url": URL, "host": "xn--mnchen-3ya.example",
            "host_unicode": "münchen.example", "created_at": "2027-01-01T00:00:00Z",
            "expires_at": "2100-01-01T00:00:00Z" });
        for path in ["/launch+", "/launch%2B", "/launch%2b", "/LAUNCH+", "/launch+/", "/launch+.", "/launch%2B%20"] {
            let reply = site.get(path).await;
            assert_eq!((reply.status.as_u16(), reply.json()), (200, told.clone()), "{path}");
            assert_eq!(reply.header("content-type"), Some("application/json"));
            assert_eq!(reply.header("cache-control"), Some("no-store"));
            assert_eq!(reply.header("location"), None);
            site.check_head(path, &[], &reply).await;
        }

        let page = site.browse("/launch+").await;
        assert_eq!(page.status, 200);
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert_eq!((page.header("location"), page.header("refresh")), (None, None));
        let policy = page.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"));
        let escaped =
            "https://xn--mnchen-3ya.example/reisen?a=1&amp;b=&quot;&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;#ende";
        for part in [
            escaped,
            &format!("href=\"{escaped}\""),
            "münchen.example",
            ">xn--mnchen-3ya.example<",
            "1 January 2027, 00:00 UTC",
            "1 January 2100, 00:00 UTC",
        ] {
            assert!(page.text().contains(part), "{part}\n{}", page.text());
        }
        assert!(!page.text().contains("<script"), "{}", page.text());
        site.check_head("/launch+", &[BROWSER], &page).await;
    })
    .await;
}

#[tokio::test]
async fn a_link_of_the_original_application_has_a_preview() {
    in_both_modes(async |site| {
        site.put("grqpaeet", &[]);
        let preview = site.get("/grqpaeet+").await.json();
        assert_eq!(preview["url"], "https://example.com/grqpaeet");
        assert_eq!((&preview["created_at"], &preview["expires_at"]), (&Value::Null, &Value::Null));
        let page = site.browse("/grqpaeet+").await;
        assert!(page.text().contains("<dt>Expires</dt><dd>never</dd>"), "{}", page.text());
    })
    .await;
}

#[tokio::test]
async fn a_name_that_could_pass_for_another_is_shown_in_ascii() {
    in_both_modes(async |site| {
        site.put("apple", &[("target", text("https://xn--80ak6aa92e.com/"))]);
        let page = site.browse("/apple+").await;
        let page = page.text();
        assert!(page.contains("<h1>This link leads to <bdi>xn--80ak6aa92e.com</bdi></h1>"), "{page}");
        assert!(page.contains("<title>apple leads to \u{2068}xn--80ak6aa92e.com\u{2069}</title>"), "{page}");
    })
    .await;
}

#[tokio::test]
async fn a_preview_is_logged_as_a_preview() {
    in_both_modes(async |site| {
        site.put("launch", &[]);
        site.get("/launch+").await;
        let line = site.logged("launch", "preview").await;
        assert_eq!((&line["status"], &line["message"]), (&json!(200), &json!("preview")));
    })
    .await;
}

#[tokio::test]
async fn what_is_closed_is_not_told() {
    in_both_modes(async |site| {
        for (slug, attributes, status, code) in closed() {
            site.put(slug, &attributes);
            let path = format!("/{slug}+");
            let reply = site.get(&path).await;
            assert_eq!((reply.status.as_u16(), reply.header("cache-control")), (status, Some("no-store")), "{slug}");
            let problem = reply.json();
            assert_eq!(problem["type"], format!("urn:kurz:problem:{code}"), "{slug}");
            assert_eq!(problem["slug"], slug);
            for answer in [&reply, &site.browse(&path).await] {
                assert_eq!(answer.status, status, "{slug}");
                for part in ["example.com", "javascript:", "set-cookie"] {
                    assert!(!answer.text().contains(part), "{slug}: {part}");
                }
            }
        }
        assert_eq!(site.get("/nothing+").await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn a_preview_tells_where_the_visitor_would_get_to() {
    in_both_modes(async |site| {
        site.put("query", &[("forward_query", yes())]);
        let over = ("expired_url", text("https://example.com/over"));
        site.put("over", &[("expires_at", seconds(-1)), over]);
        for (path, preview) in [("/query?a=1", "/query+?a=1"), ("/query", "/query+"), ("/over", "/over+")] {
            let followed = site.get(path).await;
            let url = site.get(preview).await.json()["url"].take();
            assert_eq!(url.as_str(), followed.header("location"), "{path}");
        }
    })
    .await;
}
