//! What the profile files say about the chosen profile: whether it exists, how it gets credentials, and how to get new ones.

use anyhow::{Context as _, Result, bail};
use aws_config::profile::{ProfileSet, load};
use aws_types::os_shim_internal::{Env, Fs};

/// A chain of `source_profile` is not longer than this.
const CHAIN: usize = 8;

/// How a profile gets its credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `aws sso login`.
    Sso,
    /// `aws login`.
    Login,
    /// A role that asks for a one-time password.
    Mfa,
    /// Keys, processes, roles of machines and everything else.
    Other,
}

/// The profile that a run uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Profile {
    name: String,
    kind: Kind,
    /// Whether the user named it for this tool, by option or in `infra.toml`: then the environment's keys do not count.
    pub(super) is_chosen: bool,
    environment_has_keys: bool,
}

impl Profile {
    /// Reads the profile files. `chosen` is the name given to this tool; otherwise `AWS_PROFILE` counts.
    ///
    /// # Errors
    /// If the files cannot be read, or have no profile of that name.
    pub(super) async fn load(chosen: Option<&str>) -> Result<Self> {
        let name = chosen.map(|name| name.to_owned().into());
        let env = Env::real();
        let environment_has_keys = env.get("AWS_ACCESS_KEY_ID").is_ok();
        let found = match load(&Fs::real(), &env, &Default::default(), name).await {
            Ok(set) => Self::find(&set, chosen.is_some())?,
            // Nobody needs the files.
            Err(_) if chosen.is_none() && environment_has_keys => Self::unread(),
            Err(error) => return Err(error).context("cannot read the AWS profiles"),
        };
        Ok(Self { environment_has_keys, ..found })
    }

    fn unread() -> Self {
        Self { name: "default".to_owned(), kind: Kind::Other, is_chosen: false, environment_has_keys: false }
    }

    fn find(set: &ProfileSet, is_chosen: bool) -> Result<Self> {
        let name = set.selected_profile();
        if set.get_profile(name).is_none() && name != "default" {
            let mut known: Vec<_> = set.profiles().collect();
            known.sort_unstable();
            let known = if known.is_empty() { "there are none".to_owned() } else { known.join(", ") };
            bail!("there is no AWS profile {name:?}; the profiles are: {known}");
        }
        Ok(Self { name: name.to_owned(), kind: kind(set, name), is_chosen, environment_has_keys: false })
    }

    /// Its name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether its credentials are used although there are keys in the environment, or because there are none.
    pub(super) fn counts_before_environment(&self) -> bool {
        self.is_chosen || !self.environment_has_keys
    }

    /// A command that prints credentials, for those that the AWS CLI gets and the SDK does not: it asks for one-time passwords,
    /// and it is what `aws login` is part of. The SDK's own support of `aws login` would bring a second set of cryptography.
    ///
    /// # Errors
    /// If the name of the profile cannot be passed to a shell.
    pub(super) fn process(&self) -> Result<Option<String>> {
        if !matches!(self.kind, Kind::Mfa | Kind::Login) {
            return Ok(None);
        }
        let is_plain = |letter: char| letter.is_alphanumeric() || "-_.@+=,/".contains(letter);
        if !self.name.chars().all(is_plain) {
            bail!(
                "the AWS CLI must be asked about the profile {:?}, whose name has letters that a shell reads",
                self.name
            );
        }
        Ok(Some(format!("aws configure export-credentials --profile {} --format process", self.name)))
    }

    /// What to do if its credentials are missing or have expired.
    pub(super) fn way_in(&self) -> String {
        let name = &self.name;
        match self.kind {
            Kind::Sso => format!("log in with `aws sso login --profile {name}`"),
            Kind::Login => {
                format!("log in with `aws login --profile {name}`; this tool asks the AWS CLI for the credentials")
            }
            Kind::Mfa => format!(
                "the profile {name} needs a one-time password (mfa_serial), for which this tool runs \
                 `aws configure export-credentials --profile {name}`: try that command"
            ),
            Kind::Other => {
                "set credentials as for the AWS CLI: `aws login`, `aws configure sso`, or AWS_PROFILE".to_owned()
            }
        }
    }
}

fn kind(set: &ProfileSet, name: &str) -> Kind {
    let mut next = Some(name);
    for _ in 0..CHAIN {
        let Some(profile) = next.and_then(|name| set.get_profile(name)) else {
            break;
        };
        if profile.get("role_arn").is_some() && profile.get("mfa_serial").is_some() {
            return Kind::Mfa;
        }
        if profile.get("sso_session").or_else(|| profile.get("sso_start_url")).is_some() {
            return Kind::Sso;
        }
        if profile.get("login_session").is_some() {
            return Kind::Login;
        }
        next = profile.get("source_profile").filter(|source| *source != profile.name());
    }
    Kind::Other
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "
[profile keys]
aws_access_key_id = id
[profile sso]
sso_session = corporate
[profile old-sso]
sso_start_url = https://example.awsapps.com/start
[profile console]
login_session = arn:aws:iam::111122223333:user/ann
[profile role]
role_arn = arn:aws:iam::111122223333:role/deploy
source_profile = console
[profile mfa]
role_arn = arn:aws:iam::111122223333:role/deploy
source_profile = keys
mfa_serial = arn:aws:iam::111122223333:mfa/ann
[profile behind%mfa]
role_arn = arn:aws:iam::111122223333:role/next
source_profile = mfa
[profile circle]
role_arn = arn:aws:iam::111122223333:role/next
source_profile = circle
";

    async fn find(name: &str) -> Result<Profile> {
        let files = Fs::from_slice(&[("config", CONFIG)]);
        let env = Env::from_slice(&[("AWS_CONFIG_FILE", "config"), ("AWS_PROFILE", name), ("HOME", "/home")]);
        Profile::find(&load(&files, &env, &Default::default(), None).await.unwrap(), false)
    }

    #[tokio::test]
    async fn each_kind_of_profile_has_its_way_in() {
        for (name, kind, way_in) in [
            ("default", Kind::Other, "AWS_PROFILE"),
            ("keys", Kind::Other, "aws configure sso"),
            ("sso", Kind::Sso, "`aws sso login --profile sso`"),
            ("old-sso", Kind::Sso, "`aws sso login --profile old-sso`"),
            ("console", Kind::Login, "`aws login --profile console`"),
            ("role", Kind::Login, "`aws login --profile role`"),
            ("mfa", Kind::Mfa, "one-time password"),
            ("behind%mfa", Kind::Mfa, "one-time password"),
            ("circle", Kind::Other, "aws login"),
        ] {
            let profile = find(name).await.unwrap();
            assert_eq!(profile.kind, kind, "{name}");
            assert!(profile.way_in().contains(way_in), "{name}: {}", profile.way_in());
        }
    }

    #[tokio::test]
    async fn an_unknown_profile_is_named_with_those_that_exist() {
        let error = find("nope").await.unwrap_err().to_string();
        assert!(error.contains("no AWS profile \"nope\"") && error.contains("circle, console, keys"), "{error}");
    }

    #[tokio::test]
    async fn the_cli_is_asked_for_what_only_it_can_get() {
        assert_eq!(find("sso").await.unwrap().process().unwrap(), None);
        for name in ["mfa", "console", "role"] {
            let command = find(name).await.unwrap().process().unwrap().unwrap();
            assert_eq!(command, format!("aws configure export-credentials --profile {name} --format process"));
        }
        assert!(find("behind%mfa").await.unwrap().process().is_err());
    }
}
