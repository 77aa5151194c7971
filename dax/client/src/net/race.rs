//! Asking several peers for the same thing.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use tokio::time::timeout;

/// Most attempts under way at the same time: one for each node of the largest cluster.
const WIDTH: usize = 11;

/// The first success of these attempts, else their last error; `None` if there are no attempts.
///
/// The next one begins as soon as one has failed, or after `stagger` without an answer. Attempts that are not needed any
/// more are dropped.
pub(super) async fn first_success<T, E, F>(attempts: Vec<F>, stagger: Duration) -> Option<Result<T, E>>
where
    F: Future<Output = Result<T, E>>,
{
    let mut waiting = attempts.into_iter();
    let mut running: Vec<Pin<Box<F>>> = Vec::new();
    let mut failed = None;
    let mut more = true;
    loop {
        if more && running.len() < WIDTH {
            match waiting.next() {
                Some(next) => running.push(Box::pin(next)),
                None => more = false,
            }
        }
        if running.is_empty() {
            return failed;
        }
        let ended = if more { timeout(stagger, any(&mut running)).await.ok() } else { Some(any(&mut running).await) };
        match ended {
            Some(Ok(found)) => return Some(Ok(found)),
            Some(Err(error)) => failed = Some(Err(error)),
            None => {}
        }
    }
}

/// The outcome of the first of these to end, which is removed.
async fn any<F: Future>(running: &mut Vec<Pin<Box<F>>>) -> F::Output {
    poll_fn(|context| {
        for at in 0..running.len() {
            if let Some(future) = running.get_mut(at)
                && let Poll::Ready(outcome) = future.as_mut().poll(context)
            {
                drop(running.swap_remove(at));
                return Poll::Ready(outcome);
            }
        }
        Poll::Pending
    })
    .await
}

/// Runs all of these to their end, at the same time.
pub(super) async fn all<F: Future>(futures: Vec<F>) {
    let mut running: Vec<Pin<Box<F>>> = futures.into_iter().map(Box::pin).collect();
    while !running.is_empty() {
        any(&mut running).await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{Instant, sleep};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn attempts_begin_one_after_the_other_and_overlap() {
        let check = async |durations_ms: &[(u64, bool)], expected: Option<Result<usize, usize>>, expected_ms: u64| {
            let attempt = |number: usize, ms, succeeds| async move {
                sleep(Duration::from_millis(ms)).await;
                if succeeds { Ok(number) } else { Err(number) }
            };
            let attempts =
                durations_ms.iter().enumerate().map(|(number, &(ms, succeeds))| attempt(number, ms, succeeds));
            let attempts = attempts.collect();
            let start = Instant::now();
            assert_eq!(first_success(attempts, Duration::from_millis(10)).await, expected);
            assert_eq!(start.elapsed().as_millis(), u128::from(expected_ms), "{durations_ms:?}");
        };
        check(&[], None, 0).await;
        check(&[(5, true), (0, true)], Some(Ok(0)), 5).await;
        check(&[(5, false), (3, true)], Some(Ok(1)), 8).await;
        check(&[(100, true), (3, true)], Some(Ok(1)), 13).await;
        check(&[(15, true), (100, true)], Some(Ok(0)), 15).await;
        check(&[(5, false), (3, false)], Some(Err(1)), 8).await;
    }
}
