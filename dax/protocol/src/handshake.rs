//! The five items that open a connection: magic, layering, session id, header, client mode.

/// Number of items in a handshake.
pub const ITEMS: usize = 5;
/// The first item.
pub const MAGIC: &str = "J7yne5G";
/// Its CBOR head, and with it the first byte of every connection: a text of seven bytes.
pub const MAGIC_HEAD: u8 = 0x67;
/// Layering: no further protocol below the requests.
pub const LAYERING_NONE: u64 = 0;
/// Key in the header map: name and version of the client.
pub const USER_AGENT: &str = "UserAgent";
/// Client mode: the only one there is.
pub const CLIENT_MODE: u64 = 0;
