//! What is known here of the shortener, and nowhere else: its template, its tables, its functions and their settings,
//! and in `api_key` its keys.

pub(crate) mod api_key;

use std::collections::BTreeMap;
use std::path::PathBuf;

use links::item::{CREATED_AT_ATTRIBUTE, KEY_ATTRIBUTE, OWNER_ATTRIBUTE, OWNER_INDEX, TTL_ATTRIBUTE};

use crate::build_functions::{self, BuildError, Profile};
use crate::config::{Auth, Config, FunctionConfig, SlugScheme};
use crate::dynamodb::{IndexDefinition, TableDefinition};
use crate::function::{ACCOUNT_ID, REGION};

/// Logical id of the function that writes; only it gets the writer's settings.
const WRITER: &str = "Writer";

/// The table of links.
pub(crate) const TABLE: TableDefinition = TableDefinition {
    name: "links",
    key_attribute: KEY_ATTRIBUTE,
    ttl_attribute: Some(TTL_ATTRIBUTE),
    index: Some(IndexDefinition {
        name: OWNER_INDEX,
        hash_attribute: OWNER_ATTRIBUTE,
        range_attribute: CREATED_AT_ATTRIBUTE,
    }),
};

/// Where the two function binaries are.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a pair of paths that callers fill in")]
pub struct Binaries {
    /// The function behind `GET` and `HEAD /{slug}`.
    pub redirector: PathBuf,
    /// The function behind `POST /` and the management API.
    pub writer: PathBuf,
}

impl Binaries {
    /// Builds the functions from this workspace; `progress` is called with every crate that is done.
    ///
    /// # Errors
    ///
    /// [`BuildError`], with the compiler's messages if that is the reason.
    pub fn build(profile: Profile, progress: impl FnMut(&str)) -> Result<Self, BuildError> {
        // This package is selected too, where that costs nothing: with the same selection come the same
        // features, and what `cargo run` has just compiled is not compiled again.
        let packages: &[&str] = match profile {
            Profile::Dev => &["local", "redirector", "writer"],
            Profile::Lambda => &["redirector", "writer"],
        };
        let mut programs = build_functions::build(packages, profile, progress)?;
        let mut take = |name: &str| {
            let program = programs.remove(name);
            program.ok_or_else(|| BuildError::NoProgram(name.to_owned()))
        };
        Ok(Self { redirector: take("redirector")?, writer: take("writer")? })
    }
}

impl Config {
    /// The shortener with all its routes, on free ports, in memory.
    #[must_use]
    pub fn shortener(binaries: Binaries) -> Self {
        let functions = BTreeMap::from([
            ("Redirector".to_owned(), FunctionConfig::new(binaries.redirector)),
            (WRITER.to_owned(), FunctionConfig::new(binaries.writer)),
        ]);
        Self::new(template::DEPLOYED, functions)
    }
}

/// What depends on ports that are known only once they are bound.
#[derive(Debug)]
pub(crate) struct Surroundings<'a> {
    pub(crate) url: &'a str,
    pub(crate) dynamodb: &'a str,
    /// Unset without a cluster.
    pub(crate) dax: Option<&'a str>,
    pub(crate) slug_secret: &'a str,
}

/// The name that template and writer know it by.
const fn auth(auth: Auth) -> &'static str {
    match auth {
        Auth::None => "NONE",
        Auth::ApiKey => "API_KEY",
    }
}

/// The values of the template's parameters that differ from the defaults here.
pub(crate) fn template_parameters(config: &Config) -> BTreeMap<String, String> {
    [("WriterAuth", auth(config.auth)), ("DaxMode", "none"), ("AWS::Region", REGION), ("AWS::AccountId", ACCOUNT_ID)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

/// The product's environment variables of the function with logical id `function`.
pub(crate) fn environment(
    config: &Config,
    function: &str,
    surroundings: &Surroundings<'_>,
) -> Vec<(&'static str, String)> {
    let mut variables =
        vec![("DDB_TABLE", TABLE.name.to_owned()), ("AWS_ENDPOINT_URL_DYNAMODB", surroundings.dynamodb.to_owned())];
    variables.extend(surroundings.dax.map(|dax| ("DAX_ENDPOINT", dax.to_owned())));
    if function == WRITER {
        let scheme = match config.slug_scheme {
            SlugScheme::Keyed => "keyed",
            SlugScheme::Seed => "seed",
        };
        variables.extend([
            ("BASE_URL", surroundings.url.to_owned()),
            ("SLUG_SCHEME", scheme.to_owned()),
            ("SLUG_SECRET", surroundings.slug_secret.to_owned()),
            ("WRITER_AUTH", auth(config.auth).to_owned()),
            ("KEYS_TABLE", api_key::TABLE.name.to_owned()),
        ]);
    }
    variables
}

#[cfg(test)]
mod tests {
    use super::*;
    use template::Api;

    #[test]
    fn the_deployed_template_routes_to_both_functions() {
        for auth in [Auth::None, Auth::ApiKey] {
            let mut config = Config::new(template::DEPLOYED, BTreeMap::new());
            config.auth = auth;
            let api = Api::read(template::DEPLOYED, &template_parameters(&config)).unwrap();
            let leads_to = |key: &str| {
                let route = api.routes.iter().find(|route| route.key == key);
                route.map(|route| route.integration.function.as_str())
            };
            assert_eq!(leads_to("GET /{id+}"), Some("Redirector"), "{auth:?}");
            assert_eq!(leads_to("HEAD /{id+}"), Some("Redirector"), "{auth:?}");
            assert_eq!(leads_to("POST /"), Some(WRITER), "{auth:?}");
        }
    }
}
