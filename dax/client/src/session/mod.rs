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
//! takes one request through it: it says what it must know before it can write the request, and, with the answer at
//! hand, what it must know to read it. The caller moves bytes and asks lookups, each a call by itself, whenever
//! [`Call::advance`] says so.

mod call;

use std::fmt;

use dax_protocol::Method;
use dax_protocol::cbor;
use tokio::time::Instant;

pub use self::call::{Call, Endpoints, Request, Step};
use crate::codec::FrameScanner;
use crate::codec::control::{self, Authorization};

/// Name and version, as every client sends them.
pub(crate) const USER_AGENT: &str = concat!("dax-client-rust/", env!("CARGO_PKG_VERSION"));

/// Buffers that one large answer has grown are cut back to this size.
const KEEP_BUFFER_BYTES: usize = 64 << 10;
const NEW_BUFFER_BYTES: usize = 4 << 10;

/// Protocol state of one connection.
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

#[derive(Debug, Clone, Copy)]
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
        self.authorization.is_none_or(|last| last.generation != generation || now >= last.renew_at)
    }

    /// Queues a proof of identity, to be sent in front of the next request and good until `renew_at`. `generation`
    /// numbers the credentials that it was made with.
    pub fn authorize(&mut self, proof: &Authorization<'_>, generation: u64, renew_at: Instant) {
        control::write_authorize(proof, &mut self.output);
        self.authorization = Some(Authorized { generation, renew_at });
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
            self.input.reserve(self.input.capacity().max(NEW_BUFFER_BYTES));
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

    /// The next request needs a new proof of identity.
    fn forget_authorization(&mut self) {
        self.authorization = None;
    }

    /// The connection must not carry another call.
    fn spoil(&mut self) {
        self.clean = false;
    }

    /// Queues a request. When `write` fails nothing of it stays queued.
    fn begin<E>(&mut self, method: Method, write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<(), E> {
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
        self.answer_bytes.and_then(|length| self.input.get(..length)).unwrap_or_default()
    }

    /// Prepares for the next request. Nobody asked for bytes after the answer: whatever they are, the next request must
    /// not read them.
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

impl fmt::Debug for Session {
    /// Without the bytes: they are a proof of identity, and other people's data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("output_bytes", &self.output.len())
            .field("input_bytes", &self.input.len())
            .field("awaiting", &self.awaiting)
            .field("clean", &self.clean)
            .field("authorization", &self.authorization)
            .finish_non_exhaustive()
    }
}

fn clear(buffer: &mut Vec<u8>) {
    buffer.clear();
    if buffer.capacity() > KEEP_BUFFER_BYTES {
        buffer.shrink_to(NEW_BUFFER_BYTES);
    }
}
