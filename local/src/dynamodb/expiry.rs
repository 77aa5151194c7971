//! Deletes expired items, as DynamoDB's time to live does.

use std::time::Duration;

use dynoxide::Database;
use lambda_local::serve::Stop;

/// How often expired items are deleted. DynamoDB itself takes up to 48 hours.
const SWEEP_INTERVAL: Duration = Duration::from_secs(30);

/// Deletes expired items at every interval until `stop`.
pub(super) async fn sweep(database: Database, mut stop: Stop) {
    let mut ticks = tokio::time::interval(SWEEP_INTERVAL);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = stop.stopped() => return,
        }
        let database = database.clone();
        // A sweep that fails is repeated at the next tick.
        let _ = tokio::task::spawn_blocking(move || database.sweep_ttl()).await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::dynamodb::tables::{ensure_table, open};
    use crate::dynamodb::testing::{TABLE, count, put};

    #[tokio::test]
    async fn expired_items_are_swept() {
        let database = open(None).unwrap();
        ensure_table(&database, &TABLE).unwrap();
        put(&database, "expired", "1000000000");
        put(&database, "valid", "4000000000");
        let (stop, stopped) = Stop::channel();
        let sweeper = tokio::spawn(sweep(database.clone(), stopped));
        let deadline = Instant::now() + Duration::from_secs(10);
        while count(&database) > 1 {
            assert!(Instant::now() < deadline, "nothing is swept");
            tokio::task::yield_now().await;
        }
        stop.send_replace(true);
        sweeper.await.unwrap();
        assert_eq!(count(&database), 1);
    }
}
