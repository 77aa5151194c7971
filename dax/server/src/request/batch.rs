//! Arguments of batchGetItem and batchWriteItem: maps from table names to the requests for each.

use dax_protocol::cbor::{self, Reader};

use super::{
    ReadError,
    expression::{self, Path},
    nullable_bytes,
};

/// What a batch reads from one table.
#[derive(Debug)]
pub(crate) struct BatchGet {
    pub(crate) table: String,
    pub(crate) consistent: bool,
    pub(crate) projection: Option<Vec<Path>>,
    pub(crate) keys: Vec<Vec<u8>>,
}

/// What a batch writes to one table.
#[derive(Debug)]
pub(crate) struct BatchWrite {
    pub(crate) table: String,
    pub(crate) writes: Vec<Write>,
}

/// One write of a batch: a put of an item, or a delete if there is none.
#[derive(Debug, Clone)]
pub(crate) struct Write {
    pub(crate) key: Vec<u8>,
    pub(crate) item: Option<Vec<u8>>,
}

pub(super) fn read_gets(reader: &mut Reader<'_>) -> Result<Vec<BatchGet>, ReadError> {
    let mut gets = Vec::new();
    let mut tables = reader.map()?;
    while tables.next(reader)? {
        let table = reader.text()?.into_owned();
        if reader.array()?.announced() != Some(3) {
            return Err(reader.malformed("expected consistency, projection and keys").into());
        }
        let consistent = reader.bool()?;
        let projection = nullable_bytes(reader)?.map(|bytes| expression::read_projection(&bytes)).transpose()?;
        gets.push(BatchGet { table, consistent, projection, keys: byte_strings(reader)? });
    }
    Ok(gets)
}

pub(super) fn read_writes(reader: &mut Reader<'_>) -> Result<Vec<BatchWrite>, ReadError> {
    let mut batches = Vec::new();
    let mut tables = reader.map()?;
    while tables.next(reader)? {
        let table = reader.text()?.into_owned();
        let mut writes = Vec::new();
        let mut items = reader.array()?;
        while items.next(reader)? {
            let key = reader.bytes()?.into_owned();
            if !items.next(reader)? {
                return Err(reader.malformed("a key without an item or null").into());
            }
            writes.push(Write { key, item: nullable_bytes(reader)? });
        }
        batches.push(BatchWrite { table, writes });
    }
    Ok(batches)
}

pub(super) fn byte_strings(reader: &mut Reader<'_>) -> cbor::Result<Vec<Vec<u8>>> {
    let mut strings = Vec::new();
    let mut items = reader.array()?;
    while items.next(reader)? {
        strings.push(reader.bytes()?.into_owned());
    }
    Ok(strings)
}
