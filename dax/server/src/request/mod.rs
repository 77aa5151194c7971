//! What clients ask for, read from the bytes they send.
//!
//! Keys and items stay bytes here: reading them takes the table's key schema and the attribute lists.

mod batch;
pub(crate) mod expression;
pub(crate) mod options;
pub(crate) mod projection;
pub(crate) mod render;
mod transaction;

use std::collections::HashSet;

use dax_protocol::Method;
use dax_protocol::cbor::{self, Reader};

use self::expression::Expression;
pub(crate) use self::{
    batch::{BatchGet, BatchWrite, Write},
    options::Options,
    transaction::{TransactGet, TransactWrite},
};
use super::failure::Failure;

/// A request of a client.
#[derive(Debug)]
pub(crate) enum Request {
    Authorize(Authorization),
    Endpoints,
    DefineKeySchema { table: String },
    DefineAttributeListId { names: Vec<String> },
    DefineAttributeList { id: u64 },
    GetItem(ItemRequest),
    PutItem(ItemRequest),
    UpdateItem(ItemRequest),
    DeleteItem(ItemRequest),
    Query(QueryRequest),
    Scan(QueryRequest),
    BatchGetItem { tables: Vec<BatchGet>, options: Options },
    BatchWriteItem { tables: Vec<BatchWrite>, options: Options },
    TransactGetItems { gets: Vec<TransactGet>, options: Options },
    TransactWriteItems { writes: Vec<TransactWrite>, options: Options },
}

/// Who opened the connection, and the proof.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Authorization {
    pub(crate) access_key_id: String,
    /// Hexadecimal.
    pub(crate) signature: String,
    pub(crate) string_to_sign: Vec<u8>,
}

/// A request about one item.
#[derive(Debug)]
pub(crate) struct ItemRequest {
    pub(crate) table: String,
    pub(crate) key: Vec<u8>,
    /// The attributes besides the key; empty unless the request is a put.
    pub(crate) item: Vec<u8>,
    pub(crate) options: Options,
}

/// A query, or a scan, which has no key condition.
#[derive(Debug)]
pub(crate) struct QueryRequest {
    pub(crate) table: String,
    pub(crate) key_condition: Option<Expression>,
    pub(crate) options: Options,
}

impl Request {
    /// The tables that it is about.
    pub(crate) fn tables(&self) -> Vec<String> {
        match self {
            Self::Authorize(_)
            | Self::Endpoints
            | Self::DefineAttributeListId { .. }
            | Self::DefineAttributeList { .. } => Vec::new(),
            Self::DefineKeySchema { table } => vec![table.clone()],
            Self::GetItem(request) | Self::PutItem(request) | Self::UpdateItem(request) | Self::DeleteItem(request) => {
                vec![request.table.clone()]
            }
            Self::Query(request) | Self::Scan(request) => vec![request.table.clone()],
            Self::BatchGetItem { tables, .. } => tables.iter().map(|get| get.table.clone()).collect(),
            Self::BatchWriteItem { tables, .. } => tables.iter().map(|batch| batch.table.clone()).collect(),
            Self::TransactGetItems { gets, .. } => distinct(gets.iter().map(|get| &get.table)),
            Self::TransactWriteItems { writes, .. } => distinct(writes.iter().map(|write| &write.table)),
        }
    }

    /// Reads the arguments of a method: exactly as many items as the method has arguments.
    ///
    /// # Errors
    /// A validation failure if an argument is not what the method takes.
    pub(crate) fn read(method: Method, arguments: &[u8]) -> Result<Self, Failure> {
        let mut reader = Reader::whole(arguments);
        let request = Self::read_arguments(method, &mut reader).map_err(|cause| match cause {
            ReadError::Failure(failure) => failure,
            ReadError::Cbor(cause) => Failure::validation(format!("malformed {}: {cause}", method)),
        })?;
        Ok(request)
    }

