//! What the operator can set.

use std::time::Duration;

use function::{
    ClickSettings, OriginSecret,
    settings::{Reader, SettingsError},
};
use links::{DaxSettings, DynamoDbSettings, Origin, Scope, ScopeSet, SlugScheme, SlugSecret};

use crate::principal::{AdminError, Admins};

/// Longest wait for one response of DAX by default: a write reaches the table before it is acknowledged.
const DAX_TIMEOUT: Duration = Duration::from_secs(1);

/// The writer's settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// The table.
    pub dynamodb: DynamoDbSettings,
    /// The DAX cluster in front of it, if any. `DAX_TIMEOUT_MS` is 1,000 by default.
    pub dax: Option<DaxSettings>,
    /// `BASE_URL`: scheme and host of short URLs, without a slash at the end. Unset: the host of each request.
    pub base_url: Option<String>,
    /// `OWN_HOSTS`: hosts that lead to the service, besides that of `base_url` and of each request, with commas between
    /// them. A link to one of them would lead back here.
    pub own_hosts: Vec<Origin>,
    /// `ORIGIN_SECRET`: what CloudFront adds to every request. Requests without it are refused. Unset, all are taken.
    pub origin_secret: Option<OriginSecret>,
    /// `SLUG_SCHEME`: `keyed` (default; under `SLUG_SECRET`) or `aws-sample`.
    pub scheme: SlugScheme,
    /// `WRITER_AUTH`: who may write. It has no default, so that no writer is open to everyone by accident.
    pub auth: Auth,
    /// `KEYS_TABLE`, whatever `auth` is: the table also holds the operator's lists of hosts. Unset, there are none.
    pub keys_table: Option<String>,
    /// `CLICKS` and `CLICKS_TABLE`: whether and where clicks are counted.
    pub clicks: Option<ClickSettings>,
    /// `ALLOW_PRIVATE_TARGETS=1`: accept `localhost` and private addresses as targets. Off by default.
    pub allow_private_targets: bool,
    /// How long redirectors may serve the old version of a changed link: the lifetime of an entry in their caches,
    /// `CACHE_TTL_SECONDS` (default 10), plus, with a DAX cluster, that of its items, `DAX_RECORD_TTL_SECONDS` (default
    /// 60). The writer only announces it to callers.
    pub visible_within: Duration,
    /// `PAGE=0`: no web page at `GET /`. On by default.
    pub page: bool,
    /// Settings that are set but belong to another `WRITER_AUTH`, as sentences for the log.
    pub without_effect: Vec<String>,
}

/// Who may write, and who owns the links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// Everybody. All links belong to `anonymous`.
    None {
        /// `ANONYMOUS_SCOPES`: what everybody may do, as names with commas between them; `create` by default, never
        /// `admin`.
        scopes: ScopeSet,
        /// `KEYS_TABLE`: the table whose keys with the scope `admin` make administrators, if it is set.
        table: Option<String>,
    },
    /// Callers whose AWS signature API Gateway has checked. The owner is the ARN of their role or user.
    AwsIam {
        /// `ADMIN_PRINCIPALS`: roles and users.
        admins: Admins,
    },
    /// Callers whose token API Gateway has checked. The owner is the token's subject.
    Jwt {
        /// `ADMIN_PRINCIPALS`: subjects, and claims as `name=value`.
        admins: Admins,
    },
    /// Callers with a key. The owner is the key's.
    ApiKey {
        /// `KEYS_TABLE`: the keys table, in the account and region of the links.
        table: String,
    },
}

