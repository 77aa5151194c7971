//! One connection's side of the conversation, without a socket and without a clock.
//!
//! ```text
//! client                                                        node
//!   handshake, authorizeConnection, defineKeySchema ─────────────▶     one write; the first two get no answer
//!   ◀───────────────────────────────────────────── key schema
//!   getItem ─────────────────────────────────────────────────────▶
//!   ◀───────────────────────────────────────────── item, with a list number
//!   defineAttributeList ─────────────────────────────────────────▶     only the first time this number is met
//!   ◀───────────────────────────────────────────── names
//! ```
//!
//! A [`Session`] holds the bytes to be sent and the bytes received, and knows whether an answer is due. A [`Call`]
//! takes one request through it: it asks what it must know before it can write the request, and, with the answer at
//! hand, what it must know to read it. The caller moves bytes whenever [`Call::advance`] says so, and nothing else.

use std::convert::Infallible;
use std::sync::{PoisonError, RwLock};

use tokio::time::Instant;

use crate::cbor;
use crate::codec::control::{self, Authorization, Finding};
use crate::codec::{DecodeStop, EncodeStop, FrameScanner, Lookup, Metadata, Method};
use crate::error::Error;
use crate::op::Operation;

/// Name and version, as every client sends them.
pub(crate) const USER_AGENT: &str = concat!("dax-client-rust/", env!("CARGO_PKG_VERSION"));

/// A call that still lacks knowledge after so many rounds of lookups gets none from this node. An honest node needs
/// one round before the request and one after it.
const MAX_LOOKUP_ROUNDS: usize = 8;

/// Buffers that one large answer has grown are cut back to this size.
const KEEP_BUFFER_BYTES: usize = 64 << 10;
const NEW_BUFFER_BYTES: usize = 4 << 10;

/// Protocol state of one connection.
#[derive(Debug)]
pub struct Session {
    output: Vec<u8>,
    input: Vec<u8>,
    scanner: FrameScanner,
    /// Length of the answer at the start of `input`, once complete.
    answer_bytes: Option<usize>,
    awaiting: bool,
    clean: bool,
    authorization: Option<Authorized>,
}

#[derive(Clone, Copy, Debug)]
struct Authorized {
    generation: u64,
    renew_at: Instant,
}

impl Session {
    /// A session whose first write will open the connection.
    pub fn new(session_id: [u8; 16], max_answer_bytes: usize) -> Self {
        let mut output = Vec::with_capacity(NEW_BUFFER_BYTES);
        control::write_handshake(&session_id, USER_AGENT, &mut output);
        Self {
            output,
            input: Vec::with_capacity(NEW_BUFFER_BYTES),
            scanner: FrameScanner::new(Method::Endpoints, max_answer_bytes),
            answer_bytes: None,
            awaiting: false,
            clean: true,
            authorization: None,
        }
    }

    /// Whether the next request must be preceded by a proof of identity.
    pub fn wants_authorization(&self, generation: u64, now: Instant) -> bool {
        self.authorization
            .is_none_or(|last| last.generation != generation || now >= last.renew_at)
    }

    /// Queues a proof of identity, to be sent in front of the next request and good until `renew_at`. `generation`
    /// numbers the credentials that it was made with.
    pub fn authorize(&mut self, proof: &Authorization<'_>, generation: u64, renew_at: Instant) {
        control::write_authorize(proof, &mut self.output);
        self.authorization = Some(Authorized {
            generation,
            renew_at,
        });
    }

    /// Bytes to be written, all of them before reading.
    pub fn output(&self) -> &[u8] {
        &self.output
    }

    /// All of [`output`](Self::output) was written.
    pub fn sent(&mut self) {
        self.output.clear();
    }

    /// Where received bytes are to be appended.
    pub fn input(&mut self) -> &mut Vec<u8> {
        if self.input.spare_capacity_mut().len() < NEW_BUFFER_BYTES / 2 {
            // Doubling: an answer is copied a bounded number of times however it is cut.
            self.input
                .reserve(self.input.capacity().max(NEW_BUFFER_BYTES));
        }
        &mut self.input
    }

