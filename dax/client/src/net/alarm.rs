//! The timer that ends attempts.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use tokio::task::coop::unconstrained;
use tokio::time::{Instant, Sleep, sleep_until};

use super::patience::Patience;

/// A timer that stays set when the attempt that it bounds is over.
///
/// To set and to clear a timer for each attempt would cost more than all else that the client does to keep time, and a
/// system call more where no other timer is set. So the next attempt finds this one set to an earlier time. If it rings
/// meanwhile, it is set again.
#[derive(Debug)]
pub(crate) struct Alarm {
    timer: Pin<Box<Sleep>>,
}

impl Alarm {
    /// Set to `until`, in the caller's runtime.
    pub(crate) fn new(until: Instant) -> Self {
        Self { timer: Box::pin(sleep_until(until)) }
    }

    /// The outcome of `work`, or `None` if patience ends before.
    pub(crate) async fn bound<T>(
        &mut self,
        patience: &Patience,
        mut work: Pin<&mut impl Future<Output = T>>,
    ) -> Option<T> {
        poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
            Poll::Pending => self.poll_end(patience, context).map(|()| None),
        })
        .await
    }

    /// Ready when patience has ended. Progress of the work may have put that off.
    fn poll_end(&mut self, patience: &Patience, context: &mut Context<'_>) -> Poll<()> {
        loop {
            let until = patience.until();
            if self.timer.is_elapsed() || until < self.timer.deadline() {
                self.timer.as_mut().reset(until);
            }
            // Whatever share of the scheduler's turn the work took, it has to end in time.
            ready!(pin!(unconstrained(self.timer.as_mut())).poll(context));
            if until <= self.timer.deadline() {
                return Poll::Ready(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::time::Duration;

    use tokio::time::sleep;

    use super::*;

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// Bounds work that never ends; how long that took, in milliseconds.
    async fn endless(alarm: &mut Alarm, patience_ms: u64) -> u128 {
        let start = Instant::now();
        let patience = Patience::new(start, millis(patience_ms), start + millis(100_000));
        assert_eq!(alarm.bound(&patience, pin!(pending::<()>())).await, None);
        start.elapsed().as_millis()
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_ends_on_time_wherever_the_timer_was_left() {
        let mut alarm = Alarm::new(Instant::now() + millis(50));
        for (patience_ms, pause_ms) in [(100, 0), (10, 20), (1_000, 1), (1_000, 5_000), (1, 0), (50, 50)] {
            assert_eq!(endless(&mut alarm, patience_ms).await, u128::from(patience_ms));
            sleep(millis(pause_ms)).await;
            // Leaves it set to a time that may be after the end of the next attempt, or before.
            let patience = Patience::new(Instant::now(), millis(70), Instant::now() + millis(70));
            assert_eq!(alarm.bound(&patience, pin!(sleep(millis(1)))).await, Some(()));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn progress_puts_the_end_off() {
        let start = Instant::now();
        let patience = Patience::new(start, millis(100), start + millis(250));
        let mut alarm = Alarm::new(patience.until());
        let work = async {
            for _ in 0..9 {
                sleep(millis(60)).await;
                patience.progressed();
            }
        };
        assert_eq!(alarm.bound(&patience, pin!(work)).await, None);
        assert_eq!(start.elapsed(), millis(250));
    }
}
