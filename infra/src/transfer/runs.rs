//! Sorts more than fits into memory: sorted runs, one after another in a file, are merged while they are read. Each run
//! needs one buffer, whatever its length.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};

use anyhow::{Context as _, Result};

/// Bytes read of a run at a time. A table of 10 GB makes ten thousand runs, which need 160 MB of buffers.
const CHUNK: usize = 16 * 1024;

/// Encodes one run: its lines, sorted.
///
/// Lines are sorted by their bytes, which sorts them by slug: the slug comes first in every line, and the quote that ends
/// it sorts before every character of a slug.
pub(crate) fn encode(mut lines: Vec<String>) -> Vec<u8> {
    lines.sort_unstable();
    let mut bytes = Vec::new();
    for line in lines {
        bytes.extend_from_slice(line.as_bytes());
        bytes.push(b'\n');
    }
    bytes
}

/// Writes the lines of all runs in order, and returns how many there are. `ends` are the ends of the runs in `file`; the
/// first run begins at 0.
///
/// # Errors
/// If the file cannot be read or ends before the last run, or the output cannot be written.
pub(crate) fn merge(file: &mut (impl Read + Seek), ends: &[u64], to: impl Write) -> Result<u64> {
    let mut to = BufWriter::new(to);
    let mut begin = 0;
    let mut runs = Vec::new();
    for end in ends {
        runs.push(Run { next: begin, end: *end, buffer: Vec::new(), taken: 0 });
        begin = *end;
    }
    let mut heads = BinaryHeap::new();
    for (number, run) in runs.iter_mut().enumerate() {
        heads.extend(run.take(file)?.map(|line| Reverse((line, number))));
    }
    let mut lines = 0;
    while let Some(Reverse((line, number))) = heads.pop() {
        to.write_all(&line)?;
        to.write_all(b"\n")?;
        lines += 1;
        let run = runs.get_mut(number).context("a line without its run")?;
        heads.extend(run.take(file)?.map(|line| Reverse((line, number))));
    }
    to.flush()?;
    Ok(lines)
}

/// A run that is being read.
struct Run {
    /// Where to continue in the file.
    next: u64,
    end: u64,
    buffer: Vec<u8>,
    /// Bytes of the buffer that were returned.
    taken: usize,
}

impl Run {
    /// The next line, without its line feed.
    fn take(&mut self, file: &mut (impl Read + Seek)) -> Result<Option<Vec<u8>>> {
        let mut searched = self.taken;
        loop {
            let unseen = self.buffer.get(searched..).unwrap_or_default();
            if let Some(length) = unseen.iter().position(|byte| *byte == b'\n') {
                let end = searched + length;
                let line = self.buffer.get(self.taken..end).unwrap_or_default().to_vec();
                self.taken = end + 1;
                return Ok(Some(line));
            }
            searched = self.buffer.len() - self.taken;
            self.buffer.drain(..self.taken);
            self.taken = 0;
            if !self.fill(file)? {
                return if self.buffer.is_empty() {
                    Ok(None)
                } else {
                    Err(io::Error::from(io::ErrorKind::UnexpectedEof).into())
                };
            }
        }
    }

    /// Reads the next chunk, and returns whether there was one.
    fn fill(&mut self, file: &mut (impl Read + Seek)) -> Result<bool> {
        let left = usize::try_from(self.end - self.next).unwrap_or(usize::MAX);
        let mut chunk = vec![0; left.min(CHUNK)];
        file.seek(SeekFrom::Start(self.next))?;
        file.read_exact(&mut chunk).context("a run is shorter than when it was written")?;
        self.next += chunk.len() as u64;
        self.buffer.extend_from_slice(&chunk);
        Ok(!chunk.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn check(runs: &[&[&str]], expected: &[&str]) {
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for run in runs {
            bytes.extend(encode(run.iter().map(|line| (*line).to_owned()).collect()));
            ends.push(bytes.len() as u64);
        }
        let mut merged = Vec::new();
        let lines = merge(&mut Cursor::new(bytes), &ends, &mut merged).unwrap();
        let expected: String = expected.iter().map(|line| format!("{line}\n")).collect();
        assert_eq!(String::from_utf8(merged).unwrap(), expected);
        assert_eq!(lines, expected.lines().count() as u64);
    }

    #[test]
    fn runs_are_merged_in_order() {
        check(&[], &[]);
        check(&[&[]], &[]);
        check(&[&["b", "a", "c"]], &["a", "b", "c"]);
        check(&[&["b", "d"], &[], &["a", "c"], &["e"]], &["a", "b", "c", "d", "e"]);
        let [a, a0, a_b, b] = ["a", "a-0", "a_b", "b"].map(|slug| format!("{{\"slug\":\"{slug}\",…"));
        check(&[&[&b, &a0], &[&a_b, &a]], &[&a, &a0, &a_b, &b]);
    }

    #[test]
    fn lines_may_be_longer_than_a_chunk() {
        let long = |letter: &str| letter.repeat(3 * CHUNK + 7);
        let (a, b, c) = (long("a"), long("b"), long("c"));
        check(&[&[&b, "ab"], &[&c, &a]], &[&a, "ab", &b, &c]);
    }

    #[test]
    fn a_truncated_file_is_an_error() {
        let bytes = encode(vec!["abc".into()]);
        let cut = |length: usize, ends: &[u64]| {
            let mut file = Cursor::new(bytes[..length].to_vec());
            merge(&mut file, ends, Vec::new()).unwrap_err()
        };
        assert!(cut(3, &[4]).to_string().contains("shorter"));
        cut(3, &[3]);
    }
}