    /// Whether the answer due has arrived in full.
    ///
    /// # Errors
    /// If the bytes received so far can never become one.
    pub fn is_answered(&mut self) -> cbor::Result<bool> {
        if self.answer_bytes.is_none() {
            let scanned = self.scanner.scan(&self.input);
            self.clean &= scanned.is_ok();
            self.answer_bytes = scanned?;
        }
        Ok(self.answer_bytes.is_some())
    }

    /// Whether any byte of the answer due has arrived.
    pub fn has_input(&self) -> bool {
        !self.input.is_empty()
    }

    /// Whether the connection may carry another call: no answer is due, none was left over, nothing was unreadable.
    pub fn is_reusable(&self) -> bool {
        self.clean && !self.awaiting && self.input.is_empty()
    }

    /// Queues a request. When `write` fails nothing of it stays queued.
    fn begin<E>(
        &mut self,
        method: Method,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        let before = self.output.len();
        if let Err(stop) = write(&mut self.output) {
            self.output.truncate(before);
            return Err(stop);
        }
        self.scanner.restart(method);
        self.awaiting = true;
        Ok(())
    }

    /// The complete answer.
    fn answer(&self) -> &[u8] {
        self.answer_bytes
            .and_then(|length| self.input.get(..length))
            .unwrap_or_default()
    }

    /// Makes ready for the next request. Bytes after the answer were not asked for: whatever they are, the next
    /// request must not meet them.
    fn finish(&mut self) {
        self.clean &= !self.awaiting || self.answer_bytes == Some(self.input.len());
        self.awaiting = false;
        self.answer_bytes = None;
        clear(&mut self.input);
        clear(&mut self.output);
    }

    /// As [`finish`](Self::finish), for an answer that is still needed.
    fn take_answer(&mut self) -> Vec<u8> {
        let length = self.answer_bytes.unwrap_or_default();
        let mut answer = std::mem::replace(&mut self.input, Vec::with_capacity(NEW_BUFFER_BYTES));
        self.clean &= length == answer.len();
        answer.truncate(length);
        self.awaiting = false;
        self.answer_bytes = None;
        answer
    }
}

fn clear(buffer: &mut Vec<u8>) {
    buffer.clear();
    if buffer.capacity() > KEEP_BUFFER_BYTES {
        buffer.shrink_to(NEW_BUFFER_BYTES);
    }
}

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

/// The question for the nodes of the cluster; it doubles as the probe of a node's health.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Endpoints;

impl Request for Endpoints {
    type Output = Vec<control::Endpoint>;

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
        Self {
            request,
            to_ask: Vec::new(),
            asking: None,
            progress: Progress::Unsent,
            rounds: 0,
        }
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
        self.asking
            .as_ref()
            .map_or_else(|| self.request.method(), Lookup::method)
    }

    /// Goes on: at first, and whenever the session is answered.
    ///
    /// # Errors
    /// The server's error, or what was wrong with the request or the answer. The session tells whether it can be used
    /// for another call.
    pub fn advance(
        &mut self,
        session: &mut Session,
        metadata: &RwLock<Metadata>,
    ) -> Result<Step<R::Output>, Error> {
        if let Some(lookup) = self.asking.take() {
            let finding = lookup.decode(session.answer());
            let finding = finding.map_err(|stop| stopped(stop, lookup.method(), session))?;
            session.finish();
            metadata
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(&lookup, finding);
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

    fn write(
        &mut self,
        session: &mut Session,
        metadata: &RwLock<Metadata>,
    ) -> Result<Result<(), Missing>, Error> {
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
                session.authorization = None;
            }
            session.finish();
            return Error::Server(error);
        }
        DecodeStop::Malformed { at, what } => (at, what),
        // The scanner found the end of the answer, and yet an item in it goes on.
        DecodeStop::Incomplete | DecodeStop::Need(_) => {
            (session.answer().len(), "the answer is cut")
        }
    };
    session.clean = false;
    Error::Malformed { method, at, what }
}
