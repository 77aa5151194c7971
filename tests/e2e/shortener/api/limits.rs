//! Requests that are too large, in no form that is understood, or sent where nothing takes them.

use serde_json::{Value, json};

use super::caller::{FORM, JSON, LINKS, TEXT, refused, wish};
use crate::shortener::redirect::site::in_both_modes;

const BULK: &str = "/api/v1/links:bulk";
/// Most bytes of a body.
const LIMIT: usize = 64 << 10;

/// A JSON body of that many bytes.
fn padded(bytes: usize) -> String {
    let empty = json!({ "url": "https://example.com/", "x_pad": "" }).to_string();
    let pad = "a".repeat(bytes - empty.len());
    json!({ "url": "https://example.com/", "x_pad": pad }).to_string()
}

#[tokio::test]
async fn a_body_has_at_most_64_kibibytes() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        let reply = caller.post(LINKS, JSON, padded(LIMIT)).await;
        assert_eq!(reply.status, 201, "{}", reply.text());
        // What reaches the function in base 64 is measured by what it stands for.
        let url = "https://example.com/bytes";
        let spaces = " ".repeat(LIMIT - url.len());
        let binary = "application/octet-stream";
        let reply = caller.post("/", binary, format!("{url}{spaces}")).await;
        assert_eq!(reply.status, 200, "{}", reply.text());

        let change = padded(LIMIT + 1);
        let content_type = [("content-type", JSON)];
        caller.make(&wish("kept", &json!({}))).await;
        let requests = site.stack.dynamodb_requests();
        for reply in [
            caller.post(LINKS, JSON, padded(LIMIT + 1)).await,
            caller.post("/", JSON, padded(LIMIT + 1)).await,
            caller.post("/", TEXT, padded(LIMIT + 1)).await,
            caller.post("/", FORM, format!("url={}", padded(LIMIT))).await,
            caller.post("/", binary, format!("{url}{spaces} ")).await,
            caller.post("/", TEXT, "a".repeat(5 * LIMIT)).await,
            caller.call("PATCH", "/api/v1/links/kept", &content_type, change).await,
        ] {
            refused(&reply, 413, "body-too-large", "a byte too many");
            assert_eq!(reply.json()["limit"], LIMIT);
        }
        assert_eq!(site.stack.dynamodb_requests(), requests);
    })
    .await;
}

#[tokio::test]
async fn what_a_call_does_not_take_is_refused() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        caller.make(&wish("kept", &json!({}))).await;
        let kept = "/api/v1/links/kept";
        let restore = "/api/v1/links/kept/restore";
        for (method, path, body) in [
            ("POST", "/?slug=mine".to_owned(), "https://example.com/"),
            ("POST", format!("{LINKS}?slug=mine"), "{\"url\":\"https://example.com/\"}"),
            ("PATCH", format!("{kept}?note=n"), "{}"),
            ("GET", format!("{kept}?version=1"), ""),
            ("DELETE", format!("{kept}?force=1"), ""),
            ("GET", format!("{LINKS}?limit=1&limit=2"), ""),
            ("GET", format!("{kept}/qr?size=200&format=svg&size=300"), ""),
        ] {
            let headers = [("content-type", if path.starts_with("/?") { TEXT } else { JSON })];
            let reply = caller.call(method, &path, &headers, body).await;
            refused(&reply, 400, "invalid-parameter", &format!("{method} {path}"));
        }
        let body = "{\"ttl_seconds\":60}";
        for (method, path) in [("DELETE", kept), ("POST", restore), ("GET", LINKS), ("GET", kept)] {
            let json = [("content-type", JSON)];
            refused(&caller.call(method, path, &json, body).await, 422, "unknown-field", method);
            refused(&caller.call(method, path, &[], "x").await, 415, "unsupported-media-type", method);
        }
        let gzip = [("content-type", JSON), ("content-encoding", "gzip")];
        refused(&caller.call("POST", LINKS, &gzip, "\u{1f}").await, 415, "unsupported-media-type", "gzip");
        let condition = [("content-type", JSON), ("if-match", "\u{fc}")];
        let reply = caller.call("PATCH", kept, &condition, "{\"note\":\"n\"}").await;
        refused(&reply, 412, "version-mismatch", "an unreadable version");
        assert_eq!(caller.read("kept").await.json()["version"], 1);
        assert_eq!(caller.call("DELETE", kept, &[("content-type", JSON)], "{}").await.status, 204);
    })
    .await;
}

