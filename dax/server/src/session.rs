//! One connection: handshake, then requests one after another.

use std::{net::IpAddr, sync::Arc, time::Duration};

use dax_protocol::{
    Method, SERVICE,
    cbor::{Reader, Scanner},
    handshake,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    time::{Instant, timeout, timeout_at},
};

use super::{
    auth,
    counters::count,
    failure::Failure,
    fault::Effects,
    node::Node,
    operations::Call,
    request::{Authorization, Request},
    request_log::Notes,
    shared::Shared,
};

/// Largest request that is read. A batch of 25 items of 400 KB has 10 MB.
const MAX_REQUEST_BYTES: usize = 20 << 20;
/// A peer that opens a connection has this long for its handshake.
const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(5);
/// And this long from the first byte of a request to its last.
const REQUEST_DEADLINE: Duration = Duration::from_secs(30);
/// A peer has this long to read an answer.
const ANSWER_DEADLINE: Duration = Duration::from_secs(30);
/// The limit between two requests. Generous: official clients keep connections open, and the Node.js clients hang
/// forever on one that the server closed.
const IDLE_DEADLINE: Duration = Duration::from_secs(3600);
/// Room for a request at first, and what is kept of it after a large one.
const BUFFER_BYTES: usize = 4096;

/// Agent of the one client that sends `Select` whether or not its user did.
const FILLS_IN_SELECT: &str = "DaxGoV2Client";

/// How a connection ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// In order, or for a reason that the peer knows.
    Close,
    /// At once, in the middle of an answer.
    Reset,
}

/// One connection of a client.
#[derive(Debug)]
pub(crate) struct Session<S> {
    stream: S,
    shared: Arc<Shared>,
    node: Arc<Node>,
    /// Address that the client connected to.
    reached: Option<IpAddr>,
    buffer: Vec<u8>,
    authorization: Standing,
    fills_in_select: bool,
}

/// Whether the client may do anything.
#[derive(Debug)]
enum Standing {
    /// Signatures are not checked.
    NotNeeded,
    Until(Instant),
    Refused(&'static str),
}

/// What to do after a request.
enum Next {
    Answer(Vec<u8>),
    AnswerAndClose(Vec<u8>),
    Nothing,
    End(End),
    /// Half of this, then a reset.
    Cut(Vec<u8>),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    pub(crate) fn new(stream: S, shared: Arc<Shared>, node: Arc<Node>, reached: Option<IpAddr>) -> Self {
        let authorization = match shared.verifier {
            Some(_) => Standing::Refused("Connection requires authentication"),
            None => Standing::NotNeeded,
        };
        let buffer = Vec::with_capacity(BUFFER_BYTES);
        Self { stream, shared, node, reached, buffer, authorization, fills_in_select: false }
    }

    /// Serves the connection to its end. Returns the stream too, for the caller to close.
    pub(crate) async fn run(mut self) -> (S, End) {
        let end = match self.serve().await {
            Ok(end) => end,
            // The peer went away or was too slow, and there is nobody to tell.
            Err(_) => End::Close,
        };
        (self.stream, end)
    }

    async fn serve(&mut self) -> std::io::Result<End> {
        if !self.handshake().await? {
            return Ok(End::Close);
        }
        loop {
            let next = self.next_request().await?;
            self.node.thawed().await;
            match next {
                Next::Nothing => {}
                Next::Answer(answer) => self.send(&answer).await?,
                Next::AnswerAndClose(answer) => {
                    self.send(&answer).await?;
                    return Ok(End::Close);
                }
                Next::End(end) => return Ok(end),
                Next::Cut(answer) => {
                    self.send(answer.get(..answer.len().div_ceil(2)).unwrap_or_default()).await?;
                    return Ok(End::Reset);
                }
            }
        }
    }

