//! batchGetItem: what the cache knows from there, the rest in one call from DynamoDB.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use aws_sdk_dynamodb::types::{ConsumedCapacity, KeysAndAttributes};
use dax_protocol::cbor::Writer;

use super::{Call, incomplete, reply};
use crate::{
    cache::{ItemKey, Lookup, ReadTicket},
    failure::Failure,
    request::{BatchGet, Options, projection},
    wire::{item::Item, key::KeySchema},
};

/// DynamoDB's limit.
const MAX_KEYS: usize = 100;

/// One table of a batch, on its way to an answer.
struct Table {
    get: BatchGet,
    schema: Arc<KeySchema>,
    /// Keys and items found so far.
    found: Vec<(Vec<u8>, Arc<Item>)>,
    /// Canonical keys that DynamoDB has to be asked for, with the permission to cache the answer.
    missing: HashMap<Vec<u8>, Option<ReadTicket>>,
    unprocessed: Vec<Vec<u8>>,
}

impl Call<'_> {
    pub(super) async fn batch_get(&self, gets: Vec<BatchGet>, options: Options) -> Result<Vec<u8>, Failure> {
        let mut tables = self.look_up_all(gets).await?;
        let consumed = self.fetch_missing(&mut tables, options).await?;
        answer(&tables, &consumed)
    }

    /// Checks the request, as DynamoDB would if it saw all of it, and takes from the cache what is there.
    async fn look_up_all(&self, gets: Vec<BatchGet>) -> Result<Vec<Table>, Failure> {
        let total = gets.iter().map(|get| get.keys.len()).sum::<usize>();
        if total > MAX_KEYS {
            return Err(Failure::validation("Too many items requested for the BatchGetItem call"));
        }
        if gets.is_empty() || gets.iter().any(|get| get.keys.is_empty()) {
            return Err(Failure::validation(
                "1 validation error detected: Value at 'requestItems' failed to satisfy constraint: Member must have \
                 length greater than or equal to 1",
            ));
        }
        let mut left = total.saturating_sub(self.effects.unprocessed);
        let mut tables = Vec::with_capacity(gets.len());
        for mut get in gets {
            projection::check(get.projection.as_deref().unwrap_or_default())?;
            let schema = self.schema(&get.table).await?;
            let unprocessed = get.keys.split_off(left.min(get.keys.len()));
            left -= get.keys.len();
            let mut table = Table { get, schema, found: Vec::new(), missing: HashMap::new(), unprocessed };
            self.look_up_table(&mut table)?;
            tables.push(table);
        }
        Ok(tables)
    }

    fn look_up_table(&self, table: &mut Table) -> Result<(), Failure> {
        let mut seen = HashSet::new();
        for key in &table.get.keys {
            let key = table.schema.normalize(key)?;
            if !seen.insert(key.clone()) {
                return Err(Failure::validation("Provided list of item keys contains duplicates"));
            }
            if table.get.consistent {
                table.missing.insert(key, None);
                continue;
            }
            match self.look_up(ItemKey::new(&table.get.table, &key)) {
                Lookup::Hit(Some(item)) => table.found.push((key, item)),
                Lookup::Hit(None) => {}
                Lookup::Miss(ticket) => _ = table.missing.insert(key, Some(ticket)),
            }
        }
        Ok(())
    }

    async fn fetch_missing(&self, tables: &mut [Table], options: Options) -> Result<Vec<ConsumedCapacity>, Failure> {
        let mut wanted = HashMap::new();
        for table in tables.iter().filter(|table| !table.missing.is_empty()) {
            let keys = table.missing.keys().map(|key| table.schema.read(key)).collect::<Result<Vec<_>, _>>()?;
            let keys = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(table.get.consistent).build();
            wanted.insert(table.get.table.clone(), keys.map_err(incomplete)?);
        }
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let call = self.shared.dynamodb.batch_get_item().set_request_items(Some(wanted));
        let got = call.set_return_consumed_capacity(options.capacity).send().await.map_err(|error| {
            let failure = Failure::from_sdk(error, false);
            self.after_failure(&failure, tables.iter().map(|table| table.get.table.as_str()));
            failure
        })?;
        let mut responses = got.responses.unwrap_or_default();
        let mut unprocessed = got.unprocessed_keys.unwrap_or_default();
        for table in tables {
            let mut all_readable = true;
            for item in responses.remove(&table.get.table).unwrap_or_default() {
                let read = table.schema.write(&item).and_then(|key| Ok((key, self.item(item, &table.schema)?)));
                let Some((key, item)) = self.readable(read)? else {
                    all_readable = false;
                    continue;
                };
                if let Some(Some(ticket)) = table.missing.remove(&key) {
                    self.node.items.fill(ticket, Some(Arc::clone(&item)));
                }
                table.found.push((key, item));
            }
            for key in unprocessed.remove(&table.get.table).map(|left| left.keys).unwrap_or_default() {
                let key = table.schema.write(&key)?;
                table.missing.remove(&key);
                table.unprocessed.push(key);
            }
            // Asked for, and neither there nor left over: there is no such item. Unless it is one that cannot be read.
            for ticket in table.missing.drain().filter_map(|(_, ticket)| ticket).filter(|_| all_readable) {
                self.node.items.fill(ticket, None);
            }
        }
        Ok(got.consumed_capacity.unwrap_or_default())
    }
}

fn answer(tables: &[Table], consumed: &[ConsumedCapacity]) -> Result<Vec<u8>, Failure> {
    let mut out = reply::success();
    let mut writer = Writer::new(&mut out);
    // The head says two, but three values follow: every client expects that.
    writer.array(2);
    writer.map(tables.len());
    for table in tables {
        writer.text(&table.get.table);
        match &table.get.projection {
            Some(paths) => {
                writer.array(table.found.len());
                for (_, item) in &table.found {
                    reply::write_projected(item.attributes(), paths, &mut writer)?;
                }
            }
            None => {
                writer.array(2 * table.found.len());
                for (key, item) in &table.found {
                    writer.bytes(key);
                    writer.bytes(item.encoded());
                }
            }
        }
    }
    let unprocessed = tables.iter().filter(|table| !table.unprocessed.is_empty());
    writer.map(unprocessed.clone().count());
    for table in unprocessed {
        writer.text(&table.get.table);
        writer.array(table.unprocessed.len());
        table.unprocessed.iter().for_each(|key| writer.bytes(key));
    }
    reply::write_capacities(consumed, &mut writer)?;
    Ok(out)
}