#[tokio::test]
async fn head_is_possible_wherever_get_is() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        caller.make(&wish("kept", &json!({}))).await;
        for path in [
            "/",
            "/assets/style.css",
            "/assets/none.css",
            "/api/v1/openapi.json",
            "/api/v1/links?limit=1",
            "/api/v1/links/kept",
            "/api/v1/links/none",
            "/api/v1/links/kept/qr?format=png",
            "/kept",
            "/kept+",
            "/none",
            "/robots.txt",
        ] {
            let get = site.client.get(path).await;
            let head = site.client.call("HEAD", path, &[], "").await;
            assert_eq!((head.status, head.text()), (get.status, ""), "{path}");
            for name in ["content-type", "cache-control", "etag", "link", "content-security-policy", "location"] {
                assert_eq!(head.header(name), get.header(name), "{name} of {path}");
            }
        }
        refused(&caller.call("GET", BULK, &[], "").await, 405, "method-not-allowed", "no GET");
        assert_eq!(site.client.call("HEAD", BULK, &[], "").await.status, 405);
    })
    .await;
}

#[tokio::test]
async fn bodies_have_the_media_types_that_are_taken() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        caller.make(&wish("kept", &json!({}))).await;
        let body = json!({ "url": "https://example.com/media" }).to_string();
        for media_type in [JSON, "Application/JSON; charset=utf-8", "application/merge-patch+json"] {
            let reply = caller.post(LINKS, media_type, body.clone()).await;
            assert!(reply.status.is_success(), "{media_type} {}", reply.text());
            let headers = [("content-type", media_type)];
            let reply = caller.call("PATCH", "/api/v1/links/kept", &headers, body.clone()).await;
            assert_eq!(reply.status, 200, "{media_type}");
        }
        for media_type in
            [FORM, TEXT, "image/png", "text/json", "json", "application/jsonp", "multipart/form-data; boundary=x", ""]
        {
            let headers = [("content-type", media_type)];
            for (method, path) in [("POST", LINKS), ("POST", BULK), ("PATCH", "/api/v1/links/kept")] {
                let reply = caller.call(method, path, &headers, body.clone()).await;
                refused(&reply, 415, "unsupported-media-type", media_type);
            }
        }
        let reply = caller.call("POST", LINKS, &[], body.clone()).await;
        refused(&reply, 415, "unsupported-media-type", "none");
        for media_type in ["image/png", "multipart/form-data; boundary=x", "application/xml"] {
            let reply = caller.post("/", media_type, body.clone()).await;
            refused(&reply, 415, "unsupported-media-type", media_type);
        }
    })
    .await;
}

