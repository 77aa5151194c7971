//! The salts of visitor codes, in the table of clicks.

use std::future::Future;

use jiff::civil::Date;

use super::{
    StoreError,
    client::{DynamoDbSettings, LazyClient},
    requests,
};
use crate::{
    clicks::{Salt, item::SALT},
    item::Item,
};

/// Reads salts.
pub trait SaltReader: Send + Sync {
    /// The salt of a day in UTC. There is none until somebody has made it, which is usually a day before.
    fn salt(&self, day: Date) -> impl Future<Output = Result<Option<Salt>, StoreError>> + Send;
}

/// The table of clicks for those who read salts and nothing else.
#[derive(Debug)]
pub struct SaltTable {
    table: String,
    client: LazyClient,
}

impl SaltTable {
    /// The salts of a table. Nothing is sent yet.
    pub fn new(settings: &DynamoDbSettings) -> Self {
        Self::from_lazy(LazyClient::new(settings), &settings.table)
    }

    pub(super) fn from_lazy(client: LazyClient, table: &str) -> Self {
        Self { table: table.to_owned(), client }
    }
}

impl SaltReader for SaltTable {
    async fn salt(&self, day: Date) -> Result<Option<Salt>, StoreError> {
        let output = requests::salt(&self.table, day).send_with(self.client.get()).await;
        Ok(output.map_err(StoreError::unavailable("GetItem"))?.item.as_ref().and_then(salt_of))
    }
}

/// What is not a salt is as good as none: clicks are counted without it.
fn salt_of(item: &Item) -> Option<Salt> {
    Salt::from_bytes(item.get(SALT)?.as_b().ok()?.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};

    #[test]
    fn what_is_not_a_salt_is_none() {
        let check = |name: &str, value: AttributeValue, expected: Option<Salt>| {
            assert_eq!(salt_of(&Item::from([(name.to_owned(), value)])), expected);
        };
        let bytes = |length| AttributeValue::B(Blob::new(vec![7; length]));
        check(SALT, bytes(16), Some(Salt::from_random([7; 16])));
        check(SALT, bytes(15), None);
        check(SALT, AttributeValue::S("7777777777777777".to_owned()), None);
        check("pepper", bytes(16), None);
    }
}
