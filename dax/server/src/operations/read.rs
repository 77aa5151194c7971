//! getItem.

use std::sync::Arc;

use aws_sdk_dynamodb::types::ConsumedCapacity;
use dax_protocol::{cbor::Writer, field};

use super::{Call, reply};
use crate::{
    cache::{ItemKey, Lookup},
    failure::Failure,
    request::{ItemRequest, expression::Path, projection},
    wire::{item::Item, key::KeySchema},
};

impl Call<'_> {
    pub(super) async fn get_item(&self, request: ItemRequest) -> Result<Vec<u8>, Failure> {
        let schema = self.schema(&request.table).await?;
        let paths = request.options.projection.as_deref();
        projection::check(paths.unwrap_or_default())?;
        if request.options.consistent {
            let (item, consumed) = self.fetch(&request, &schema).await?;
            return answer(item.as_deref(), paths, consumed.as_ref());
        }
        let key = ItemKey::new(&request.table, &schema.normalize(&request.key)?);
        match self.look_up(key) {
            Lookup::Hit(item) => answer(item.as_deref(), paths, None),
            Lookup::Miss(ticket) => {
                let (item, consumed) = self.fetch(&request, &schema).await?;
                self.node.items.fill(ticket, item.clone());
                answer(item.as_deref(), paths, consumed.as_ref())
            }
        }
    }

    /// The whole item, whatever the projection: that is what the cache keeps.
    async fn fetch(
        &self,
        request: &ItemRequest,
        schema: &KeySchema,
    ) -> Result<(Option<Arc<Item>>, Option<ConsumedCapacity>), Failure> {
        let found = self.shared.dynamodb.get_item();
        let found = found
            .table_name(&request.table)
            .set_key(Some(schema.read(&request.key)?))
            .consistent_read(request.options.consistent)
            .set_return_consumed_capacity(request.options.capacity.clone());
        let found = found.send().await.map_err(|error| {
            let failure = Failure::from_sdk(error, false);
            self.after_failure(&failure, [request.table.as_str()]);
            failure
        })?;
        let item = found.item.map(|attributes| self.item(attributes, schema)).transpose()?;
        Ok((item, found.consumed_capacity))
    }
}

fn answer(
    item: Option<&Item>,
    paths: Option<&[Path]>,
    consumed: Option<&ConsumedCapacity>,
) -> Result<Vec<u8>, Failure> {
    let mut out = reply::success();
    let mut writer = Writer::new(&mut out);
    // Never an item that is null: clients take that for one.
    if item.is_none() && consumed.is_none() {
        writer.null();
        return Ok(out);
    }
    writer.open_map();
    if let Some(item) = item {
        writer.uint(field::ITEM);
        reply::write_item(item, paths, &mut writer)?;
    }
    reply::write_capacity_entry(consumed, &mut writer)?;
    writer.close();
    Ok(out)
}
