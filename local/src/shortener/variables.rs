//! The parameters of the template and the environment variables of the functions.

use std::collections::BTreeMap;

use lambda_local::{ACCOUNT_ID, REGION};
use links::ScopeSet;

use super::settings::{Auth, Choices, Clicks, SlugScheme};
use super::tables;

/// Logical id of the function that redirects.
pub(crate) const REDIRECTOR: &str = "Redirector";

/// Logical id of the function that writes; only it gets the writer's variables.
pub(crate) const WRITER: &str = "Writer";

/// Logical id of the function that counts clicks. `Clicks` is a parameter.
pub(crate) const CLICKS: &str = "ClicksFunction";

/// URLs that are known only once the ports are bound.
#[derive(Debug)]
pub(crate) struct Endpoints {
    /// Of the gateway.
    pub(crate) url: String,
    pub(crate) dynamodb: String,
    /// `None` without a cluster.
    pub(crate) dax: Option<String>,
}

/// The template's parameters that differ from their defaults on this machine.
pub(crate) fn template_parameters(auth: Auth, clicks: Clicks, allowed_origins: &[String]) -> BTreeMap<String, String> {
    owned([
        ("Clicks", clicks.as_str()),
        ("WriterAuth", auth_method(auth)),
        ("DaxMode", "none"),
        ("AllowedOrigins", &allowed_origins.join(",")),
        ("AWS::Region", REGION),
        ("AWS::AccountId", ACCOUNT_ID),
    ])
}

/// The product's environment variables of the function with logical id `function`.
pub(crate) fn of(
    function: &str,
    choices: Choices,
    endpoints: &Endpoints,
    slug_secret: &str,
) -> BTreeMap<String, String> {
    let mut variables = owned([
        ("DDB_TABLE", tables::LINKS.name),
        ("CLICKS", choices.clicks.as_str()),
        ("CLICKS_TABLE", tables::CLICKS.name),
        ("AWS_ENDPOINT_URL_DYNAMODB", &endpoints.dynamodb),
    ]);
    if function == CLICKS {
        return variables;
    }
    variables.extend(endpoints.dax.iter().map(|dax| ("DAX_ENDPOINT".to_owned(), dax.clone())));
    if function == WRITER {
        variables.extend(owned([
            ("BASE_URL", &endpoints.url),
            ("SLUG_SCHEME", slug_scheme(choices.slug_scheme)),
            ("SLUG_SECRET", slug_secret),
            ("WRITER_AUTH", auth_method(choices.auth)),
            ("KEYS_TABLE", tables::KEYS.name),
        ]));
        if choices.auth == Auth::None {
            // Only this machine reaches the gateway, so everybody is its user.
            variables.extend(owned([("ANONYMOUS_SCOPES", &ScopeSet::OWNER.to_string())]));
        }
    }
    variables
}

/// The value of `WriterAuth` in the template and of `WRITER_AUTH` in the writer.
const fn auth_method(auth: Auth) -> &'static str {
    match auth {
        Auth::None => "NONE",
        Auth::ApiKey => "API_KEY",
    }
}

/// The value of `SLUG_SCHEME` in the writer.
const fn slug_scheme(scheme: SlugScheme) -> &'static str {
    match scheme {
        SlugScheme::Keyed => "keyed",
        SlugScheme::AwsSample => "aws-sample",
    }
}

fn owned<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}