    fn read_arguments(method: Method, reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        Ok(match method {
            Method::AuthorizeConnection => {
                let access_key_id = reader.text()?.into_owned();
                let signature = reader.text()?.into_owned();
                let string_to_sign = reader.bytes()?.into_owned();
                // The session token is not part of what was signed, and the user agent is not needed.
                reader.skip()?;
                reader.skip()?;
                Self::Authorize(Authorization { access_key_id, signature, string_to_sign })
            }
            Method::Endpoints => Self::Endpoints,
            Method::DefineKeySchema => Self::DefineKeySchema { table: table(reader)? },
            Method::DefineAttributeListId => {
                let mut names = Vec::new();
                let mut items = reader.array()?;
                while items.next(reader)? {
                    names.push(reader.text()?.into_owned());
                }
                Self::DefineAttributeListId { names }
            }
            Method::DefineAttributeList => Self::DefineAttributeList { id: reader.uint()? },
            Method::GetItem => Self::GetItem(item_request(reader, false)?),
            Method::PutItem => Self::PutItem(item_request(reader, true)?),
            Method::UpdateItem => Self::UpdateItem(item_request(reader, false)?),
            Method::DeleteItem => Self::DeleteItem(item_request(reader, false)?),
            Method::Query => {
                let table = table(reader)?;
                let key_condition = match nullable_bytes(reader)? {
                    Some(bytes) => Some(Expression::read(&bytes, "KeyConditionExpression")?),
                    None => None,
                };
                Self::Query(QueryRequest { table, key_condition, options: Options::read(reader)? })
            }
            Method::Scan => {
                Self::Scan(QueryRequest { table: table(reader)?, key_condition: None, options: Options::read(reader)? })
            }
            Method::BatchGetItem => {
                let tables = batch::read_gets(reader)?;
                Self::BatchGetItem { tables, options: Options::read(reader)? }
            }
            Method::BatchWriteItem => {
                let tables = batch::read_writes(reader)?;
                Self::BatchWriteItem { tables, options: Options::read(reader)? }
            }
            Method::TransactGetItems => {
                let gets = transaction::read_gets(reader)?;
                Self::TransactGetItems { gets, options: Options::read(reader)? }
            }
            Method::TransactWriteItems => {
                let writes = transaction::read_writes(reader)?;
                Self::TransactWriteItems { writes, options: Options::read(reader)? }
            }
            _ => return Err(Failure::not_implemented(format!("{method} is not implemented")).into()),
        })
    }
}

/// Each once, in the order of their first occurrence.
fn distinct<'a>(tables: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut seen = HashSet::new();
    tables.filter(|table| seen.insert(*table)).cloned().collect()
}

/// Why a request could not be read: bytes out of place, or an argument that makes no sense.
#[derive(Debug)]
pub(crate) enum ReadError {
    Cbor(cbor::Error),
    Failure(Failure),
}

impl From<cbor::Error> for ReadError {
    fn from(cause: cbor::Error) -> Self {
        Self::Cbor(cause)
    }
}

impl From<Failure> for ReadError {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

fn item_request(reader: &mut Reader<'_>, with_item: bool) -> Result<ItemRequest, ReadError> {
    Ok(ItemRequest {
        table: table(reader)?,
        key: reader.bytes()?.into_owned(),
        item: if with_item { reader.bytes()?.into_owned() } else { Vec::new() },
        options: Options::read(reader)?,
    })
}

/// A table name, which is a byte string everywhere but as the key of a map.
fn table(reader: &mut Reader<'_>) -> cbor::Result<String> {
    utf8(reader, "table name is not UTF-8")
}

/// Text that travels as a byte string.
fn utf8(reader: &mut Reader<'_>, what: &'static str) -> cbor::Result<String> {
    let bytes = reader.bytes()?.into_owned();
    String::from_utf8(bytes).ok().ok_or_else(|| reader.malformed(what))
}

fn nullable_bytes(reader: &mut Reader<'_>) -> cbor::Result<Option<Vec<u8>>> {
    if reader.null()? { Ok(None) } else { Ok(Some(reader.bytes()?.into_owned())) }
}
