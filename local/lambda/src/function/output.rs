//! What a function process prints: split into lines, kept for reports, passed to the observer and to the log.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::task::JoinSet;

use super::host::Host;
use super::process::Process;
use crate::logs::LogStream;
use crate::observer::Observer;

/// As much of the log as Lambda returns with `LogType=Tail`.
const TAIL_BYTES: usize = 4 * 1024;

/// A longer line is cut into several.
const MAX_LINE_BYTES: usize = 16 * 1024;

/// The last lines of one environment.
#[derive(Debug, Default)]
pub(super) struct Tail {
    lines: Mutex<Lines>,
}

#[derive(Debug, Default)]
struct Lines {
    kept: VecDeque<String>,
    bytes: usize,
}

impl Tail {
    fn push(&self, line: &str) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.bytes += line.len() + 1;
        lines.kept.push_back(line.to_owned());
        while lines.bytes > TAIL_BYTES && lines.kept.len() > 1 {
            if let Some(dropped) = lines.kept.pop_front() {
                lines.bytes -= dropped.len() + 1;
            }
        }
    }

    /// Takes the lines since the last call.
    pub(super) fn take(&self) -> Vec<String> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.bytes = 0;
        lines.kept.drain(..).collect()
    }
}

/// Where the lines of one environment go.
#[derive(Debug, Clone)]
pub(super) struct Output {
    function: String,
    log: LogStream,
    tail: Arc<Tail>,
    observer: Arc<dyn Observer>,
}

impl Output {
    /// The output of an environment of `function` with this log stream.
    pub(super) fn new(function: &str, log_stream: &str, tail: &Arc<Tail>, host: &Host) -> Self {
        Self {
            function: function.to_owned(),
            log: host.logs.stream(function, log_stream),
            tail: Arc::clone(tail),
            observer: Arc::clone(&host.observer),
        }
    }

    fn line(&self, line: &[u8]) {
        let line = String::from_utf8_lossy(line);
        self.tail.push(&line);
        self.log.write(&line);
        self.observer.output(&self.function, &line);
    }
}

/// Reads both output pipes of a process, in tasks that end with the pipes.
pub(super) fn follow_output(process: &mut Process, output: &Output) -> JoinSet<()> {
    let (stdout, stderr) = process.take_output();
    let mut readers = JoinSet::new();
    if let Some(pipe) = stdout {
        readers.spawn(follow(pipe, output.clone()));
    }
    if let Some(pipe) = stderr {
        readers.spawn(follow(pipe, output.clone()));
    }
    readers
}

/// Reads a pipe to its end, line by line.
async fn follow(mut pipe: impl AsyncRead + Unpin, output: Output) {
    let mut pending = Vec::new();
    let mut chunk = vec![0; 8 * 1024];
    while let Ok(read) = pipe.read(&mut chunk).await {
        let Some(bytes) = chunk.get(..read).filter(|bytes| !bytes.is_empty()) else {
            break;
        };
        pending.extend_from_slice(bytes);
        while let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
            let rest = pending.split_off(end + 1);
            pending.truncate(end);
            output.line(&pending);
            pending = rest;
        }
        if pending.len() > MAX_LINE_BYTES {
            output.line(&pending);
            pending.clear();
        }
    }
    if !pending.is_empty() {
        output.line(&pending);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::Logs;
    use crate::observer::Silent;

    async fn lines(output: &[u8]) -> Vec<String> {
        let tail = Arc::new(Tail::default());
        let host = Host { launcher: None, observer: Arc::new(Silent), logs: Logs::default() };
        follow(output, Output::new("f", "stream", &tail, &host)).await;
        tail.take()
    }

    #[tokio::test]
    async fn output_is_split_into_lines() {
        assert_eq!(lines(b"a\nb\n\nc").await, ["a", "b", "", "c"]);
        assert_eq!(lines(b"").await, Vec::<String>::new());
        assert_eq!(lines(b"\xff\n").await, ["\u{fffd}"]);
    }

    #[tokio::test]
    async fn only_the_last_lines_are_kept() {
        let output: String = (0..10_000).map(|number| format!("line {number}\n")).collect();
        let kept = lines(output.as_bytes()).await;
        assert_eq!(kept.last().unwrap(), "line 9999");
        let bytes: usize = kept.iter().map(|line| line.len() + 1).sum();
        assert!(bytes <= TAIL_BYTES && bytes > TAIL_BYTES - 20, "{bytes}");
    }

    #[tokio::test]
    async fn a_line_without_an_end_does_not_grow_without_bound() {
        let kept = lines(&vec![b'x'; 100_000]).await;
        assert!(kept.iter().all(|line| line.len() <= MAX_LINE_BYTES + 8 * 1024));
    }
}
