//! Arguments of the two transactions: parallel arrays, with one entry for each item of the transaction.

use dax_protocol::{
    TransactAction,
    cbor::{self, Reader},
    parameter::ReturnedAttributes,
};

use super::{
    ReadError, batch,
    expression::{self, Expression, Path},
    nullable_bytes,
};

/// One read of a transaction.
#[derive(Debug)]
pub(crate) struct TransactGet {
    pub(crate) table: String,
    pub(crate) key: Vec<u8>,
    pub(crate) projection: Option<Vec<Path>>,
}

/// One write of a transaction.
#[derive(Debug)]
pub(crate) struct TransactWrite {
    pub(crate) action: TransactAction,
    pub(crate) table: String,
    pub(crate) key: Vec<u8>,
    /// The attributes besides the key, for a put.
    pub(crate) item: Option<Vec<u8>>,
    /// Whether the item is to be returned if the condition fails.
    pub(crate) return_old_on_failure: bool,
    pub(crate) condition: Option<Expression>,
    pub(crate) update: Option<Expression>,
}

pub(super) fn read_gets(reader: &mut Reader<'_>) -> Result<Vec<TransactGet>, ReadError> {
    let tables = tables(reader)?;
    let keys = batch::byte_strings(reader)?;
    let projections = column(reader, keys.len(), nullable_bytes)?;
    same_length(reader, keys.len(), &[tables.len(), projections.len()])?;
    let entries = tables.into_iter().zip(keys).zip(projections);
    let mut gets = Vec::new();
    for ((table, key), projection) in entries {
        let projection = projection.map(|bytes| expression::read_projection(&bytes)).transpose()?;
        gets.push(TransactGet { table, key, projection });
    }
    Ok(gets)
}

pub(super) fn read_writes(reader: &mut Reader<'_>) -> Result<Vec<TransactWrite>, ReadError> {
    let mut actions = Vec::new();
    let mut items = reader.array()?;
    while items.next(reader)? {
        let action = TransactAction::from_code(reader.uint()?);
        actions.push(action.ok_or_else(|| reader.malformed("unknown kind of write in a transaction"))?);
    }
    let count = actions.len();
    let tables = tables(reader)?;
    let keys = batch::byte_strings(reader)?;
    let values = column(reader, count, nullable_bytes)?;
    // Return values: every client sends null.
    reader.skip()?;
    let on_failure = column(reader, count, |reader| Ok(Some(reader.uint()?)))?;
    let conditions = column(reader, count, nullable_bytes)?;
    let updates = column(reader, count, nullable_bytes)?;
    same_length(
        reader,
        count,
        &[tables.len(), keys.len(), values.len(), on_failure.len(), conditions.len(), updates.len()],
    )?;
    let places = actions.into_iter().zip(tables).zip(keys).zip(values);
    let expressions = on_failure.into_iter().zip(conditions).zip(updates);
    let mut writes = Vec::new();
    for ((((action, table), key), item), ((on_failure, condition), update)) in places.zip(expressions) {
        let condition = condition.map(|bytes| Expression::read(&bytes, "ConditionExpression")).transpose()?;
        let update = update.map(|bytes| Expression::read(&bytes, "UpdateExpression")).transpose()?;
        let return_old_on_failure = on_failure == Some(ReturnedAttributes::AllOld.code());
        writes.push(TransactWrite { action, table, key, item, return_old_on_failure, condition, update });
    }
    Ok(writes)
}

fn tables(reader: &mut Reader<'_>) -> cbor::Result<Vec<String>> {
    let mut tables = Vec::new();
    let mut items = reader.array()?;
    while items.next(reader)? {
        tables.push(super::table(reader)?);
    }
    Ok(tables)
}

/// One argument: an array with an entry for each item of the transaction, or `null` for nothing at all.
fn column<'a, T>(
    reader: &mut Reader<'a>,
    count: usize,
    mut entry: impl FnMut(&mut Reader<'a>) -> cbor::Result<Option<T>>,
) -> cbor::Result<Vec<Option<T>>> {
    if reader.null()? {
        return Ok(std::iter::repeat_with(|| None).take(count).collect());
    }
    let mut entries = Vec::new();
    let mut items = reader.array()?;
    while items.next(reader)? {
        entries.push(entry(reader)?);
    }
    Ok(entries)
}

fn same_length(reader: &Reader<'_>, count: usize, lengths: &[usize]) -> cbor::Result<()> {
    if lengths.iter().all(|length| *length == count) {
        return Ok(());
    }
    Err(reader.malformed("the arrays of a transaction differ in length"))
}
