//! Keys of the local stack: the one that is printed, and those that tests make.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use links::key::{ApiKeyError, KeyManager as _, KeyReader as _, Revoked, ScopeError};
use links::{
    ApiKey, DynamoDbSettings, KeyId, KeyRecord, KeyTable, Put, ScopeSet, StoreError, Timestamp,
};

use crate::dynamodb::TableDefinition;
use crate::function::REGION;
use crate::kept;

/// The table of keys.
pub(crate) const TABLE: TableDefinition = TableDefinition {
    name: "keys",
    key_attribute: links::key::item::KEY_ATTRIBUTE,
    ttl_attribute: None,
    index: None,
};

/// Whose links the printed key makes.
const OWNER: &str = "local";

/// What the printed key is for, in lists of keys.
const LABEL: &str = "printed by the local stack";

/// Why a key is not made or revoked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The scopes are none.
    #[error("these are not scopes of a key")]
    Scopes(#[from] ScopeError),
    /// The text is no key.
    #[error("this cannot be a key")]
    NoKey(#[from] ApiKeyError),
    /// The table did not answer.
    #[error("the table of keys fails")]
    Store(#[from] StoreError),
    /// The table does not have it.
    #[error("there is no key {0}")]
    Unknown(KeyId),
    /// The printed key cannot be kept.
    #[error("cannot keep the key in {0}")]
    File(PathBuf, #[source] io::Error),
}

/// The keys of a running stack.
#[derive(Debug)]
pub(crate) struct Keys(KeyTable);

impl Keys {
    /// Those in the table behind the `DynamoDB` endpoint of the stack.
    pub(crate) fn new(endpoint: &str) -> Self {
        let settings = DynamoDbSettings {
            table: super::TABLE.name.to_owned(),
            endpoint_url: Some(endpoint.to_owned()),
            region: REGION.to_owned(),
            access_key_id: "local".to_owned(),
            secret_access_key: "local".to_owned(),
            session_token: None,
        };
        Self(KeyTable::new(&settings, TABLE.name))
    }

    /// The key that is printed: the one kept in the data directory while it is valid, else a fresh one.
    pub(crate) async fn printed(&self, data_dir: Option<&Path>) -> Result<String, KeyError> {
        let Some(directory) = data_dir else {
            return self.make(OWNER, ScopeSet::OWNER, Some(LABEL)).await;
        };
        let file = directory.join("api-key");
        let failed = |error| KeyError::File(file.clone(), error);
        if let Some(token) = kept::read(&file).map_err(failed)?
            && self.is_valid(&token).await?
        {
            return Ok(token);
        }
        let token = self.make(OWNER, ScopeSet::OWNER, Some(LABEL)).await?;
        kept::write(&file, &token).map_err(failed)?;
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
        Ok(record.is_some_and(|record| !record.is_revoked()))
    }

    async fn make(
        &self,
        owner: &str,
        scopes: ScopeSet,
        label: Option<&str>,
    ) -> Result<String, KeyError> {
        let key = ApiKey::from_random(&rand::random());
        let mut record = KeyRecord::new(key.id().clone(), owner, scopes, now());
        record.label = label.map(str::to_owned);
        // That its hash is taken can only mean that an earlier attempt of this very put has succeeded.
        let (Put::Stored | Put::Taken) = self.0.create(&key.hash(), &record).await?;
        Ok(key.reveal().to_owned())
    }
}

fn now() -> Timestamp {
    SystemTime::from(jiff::Timestamp::now()).into()
}
