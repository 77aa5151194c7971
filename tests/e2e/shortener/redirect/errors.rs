//! Answers that come from no link.

use serde_json::json;

use super::site::{BROWSER, in_both_modes};

#[tokio::test]
async fn what_cannot_be_a_slug_asks_nobody() {
    in_both_modes(async |site| {
        site.get("/health").await;
        let before = site.reads();
        let long = format!("/{}", "a".repeat(65));
        for path in [
            "/wp-login.php",
            "/.env",
            "/a/b",
            "/-a",
            "/a_",
            "/a.b",
            "/%20",
            "/%C3%BC",
            "/%00",
            "/%FF",
            "/not..a..slug+",
            "/a++",
            "/+",
            "/a.b.",
            "/-a)",
            "/%C3%BC.",
            "/a//",
            "/a%252E",
            "/a%2520",
            &long,
            &format!("{long}+"),
        ] {
            let reply = site.get(path).await;
            assert_eq!((reply.status.as_u16(), reply.header("cache-control")), (404, Some("no-store")), "{path}");
        }
        for (path, status) in [("/robots.txt", 200), ("/favicon.ico", 204), ("/health", 200)] {
            let get = site.get(path).await;
            assert_eq!((get.status.as_u16(), get.header("cache-control")), (status, Some("no-store")), "{path}");
            assert_eq!(get.body.is_empty(), status == 204, "{path}");
            site.check_head(path, &[], &get).await;
        }
        assert!(site.get("/robots.txt").await.text().starts_with("User-agent: *"));
        assert_eq!(site.reads(), before, "no request reached a store");
        let longest = format!("/{}", "a".repeat(64));
        assert_eq!(site.get(&longest).await.status, 404);
        assert_ne!(site.reads(), before, "the counter counts");
    })
    .await;
}

#[tokio::test]
async fn programs_get_problems_and_people_pages() {
    in_both_modes(async |site| {
        site.put("legal", &[("state", json!({ "S": "blocked_legal" }))]);
        for (path, status, code, title) in [
            ("/nothing", 404, "not-found", "No such link"),
            ("/no.slug", 404, "not-found", "No such link"),
            ("/legal", 451, "blocked-legal", "This link was closed"),
        ] {
            for accept in ["*/*", "application/json", "text/html;q=0.5, application/json"] {
                let headers = [("accept", accept)];
                let reply = site.client.call("GET", path, &headers, "").await;
                assert_eq!(reply.status, status, "{path}");
                assert_eq!(reply.header("content-type"), Some("application/problem+json"));
                assert_eq!(reply.header("cache-control"), Some("no-store"));
                let problem = reply.json();
                assert_eq!(
                    (&problem["type"], &problem["status"], &problem["title"]),
                    (&json!(format!("urn:kurz:problem:{code}")), &json!(status), &json!(title))
                );
                assert_eq!(problem["slug"], path.trim_start_matches('/'));
                assert!(problem["request_id"].as_str().is_some_and(|id| !id.is_empty()));
                site.check_head(path, &headers, &reply).await;
            }
            let page = site.browse(path).await;
            assert_eq!(page.status, status, "{path}");
            assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
            assert_eq!(page.header("cache-control"), Some("no-store"));
            let policy = page.header("content-security-policy").expect("a policy");
            assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"));
            assert!(page.text().contains(&format!("<h1>{title}</h1>")), "{path}");
            assert!(!page.text().contains("<script") && !page.text().contains("http"), "self-contained");
            site.check_head(path, &[BROWSER], &page).await;
        }
    })
    .await;
}

#[tokio::test]
async fn the_log_holds_nothing_about_the_visitor() {
    in_both_modes(async |site| {
        site.put("launch", &[]);
        let headers = [
            ("user-agent", "Mozilla/5.0 (secret) Googlebot/2.1"),
            ("referer", "https://WWW.Example.org:8443/from?token=secret"),
            ("sec-purpose", "prefetch;secret"),
            ("x-forwarded-for", "198.51.100.7"),
        ];
        let reply = site.client.call("GET", "/Launch?key=secret", &headers, "").await;
        assert_eq!(reply.status, 301);
        let mut line = site.logged("launch", "redirect").await;
        let tier = if site.stack.dax().is_some() { "dax" } else { "dynamodb" };
        assert!(line["timestamp"].take().is_string());
        let id = line["request_id"].take();
        assert!(id.as_str().is_some_and(|id| !id.is_empty()));
        assert!(line["duration_us"].take().as_u64().is_some_and(|took| took > 0));
        assert_eq!(
            line,
            json!({ "timestamp": null, "level": "info", "message": "redirect", "request_id": null, "slug": "launch",
                "outcome": "redirect", "method": "GET", "status": 301, "tier": tier, "duration_us": null, "bot": true,
                "prefetch": true, "referrer": "example.org" })
        );
    })
    .await;
}

#[tokio::test]
async fn the_log_tells_clicks_of_people_from_the_rest() {
    in_both_modes(async |site| {
        let person = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
        for (slug, method, headers, bot, prefetch) in [
            ("click", "GET", &[("user-agent", person)][..], false, false),
            ("checked", "HEAD", &[("user-agent", person)], false, false),
            ("early", "GET", &[("user-agent", person), ("purpose", "prefetch")], false, true),
            ("unfurled", "GET", &[("user-agent", "WhatsApp/2.23.20.0")], true, false),
        ] {
            site.put(slug, &[]);
            assert_eq!(site.client.call(method, &format!("/{slug}"), headers, "").await.status, 301);
            let line = site.logged(slug, "redirect").await;
            let told = (&line["method"], &line["bot"], &line["prefetch"]);
            assert_eq!(told, (&json!(method), &json!(bot), &json!(prefetch)), "{slug}");
        }
    })
    .await;
}
