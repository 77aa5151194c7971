//! Whether and how clicks are counted: what all functions must agree on.

/// How the redirector's log lines reach the function that counts clicks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClickDelivery {
    /// Through a stream that keeps their order, so that each click counts once.
    Stream,
    /// Directly. A click may count twice when it is delivered twice.
    Direct,
}

/// How clicks are counted, if they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClickSettings {
    /// `CLICKS`: `stream` or `direct`.
    pub delivery: ClickDelivery,
    /// `CLICKS_TABLE`: the table of counts and salts, in the account and region of the links.
    pub table: String,
}
