//! Whether a cluster is ready for requests.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use aws_sdk_dynamodb::{error::ProvideErrorMetadata as _, types::TableStatus};
use tokio::time::timeout;

use super::{failure::in_short, shared::Shared};

/// An answer later than that is as good as none for whoever waits for the cluster.
const DEADLINE: Duration = Duration::from_secs(2);

/// Succeeds if a node runs and DynamoDB answers; with a list of tables, if all of them can be used.
pub(crate) async fn check(shared: &Shared) -> anyhow::Result<()> {
    ensure!(shared.nodes.iter().any(|node| node.is_running()), "no node runs");
    timeout(DEADLINE, tables(shared)).await.context("DynamoDB does not answer in time")?
}

async fn tables(shared: &Shared) -> anyhow::Result<()> {
    let mut names: Vec<_> = shared.schemas.allowed().collect();
    if names.is_empty() {
        return any(shared).await;
    }
    names.sort_unstable();
    for name in names {
        let described = shared.dynamodb.describe_table().table_name(name).send().await;
        let described = described.map_err(|error| anyhow::anyhow!("table {name}: {}", in_short(&error)))?;
        let status = described.table().and_then(|table| table.table_status());
        if !matches!(status, Some(TableStatus::Active | TableStatus::Updating)) {
            bail!("table {name} is not active");
        }
    }
    Ok(())
}

async fn any(shared: &Shared) -> anyhow::Result<()> {
    match shared.dynamodb.list_tables().limit(1).send().await {
        Ok(_) => Ok(()),
        // Whoever may read a table need not be allowed to list them.
        Err(error) if error.code() == Some("AccessDeniedException") => Ok(()),
        Err(error) => bail!("DynamoDB: {}", in_short(&error)),
    }
}