#[tokio::test]
async fn malformed_json_is_located() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        caller.make(&wish("kept", &json!({}))).await;
        for (body, line, column) in [
            ("{\n  \"url\": \"https://example.com\",,\n}", 2, 32),
            ("{\"url\" 1}", 1, 8),
            ("{\"url\":", 1, 7),
            ("{}\nx", 2, 1),
            ("{\"url\":\"a\u{1}\"}", 1, 10),
        ] {
            let headers = [("content-type", JSON)];
            for (method, path) in [("POST", LINKS), ("POST", BULK), ("POST", "/"), ("PATCH", "/api/v1/links/kept")] {
                let reply = caller.call(method, path, &headers, body).await;
                refused(&reply, 400, "malformed-json", body);
                let position = json!({ "line": line, "column": column });
                assert_eq!(reply.json()["position"], position, "{method} {path} {body:?}");
            }
        }
        // JSON, but no object; and nested deeper than anybody needs.
        let deep = "[".repeat(10_000);
        for body in ["[]", "null", "7", "\"https://example.com\"", &deep] {
            refused(&caller.post(LINKS, JSON, body.to_owned()).await, 400, "malformed-json", "no object");
        }
        let not_utf8 = b"{\"url\":\"https://example.com/\xff\"}".to_vec();
        refused(&caller.post(LINKS, JSON, not_utf8).await, 400, "malformed-json", "no text");
        for body in ["", " \r\n\t "] {
            for path in [LINKS, BULK] {
                refused(&caller.post(path, JSON, body).await, 400, "empty-body", path);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_misspelt_field_does_not_pass() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        caller.make(&wish("kept", &json!({}))).await;
        // Fields of the response are not fields of the request.
        for field in ["sulg", "URL", "owner", "version", "existing", "short_url", "created_at", "x"] {
            let body = json!({ "url": "https://example.com/", field: Value::Null });
            for reply in [
                caller.create(&body).await,
                caller.post("/", JSON, body.to_string()).await,
                caller.patch("kept", &body).await,
            ] {
                refused(&reply, 422, "unknown-field", field);
                assert_eq!(reply.json()["field"], field);
            }
        }
        let body = json!({ "url": "https://example.com/", "x_mine": { "a": [1] }, "x_": 1 });
        assert_eq!(caller.create(&body).await.status, 201);
        assert_eq!(caller.patch("kept", &body).await.status, 200);
        // A new link is active: its state is not an option.
        let body = json!({ "url": "https://example.com/", "state": "disabled" });
        refused(&caller.create(&body).await, 422, "unknown-field", "state");
        refused(&caller.create(&json!({ "slug": "abc" })).await, 422, "missing-field", "no URL");
        let body = json!({ "url": null });
        refused(&caller.create(&body).await, 422, "missing-field", "null");
        refused(&caller.create(&json!({ "url": 7 })).await, 422, "wrong-type", "a number");
    })
    .await;
}

#[tokio::test]
async fn wrong_methods_and_paths_are_told_apart() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        for (path, allow, methods) in [
            (LINKS, "POST, GET, HEAD", ["PUT", "PATCH", "OPTIONS"]),
            (BULK, "POST", ["GET", "PUT", "DELETE"]),
            ("/api/v1/links/abc", "GET, HEAD, PATCH, DELETE", ["PUT", "POST", "OPTIONS"]),
            ("/api/v1/links/abc/restore", "POST", ["GET", "PUT", "DELETE"]),
            ("/api/v1/links/abc/qr", "GET, HEAD", ["PUT", "POST", "DELETE"]),
            ("/api/v1/openapi.json", "GET, HEAD", ["PUT", "POST", "DELETE"]),
        ] {
            for method in methods {
                let reply = caller.call(method, path, &[], "").await;
                refused(&reply, 405, "method-not-allowed", method);
                assert_eq!(reply.header("allow"), Some(allow), "{method} {path}");
            }
        }
        for (method, path) in [
            ("POST", "/api/v1/nothing"),
            ("GET", "/api/v1/links/"),
            ("GET", "/api/v1/links/abc/nothing"),
            ("GET", "/api/v1/links//qr"),
            ("POST", "/api/v1/links:bulk/"),
        ] {
            let reply = caller.call(method, path, &[], "").await;
            refused(&reply, 404, "unknown-path", path);
        }
        // No route of the API: answered by the gateway, as API Gateway answers.
        for (method, path) in [("PUT", "/"), ("DELETE", "/launch"), ("POST", "/launch")] {
            let reply = site.client.call(method, path, &[], "").await;
            assert_eq!((reply.status.as_u16(), reply.text()), (404, "{\"message\":\"Not Found\"}"), "{method} {path}");
        }
    })
    .await;
}
