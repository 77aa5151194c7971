//! Scopes of a token.

use links::{Scope, ScopeSet};

/// What may stand before the name of a scope, with one of the separators.
const PREFIXES: [&str; 2] = ["links", "kurz"];
const SEPARATORS: [char; 3] = ['.', ':', '/'];

/// The claims that list the scopes of a token: RFC 8693, and Microsoft's and Okta's name.
const SCOPE_CLAIMS: [&str; 2] = ["scope", "scp"];

/// What a token allows: the scopes in `listed`, as API Gateway lists them, and in the token's own claims.
///
/// Known are `create`, `read`, `update` and `delete`, alone or after `links` or `kurz` and one of `.`, `:` and `/`. Other
/// prefixes belong to other services: every user of Amazon Cognito has `aws.cognito.signin.user.admin`. No scope makes an
/// administrator.
pub(crate) fn scopes<'a>(
    listed: impl IntoIterator<Item = &'a str>,
    claim: impl Fn(&str) -> Option<&'a str>,
) -> ScopeSet {
    let claimed = SCOPE_CLAIMS.iter().filter_map(|name| claim(name)).flat_map(values);
    let names = listed.into_iter().map(str::to_owned).chain(claimed);
    names.filter_map(|name| scope(&name)).filter(|scope| *scope != Scope::Admin).collect()
}

fn scope(name: &str) -> Option<Scope> {
    let own = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)?.strip_prefix(SEPARATORS));
    Scope::from_name(own.unwrap_or(name))
}

/// The values of a claim: one text with blanks between them, or a list, which API Gateway writes as `[a b]`.
pub(super) fn values(claim: &str) -> Vec<String> {
    let list = claim.trim();
    if let Ok(values) = serde_json::from_str(list) {
        return values;
    }
    let list = list.strip_prefix('[').and_then(|list| list.strip_suffix(']')).unwrap_or(list);
    list.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_scopes_count() {
        let check = |claim: &str, expected: &str| {
            let found = scopes([], |name| (name == "scope").then_some(claim));
            assert_eq!(found.to_string(), expected, "{claim}");
            assert_eq!(scopes([], |name| (name == "scp").then_some(claim)), found, "{claim}");
            assert_eq!(scopes([], |name| (name == "other").then_some(claim)), ScopeSet::NONE);
        };
        check("read", "read");
        check("openid links.read  profile kurz/create", "create,read");
        check("links:update kurz.delete kurz:read links/create", "create,read,update,delete");
        check("[links.read links.create]", "create,read");
        check(r#"["links.read","links.create"]"#, "create,read");
        check("", "");
        check("[]", "");
        check("admin links.admin kurz/admin", "");
        check("aws.cognito.signin.user.admin mail.read mail/delete", "");
        check("links_read linksread links..read links. Read READ links.*", "");
        check("links.links.read", "");
        assert_eq!(scopes(["links.read"], |_| Some("create")).to_string(), "create,read");
    }
}