impl Config {
    /// Parses settings from environment variables.
    ///
    /// # Errors
    /// [`SettingsError`] with every variable that is missing or wrong.
    pub fn from_vars(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut read = Reader::new(&lookup);
        let dax = read.dax(DAX_TIMEOUT).map(|(endpoint, timeout)| DaxSettings { endpoint, timeout });
        let config = Self {
            visible_within: visible_within(&mut read, dax.is_some()),
            dynamodb: DynamoDbSettings {
                table: read.required("DDB_TABLE"),
                endpoint_url: read.dynamodb_endpoint(),
                region: read.region(),
                credentials: read.credentials(),
                platform_trust: read.platform_trust(),
            },
            dax,
            base_url: base_url(&mut read),
            own_hosts: own_hosts(&mut read),
            origin_secret: read.origin_secret(),
            scheme: scheme(&mut read),
            auth: auth(&mut read),
            keys_table: read.text("KEYS_TABLE"),
            clicks: read.clicks(),
            allow_private_targets: read.flag("ALLOW_PRIVATE_TARGETS", false),
            page: read.flag("PAGE", true),
            without_effect: without_effect(&read),
        };
        read.finish(config)
    }
}

fn visible_within(read: &mut Reader<'_>, has_dax: bool) -> Duration {
    let in_process = read.cache_ttl();
    let in_dax = Duration::from_secs(read.parsed("DAX_RECORD_TTL_SECONDS", 60_u32).into());
    if has_dax { in_process + in_dax } else { in_process }
}

fn base_url(read: &mut Reader<'_>) -> Option<String> {
    let text = read.text("BASE_URL")?;
    let base = text.strip_suffix('/').unwrap_or(&text);
    if Origin::of(base).is_none() {
        read.mistake("BASE_URL", format_args!("is \"{text}\" instead of an http or https URL"));
    }
    Some(base.to_owned())
}

fn own_hosts(read: &mut Reader<'_>) -> Vec<Origin> {
    let text = read.text("OWN_HOSTS").unwrap_or_default();
    let mut origins = Vec::new();
    for host in text.split(',').map(str::trim).filter(|host| !host.is_empty()) {
        match Origin::of(&format!("https://{host}")) {
            Some(origin) => origins.push(origin),
            None => read.mistake("OWN_HOSTS", format_args!("has \"{host}\", which is not a host")),
        }
    }
    origins
}

fn auth(read: &mut Reader<'_>) -> Auth {
    let table = read.text("KEYS_TABLE");
    let scopes = read.text("ANONYMOUS_SCOPES");
    let admins = read.text("ADMIN_PRINCIPALS").unwrap_or_default();
    match read.required("WRITER_AUTH").as_str() {
        "AWS_IAM" => Auth::AwsIam { admins: admins_of(read, Admins::with_arns(&admins)) },
        "JWT" => Auth::Jwt { admins: admins_of(read, Admins::with_claims(&admins)) },
        "API_KEY" => Auth::ApiKey { table: read.required("KEYS_TABLE") },
        // If it is unset, that has already been noted.
        "NONE" | "" => Auth::None { scopes: anonymous_scopes(read, scopes.as_deref()), table },
        other => {
            let expected = "API_KEY, AWS_IAM, JWT or NONE";
            read.mistake("WRITER_AUTH", format_args!("is \"{other}\" instead of {expected}"));
            Auth::None { scopes: ScopeSet::NONE, table: None }
        }
    }
}

fn without_effect(read: &Reader<'_>) -> Vec<String> {
    let auth = read.text("WRITER_AUTH").unwrap_or_default();
    let belongs: [(&str, &[&str]); 2] = [("ANONYMOUS_SCOPES", &["NONE"]), ("ADMIN_PRINCIPALS", &["AWS_IAM", "JWT"])];
    let strays = belongs.into_iter().filter(|(name, to)| read.text(name).is_some() && !to.contains(&auth.as_str()));
    strays.map(|(name, to)| format!("{name} is for {}, so it has no effect with {auth}", to.join(" and "))).collect()
}

fn admins_of(read: &mut Reader<'_>, admins: Result<Admins, AdminError>) -> Admins {
    admins.unwrap_or_else(|error| {
        read.mistake("ADMIN_PRINCIPALS", error);
        Admins::default()
    })
}

