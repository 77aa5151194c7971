//! Keys of the maps in answers.

/// The item that was read.
pub const ITEM: u64 = 0;
/// Consumed capacity.
pub const CONSUMED_CAPACITY: u64 = 1;
/// Attributes that a write returns.
pub const ATTRIBUTES: u64 = 2;
/// Sizes of item collections.
pub const COLLECTION_METRICS: u64 = 3;
/// Items of a page.
pub const ITEMS: u64 = 7;
/// Number of items in a page.
pub const COUNT: u64 = 8;
/// Where the next page starts.
pub const LAST_KEY: u64 = 9;
/// Number of items before the filter.
pub const SCANNED_COUNT: u64 = 10;

/// Consumed capacity in the form that transactions use, which separates reads from writes.
pub mod capacity {
    /// Units of any kind.
    pub const UNITS: u64 = 1;
    /// Read units.
    pub const READ_UNITS: u64 = 2;
    /// Write units.
    pub const WRITE_UNITS: u64 = 3;
    /// Name of the table.
    pub const TABLE_NAME: u64 = 4;
    /// Map of the first three for the table alone.
    pub const TABLE: u64 = 5;
    /// Map from the names of global indexes to maps of the first three.
    pub const GLOBAL_INDEXES: u64 = 6;
    /// Map from the names of local indexes to maps of the first three.
    pub const LOCAL_INDEXES: u64 = 7;
}

/// A node of the cluster, in the answer to `endpoints`.
pub mod endpoint {
    /// Number of the node.
    pub const NODE: u64 = 0;
    /// Host name.
    pub const HOSTNAME: u64 = 1;
    /// Address in 4 or 16 bytes.
    pub const ADDRESS: u64 = 2;
    /// Port.
    pub const PORT: u64 = 3;
    /// A [`Role`](crate::Role).
    pub const ROLE: u64 = 4;
    /// Name of the availability zone.
    pub const AVAILABILITY_ZONE: u64 = 5;
    /// Number that changes with the leader.
    pub const LEADER_SESSION: u64 = 6;
}
