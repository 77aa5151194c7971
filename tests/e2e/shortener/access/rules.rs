//! Who may do what with whose link, as one table. It is the promise, written down separately from the code.

/// What a caller is to a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    Owner,
    Stranger,
    Admin,
}

/// The states of a link, in the order of the table's columns. An owner deletes a link, an administrator removes it.
pub(super) const STATES: [&str; 7] = ["active", "disabled", "early", "expired", "deleted", "removed", "blocked"];

/// The response to a call, by relation and state. A plus means that the link is changed; a letter is the problem:
/// `u`nknown-link, `n`ot-owner, `b`locked by the operator, `d`eleted, `s`cope missing.
const RULES: &str = "
owner    get          200   200   200   200   200   200   200
owner    qr           200   200   200   200   200   200   200
owner    clicks       200   200   200   200   200   200   200
owner    patch        200+  200+  200+  200+  409d  403b  403b
owner    patch-empty  200   200   200   200   409d  403b  403b
owner    patch-stale  412   412   412   412   412   412   412
owner    patch-block  403s  403s  403s  403s  403s  403s  403s
owner    delete       204+  204+  204+  204+  204   403b  403b
owner    restore      200   200   200   200   200+  403b  403b

stranger get          403n  404u  404u  404u  404u  404u  404u
stranger qr           403n  404u  404u  404u  404u  404u  404u
stranger clicks       403n  404u  404u  404u  404u  404u  404u
stranger patch        403n  404u  404u  404u  404u  404u  404u
stranger patch-empty  403n  404u  404u  404u  404u  404u  404u
stranger patch-stale  403n  404u  404u  404u  404u  404u  404u
stranger patch-block  403s  403s  403s  403s  403s  403s  403s
stranger delete       403n  404u  404u  404u  404u  404u  404u
stranger restore      403n  404u  404u  404u  404u  404u  404u

admin    get          200   200   200   200   200   200   200
admin    qr           200   200   200   200   200   200   200
admin    clicks       200   200   200   200   200   200   200
admin    patch        200+  200+  200+  200+  200+  200+  200+
admin    patch-empty  200   200   200   200   200   200   200
admin    patch-stale  412   412   412   412   412   412   412
admin    patch-block  200+  200+  200+  200+  200+  200+  200
admin    delete       204+  204+  204+  204+  204+  204   204+
admin    restore      200   200   200   200   200+  200+  200
admin    block        200+  200+  200+  200+  200+  200+  200
admin    unblock      200   200   200   200   200   200   200+
";

/// A call about one link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LinkCall {
    pub(super) name: &'static str,
    pub(super) method: &'static str,
    /// Its path, as the API's description has it.
    pub(super) path: &'static str,
    pub(super) scope: &'static str,
    /// A JSON body, perhaps with the slug; empty if there is none.
    pub(super) body: &'static str,
    pub(super) if_match: Option<&'static str>,
}

const fn link_call(
    name: &'static str,
    method: &'static str,
    path: &'static str,
    scope: &'static str,
    body: &'static str,
) -> LinkCall {
    LinkCall { name, method, path, scope, body, if_match: None }
}

const LINK: &str = "/api/v1/links/{slug}";

