//! Batches of any size, sent until nothing is left unprocessed.

mod get;
mod pace;
mod write;

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemInput;
use aws_sdk_dynamodb::operation::batch_write_item::BatchWriteItemInput;
use tokio::time::timeout_at;

use crate::connector::BoxFuture;
use crate::error::Retry;
use crate::sealed::Sealed;
use crate::{Client, DynamoDb, Error, Method, RetryPolicy};
use pace::Pace;

impl Client {
    /// Reads any number of keys: in requests of up to 100, repeated for what was left unprocessed.
    ///
    /// ```no_run
    /// # async fn example(client: dax_client::Client, ids: Vec<String>) -> Result<(), Box<dyn std::error::Error>> {
    /// use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemInput;
    /// use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
    ///
    /// let key = |id| [("id".to_owned(), AttributeValue::S(id))].into();
    /// let keys = KeysAndAttributes::builder().set_keys(Some(ids.into_iter().map(key).collect())).build()?;
    /// let input = BatchGetItemInput::builder().request_items("links", keys).build()?;
    /// let found = client.batch_get_all(input).send().await?; // an error if a single key is left
    /// println!("{:?}", found.responses);
    /// # Ok(())
    /// # }
    /// ```
    pub fn batch_get_all(&self, input: BatchGetItemInput) -> Batch<Self, BatchGetItemInput> {
        Batch::new(self.clone(), input)
    }

    /// Makes any number of writes: in requests of up to 25, repeated for what was left unprocessed.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     client: dax_client::Client,
    /// #     puts: Vec<aws_sdk_dynamodb::types::WriteRequest>,
    /// # ) -> Result<(), Box<dyn std::error::Error>> {
    /// use aws_sdk_dynamodb::operation::batch_write_item::BatchWriteItemInput;
    ///
    /// let input = BatchWriteItemInput::builder().request_items("links", puts).build()?;
    /// if let Err(incomplete) = client.batch_write_all(input).send().await {
    ///     eprintln!("{incomplete}: {}", incomplete.error);
    ///     let _left = incomplete.output.unprocessed_items; // keep them, or send them later
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn batch_write_all(&self, input: BatchWriteItemInput) -> Batch<Self, BatchWriteItemInput> {
        Batch::new(self.clone(), input)
    }
}

/// Sends a [`BatchGetItemInput`] or [`BatchWriteItemInput`] of any size until nothing of it is unprocessed.
///
/// DynamoDB takes 100 keys or 25 writes in a request, and may leave some of them unprocessed when it is busy or the answer
/// would be too long. This sends request after request, what was left before what is new, and waits between requests
/// that leave something, longer each time. It gives up
///
/// - at its [`timeout`](Self::timeout), by default after 60 s. That is the time for all requests; each of them also ends
///   at the client's [`total_timeout`](crate::Config::total_timeout);
/// - after eight requests in a row that got nothing done ([`retry`](Self::retry));
/// - at an error that does not pass. Throttling does, so it counts as a request that got nothing done.
///
/// What is not done is never dropped: it is in the [`Incomplete`] that [`send`](Self::send) fails with, next to what is
/// done. An input with no key or write at all is done without a request. As in DynamoDB, a batch of writes must not
/// have the same key twice; within one request that is refused, and between requests the order is kept.
#[derive(Debug)]
#[must_use = "nothing is sent before `send` or `next` is called"]
pub struct Batch<D, I: BatchInput> {
    db: D,
    /// The input without its elements.
    frame: I,
    /// What is not done, in the order in which it is sent; each with its table.
    queue: VecDeque<(String, I::Element)>,
    pace: Pace,
    total: usize,
    ended: bool,
}

impl<D: DynamoDb, I: BatchInput> Batch<D, I> {
    /// Sends `input` through `db`.
    pub fn new(db: D, mut input: I) -> Self {
        let queue: VecDeque<_> = input.take().into();
        let total = queue.len();
        Self { db, frame: input, queue, pace: Pace::default(), total, ended: false }
    }

