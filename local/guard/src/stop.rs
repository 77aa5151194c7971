//! A signal for tasks to stop.

use tokio::sync::watch;

/// A signal for tasks to stop. Dropping the sender gives it, too.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// A signal that is given with `sender.send_replace(true)`.
    #[must_use]
    pub fn channel() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Self(receiver))
    }

    /// Another receiver of the signal that `sender` gives.
    #[must_use]
    pub fn of(sender: &watch::Sender<bool>) -> Self {
        Self(sender.subscribe())
    }

    /// Resolves once the signal is given. Cancel-safe.
    pub async fn stopped(&mut self) {
        // An error means that the sender is gone, which is a stop as well.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}
