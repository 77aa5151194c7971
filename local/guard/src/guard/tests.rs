//! Heads of requests, and what becomes of them.

use http::Request;

use super::*;

const EVIL: &str = "http://evil.example";

fn head(method: &str, target: &str, headers: &[(&str, &str)]) -> request::Parts {
    let request = Request::builder().method(method).uri(target);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(()).unwrap().into_parts().0
}

fn judged(guard: &Guard, method: &str, headers: &[(&str, &str)]) -> Result<Admission, Refusal> {
    guard.admit(&head(method, "/", headers))
}

/// Judges a request to `localhost:3000` with these further headers.
fn local(guard: &Guard, method: &str, headers: &[(&str, &str)]) -> Result<Admission, Refusal> {
    judged(guard, method, &[&[("host", "localhost:3000")], headers].concat())
}

fn both() -> [Guard; 2] {
    [Guard::for_programs(), Guard::for_pages()]
}

#[test]
fn a_host_is_this_machine() {
    for guard in both() {
        for host in ["localhost", "LOCALHOST:3000", "localhost:1", "127.0.0.1", "127.0.0.1:8000", "[::1]:3000"] {
            assert_eq!(judged(&guard, "POST", &[("host", host)]), Ok(Admission::Own), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:3000",
            "localhost.evil.example",
            "evil-localhost",
            "localhost.",
            "127.0.0.1.evil.example",
            "127.0.0.2",
            "0.0.0.0",
            "192.168.1.7",
            "[::]",
            "[::ffff:127.0.0.1]",
            "kurz.test",
        ] {
            let refused = judged(&guard, "GET", &[("host", host)]);
            assert!(matches!(refused, Err(Refusal::Host(_))), "{host}: {refused:?}");
        }
        for hosts in [&[][..], &[("host", "")], &[("host", "localhost"), ("host", "localhost")], &[("host", "a@b")]] {
            assert_eq!(judged(&guard, "GET", hosts), Err(Refusal::Malformed), "{hosts:?}");
        }
    }
}

#[test]
fn an_absolute_target_is_this_machine_as_well() {
    let host = [("host", "localhost:3000")];
    for (target, is_admitted) in [
        ("http://localhost:3000/a", true),
        ("http://127.0.0.1/a", true),
        ("http://evil.example/a", false),
        ("http://localhost@evil.example/a", false),
        ("evil.example:443", false),
    ] {
        let admitted = Guard::for_pages().admit(&head("GET", target, &host));
        assert_eq!(admitted.is_ok(), is_admitted, "{target}: {admitted:?}");
    }
    let rebound = head("GET", "http://localhost:3000/", &[("host", "evil.example")]);
    assert_eq!(Guard::for_pages().admit(&rebound), Err(Refusal::Host("evil.example".to_owned())));
}

#[test]
fn a_name_of_this_machine_is_added() {
    let guard = Guard::for_pages().with_hosts(["Kurz.test".to_owned()]);
    assert_eq!(judged(&guard, "GET", &[("host", "kurz.test:3000")]), Ok(Admission::Own));
    let own = [("host", "kurz.test:3000"), ("origin", "http://kurz.test:3000")];
    assert_eq!(judged(&guard, "POST", &own), Ok(Admission::Own));
    assert!(judged(&guard, "GET", &[("host", "www.kurz.test")]).is_err());
}

#[test]
fn an_origin_is_the_servers_own() {
    let [programs, pages] = both();
    for (origin, is_own) in [
        ("http://localhost:3000", true),
        (EVIL, false),
        ("null", false),
        ("", false),
        ("file://", false),
        ("https://localhost:3000", false),
        ("http://localhost", false),
        ("http://localhost:5173", false),
        ("http://127.0.0.1:3000", false),
        ("http://localhost:3000.evil.example", false),
        ("chrome-extension://abcdefghijklmnop", false),
    ] {
        for method in ["GET", "POST", "OPTIONS"] {
            let sent = [("origin", origin)];
            let refusal = Err(Refusal::Origin(origin.to_owned()));
            assert_eq!(local(&programs, method, &sent), refusal, "{origin}");
            let expected = if is_own { Ok(Admission::Own) } else { refusal };
            assert_eq!(local(&pages, method, &sent), expected, "{origin}");
        }
    }
    let two = [("origin", "http://localhost:3000"), ("origin", EVIL)];
    assert!(local(&pages, "POST", &two).is_err());
}

#[test]
fn a_foreign_page_without_an_origin_is_known_by_its_site() {
    for guard in both() {
        for (site, is_admitted) in [
            ("none", true),
            ("same-origin", true),
            ("cross-site", false),
            ("Cross-Site", false),
            ("same-site", false),
            ("", false),
        ] {
            for mode in ["no-cors", "cors", "navigate"] {
                let sent = [("sec-fetch-site", site), ("sec-fetch-mode", mode), ("sec-fetch-dest", "image")];
                assert_eq!(local(&guard, "GET", &sent).is_ok(), is_admitted, "{site} {mode}");
            }
            assert_eq!(local(&guard, "GET", &[("sec-fetch-site", site)]).is_ok(), is_admitted, "{site}");
        }
    }
}

#[test]
fn a_link_to_a_server_with_pages_can_be_followed() {
    let [programs, pages] = both();
    let click = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
    assert_eq!(local(&pages, "GET", &click), Ok(Admission::Own));
    assert!(local(&pages, "POST", &click).is_err());
    assert!(local(&programs, "GET", &click).is_err());
    let frame = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")];
    assert!(local(&pages, "GET", &frame).is_err());
}

#[test]
fn options_reach_only_a_server_with_pages() {
    let [programs, pages] = both();
    assert_eq!(local(&programs, "OPTIONS", &[]), Err(Refusal::Options));
    assert_eq!(local(&pages, "OPTIONS", &[]), Ok(Admission::Own));
}

#[test]
fn pages_of_named_origins_are_admitted() {
    let app = "https://app.example";
    let cors = Cors { allow_origins: vec![app.to_owned()], ..Cors::default() };
    let guard = Guard::for_pages().with_cors(Some(cors));
    let origin = HeaderValue::from_static(app);
    let sent = [("origin", app), ("sec-fetch-site", "cross-site")];
    assert_eq!(local(&guard, "POST", &sent), Ok(Admission::Page(origin.clone())));
    let asks = [("origin", app), ("access-control-request-method", "PATCH")];
    assert_eq!(local(&guard, "OPTIONS", &asks), Ok(Admission::Preflight(origin)));
    assert_eq!(local(&guard, "POST", &[("origin", EVIL)]), Err(Refusal::Origin(EVIL.to_owned())));
    assert!(judged(&guard, "POST", &[("host", "evil.example"), ("origin", app)]).is_err());
    // Other requests without an origin are judged as before.
    assert!(local(&guard, "GET", &[("sec-fetch-site", "cross-site")]).is_err());
}

#[test]
fn a_witness_learns_of_refusals() {
    let (sender, seen) = std::sync::mpsc::channel();
    let guard = Guard::for_pages().with_witness(move |head, reason| {
        sender.send(format!("{} {}: {reason}", head.method, head.uri.path())).unwrap();
    });
    local(&guard, "GET", &[]).unwrap();
    local(&guard, "POST", &[("origin", EVIL)]).unwrap_err();
    let expected = "POST /: requests of web pages are refused: Origin is http://evil.example";
    assert_eq!(seen.try_iter().collect::<Vec<_>>(), [expected]);
}

#[test]
fn only_named_origins_read_responses() {
    let app = HeaderValue::from_static("https://app.example");
    let cors = Cors { allow_origins: vec!["https://app.example".to_owned()], ..Cors::default() };
    let open = Guard::for_pages().with_cors(Some(cors));
    for (guard, admission, expected) in [
        (&open, Admission::Page(app.clone()), Some(&app)),
        (&open, Admission::Own, None),
        (&Guard::for_pages(), Admission::Own, None),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        guard.finish(&mut headers, &admission);
        assert_eq!(headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN), expected);
    }
}
