//! The internals that this repository's tests, benches and fuzz targets need.
//!
//! Nothing here is part of the crate's API. A fuzz target for the decoder or a replay of recorded bytes has to get
//! below [`Client`](crate::Client), and a test in `src` could serve neither benches nor `cargo fuzz`, which are
//! separate crates.

/// The wire format above CBOR.
pub mod codec {
    pub use crate::codec::{
        Attributes, DecodeStop, EncodeStop, FrameScanner, KeyAttribute, KeySchema, Lookup, Metadata, ValueError,
        read_key, read_value, write_value,
    };

    /// Control calls.
    pub mod control {
        pub use crate::codec::control::{
            Authorization, Finding, Member, read_endpoints, write_authorize, write_endpoints, write_handshake,
        };
    }
}

/// Expressions.
pub mod expression {
    pub use crate::expression::{ExpressionError, ExpressionKind, Placeholders, Projection};
}

/// The ten operations.
pub mod op {
    pub use crate::op::{
        BatchGetItem, BatchWriteItem, DeleteItem, GetItem, Operation, PutItem, Query, Scan, TransactGetItems,
        TransactWriteItems, UpdateItem,
    };
}

/// One connection's side of the conversation.
pub mod session {
    pub use crate::session::{Call, Endpoints, Request, Session, Step};
}
