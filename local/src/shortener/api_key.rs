//! API keys of the local stack: the printed one, and those that tests create.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use aws_credential_types::Credentials;
use links::key::{ApiKeyError, ScopeError};
use links::{
    ApiKey, DynamoDbSettings, KeyId, KeyManager as _, KeyReader as _, KeyRecord, KeysError, KeysTable, Put, Revoked,
    ScopeSet, Timestamp,
};

use super::{secret_file, tables};

/// Name of the file of the printed key in the data directory.
pub(super) const FILE: &str = "api-key";

/// Owner of the links that the printed key creates.
const OWNER: &str = "local";

/// Label of the printed key in lists of keys.
const LABEL: &str = "printed by the local stack";

/// Why a key was not created or revoked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// A scope does not exist.
    #[error("these are not scopes of a key")]
    Scopes(#[from] ScopeError),
    /// The text is not an API key.
    #[error("this is not an API key")]
    Malformed(#[from] ApiKeyError),
    /// The keys table failed.
    #[error("the keys table failed")]
    Store(#[from] KeysError),
    /// The key does not exist.
    #[error("there is no key {0}")]
    Unknown(KeyId),
    /// The file of the printed key cannot be read or written.
    #[error("cannot keep the key in {0}")]
    File(PathBuf, #[source] io::Error),
}

/// The keys of a running stack.
#[derive(Debug)]
pub(crate) struct Keys(KeysTable);

impl Keys {
    /// The keys in the table behind a DynamoDB endpoint.
    pub(crate) fn new(endpoint: &str) -> Self {
        let settings = DynamoDbSettings {
            table: tables::LINKS.name.to_owned(),
            endpoint_url: Some(endpoint.to_owned()),
            region: lambda_local::REGION.to_owned(),
            credentials: Credentials::new("local", "local", None, None, "local"),
            platform_trust: false,
        };
        Self(KeysTable::new(&settings, tables::KEYS.name))
    }

    /// The key to print: the one in the data directory if it is valid, else a fresh one.
    pub(crate) async fn printed(&self, data_dir: Option<&Path>) -> Result<String, KeyError> {
        let Some(directory) = data_dir else {
            return self.make(OWNER, ScopeSet::OWNER, Some(LABEL)).await;
        };
        let file = directory.join(FILE);
        let failed = |error| KeyError::File(file.clone(), error);
        if let Some(token) = secret_file::read(&file).map_err(failed)?
            && self.is_valid(&token).await?
        {
            return Ok(token);
        }
        let token = self.make(OWNER, ScopeSet::OWNER, Some(LABEL)).await?;
        secret_file::write(&file, &token).map_err(failed)?;
        Ok(token)
    }

    pub(crate) async fn issue(&self, owner: &str, scopes: &str) -> Result<String, KeyError> {
        self.make(owner, scopes.parse()?, None).await
    }

    pub(crate) async fn revoke(&self, token: &str) -> Result<(), KeyError> {
        let key: ApiKey = token.parse()?;
        match self.0.revoke(key.id(), now()).await? {
            Revoked::Now | Revoked::Before => Ok(()),
            Revoked::Unknown => Err(KeyError::Unknown(key.id().clone())),
        }
    }

    async fn is_valid(&self, token: &str) -> Result<bool, KeyError> {
        let Ok(key) = token.parse::<ApiKey>() else {
            return Ok(false);
        };
        let record = self.0.find(&key.hash()).await?;
        Ok(record.is_some_and(|record| record.is_valid(now())))
    }

    async fn make(&self, owner: &str, scopes: ScopeSet, label: Option<&str>) -> Result<String, KeyError> {
        let key = ApiKey::from_random(&rand::random());
        let mut record = KeyRecord::new(key.id().clone(), owner, scopes, now());
        record.label = label.map(str::to_owned);
        // If the hash is taken, an earlier attempt of this very put has succeeded.
        let (Put::Stored | Put::Taken) = self.0.create(&key.hash(), &record).await?;
        Ok(key.reveal().to_owned())
    }
}

fn now() -> Timestamp {
    SystemTime::from(jiff::Timestamp::now()).into()
}

#[cfg(test)]
mod tests {
    use links::KeyUsage as _;
    use loopback_guard::Guard;

    use super::*;
    use crate::dynamodb::{Store, TableDefinition};

    /// An endpoint with tables in memory; ends when dropped.
    struct Served {
        keys: Keys,
        _store: Store,
    }

    async fn served() -> Served {
        serve(&[tables::KEYS]).await
    }

    async fn serve(tables: &[TableDefinition]) -> Served {
        let listener = loopback_guard::bind(0).await.unwrap();
        let store = Store::start(listener, Guard::for_programs(), None, tables).unwrap();
        Served { keys: Keys::new(&store.url()), _store: store }
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix_seconds(seconds)
    }

    #[tokio::test]
    async fn a_key_is_created_found_and_revoked_once() {
        let served = served().await;
        let table = &served.keys.0;
        let token = served.keys.issue("ann", "read,delete").await.unwrap();
        let key: ApiKey = token.parse().unwrap();
        let record = table.find(&key.hash()).await.unwrap().unwrap();
        assert_eq!((&record.key_id, record.owner.as_str()), (key.id(), "ann"));
        assert_eq!(record.scopes.to_string(), "read,delete");
        assert_eq!(table.create(&key.hash(), &record).await.unwrap(), Put::Taken);
        let check = async |key_id: &KeyId, expected| {
            assert_eq!(table.revoke(key_id, at(7)).await.unwrap(), expected);
        };
        check(key.id(), Revoked::Now).await;
        check(key.id(), Revoked::Before).await;
        check(&"00000000".parse().unwrap(), Revoked::Unknown).await;
        let record = table.find(&key.hash()).await.unwrap().unwrap();
        assert_eq!(record.revoked_at, Some(at(7)));
        let listed = table.list().await.unwrap();
        assert_eq!((listed.keys, listed.unreadable, listed.is_cut_off), (vec![record], 0, false));
        assert!(matches!(served.keys.issue("ann", "write").await, Err(KeyError::Scopes(_))));
    }

    #[tokio::test]
    async fn a_use_is_noted_forward_only_and_restores_no_key() {
        let served = served().await;
        let table = &served.keys.0;
        let token = served.keys.issue("ann", "read").await.unwrap();
        let hash = token.parse::<ApiKey>().unwrap().hash();
        for (day, expected) in [(86_400, 86_400), (172_800, 172_800), (86_400, 172_800)] {
            table.note_use(&hash, at(day)).await.unwrap();
            let record = table.find(&hash).await.unwrap().unwrap();
            assert_eq!(record.last_used_on, Some(at(expected)));
        }
        let gone = ApiKey::from_random(&[7; ApiKey::RANDOM_BYTES]).hash();
        table.note_use(&gone, at(86_400)).await.unwrap();
        assert_eq!(table.find(&gone).await.unwrap(), None);
        assert_eq!(table.list().await.unwrap().keys.len(), 1);
    }

    #[tokio::test]
    async fn many_keys_are_listed_page_by_page() {
        let served = served().await;
        let table = &served.keys.0;
        // A page of a scan ends after a megabyte.
        let label = "x".repeat(40_000);
        for number in 0..40_u8 {
            let key = ApiKey::from_random(&[number; ApiKey::RANDOM_BYTES]);
            let mut record = KeyRecord::new(key.id().clone(), "ann", ScopeSet::OWNER, at(0));
            record.label = Some(label.clone());
            table.create(&key.hash(), &record).await.unwrap();
        }
        assert_eq!(table.list().await.unwrap().keys.len(), 40);
        let last = ApiKey::from_random(&[39; ApiKey::RANDOM_BYTES]);
        assert_eq!(table.revoke(last.id(), at(1)).await.unwrap(), Revoked::Now);
    }

    #[tokio::test]
    async fn a_data_directory_keeps_its_key_until_it_is_revoked() {
        let directory = tempfile::tempdir().unwrap();
        let path = Some(directory.path());
        let served = served().await;
        let first = served.keys.printed(path).await.unwrap();
        assert_eq!(served.keys.printed(path).await.unwrap(), first);
        assert_ne!(served.keys.printed(None).await.unwrap(), first);
        served.keys.revoke(&first).await.unwrap();
        let second = served.keys.printed(path).await.unwrap();
        assert_ne!(second, first);
        assert_eq!(served.keys.printed(path).await.unwrap(), second);
        // The same directory with an empty table.
        let elsewhere = self::served().await;
        assert_ne!(elsewhere.keys.printed(path).await.unwrap(), second);
    }

    #[tokio::test]
    async fn a_missing_table_is_an_error_and_not_an_unknown_key() {
        let served = serve(&[]).await;
        let hash = ApiKey::from_random(&[7; ApiKey::RANDOM_BYTES]).hash();
        let error = served.keys.0.find(&hash).await.unwrap_err();
        assert!(matches!(error, KeysError::Unavailable { .. }), "{error}");
    }
}