    /// Reads the handshake, which is not answered. `false` if the peer speaks something else, or nothing at all.
    async fn handshake(&mut self) -> std::io::Result<bool> {
        let mut scanner = Scanner::new(usize::MAX);
        let deadline = Instant::now() + HANDSHAKE_DEADLINE;
        loop {
            match scanner.has(&self.buffer, handshake::ITEMS) {
                Ok(true) => break,
                Ok(false) if self.buffer.len() < BUFFER_BYTES => {}
                Ok(false) | Err(_) => return Ok(false),
            }
            if !self.fill(deadline).await? || !may_be_handshake(&self.buffer) {
                return Ok(false);
            }
        }
        let (greeting, _) = self.buffer.split_at(scanner.position());
        let agent = read_handshake(greeting);
        self.fills_in_select = agent.as_deref().is_some_and(|agent| agent.starts_with(FILLS_IN_SELECT));
        self.buffer.drain(..scanner.position());
        Ok(agent.is_some())
    }

    /// Reads a request and carries it out.
    async fn next_request(&mut self) -> std::io::Result<Next> {
        if self.buffer.is_empty() && !self.fill(Instant::now() + IDLE_DEADLINE).await? {
            return Ok(Next::End(End::Close));
        }
        let deadline = Instant::now() + REQUEST_DEADLINE;
        let mut scanner = Scanner::new(usize::MAX);
        if let Some(end) = self.fill_until(&mut scanner, 2, deadline).await? {
            return Ok(end);
        }
        let head = scanner.position();
        let Some(method) = read_method(&self.buffer) else {
            let failure = Failure::not_implemented("no such operation");
            return Ok(Next::AnswerAndClose(self.error(&failure)));
        };
        if let Some(end) = self.fill_until(&mut scanner, 2 + method.arguments(), deadline).await? {
            return Ok(end);
        }
        let arguments = self.buffer.get(head..scanner.position()).unwrap_or_default();
        let request = Request::read(method, arguments);
        self.buffer.drain(..scanner.position());
        self.buffer.shrink_to(BUFFER_BYTES);
        self.node.thawed().await;
        Ok(self.carry_out(method, request).await)
    }

    /// Carries out a request, and reports it if somebody watches.
    async fn carry_out(&mut self, method: Method, request: Result<Request, Failure>) -> Next {
        let notes = Notes::default();
        let Some(log) = self.shared.request_log.clone() else {
            return self.execute(method, request, &notes).await;
        };
        let started = Instant::now();
        let tables = request.as_ref().map(Request::tables).unwrap_or_default();
        let next = self.execute(method, request, &notes).await;
        log.report(&notes.finish(self.node.index, method, tables, started.elapsed()));
        next
    }

    async fn execute(&mut self, method: Method, request: Result<Request, Failure>, notes: &Notes) -> Next {
        self.node.tally.request(method);
        let effects = self.shared.faults.draw(self.node.index, method);
        if effects.is_some() {
            count(&self.node.tally.faults);
        }
        let effects = effects.unwrap_or_default();
        if !effects.delay.is_zero() {
            tokio::time::sleep(effects.delay).await;
        }
        if effects.close {
            notes.failed("closed");
            return Next::End(End::Close);
        }
        if let Ok(Request::Authorize(proof)) = &request {
            self.authorize(proof);
            return Next::Nothing;
        }
        let answer = match self.answer(request, &effects, notes).await {
            Ok(answer) => answer,
            Err(failure) => {
                notes.failed(failure.code().unwrap_or("unnamed"));
                self.error(&failure)
            }
        };
        if effects.reset {
            notes.failed("reset");
            return Next::Cut(answer);
        }
        Next::Answer(answer)
    }

