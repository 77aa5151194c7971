//! Optional parameters: the last argument of most methods is a map from these numbers to values.

codes! {
    /// A key of the map.
    pub enum Parameter {
        /// Byte string: an encoded projection.
        Projection = 0,
        /// Attribute names of the expressions. Only the Python client sends them; the expressions hold the names.
        ExpressionNames = 1,
        /// Boolean in `getItem`, 0 or 1 in pages. Batches carry it elsewhere, as a boolean.
        ConsistentRead = 2,
        /// A [`CapacityDetail`].
        ConsumedCapacity = 3,
        /// Byte string: an encoded condition.
        Condition = 4,
        /// Attribute values of the expressions. Only the Python client sends them; the expressions hold the values.
        ExpressionValues = 5,
        /// A [`MetricsDetail`].
        CollectionMetrics = 6,
        /// A [`ReturnedAttributes`].
        ReturnValues = 7,
        /// Byte string: an encoded update.
        Update = 8,
        /// Byte string: a key; for an index, a map of open length from names to values.
        StartKey = 9,
        /// Byte string: an encoded filter.
        Filter = 10,
        /// Byte string: the name of an index.
        IndexName = 11,
        /// Integer.
        Limit = 13,
        /// 0 or 1; forward unless sent.
        Forward = 14,
        /// A [`Selection`].
        Select = 15,
        /// Integer: which segment to scan.
        Segment = 16,
        /// Integer: into how many segments the table is divided.
        TotalSegments = 17,
        /// Text: what makes a transaction idempotent.
        RequestToken = 19,
    }
}

codes! {
    /// How much to report about consumed capacity.
    pub enum CapacityDetail {
        /// Nothing.
        None = 0,
        /// The sum.
        Total = 1,
        /// The sum, the table and its indexes.
        Indexes = 2,
    }
}

codes! {
    /// How much to report about item collections.
    pub enum MetricsDetail {
        /// Nothing.
        None = 0,
        /// Their sizes.
        Size = 1,
    }
}

codes! {
    /// Which attributes a write returns.
    pub enum ReturnedAttributes {
        /// None.
        None = 1,
        /// All, as they were.
        AllOld = 2,
        /// Those that changed, as they were.
        UpdatedOld = 3,
        /// All, as they are.
        AllNew = 4,
        /// Those that changed, as they are.
        UpdatedNew = 5,
    }
}

codes! {
    /// Which attributes a query or scan returns.
    pub enum Selection {
        /// All of the item.
        AllAttributes = 1,
        /// All that the index has.
        AllProjectedAttributes = 2,
        /// None: only the number of items.
        Count = 3,
        /// Those of the projection.
        SpecificAttributes = 4,
    }
}