fn anonymous_scopes(read: &mut Reader<'_>, text: Option<&str>) -> ScopeSet {
    let default = ScopeSet::NONE.with(Scope::Create);
    match text.map(str::parse::<ScopeSet>) {
        None => default,
        Some(Ok(scopes)) if !scopes.is_admin() => scopes,
        Some(Ok(_admin)) => {
            read.mistake("ANONYMOUS_SCOPES", "has \"admin\", which nobody can be without a key");
            default
        }
        Some(Err(error)) => {
            read.mistake("ANONYMOUS_SCOPES", error);
            default
        }
    }
}

fn scheme(read: &mut Reader<'_>) -> SlugScheme {
    let is_keyed = read.choice("SLUG_SCHEME", true, "keyed or aws-sample", |value| match value {
        "keyed" => Some(true),
        // `seed` is its former name.
        "aws-sample" | "seed" => Some(false),
        _ => None,
    });
    if !is_keyed {
        return SlugScheme::AwsSample;
    }
    let secret = read.required("SLUG_SECRET");
    match SlugSecret::new(secret.as_bytes()) {
        Ok(secret) => SlugScheme::Keyed(secret),
        Err(error) => {
            if !secret.is_empty() {
                read.mistake("SLUG_SECRET", format_args!("is too short: {error}"));
            }
            // Never used: with a mistake noted, there are no settings to use.
            SlugScheme::AwsSample
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef";

    fn config(variables: &[(&str, &str)]) -> Result<Config, SettingsError> {
        Config::from_vars(|name| {
            let set = variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
            set.or_else(|| name.starts_with("AWS_").then(|| "x".to_owned()))
        })
    }

    #[test]
    fn a_complete_set_is_read() {
        let required = [("DDB_TABLE", "t"), ("SLUG_SECRET", SECRET), ("WRITER_AUTH", "NONE")];
        let config = config(&[&required[..], &[("BASE_URL", "https://s.example/")]].concat()).unwrap();
        assert_eq!(config.base_url.as_deref(), Some("https://s.example"));
        assert!(matches!(config.scheme, SlugScheme::Keyed(_)));
        let create = ScopeSet::NONE.with(Scope::Create);
        assert_eq!(config.auth, Auth::None { scopes: create, table: None });
        assert!(!config.allow_private_targets && config.page);
        assert_eq!(config.visible_within.as_secs(), 10);
        let with_dax = [("DAX_ENDPOINT", "dax://localhost:8111"), ("DAX_RECORD_TTL_SECONDS", "5")];
        let with_dax = self::config(&[&required[..], &with_dax].concat()).unwrap();
        assert_eq!(with_dax.visible_within.as_secs(), 15);
        let hosts = [("OWN_HOSTS", "d111111abcdef8.cloudfront.net, s.example:8443,")];
        let own = self::config(&[&required[..], &hosts].concat()).unwrap().own_hosts;
        let expected = ["https://d111111abcdef8.cloudfront.net", "https://s.example:8443"];
        assert_eq!(own, expected.map(|url| Origin::of(url).unwrap()));
    }

    #[test]
    fn the_scheme_of_the_aws_sample_needs_no_secret() {
        for name in ["aws-sample", "seed"] {
            let sample = [("DDB_TABLE", "t"), ("SLUG_SCHEME", name), ("WRITER_AUTH", "JWT")];
            assert!(matches!(config(&sample).unwrap().scheme, SlugScheme::AwsSample));
        }
    }

    #[test]
    fn keys_need_a_table() {
        let keyed = [("DDB_TABLE", "t"), ("SLUG_SCHEME", "aws-sample"), ("WRITER_AUTH", "API_KEY")];
        let text = config(&keyed).unwrap_err().to_string();
        assert_eq!(text, "bad settings: KEYS_TABLE is not set");
        let complete = [&keyed[..], &[("KEYS_TABLE", "k")]].concat();
        let table = "k".to_owned();
        assert_eq!(config(&complete).unwrap().auth, Auth::ApiKey { table });
    }

    #[test]
    fn everybody_may_do_what_the_operator_says_and_nobody_is_an_administrator() {
        let check = |scopes: &str, expected: Result<&str, &str>| {
            let variables = [("DDB_TABLE", "t"), ("SLUG_SCHEME", "aws-sample"), ("WRITER_AUTH", "NONE")];
            let config = config(&[&variables[..], &[("ANONYMOUS_SCOPES", scopes)]].concat());
            let auth = config.map(|config| config.auth).map_err(|error| error.to_string());
            let expected = expected.map(|scopes| Auth::None { scopes: scopes.parse().unwrap(), table: None });
            assert_eq!(auth, expected.map_err(|error| format!("bad settings: ANONYMOUS_SCOPES {error}")), "{scopes}");
        };
        check("", Ok("create"));
        check("create,read", Ok("create,read"));
        check("read", Ok("read"));
        check("create,admin", Err("has \"admin\", which nobody can be without a key"));
        check("all", Err("\"all\" is not a scope; the scopes are create, read, update, delete and admin"));
    }

    #[test]
    fn settings_of_another_method_are_named() {
        let check = |auth: &str, name: &str, value: &str, expected: &[&str]| {
            let variables = [("DDB_TABLE", "t"), ("SLUG_SCHEME", "aws-sample"), ("KEYS_TABLE", "k")];
            let config = config(&[&variables[..], &[("WRITER_AUTH", auth), (name, value)]].concat());
            assert_eq!(config.unwrap().without_effect, expected, "{auth} {name}");
        };
        check("NONE", "ANONYMOUS_SCOPES", "create", &[]);
        check("JWT", "ADMIN_PRINCIPALS", "root", &[]);
        let scopes = "ANONYMOUS_SCOPES is for NONE, so it has no effect with API_KEY";
        check("API_KEY", "ANONYMOUS_SCOPES", "create", &[scopes]);
        let admins = "ADMIN_PRINCIPALS is for AWS_IAM and JWT, so it has no effect with NONE";
        check("NONE", "ADMIN_PRINCIPALS", "root", &[admins]);
    }

    #[test]
    fn administrators_are_named_as_the_method_names_callers() {
        let check = |auth: &str, admins: &str, expected: Option<&str>| {
            let variables = [("DDB_TABLE", "t"), ("SLUG_SCHEME", "aws-sample"), ("WRITER_AUTH", auth)];
            let config = config(&[&variables[..], &[("ADMIN_PRINCIPALS", admins)]].concat());
            let expected = expected.map(|error| format!("bad settings: ADMIN_PRINCIPALS names {error}"));
            assert_eq!(config.err().map(|error| error.to_string()), expected, "{auth} {admins}");
        };
        check("AWS_IAM", "arn:aws:iam::1:role/a,arn:aws:iam::1:user/b", None);
        check("AWS_IAM", "root", Some("\"root\" instead of the ARN of a role or a user"));
        check("JWT", "root,cognito:groups=admins", None);
        check("JWT", "groups=", Some("\"groups=\" instead of a subject or claim=value"));
    }

    #[test]
    fn missing_and_wrong_variables_are_named_and_the_secret_is_not_shown() {
        let text = config(&[]).unwrap_err().to_string();
        for part in ["DDB_TABLE is not set", "SLUG_SECRET is not set", "WRITER_AUTH is not set"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        let wrong = [
            ("SLUG_SECRET", "too-short"),
            ("WRITER_AUTH", "none"),
            ("BASE_URL", "s.example"),
            ("PAGE", "off"),
            ("OWN_HOSTS", "s.example,a b"),
            ("ORIGIN_SECRET", "too-short"),
        ];
        let text = config(&wrong).unwrap_err().to_string();
        for part in [
            "SLUG_SECRET is too short",
            "WRITER_AUTH is \"none\"",
            "BASE_URL is \"s.example\"",
            "PAGE is \"off\"",
            "OWN_HOSTS has \"a b\"",
            "ORIGIN_SECRET has fewer than 16 bytes",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(!text.contains("too-short"), "{text}");
    }
}
