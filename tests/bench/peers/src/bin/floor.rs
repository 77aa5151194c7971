//! The floor: a blocking socket, HTTP made by hand, an event borrowed from the receive buffer. No function can be much
//! cheaper, and none should be written like this.

use std::{
    env,
    io::{self, Read as _, Write as _},
    net::TcpStream,
    process,
};

use peers::{BorrowedEvent, CACHE_CONTROL, TARGET};

const HEAD_END: &[u8] = b"\r\n\r\n";

/// A connection to the Runtime API.
struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    filled: usize,
}

/// Where a response ends in the buffer: its head, without the empty line, and its body.
struct Ends {
    head: usize,
    body: usize,
}

impl Connection {
    /// Reads one response.
    fn receive(&mut self) -> io::Result<Ends> {
        loop {
            let received = self.buffer.get(..self.filled).unwrap_or_default();
            if let Some(head) = received.windows(HEAD_END.len()).position(|window| window == HEAD_END) {
                let length = header(received.get(..head).unwrap_or_default(), b"content-length:");
                let length: usize = length.and_then(|length| length.parse().ok()).unwrap_or(0);
                let body = head + HEAD_END.len() + length;
                while self.filled < body {
                    self.fill()?;
                }
                return Ok(Ends { head, body });
            }
            self.fill()?;
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        if self.filled == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let free = self.buffer.get_mut(self.filled..).unwrap_or_default();
        let read = self.stream.read(free)?;
        if read == 0 {
            process::exit(0);
        }
        self.filled += read;
        Ok(())
    }

    fn consume(&mut self, bytes: usize) {
        self.buffer.copy_within(bytes..self.filled, 0);
        self.filled -= bytes;
    }
}

/// The value of a header whose name, with the colon, is `name`.
fn header<'a>(head: &'a [u8], name: &[u8]) -> Option<&'a str> {
    let lines = head.split(|byte| *byte == b'\n');
    let mut values = lines.filter_map(|line| {
        let (start, value) = line.split_at_checked(name.len())?;
        start.eq_ignore_ascii_case(name).then_some(value)
    });
    values.next().and_then(|value| str::from_utf8(value).ok()).map(str::trim)
}

fn main() -> io::Result<()> {
    #[expect(clippy::disallowed_methods, reason = "the whole configuration of this program")]
    let api = env::var("AWS_LAMBDA_RUNTIME_API").map_err(io::Error::other)?;
    let stream = TcpStream::connect(&api)?;
    stream.set_nodelay(true)?;
    let mut connection = Connection { stream, buffer: vec![0; 16 << 10], filled: 0 };
    let next = format!("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nhost: {api}\r\n\r\n").into_bytes();
    let mut out = Vec::with_capacity(1024);
    loop {
        connection.stream.write_all(&next)?;
        let ends = connection.receive()?;
        respond(&api, &connection.buffer, &ends, &mut out)?;
        connection.consume(ends.body);
        connection.stream.write_all(&out)?;
        let ends = connection.receive()?;
        connection.consume(ends.body);
    }
}

/// Writes the request that carries the response to the event in `buffer`.
fn respond(api: &str, buffer: &[u8], ends: &Ends, out: &mut Vec<u8>) -> io::Result<()> {
    let id = buffer.get(..ends.head).and_then(|head| header(head, b"lambda-runtime-aws-request-id:"));
    let id = id.ok_or_else(|| io::Error::other("an event without an id"))?;
    let event = buffer.get(ends.head + HEAD_END.len()..ends.body).unwrap_or_default();
    let event: BorrowedEvent<'_> = serde_json::from_slice(event)?;
    let (status, location) = if event.is_redirect() { (301, TARGET) } else { (404, "") };
    let body =
        format!(r#"{{"statusCode":{status},"headers":{{"location":"{location}","cache-control":"{CACHE_CONTROL}"}}}}"#);
    out.clear();
    let length = body.len();
    write!(out, "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nhost: {api}\r\n")?;
    write!(out, "content-length: {length}\r\n\r\n{body}")
}
