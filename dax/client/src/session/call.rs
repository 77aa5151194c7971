//! One request's way through a session.

use std::sync::{Arc, PoisonError, RwLock};

use dax_protocol::Method;
use tokio::time::Instant;

use super::Session;
use crate::codec::control::{self, Finding};
use crate::codec::{DecodeStop, EncodeStop, Lookup, Metadata};
use crate::error::Error;
use crate::op::Operation;

/// Rounds of lookups after which a call gives up on this node. An honest node needs one round before the request and
/// one after it.
const MAX_LOOKUP_ROUNDS: usize = 8;

/// Something that is asked over a session: an [`Operation`], or the protocol's own question for [`Endpoints`].
pub trait Request {
    /// What is learned.
    type Output;

    /// The method on the wire.
    fn method(&self) -> Method;

    /// Appends the request to `out`.
    ///
    /// # Errors
    /// [`EncodeStop`]: lookups are missing, or the request is wrong.
    fn encode(&self, metadata: &Metadata, out: &mut Vec<u8>) -> Result<(), EncodeStop>;

    /// Reads a whole answer.
    ///
    /// # Errors
    /// [`DecodeStop`]: lookups are missing, the answer is wrong, or it is an error.
    fn decode(&self, metadata: &Metadata, answer: &[u8]) -> Result<Self::Output, DecodeStop>;

    /// The tables that it is about.
    fn tables(&self) -> Vec<&str> {
        Vec::new()
    }
}

impl<O: Operation> Request for O {
    type Output = O::Output;

    fn method(&self) -> Method {
        O::METHOD
    }

    fn encode(&self, metadata: &Metadata, out: &mut Vec<u8>) -> Result<(), EncodeStop> {
        Operation::encode(self, metadata, out)
    }

    fn decode(&self, metadata: &Metadata, answer: &[u8]) -> Result<Self::Output, DecodeStop> {
        Operation::decode(self, metadata, answer)
    }

    fn tables(&self) -> Vec<&str> {
        Operation::tables(self)
    }
}

/// The request for the list of the cluster's nodes; it doubles as the probe of a node's health.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Endpoints;

impl Request for Endpoints {
    type Output = Vec<control::Member>;

    fn method(&self) -> Method {
        Method::Endpoints
    }

    fn encode(&self, _metadata: &Metadata, out: &mut Vec<u8>) -> Result<(), EncodeStop> {
        control::write_endpoints(out);
        Ok(())
    }

    fn decode(&self, _metadata: &Metadata, answer: &[u8]) -> Result<Self::Output, DecodeStop> {
        control::read_endpoints(answer)
    }
}

/// A lookup that is made for its own sake.
impl Request for Lookup {
    type Output = Finding;

    fn method(&self) -> Method {
        Self::method(self)
    }

    fn encode(&self, _metadata: &Metadata, out: &mut Vec<u8>) -> Result<(), EncodeStop> {
        Self::encode(self, out);
        Ok(())
    }

    fn decode(&self, _metadata: &Metadata, answer: &[u8]) -> Result<Self::Output, DecodeStop> {
        Self::decode(self, answer)
    }
}

/// What the caller of [`Call::advance`] does next.
#[derive(Debug)]
#[non_exhaustive]
pub enum Step<T> {
    /// Write all output, then read until the session is answered, then advance again.
    Exchange,
    /// Have these lookups answered, by this node, and hand each answer to [`Call::learn`]; then advance again. The
    /// session is free for calls that ask them.
    Learn(Vec<Lookup>),
    /// The call is over.
    Done(T),
}

/// One request on its way through a session.
#[derive(Debug)]
pub struct Call<'a, R> {
    request: &'a R,
    /// When it began.
    now: Instant,
    progress: Progress,
    rounds: usize,
    /// Tables whose key schema was asked for by this call.
    asked: Vec<String>,
    /// Whether the lookups that are due are to be asked although they may be known.
    anew: bool,
    /// What was learned to read the answer. An answer may need more lists than [`Metadata`] holds.
    learned: Vec<(i64, Arc<[String]>)>,
}

#[derive(Debug)]
enum Progress {
    /// Nothing of the request was queued.
    Unsent,
    /// The request was queued, and none of it was taken by the connection.
    Queued,
    /// Some of the request may be on its way: from here on the server may act on it.
    Sent,
    /// The answer, kept while lookups use the session.
    Answered(Vec<u8>),
}

impl<'a, R: Request> Call<'a, R> {
    /// A call of which nothing was sent yet.
    pub fn new(request: &'a R) -> Self {
        Self::begun_at(request, Instant::now())
    }

    /// As [`new`](Self::new), when the caller knows the time. Key schemas that are too old at `now` are not used.
    pub(crate) fn begun_at(request: &'a R, now: Instant) -> Self {
        Self {
            request,
            now,
            progress: Progress::Unsent,
            rounds: 0,
            asked: Vec::new(),
            anew: false,
            learned: Vec::new(),
        }
    }