    /// Longest time for everything, from the first request on. Default 60 s. A request that is under way when it ends is
    /// cancelled; its writes may still take effect, and count as unprocessed.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.pace.timeout = timeout;
        self
    }

    /// How many requests in a row may get nothing done, and the waits between requests that leave something unprocessed.
    /// Default 8 requests, first wait 35 to 70 ms, none above 1 s.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.pace.policy = policy;
        self
    }

    /// Sends everything, and puts the answers together: `responses`, `consumed_capacity`, `item_collection_metrics`.
    ///
    /// # Errors
    /// [`Incomplete`] if anything is left undone, whatever the reason: with what is done and what is not.
    pub async fn send(mut self) -> Result<I::Output, Incomplete<I::Output>> {
        let mut all = I::empty();
        while let Some(page) = self.next().await {
            match page {
                Ok(page) => I::merge(&mut all, page),
                Err(error) => return Err(self.incomplete(all, error)),
            }
        }
        Ok(all)
    }

    /// Makes one more request and returns its answer, without what it left unprocessed: that is sent again by a later
    /// call. `None` when all is done, and after an error. For batches whose answers should not be in memory together.
    ///
    /// If this future is dropped, the next call sends the same elements again.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::Unprocessed`] after too many requests in a row that got nothing done. What is not done is
    /// [`unprocessed`](Self::unprocessed).
    pub async fn next(&mut self) -> Option<Result<I::Output, Error>> {
        if self.ended || self.queue.is_empty() && self.frame.is_set() {
            return None;
        }
        let answer = self.ask().await;
        self.ended = answer.is_err() || self.queue.is_empty();
        Some(answer)
    }

    /// What is not done yet: the input that a later batch would need. `None` if all is done.
    pub fn unprocessed(&self) -> Option<I> {
        (!self.queue.is_empty()).then(|| self.frame.with(self.queue.iter().cloned().collect()))
    }

    /// Sends one chunk, again after throttling.
    async fn ask(&mut self) -> Result<I::Output, Error> {
        loop {
            self.pace.wait(I::METHOD, self.queue.len()).await?;
            let asked = self.queue.len().min(I::CHUNK);
            let chunk = self.queue.iter().take(asked).cloned().collect();
            match self.call(chunk).await {
                Ok(mut output) => {
                    let left = I::take_unprocessed(&mut output);
                    self.pace.answered(asked, left.len());
                    self.queue.drain(..asked);
                    left.into_iter().rev().for_each(|element| self.queue.push_front(element));
                    return Ok(output);
                }
                Err(error) if error.retry() == Retry::AfterWait && self.pace.may_go_on() => {
                    tracing::debug!(error = %error.with_causes(), left = self.queue.len(), "a batch waits after throttling");
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn call(&self, chunk: Vec<(String, I::Element)>) -> Result<I::Output, Error> {
        let end = self.pace.end();
        let answer = timeout_at(end, self.frame.with(chunk).fetch(&self.db)).await;
        answer.unwrap_or_else(|_elapsed| Err(self.pace.timed_out(I::METHOD, true)))
    }

    fn incomplete(mut self, mut output: I::Output, error: Error) -> Incomplete<I::Output> {
        let left = self.queue.len();
        I::put_back(&mut output, self.frame.with(self.queue.drain(..).collect()));
        Incomplete { output: Box::new(output), error, left, total: self.total }
    }
}

/// A [`Batch`] that was not done to its end, and why.
#[derive(Debug)]
#[non_exhaustive]
pub struct Incomplete<O> {
    /// What is done, put together; with what is not done as its `unprocessed_keys` or `unprocessed_items`, which make a new
    /// input as they are.
    ///
    /// If [`error`](Self::error) says that its [outcome is unknown](Error::outcome_unknown), some of the unprocessed writes
    /// may have taken effect.
    pub output: Box<O>,
    /// Why nothing more was done.
    pub error: Error,
    left: usize,
    total: usize,
}

impl<O> fmt::Display for Incomplete<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of the batch's {} elements are unprocessed", self.left, self.total)
    }
}

impl<O: fmt::Debug> std::error::Error for Incomplete<O> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

/// An input that a [`Batch`] can send: [`BatchGetItemInput`] and [`BatchWriteItemInput`].
pub trait BatchInput: Sealed + Clone + Send + Sync {
    /// What comes back: [`BatchGetItemOutput`](aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemOutput) or
    /// [`BatchWriteItemOutput`](aws_sdk_dynamodb::operation::batch_write_item::BatchWriteItemOutput).
    type Output: fmt::Debug + Send;
    /// A key, or a write.
    type Element: Clone + fmt::Debug + Send + Sync;
    #[doc(hidden)]
    const METHOD: Method;
    /// Most elements in a request.
    #[doc(hidden)]
    const CHUNK: usize;
    /// Whether the input has its required member.
    #[doc(hidden)]
    fn is_set(&self) -> bool;
    /// Takes the elements out, each with its table.
    #[doc(hidden)]
    fn take(&mut self) -> Vec<(String, Self::Element)>;
    /// The input with these elements.
    #[doc(hidden)]
    fn with(&self, elements: Vec<(String, Self::Element)>) -> Self;
    #[doc(hidden)]
    fn fetch<D: DynamoDb>(self, db: &D) -> BoxFuture<'_, Result<Self::Output, Error>>;
    #[doc(hidden)]
    fn take_unprocessed(output: &mut Self::Output) -> Vec<(String, Self::Element)>;
    #[doc(hidden)]
    fn empty() -> Self::Output;
    #[doc(hidden)]
    fn merge(all: &mut Self::Output, page: Self::Output);
    /// Makes the elements of `rest` the unprocessed ones of the output.
    #[doc(hidden)]
    fn put_back(all: &mut Self::Output, rest: Self);
}
