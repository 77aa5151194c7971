//! `transactWriteItems`

codes! {
    /// What one element of a transaction does.
    pub enum TransactAction {
        /// Puts an item.
        Put = 2,
        /// Deletes an item.
        Delete = 7,
        /// Updates an item.
        Update = 9,
        /// Only checks a condition.
        ConditionCheck = 12,
    }
}
