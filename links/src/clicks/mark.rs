//! What an item remembers of the clicks in it, so that a repeated addition is told from a new one.

use aws_sdk_dynamodb::types::AttributeValue;

use super::{
    Span,
    item::{MESSAGE_LANES, message_mark, watermark},
};
use crate::item::binary;

/// Where clicks are from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Records of a stream. An item knows for each shard how far it has been counted.
    Span(Span),
    /// A message that came without a stream.
    Message(MessageMark),
}

/// A message of CloudWatch Logs that came without a stream.
///
/// Messages have no order, so an item remembers the last one of each lane; a message's lane follows from its identity. That
/// tells a repetition unless another message of the same lane was counted in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageMark(u64);

impl MessageMark {
    /// The message with this identity: what is the same when it comes again, and different for any other.
    pub const fn new(identity: u64) -> Self {
        Self(identity)
    }

    /// Its identity.
    pub const fn identity(self) -> u64 {
        self.0
    }

    const fn lane(self) -> u8 {
        self.0.to_be_bytes()[7] % MESSAGE_LANES
    }
}

impl Mark {
    /// The attribute that it is kept in.
    pub(super) fn attribute(&self) -> String {
        match self {
            Self::Span(span) => watermark(span.shard),
            Self::Message(message) => message_mark(message.lane()),
        }
    }

    /// What the attribute `#w` is set to, and compared with: `:end`, and for a stream `:first`.
    pub(super) fn values(&self) -> Vec<(&'static str, AttributeValue)> {
        match self {
            Self::Span(span) => {
                vec![(":end", binary(span.end.to_bytes())), (":first", binary(span.first.to_bytes()))]
            }
            Self::Message(message) => vec![(":end", binary(message.0.to_be_bytes()))],
        }
    }

    /// The condition that the clicks are not in the item.
    pub(super) const fn condition(&self) -> &'static str {
        match self {
            Self::Span(_) => "attribute_not_exists(#w) OR #w < :first",
            Self::Message(_) => "attribute_not_exists(#w) OR #w <> :end",
        }
    }

    /// The shard that they are from.
    pub(crate) const fn shard(&self) -> Option<u64> {
        match self {
            Self::Span(span) => Some(span.shard),
            Self::Message(_) => None,
        }
    }
}