    /// Whether the server may have acted on the request: if so, and no answer comes, the outcome is unknown.
    pub fn is_sent(&self) -> bool {
        matches!(self.progress, Progress::Sent | Progress::Answered(_))
    }

    /// Whether the lookups of [`Step::Learn`] are to be asked even if another call has learned the answer meanwhile.
    pub(crate) fn asks_anew(&self) -> bool {
        self.anew && !self.is_sent()
    }

    /// The connection has taken some of the output.
    pub fn note_sent(&mut self) {
        if let Progress::Queued = self.progress {
            self.progress = Progress::Sent;
        }
    }

    /// The method of the request.
    pub fn method(&self) -> Method {
        self.request.method()
    }

    /// Takes the next step: at first, whenever the session is answered, and when lookups were answered.
    ///
    /// # Errors
    /// The server's error, or what was wrong with the request or the answer. [`Session::is_reusable`] says
    /// whether the session can carry another call.
    pub fn advance(&mut self, session: &mut Session, metadata: &RwLock<Metadata>) -> Result<Step<R::Output>, Error> {
        match self.progress {
            Progress::Unsent => self.write(session, metadata),
            _ => self.read(session, metadata),
        }
    }

    /// Remembers the answer to a lookup.
    pub fn learn(&mut self, metadata: &RwLock<Metadata>, lookup: &Lookup, finding: Finding) {
        if let (Lookup::AttributeList { id }, Finding::AttributeList(names)) = (lookup, &finding) {
            self.learned.push((*id, Arc::clone(names)));
        }
        metadata.write().unwrap_or_else(PoisonError::into_inner).insert(lookup, finding);
    }

    fn write(&mut self, session: &mut Session, metadata: &RwLock<Metadata>) -> Result<Step<R::Output>, Error> {
        let request = self.request;
        let mut known = metadata.read().unwrap_or_else(PoisonError::into_inner);
        if known.is_outdated(self.now) {
            drop(known);
            metadata.write().unwrap_or_else(PoisonError::into_inner).forget_outdated(self.now);
            known = metadata.read().unwrap_or_else(PoisonError::into_inner);
        }
        match session.begin(request.method(), |out| request.encode(&known, out)) {
            Ok(()) => {
                self.progress = Progress::Queued;
                Ok(Step::Exchange)
            }
            Err(EncodeStop::Need(lookups)) => {
                self.anew = false;
                self.plan(lookups)
            }
            // The table may have been made anew with another key since its schema was learned.
            Err(EncodeStop::Unfit { table, .. }) if !self.asked.contains(&table) => {
                self.anew = true;
                self.plan(vec![Lookup::KeySchema { table }])
            }
            Err(EncodeStop::Unfit { error, .. } | EncodeStop::Invalid(error)) => Err(error),
        }
    }

    fn read(&mut self, session: &mut Session, metadata: &RwLock<Metadata>) -> Result<Step<R::Output>, Error> {
        let decoded = {
            let known = metadata.read().unwrap_or_else(PoisonError::into_inner);
            let answer = match &self.progress {
                Progress::Answered(answer) => answer,
                _ => session.answer(),
            };
            match self.request.decode(&known, answer) {
                // Perhaps its own lists have displaced each other.
                Err(DecodeStop::Need(_)) if !self.learned.is_empty() => {
                    self.request.decode(&known.with_lists(&self.learned), answer)
                }
                decoded => decoded,
            }
        };
        match decoded {
            Ok(output) => {
                session.finish();
                Ok(Step::Done(output))
            }
            Err(DecodeStop::Need(lookups)) => {
                if !matches!(self.progress, Progress::Answered(_)) {
                    self.progress = Progress::Answered(session.take_answer());
                }
                self.plan(lookups)
            }
            Err(stop) => Err(stopped(stop, self.request.method(), session)),
        }
    }

    fn plan(&mut self, missing: Vec<Lookup>) -> Result<Step<R::Output>, Error> {
        self.rounds += 1;
        if self.rounds > MAX_LOOKUP_ROUNDS || missing.is_empty() {
            return Err(Error::TooManyLookups {
                method: self.request.method(),
                rounds: self.rounds - 1,
                missing: missing.len(),
            });
        }
        let tables = missing.iter().filter_map(|lookup| match lookup {
            Lookup::KeySchema { table } => Some(table.clone()),
            _ => None,
        });
        self.asked.extend(tables);
        Ok(Step::Learn(missing))
    }
}

/// What an unreadable or negative answer means for the session and the caller.
fn stopped(stop: DecodeStop, method: Method, session: &mut Session) -> Error {
    let (at, what) = match stop {
        DecodeStop::Server(error) => {
            if error.is_authentication() {
                session.forget_authorization();
            }
            session.finish();
            return Error::Server(error);
        }
        DecodeStop::Malformed { at, what } => (at, what),
        // The scanner found the end of the answer, and yet an item in it is incomplete.
        DecodeStop::Incomplete | DecodeStop::Need(_) => (session.answer().len(), "the answer is cut"),
    };
    session.spoil();
    Error::Malformed { method, lookup: None, at, what }
}
