//! The methods of the protocol.

/// Number of the service, which opens every request. The number of a [`Method`] follows.
pub const SERVICE: u64 = 1;

/// A method of the DAX service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub enum Method {
    /// Proves the caller's identity. Never answered.
    AuthorizeConnection,
    /// Lists the nodes of the cluster.
    Endpoints,
    /// Names and types of a table's key attributes.
    DefineKeySchema,
    /// The number of a list of attribute names.
    DefineAttributeListId,
    /// The attribute names behind a number.
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

/// What repeating a call can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
        Self::Endpoints,
        Self::DefineKeySchema,
        Self::DefineAttributeListId,
        Self::DefineAttributeList,
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
            Self::Endpoints => 455_855_874,
            Self::DefineKeySchema => -742_646_399,
            Self::DefineAttributeListId => -1_230_579_644,
            Self::DefineAttributeList => 670_678_385,
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

    /// The method of this number. `None` for the table operations too: no client sends them, and without their number
    /// of arguments there is no way to tell where such a request ends.
    pub fn from_id(id: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|method| i64::from(method.id()) == id)
    }

    /// Its name, as DynamoDB writes it for the ten operations.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AuthorizeConnection => "AuthorizeConnection",
            Self::Endpoints => "Endpoints",
            Self::DefineKeySchema => "DefineKeySchema",
            Self::DefineAttributeListId => "DefineAttributeListId",
            Self::DefineAttributeList => "DefineAttributeList",
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

    /// Position in [`ALL`](Self::ALL), for tables with one place per method.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Whether it changes data.
    pub const fn access(self) -> Access {
        match self {
            Self::PutItem | Self::UpdateItem | Self::DeleteItem | Self::BatchWriteItem => Access::Write,
            Self::TransactWriteItems => Access::IdempotentWrite,
            _ => Access::Read,
        }
    }

    /// How many CBOR items follow the method's number in a request.
    pub const fn arguments(self) -> usize {
        match self {
            Self::Endpoints => 0,
            Self::DefineKeySchema | Self::DefineAttributeListId | Self::DefineAttributeList => 1,
            Self::BatchGetItem | Self::BatchWriteItem | Self::Scan => 2,
            Self::GetItem | Self::UpdateItem | Self::DeleteItem | Self::Query => 3,
            Self::PutItem | Self::TransactGetItems => 4,
            Self::AuthorizeConnection => 5,
            Self::TransactWriteItems => 9,
        }
    }

    /// How many CBOR items a successful answer holds after its empty error array.
    ///
    /// For `batchGetItem` the second lies outside of the array that announces it.
    pub const fn body_items(self) -> usize {
        match self {
            Self::AuthorizeConnection => 0,
            Self::BatchGetItem => 2,
            Self::BatchWriteItem => 3,
            _ => 1,
        }
    }
}

impl std::fmt::Display for Method {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_is_found_by_number_and_by_position() {
        for (position, method) in Method::ALL.into_iter().enumerate() {
            assert_eq!(method.index(), position);
            assert_eq!(Method::from_id(i64::from(method.id())), Some(method));
        }
        assert_eq!(Method::from_id(-313_431_286), None, "createTable");
    }

    #[cfg(feature = "serde")]
    #[test]
    fn in_json_a_method_goes_by_its_name_in_camel_case() {
        for method in Method::ALL {
            let (first, rest) = method.name().split_at(1);
            let expected = format!("{}{rest}", first.to_lowercase());
            assert_eq!(serde_json::to_value(method).unwrap(), expected);
            assert_eq!(serde_json::from_value::<Method>(expected.into()).unwrap(), method);
        }
    }
}
