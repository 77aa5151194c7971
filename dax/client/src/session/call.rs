//! One request's way through a session.

use std::convert::Infallible;
use std::sync::{PoisonError, RwLock};

use dax_protocol::Method;

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
    /// The call is over.
    Done(T),
}

/// One request on its way through a session.
#[derive(Debug)]
pub struct Call<'a, R> {
    request: &'a R,
    /// Lookups to be made, last first.
    to_ask: Vec<Lookup>,
    asking: Option<Lookup>,
    progress: Progress,
    rounds: usize,
}

#[derive(Debug)]
enum Progress {
    /// Nothing of the request was queued.
    Unsent,
    /// The request was queued: from here on the server may act on it.
    Sent,
    /// The answer, kept while lookups use the session.
    Answered(Vec<u8>),
}

impl<'a, R: Request> Call<'a, R> {
    /// A call of which nothing was sent yet.
    pub fn new(request: &'a R) -> Self {
        Self { request, to_ask: Vec::new(), asking: None, progress: Progress::Unsent, rounds: 0 }
    }

    /// Whether the server may have acted on the request: if so, and no answer comes, the outcome is unknown.
    pub fn is_sent(&self) -> bool {
        !matches!(self.progress, Progress::Unsent)
    }

    /// Whether the exchange under way is a lookup, and not the request itself.
    pub fn is_asking(&self) -> bool {
        self.asking.is_some()
    }

    /// The method under way.
    pub fn method(&self) -> Method {
        self.asking.as_ref().map_or_else(|| self.request.method(), Lookup::method)
    }

    /// Takes the next step: at first, and whenever the session is answered.
    ///
    /// # Errors
    /// The server's error, or what was wrong with the request or the answer. [`Session::is_reusable`] says
    /// whether the session can carry another call.
    pub fn advance(&mut self, session: &mut Session, metadata: &RwLock<Metadata>) -> Result<Step<R::Output>, Error> {
        if let Some(lookup) = self.asking.take() {
            let finding = lookup.decode(session.answer());
            let finding = finding.map_err(|stop| stopped(stop, lookup.method(), session))?;
            session.finish();
            metadata.write().unwrap_or_else(PoisonError::into_inner).insert(&lookup, finding);
        }
        loop {
            if let Some(lookup) = self.to_ask.pop() {
                let Ok(()) = session.begin(lookup.method(), |out| {
                    lookup.encode(out);
                    Ok::<(), Infallible>(())
                });
                self.asking = Some(lookup);
                return Ok(Step::Exchange);
            }
            let missing = if self.is_sent() {
                match self.read(session, metadata)? {
                    Ok(output) => return Ok(Step::Done(output)),
                    Err(missing) => missing,
                }
            } else {
                match self.write(session, metadata)? {
                    Ok(()) => return Ok(Step::Exchange),
                    Err(missing) => missing,
                }
            };
            self.plan(missing)?;
        }
    }

    fn write(&mut self, session: &mut Session, metadata: &RwLock<Metadata>) -> Result<Result<(), Missing>, Error> {
        let request = self.request;
        let metadata = metadata.read().unwrap_or_else(PoisonError::into_inner);
        match session.begin(request.method(), |out| request.encode(&metadata, out)) {
            Ok(()) => {
                self.progress = Progress::Sent;
                Ok(Ok(()))
            }
            Err(EncodeStop::Need(lookups)) => Ok(Err(lookups)),
            Err(EncodeStop::Invalid(error)) => Err(error),
        }
    }

    fn read(
        &mut self,
        session: &mut Session,
        metadata: &RwLock<Metadata>,
    ) -> Result<Result<R::Output, Missing>, Error> {
        let decoded = {
            let metadata = metadata.read().unwrap_or_else(PoisonError::into_inner);
            let answer = match &self.progress {
                Progress::Answered(answer) => answer,
                _ => session.answer(),
            };
            self.request.decode(&metadata, answer)
        };
        match decoded {
            Ok(output) => {
                session.finish();
                Ok(Ok(output))
            }
            Err(DecodeStop::Need(lookups)) => {
                if let Progress::Sent = self.progress {
                    self.progress = Progress::Answered(session.take_answer());
                }
                Ok(Err(lookups))
            }
            Err(stop) => Err(stopped(stop, self.request.method(), session)),
        }
    }

    fn plan(&mut self, mut missing: Missing) -> Result<(), Error> {
        self.rounds += 1;
        if self.rounds > MAX_LOOKUP_ROUNDS || missing.is_empty() {
            return Err(Error::TooManyLookups {
                method: self.request.method(),
                rounds: self.rounds - 1,
                missing: missing.len(),
            });
        }
        missing.reverse();
        self.to_ask = missing;
        Ok(())
    }
}

type Missing = Vec<Lookup>;

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
    Error::Malformed { method, at, what }
}