    async fn answer(
        &self,
        request: Result<Request, Failure>,
        effects: &Effects,
        notes: &Notes,
    ) -> Result<Vec<u8>, Failure> {
        match self.authorization {
            Standing::NotNeeded => {}
            Standing::Until(end) if Instant::now() < end => {}
            Standing::Until(_) => {
                return Err(Failure::not_authorized("Connection requires authentication: it expired"));
            }
            Standing::Refused(why) => return Err(Failure::not_authorized(why)),
        }
        if let Some(failure) = &effects.failure {
            return Err(failure.clone());
        }
        let call = Call {
            shared: &self.shared,
            node: &self.node,
            reached: self.reached,
            effects,
            notes,
            fills_in_select: self.fills_in_select,
        };
        call.run(request?).await
    }

    fn authorize(&mut self, proof: &Authorization) {
        let Some(verifier) = &self.shared.verifier else {
            return;
        };
        #[expect(clippy::disallowed_methods, reason = "a signature is good for some minutes around its date")]
        let now = std::time::SystemTime::now();
        self.authorization = match verifier.verify(proof, now) {
            Ok(()) => Standing::Until(Instant::now() + auth::VALID),
            Err(why) => Standing::Refused(why),
        };
    }

    fn error(&self, failure: &Failure) -> Vec<u8> {
        count(&self.node.tally.errors);
        let mut out = Vec::new();
        failure.write(&mut out);
        out
    }

    /// Reads until this many items are complete. Otherwise, says how to continue.
    async fn fill_until(
        &mut self,
        scanner: &mut Scanner,
        items: usize,
        deadline: Instant,
    ) -> std::io::Result<Option<Next>> {
        loop {
            match scanner.has(&self.buffer, items) {
                Ok(true) => return Ok(None),
                Ok(false) if self.buffer.len() < MAX_REQUEST_BYTES => {}
                Ok(false) => {
                    let failure = Failure::validation(format!("Request size exceeded {MAX_REQUEST_BYTES} bytes"));
                    return Ok(Some(Next::AnswerAndClose(self.error(&failure))));
                }
                // After bytes that are not CBOR, there is no way to tell where the next request starts.
                Err(cause) => {
                    let failure = Failure::validation(format!("malformed request: {cause}"));
                    return Ok(Some(Next::AnswerAndClose(self.error(&failure))));
                }
            }
            if !self.fill(deadline).await? {
                return Ok(Some(Next::End(End::Close)));
            }
        }
    }

    /// Reads some bytes. `false` at the end of the stream.
    async fn fill(&mut self, deadline: Instant) -> std::io::Result<bool> {
        Ok(timeout_at(deadline, self.stream.read_buf(&mut self.buffer)).await?? > 0)
    }

    async fn send(&mut self, answer: &[u8]) -> std::io::Result<()> {
        timeout(ANSWER_DEADLINE, async {
            self.stream.write_all(answer).await?;
            self.stream.flush().await
        })
        .await?
    }
}

/// The user agent in a handshake, or an empty one. `None` if it is not a DAX handshake.
/// Whether these are the first bytes of a handshake. A browser that a web page sends here begins with a method, and is not
/// listened to any further.
fn may_be_handshake(bytes: &[u8]) -> bool {
    let magic = std::iter::once(handshake::MAGIC_HEAD).chain(handshake::MAGIC.bytes());
    bytes.iter().zip(magic).all(|(byte, expected)| *byte == expected)
}

pub(crate) fn read_handshake(greeting: &[u8]) -> Option<String> {
    let mut reader = Reader::whole(greeting);
    if reader.text().ok()? != handshake::MAGIC {
        return None;
    }
    reader.skip().ok()?;
    reader.skip().ok()?;
    let mut agent = String::new();
    let mut header = reader.map().ok()?;
    while header.next(&mut reader).ok()? {
        if reader.text().ok()? == handshake::USER_AGENT {
            agent = reader.text().ok()?.into_owned();
        } else {
            reader.skip().ok()?;
        }
    }
    reader.skip().ok()?;
    Some(agent)
}

pub(crate) fn read_method(request: &[u8]) -> Option<Method> {
    let mut reader = Reader::whole(request);
    if reader.uint().ok()? != SERVICE {
        return None;
    }
    Method::from_id(reader.int().ok()?)
}
