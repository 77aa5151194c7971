//! The methods of the protocol and their numbers on the wire.

use crate::cbor::Writer;

/// Service number that opens every request.
const SERVICE: u64 = 1;

/// A method of the DAX service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// Proves the caller's identity. Has no answer of its own.
    AuthorizeConnection,
    /// Key schema of a table.
    DefineKeySchema,
    /// Number of a list of attribute names.
    DefineAttributeListId,
    /// Names of a numbered list.
    DefineAttributeList,
    /// The nodes of the cluster.
    Endpoints,
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

/// What repeating a call can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Access {
    /// Changes nothing: may be repeated at will.
    Read,
    /// Changes data each time it arrives: must not be repeated while its outcome is unknown.
    Write,
    /// Changes data once, however often it arrives, because a token names it.
    IdempotentWrite,
}

impl Method {
    /// Every method.
    pub const ALL: [Self; 15] = [
        Self::AuthorizeConnection,
        Self::DefineKeySchema,
        Self::DefineAttributeListId,
        Self::DefineAttributeList,
        Self::Endpoints,
        Self::GetItem,
        Self::PutItem,
        Self::UpdateItem,
        Self::DeleteItem,
        Self::BatchGetItem,
        Self::BatchWriteItem,
        Self::Query,
        Self::Scan,
        Self::TransactGetItems,
        Self::TransactWriteItems,
    ];

    /// The number that stands for it in a request.
    pub const fn id(self) -> i32 {
        match self {
            Self::AuthorizeConnection => 1_489_122_155,
            Self::DefineKeySchema => -742_646_399,
            Self::DefineAttributeListId => -1_230_579_644,
            Self::DefineAttributeList => 670_678_385,
            Self::Endpoints => 455_855_874,
            Self::GetItem => 263_244_906,
            Self::PutItem => -2_106_490_455,
            Self::UpdateItem => 1_425_579_023,
            Self::DeleteItem => 1_013_539_361,
            Self::BatchGetItem => -697_851_100,
            Self::BatchWriteItem => 116_217_951,
            Self::Query => -931_250_863,
            Self::Scan => -1_875_390_620,
            Self::TransactGetItems => 1_866_287_579,
            Self::TransactWriteItems => -1_160_037_738,
        }
    }

    /// The method of this number.
    pub fn from_id(id: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.id() == id)
    }

    /// Its name, as DynamoDB writes it for the ten operations.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AuthorizeConnection => "AuthorizeConnection",
            Self::DefineKeySchema => "DefineKeySchema",
            Self::DefineAttributeListId => "DefineAttributeListId",
            Self::DefineAttributeList => "DefineAttributeList",
            Self::Endpoints => "Endpoints",
            Self::GetItem => "GetItem",
            Self::PutItem => "PutItem",
            Self::UpdateItem => "UpdateItem",
            Self::DeleteItem => "DeleteItem",
            Self::BatchGetItem => "BatchGetItem",
            Self::BatchWriteItem => "BatchWriteItem",
            Self::Query => "Query",
            Self::Scan => "Scan",
            Self::TransactGetItems => "TransactGetItems",
            Self::TransactWriteItems => "TransactWriteItems",
        }
    }

    /// Whether it changes data.
    pub const fn access(self) -> Access {
        match self {
            Self::PutItem | Self::UpdateItem | Self::DeleteItem | Self::BatchWriteItem => Access::Write,
            Self::TransactWriteItems => Access::IdempotentWrite,
            _ => Access::Read,
        }
    }

    /// How many CBOR items a successful answer holds after its empty error array.
    ///
    /// For batchGetItem the second lies outside of the array that announces it.
    pub const fn body_items(self) -> u64 {
        match self {
            Self::AuthorizeConnection => 0,
            Self::BatchGetItem => 2,
            Self::BatchWriteItem => 3,
            _ => 1,
        }
    }

    /// Writes the two items that open a request.
    pub fn open(self, writer: &mut Writer<'_>) {
        writer.uint(SERVICE);
        writer.int(i64::from(self.id()));
    }
}

impl std::fmt::Display for Method {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