/// Every call about one link.
pub(super) const LINK_CALLS: [LinkCall; 11] = [
    link_call("get", "GET", LINK, "read", ""),
    link_call("qr", "GET", "/api/v1/links/{slug}/qr", "read", ""),
    link_call("clicks", "GET", "/api/v1/links/{slug}/clicks", "read", ""),
    link_call("patch", "PATCH", LINK, "update", r#"{"redirect":307}"#),
    link_call("patch-empty", "PATCH", LINK, "update", "{}"),
    LinkCall { if_match: Some("\"77\""), ..link_call("patch-stale", "PATCH", LINK, "update", r#"{"redirect":307}"#) },
    link_call("patch-block", "PATCH", LINK, "update", r#"{"state":"blocked"}"#),
    link_call("delete", "DELETE", LINK, "delete", ""),
    link_call("restore", "POST", "/api/v1/links/{slug}/restore", "delete", ""),
    link_call("block", "POST", "/api/v1/admin/block", "admin", r#"{"slug":"{slug}","reason":"abuse"}"#),
    link_call("unblock", "POST", "/api/v1/admin/unblock", "admin", r#"{"slug":"{slug}"}"#),
];

/// A call about no link that exists, with its status for callers who have the scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PlainCall {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    /// Empty if everybody may.
    pub(super) scope: &'static str,
    /// A JSON body, with a number that makes it unique in the place of `#`.
    pub(super) body: &'static str,
    pub(super) status: u16,
}

const fn plain(
    method: &'static str,
    path: &'static str,
    scope: &'static str,
    body: &'static str,
    status: u16,
) -> PlainCall {
    PlainCall { method, path, scope, body, status }
}

/// Every other call.
pub(super) const PLAIN_CALLS: [PlainCall; 16] = [
    plain("POST", "/", "create", r#"{"url":"https://example.com/secret-#"}"#, 201),
    plain("POST", "/api/v1/links", "create", r#"{"url":"https://example.com/secret-#","note":"secret"}"#, 201),
    plain("POST", "/api/v1/links:bulk", "create", r#"{"links":[{"url":"https://example.com/secret-#b"}]}"#, 200),
    plain("GET", "/api/v1/links", "read", "", 200),
    plain("GET", "/api/v1/links?owner=nobody", "admin", "", 200),
    plain("GET", "/api/v1/links?owner=*&q=secret&limit=1", "admin", "", 200),
    plain("GET", "/api/v1/links?q=secret&state=active", "read", "", 200),
    plain("GET", "/api/v1/links?clicks=true", "read", "", 200),
    plain("GET", "/api/v1/clicks", "read", "", 200),
    plain("GET", "/api/v1/clicks?owner=nobody", "admin", "", 200),
    plain("POST", "/api/v1/admin/block", "admin", r#"{"owner":"nobody"}"#, 200),
    plain("POST", "/api/v1/admin/unblock", "admin", r#"{"host":"nowhere.example"}"#, 200),
    plain("GET", "/api/v1/admin/hosts", "admin", "", 200),
    plain("POST", "/api/v1/admin/hosts", "admin", r#"{"forbid":["evil-#.example"]}"#, 200),
    plain("PATCH", "/api/v1/admin/hosts", "admin", r#"{"remove":["evil-#.example"]}"#, 200),
    plain("GET", "/api/v1/openapi.json", "", "", 200),
];

/// What is expected of one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) status: u16,
    /// The end of the problem's type; empty for a success.
    pub(super) problem: &'static str,
    /// Whether the link is another one afterwards.
    pub(super) changes: bool,
}

impl LinkCall {
    /// Whether its path names the link, and a success shows it.
    pub(super) fn is_about_path(self) -> bool {
        self.path.contains("{slug}")
    }
}

impl Rule {
    pub(super) const fn refused(status: u16, problem: &'static str) -> Self {
        Self { status, problem, changes: false }
    }

    pub(super) const fn done(status: u16) -> Self {
        Self { status, problem: "", changes: false }
    }

    /// The rule for callers with the call's scope.
    pub(super) fn of(relation: Relation, call: &str, state: &str) -> Self {
        let relation = match relation {
            Relation::Owner => "owner",
            Relation::Stranger => "stranger",
            Relation::Admin => "admin",
        };
        let line = RULES.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let mut line = line.filter(|words| words.starts_with(&[relation, call]));
        let line = line.next().unwrap_or_else(|| panic!("no rule for {relation} {call}"));
        let column = STATES.iter().position(|name| *name == state).expect("a state");
        let (status, mark) = line[2 + column].split_at(3);
        let status = status.parse().expect("a status");
        let problem = match (status, mark) {
            (412, "") => "version-mismatch",
            (_, "u") => "unknown-link",
            (_, "n") => "not-owner",
            (_, "b") => "link-blocked",
            (_, "d") => "link-deleted",
            (_, "s") => "insufficient-scope",
            _ => "",
        };
        Self { status, problem, changes: mark == "+" }
    }
}
