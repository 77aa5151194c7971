//! Exports of kurz: one JSON object per line. Empty lines and a byte order mark are skipped.

use std::io::{BufRead, Read as _};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::{Outcome, Place, Record};
use crate::transfer::line;

/// Far longer than an item of 400 KB makes a line, so that a file without line feeds cannot fill the memory.
const MAX_LINE: u64 = 4 * 1024 * 1024;

pub(super) fn read(mut file: impl BufRead) -> impl Iterator<Item = Record> {
    let mut number = 0;
    let mut broken = false;
    std::iter::from_fn(move || {
        while !broken {
            number += 1;
            match next_line(&mut file) {
                Ok(bytes) if bytes.is_empty() => return None,
                Ok(bytes) if bytes.trim_ascii().is_empty() => {}
                Ok(bytes) => return Some(record(number, &bytes)),
                Err(error) => {
                    broken = true;
                    let reason = format!("{error:#}; nothing after it was read");
                    return Some(Record::unreadable(Place::Line(number), reason));
                }
            }
        }
        None
    })
}

/// A line with its line feed; empty at the end of the file.
fn next_line(file: &mut impl BufRead) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = file.take(MAX_LINE);
    rest.read_until(b'\n', &mut bytes).context("cannot be read")?;
    if bytes.len() as u64 == MAX_LINE && !bytes.ends_with(b"\n") {
        bail!("longer than any link");
    }
    Ok(bytes)
}

fn record(number: u64, bytes: &[u8]) -> Record {
    let text = str::from_utf8(bytes).map(|text| text.trim_start_matches('\u{feff}').trim_end());
    let link = text.context("not UTF-8").and_then(line::decode);
    // An invalid line may still name its slug.
    let slug = || Some(serde_json::from_str::<Value>(text.ok()?).ok()?.get("slug")?.as_str()?.to_owned());
    let name = match &link {
        Ok((slug, _)) => slug.to_string(),
        Err(_) => slug().unwrap_or_default(),
    };
    let outcome = match link {
        Ok((slug, item)) => Outcome::Link(slug, item),
        Err(error) => Outcome::Bad(format!("{error:#}")),
    };
    Record { place: Place::Line(number), name, domain: None, outcome, losses: Vec::new(), clicks: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Line numbers, and slugs or parts of reasons.
    fn check(text: &[u8], expected: &[(u64, Result<&str, &str>)]) {
        let records: Vec<_> = read(text).collect();
        assert_eq!(records.len(), expected.len(), "{records:?}");
        for (record, (line, outcome)) in records.iter().zip(expected) {
            assert_eq!(record.place, Place::Line(*line));
            match (&record.outcome, outcome) {
                (Outcome::Link(slug, _), Ok(expected)) => assert_eq!(slug.as_str(), *expected),
                (Outcome::Bad(reason), Err(expected)) => assert!(reason.contains(expected), "{reason}"),
                (found, _) => panic!("{found:?} instead of {outcome:?}"),
            }
        }
    }

    #[test]
    fn a_bad_line_does_not_spoil_the_others() {
        check(b"", &[]);
        check(
            b"\xef\xbb\xbf{\"slug\":\"a\",\"url\":\"u\"}\r\n\n  \nnonsense\n{\"slug\":\"b\",\"url\":\"u\"}",
            &[(1, Ok("a")), (4, Err("expected")), (5, Ok("b"))],
        );
        check(
            b"{\"slug\":\"a\xff\",\"url\":\"u\"}\n{\"slug\":\"b\",\"url\":\"u",
            &[(1, Err("UTF-8")), (2, Err("EOF"))],
        );
    }

    #[test]
    fn a_file_without_line_feeds_is_not_an_export() {
        let text = vec![b'x'; 5 * 1024 * 1024];
        check(&text, &[(1, Err("longer than any link"))]);
    }
}
