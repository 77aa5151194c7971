//! The methods of the protocol: their numbers, their names, and how many arguments each takes.

use serde::{Deserialize, Serialize};

/// A method that clients call. In JSON it goes by its DynamoDB name in camel case, such as `getItem`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Operation {
    /// Proves who opened the connection. Never answered.
    AuthorizeConnection,
    /// Lists the nodes of the cluster.
    Endpoints,
    /// Names and types of a table's key attributes.
    DefineKeySchema,
    /// The id of a list of attribute names.
    DefineAttributeListId,
    /// The attribute names behind an id.
    DefineAttributeList,
    /// `GetItem`
    GetItem,
    /// `PutItem`
    PutItem,
    /// `UpdateItem`
    UpdateItem,
    /// `DeleteItem`
    DeleteItem,
    /// `BatchGetItem`
    BatchGetItem,
    /// `BatchWriteItem`
    BatchWriteItem,
    /// `Query`
    Query,
    /// `Scan`
    Scan,
    /// `TransactGetItems`
    TransactGetItems,
    /// `TransactWriteItems`
    TransactWriteItems,
}

/// One row of the method table: number on the wire, arguments after it, name.
type Row = (Operation, i64, usize, &'static str);

/// The methods in the order of [`Operation`].
const TABLE: [Row; 15] = [
    (Operation::AuthorizeConnection, 1_489_122_155, 5, "authorizeConnection"),
    (Operation::Endpoints, 455_855_874, 0, "endpoints"),
    (Operation::DefineKeySchema, -742_646_399, 1, "defineKeySchema"),
    (Operation::DefineAttributeListId, -1_230_579_644, 1, "defineAttributeListId"),
    (Operation::DefineAttributeList, 670_678_385, 1, "defineAttributeList"),
    (Operation::GetItem, 263_244_906, 3, "getItem"),
    (Operation::PutItem, -2_106_490_455, 4, "putItem"),
    (Operation::UpdateItem, 1_425_579_023, 3, "updateItem"),
    (Operation::DeleteItem, 1_013_539_361, 3, "deleteItem"),
    (Operation::BatchGetItem, -697_851_100, 2, "batchGetItem"),
    (Operation::BatchWriteItem, 116_217_951, 2, "batchWriteItem"),
    (Operation::Query, -931_250_863, 3, "query"),
    (Operation::Scan, -1_875_390_620, 2, "scan"),
    (Operation::TransactGetItems, 1_866_287_579, 4, "transactGetItems"),
    (Operation::TransactWriteItems, -1_160_037_738, 9, "transactWriteItems"),
];

impl Operation {
    /// How many methods there are.
    pub(crate) const COUNT: usize = TABLE.len();

    /// Every method.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.0)
    }

    /// The method with this number. `None` for the table operations too: no client sends them, and without their
    /// number of arguments nobody can tell where such a request ends.
    pub(crate) fn from_id(id: i64) -> Option<Self> {
        TABLE.iter().find(|row| row.1 == id).map(|row| row.0)
    }

    /// Its number on the wire.
    pub fn id(self) -> i64 {
        self.row().1
    }

    /// How many items follow the method's number.
    pub(crate) fn arguments(self) -> usize {
        self.row().2
    }

    /// Its name in camel case.
    pub fn name(self) -> &'static str {
        self.row().3
    }

    /// Position in tables with one place per method, below [`COUNT`](Self::COUNT).
    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    /// Whether a repetition can change data.
    pub fn is_write(self) -> bool {
        matches!(
            self,
            Self::PutItem | Self::UpdateItem | Self::DeleteItem | Self::BatchWriteItem | Self::TransactWriteItems
        )
    }

    fn row(self) -> &'static Row {
        // The table has the order of the enum, which a test checks; the first row never stands in for another.
        TABLE.get(self.index()).unwrap_or(&TABLE[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_is_found_by_number_and_by_position() {
        for (position, operation) in Operation::all().enumerate() {
            assert_eq!(operation.index(), position);
            assert_eq!(Operation::from_id(operation.id()), Some(operation));
            assert_eq!(serde_json::to_value(operation).unwrap(), operation.name());
        }
        assert_eq!(Operation::from_id(-313_431_286), None, "createTable");
    }
}
