//! The page for people, as files: what a browser does with them is for `tests/page/run.sh`.

use e2e::{Client, Reply, shortener, shortener_with};

/// Paths of the page's files, out of the page itself and its modules, the page first.
async fn files(client: &Client) -> Vec<(String, Reply)> {
    let mut found: Vec<(String, Reply)> = Vec::new();
    let mut wanted = vec!["/".to_owned()];
    while let Some(path) = wanted.pop() {
        if found.iter().any(|(known, _)| *known == path) {
            continue;
        }
        let reply = client.get(&path).await;
        assert_eq!(reply.status.as_u16(), 200, "{path}");
        let named = reply.text().split("\"assets/").chain(reply.text().split("from \"./"));
        let is_name = |name: &&str| !name.contains([' ', '<', '\n']) && name.contains('.');
        let names = named.filter_map(|text| text.split('"').next()).filter(is_name);
        wanted.extend(names.map(|name| format!("/assets/{name}")));
        found.push((path, reply));
    }
    found
}

#[tokio::test]
async fn the_page_is_whole_small_and_has_a_strict_policy() {
    let stack = shortener().await;
    let client = Client::of(&stack);
    let files = files(&client).await;
    let bytes: usize = files.iter().map(|(_, reply)| reply.body.len()).sum();
    assert!(files.len() > 8 && bytes < 90_000, "{bytes} bytes in {} files", files.len());
    for (path, reply) in &files {
        let media_type = match path.rsplit('.').next() {
            Some("css") => "text/css; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("svg") => "image/svg+xml",
            _ => "text/html; charset=utf-8",
        };
        assert_eq!(reply.header("content-type"), Some(media_type), "{path}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(reply.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert_eq!(reply.header("strict-transport-security"), Some("max-age=31536000"), "{path}");
        assert_eq!(reply.header("cache-control"), Some("no-cache"), "{path}");
        let policy = reply.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{policy}");
        assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
        for elsewhere in ["src=\"http", "href=\"http", "src=\"//", "href=\"//", "url(", "@import"] {
            assert!(!reply.text().contains(elsewhere), "{elsewhere} in {path}");
        }
    }
    let (_, page) = &files[0];
    for inline in ["<script>", "<style", " style=", " onclick=", "href=\"/", "src=\"/"] {
        assert!(!page.text().contains(inline), "{inline}");
    }
    stack.stop().await;
}

#[tokio::test]
async fn a_browser_that_has_a_file_is_not_sent_it_again() {
    let stack = shortener().await;
    let client = Client::of(&stack);
    for path in ["/", "/assets/app.js"] {
        let first = client.get(path).await;
        let tag = first.header("etag").expect("a tag").to_owned();
        assert!(tag.starts_with('"'), "{tag} is strong");
        let again = client.call("GET", path, &[("if-none-match", &tag)], "").await;
        assert_eq!((again.status.as_u16(), again.text()), (304, ""), "{path}");
        assert_eq!(again.header("etag"), Some(tag.as_str()), "{path}");
        let changed = client.call("GET", path, &[("if-none-match", "\"other\"")], "").await;
        assert_eq!((changed.status.as_u16(), changed.body), (200, first.body), "{path}");
    }
    for (path, media_type) in [
        ("/", "text/html; charset=utf-8"),
        ("/assets/app.js", "text/javascript; charset=utf-8"),
        ("/api/v1/openapi.json", "application/json"),
    ] {
        let head = client.call("HEAD", path, &[], "").await;
        assert_eq!((head.status.as_u16(), head.text()), (200, ""), "{path}");
        assert_eq!(head.header("content-type"), Some(media_type));
    }
    stack.stop().await;
}

#[tokio::test]
async fn what_is_no_file_is_a_problem_and_slugs_are_links() {
    let stack = shortener().await;
    let client = Client::of(&stack);
    for path in ["/assets/none.js", "/assets/index.html", "/assets/APP.JS"] {
        let reply = client.get(path).await;
        assert_eq!(reply.status.as_u16(), 404, "{path}");
        assert_eq!(reply.json()["type"], "urn:kurz:problem:unknown-path", "{path}");
    }
    // The page has its paths, and no others.
    let slug = client.call("POST", "/", &[], "https://example.com/").await;
    let reply = client.get(&format!("/{}", slug.text())).await;
    assert_eq!(reply.status.as_u16(), 301);
    stack.stop().await;
}

#[tokio::test]
async fn the_page_can_be_switched_off() {
    let stack = shortener_with(|config| {
        let writer = config.functions.get_mut("Writer").expect("a writer");
        writer.env.insert("PAGE".to_owned(), "0".to_owned());
    })
    .await;
    let client = Client::of(&stack);
    for path in ["/", "/assets/app.js"] {
        let reply = client.get(path).await;
        assert_eq!(reply.status.as_u16(), 404, "{path}");
        assert_eq!(reply.json()["type"], "urn:kurz:problem:unknown-path", "{path}");
    }
    let made = client.call("POST", "/", &[], "https://example.com/").await;
    assert_eq!(made.status.as_u16(), 200, "the rest is as it was");
    stack.stop().await;
}
