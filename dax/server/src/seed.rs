//! Tables and items that a cluster starts with.

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Context as _, anyhow, bail, ensure};
use aws_sdk_dynamodb::{Client, client::Waiters as _};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use http::header;
use serde_json::{Value, json};

use super::{config::ClusterConfig, failure::in_short};

/// Until a new table must be usable. The real DynamoDB takes some seconds.
const CREATION_DEADLINE: Duration = Duration::from_secs(60);
/// DynamoDB's limits for a batch.
const MAX_BATCH_WRITES: usize = 25;
const MAX_BATCH_BYTES: usize = 8 << 20;
/// How often items that DynamoDB left over are sent again.
const MAX_REPETITIONS: u32 = 8;

/// Creates the tables that are missing, then puts the items of tables that have none. Returns the names of the others.
pub(crate) async fn sow(dynamodb: &Client, config: &ClusterConfig) -> anyhow::Result<Vec<String>> {
    for table in &config.create_tables {
        create(dynamodb, table).await?;
    }
    let left_alone = in_use(dynamodb, &config.put_items).await?;
    for items in &config.put_items {
        put(dynamodb, items, &left_alone).await?;
    }
    Ok(left_alone.into_iter().collect())
}

/// The tables that have items already. All are looked at before the first item is put.
async fn in_use(dynamodb: &Client, put_items: &[Value]) -> anyhow::Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    let names: BTreeSet<_> = put_items.iter().filter_map(Value::as_object).flat_map(serde_json::Map::keys).collect();
    for table in names {
        let scan = dynamodb.scan().table_name(table).limit(1).consistent_read(true).send().await;
        let scan = scan.map_err(|error| anyhow!("cannot put items into table {table}: {}", in_short(&error)))?;
        if scan.count() > 0 {
            found.insert(table.clone());
        }
    }
    Ok(found)
}

async fn create(dynamodb: &Client, table: &Value) -> anyhow::Result<()> {
    let name = table.get("TableName").and_then(Value::as_str).context("a table to create has no TableName")?;
    // The SDK looks at what names the table, to find the endpoint.
    let create = dynamodb.create_table().table_name(name).customize();
    let created = create.mutate_request(with_body(table)).send().await;
    match created {
        Ok(_) => {}
        Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_in_use_exception()) => {}
        Err(error) => bail!("cannot create table {name}: {}", in_short(&error)),
    }
    let ready = dynamodb.wait_until_table_exists().table_name(name).wait(CREATION_DEADLINE).await;
    ready.with_context(|| format!("table {name} is not ready"))?;
    Ok(())
}

async fn put(dynamodb: &Client, items: &Value, left_alone: &BTreeSet<String>) -> anyhow::Result<()> {
    let tables = items.as_object().context("items to put are an object of tables")?;
    for (table, writes) in tables.iter().filter(|(table, _)| !left_alone.contains(*table)) {
        let writes = writes.as_array().with_context(|| format!("the items of table {table} are no array"))?;
        for batch in batches(writes) {
            put_batch(dynamodb, table, batch).await.with_context(|| format!("cannot put items into table {table}"))?;
        }
    }
    Ok(())
}

/// As many writes as fit into a request.
fn batches(writes: &[Value]) -> Vec<&[Value]> {
    let size = |write: &Value| write.to_string().len();
    let (mut bytes, mut count) = (writes.first().map_or(0, size), 1);
    let together = |_: &Value, next: &Value| {
        let length = size(next);
        let fits = count < MAX_BATCH_WRITES && bytes + length <= MAX_BATCH_BYTES;
        (bytes, count) = if fits { (bytes + length, count + 1) } else { (length, 1) };
        fits
    };
    writes.chunk_by(together).collect()
}

async fn put_batch(dynamodb: &Client, table: &str, batch: &[Value]) -> anyhow::Result<()> {
    let request = json!({ "RequestItems": { table: batch } });
    let put = dynamodb.batch_write_item().request_items(table, Vec::new()).customize();
    let sent = put.mutate_request(with_body(&request)).send().await;
    let mut done = sent.map_err(|error| anyhow!(in_short(&error)))?;
    for repetition in 0..MAX_REPETITIONS {
        let Some(left) = done.unprocessed_items.filter(|left| !left.is_empty()) else {
            return Ok(());
        };
        tokio::time::sleep(Duration::from_millis(50 << repetition)).await;
        let sent = dynamodb.batch_write_item().set_request_items(Some(left)).send().await;
        done = sent.map_err(|error| anyhow!(in_short(&error)))?;
    }
    ensure!(done.unprocessed_items.is_none_or(|left| left.is_empty()), "DynamoDB does not take all of them");
    Ok(())
}

/// Replaces the body of a request by DynamoDB JSON, which the SDK does not read, before it is signed.
fn with_body(body: &Value) -> impl Fn(&mut HttpRequest) + Send + Sync + use<> {
    let body = body.to_string();
    move |request: &mut HttpRequest| {
        request.headers_mut().insert(header::CONTENT_LENGTH.as_str(), body.len().to_string());
        *request.body_mut() = body.clone().into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_are_sent_in_batches_that_dynamodb_takes() {
        let sizes = |writes: &[Value]| batches(writes).iter().map(|batch| batch.len()).collect::<Vec<_>>();
        assert_eq!(sizes(&[]), [0; 0]);
        assert_eq!(sizes(&vec![json!(1); 60]), [25, 25, 10]);
        let large = json!("x".repeat(3 << 20));
        assert_eq!(sizes(&vec![large; 5]), [2, 2, 1]);
    }
}
