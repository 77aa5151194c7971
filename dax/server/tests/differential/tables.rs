//! The tables: hash keys and range keys of every type, one table with indexes.

use serde_json::{Value, json};

/// Name and type (`S`, `N` or `B`) of a key attribute.
pub(crate) type KeyAttribute = (&'static str, &'static str);

#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) hash: KeyAttribute,
    pub(crate) range: Option<KeyAttribute>,
    pub(crate) indexes: &'static [Index],
}

#[derive(Debug)]
pub(crate) struct Index {
    pub(crate) name: &'static str,
    pub(crate) hash: KeyAttribute,
    pub(crate) range: Option<KeyAttribute>,
    pub(crate) projection: &'static str,
    /// A local index is read consistently if one asks for it, a global one never.
    pub(crate) local: bool,
}

pub(crate) const TABLES: [Table; 8] = [
    Table { name: "HashS", hash: ("pk", "S"), range: None, indexes: &[] },
    Table { name: "HashN", hash: ("pk", "N"), range: None, indexes: &[] },
    Table {
        name: "Orders",
        hash: ("pk", "S"),
        range: Some(("sk", "N")),
        indexes: &[
            Index {
                name: "byStatus",
                hash: ("status", "S"),
                range: Some(("amount", "N")),
                projection: "ALL",
                local: false,
            },
            Index { name: "keysOnly", hash: ("amount", "N"), range: None, projection: "KEYS_ONLY", local: false },
            Index { name: "byAmount", hash: ("pk", "S"), range: Some(("amount", "N")), projection: "ALL", local: true },
        ],
    },
    Table { name: "HashNRangeB", hash: ("pk", "N"), range: Some(("sk", "B")), indexes: &[] },
    Table { name: "HashBRangeS", hash: ("pk", "B"), range: Some(("sk", "S")), indexes: &[] },
    Table { name: "HashB", hash: ("pk", "B"), range: None, indexes: &[] },
    Table {
        name: "HashSRangeS",
        hash: ("pk", "S"),
        range: Some(("sk", "S")),
        indexes: &[
            Index { name: "bySort", hash: ("sk", "S"), range: Some(("pk", "S")), projection: "ALL", local: false },
            Index {
                name: "localKeys",
                hash: ("pk", "S"),
                range: Some(("status", "S")),
                projection: "KEYS_ONLY",
                local: true,
            },
        ],
    },
    Table {
        name: "HashNRangeN",
        hash: ("pk", "N"),
        range: Some(("sk", "N")),
        indexes: &[
            Index {
                name: "byStatus",
                hash: ("status", "S"),
                range: Some(("sk", "N")),
                projection: "KEYS_ONLY",
                local: false,
            },
            Index { name: "byAmount", hash: ("pk", "N"), range: Some(("amount", "N")), projection: "ALL", local: true },
        ],
    },
];

impl Table {
    pub(crate) fn key(&self) -> impl Iterator<Item = KeyAttribute> {
        std::iter::once(self.hash).chain(self.range)
    }

    /// The request that creates it.
    pub(crate) fn definition(&self) -> Value {
        let mut attributes: Vec<KeyAttribute> = self.key().collect();
        for index in self.indexes {
            attributes.push(index.hash);
            attributes.extend(index.range);
        }
        attributes.sort_unstable();
        attributes.dedup();
        let attributes: Vec<Value> =
            attributes.iter().map(|(name, kind)| json!({ "AttributeName": name, "AttributeType": kind })).collect();
        let mut definition = json!({
            "TableName": self.name,
            "KeySchema": schema(self.hash, self.range),
            "AttributeDefinitions": attributes,
            "BillingMode": "PAY_PER_REQUEST",
        });
        for (field, local) in [("LocalSecondaryIndexes", true), ("GlobalSecondaryIndexes", false)] {
            let indexes: Vec<Value> =
                self.indexes.iter().filter(|index| index.local == local).map(Index::definition).collect();
            if !indexes.is_empty() {
                definition[field] = indexes.into();
            }
        }
        definition
    }
}

impl Index {
    fn definition(&self) -> Value {
        json!({
            "IndexName": self.name,
            "KeySchema": schema(self.hash, self.range),
            "Projection": { "ProjectionType": self.projection },
        })
    }
}

fn schema(hash: KeyAttribute, range: Option<KeyAttribute>) -> Value {
    let mut schema = vec![json!({ "AttributeName": hash.0, "KeyType": "HASH" })];
    schema.extend(range.map(|range| json!({ "AttributeName": range.0, "KeyType": "RANGE" })));
    schema.into()
}
