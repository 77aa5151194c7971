//! What an export has gathered so far, beside its file, so that another run can go on from there.
//!
//! `FILE.part` holds one sorted run for each page of the table. `FILE.part.journal` gets a line whenever a run is
//! complete: where it ends, how many items it holds, and where the table is to be read on. What stands after the last
//! line of the journal was not finished and is cut off.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use links::item::Item;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{dynamo_json, runs};

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Head {
    table: String,
    region: String,
}

#[derive(Debug, Deserialize, Serialize)]
struct Step {
    end: u64,
    items: u64,
    /// The key after which to go on; `null` once the table is read.
    cursor: Value,
}

/// A half-done export.
#[derive(Debug)]
pub(crate) struct Part {
    file: File,
    /// Unset when there is nothing to go on from later.
    journal: Option<File>,
    paths: Option<[PathBuf; 2]>,
    ends: Vec<u64>,
    /// Items so far.
    pub(crate) items: u64,
    /// Where to go on; `None` at the beginning, or when [`Part::is_complete`].
    pub(crate) cursor: Option<Item>,
    complete: bool,
}

impl Part {
    /// One that nobody will go on with.
    ///
    /// # Errors
    /// If there can be no temporary file.
    pub(crate) fn unnamed() -> Result<Self> {
        Ok(Self {
            file: tempfile::tempfile().context("cannot make a temporary file")?,
            journal: None,
            paths: None,
            ends: Vec::new(),
            items: 0,
            cursor: None,
            complete: false,
        })
    }

    /// The one that was left for `target`, if there is one, else a new one.
    ///
    /// # Errors
    /// If one was left and is not to be gone on with, or is of another table; if the files cannot be made or read.
    pub(crate) fn open(target: &Path, table: &str, region: &str, resume: bool) -> Result<Self> {
        let paths = ["part", "part.journal"].map(|ending| beside(target, ending));
        let [path, journal_path] = &paths;
        let names = || format!("{} and {}", path.display(), journal_path.display());
        let mut file = open(path)?;
        let mut journal = open(journal_path)?;
        let mut part = Self {
            file: file.try_clone()?,
            journal: None,
            paths: None,
            ends: Vec::new(),
            items: 0,
            cursor: None,
            complete: false,
        };
        let head = Head { table: table.to_owned(), region: region.to_owned() };
        let (kept, found) = part.replay(&journal).with_context(names)?;
        match found {
            None => {
                journal.set_len(0)?;
                writeln!(journal, "{}", serde_json::to_string(&head)?)?;
            }
            Some(_) if !resume => {
                bail!("an interrupted export was left in {}: go on with --resume, or delete both", names())
            }
            Some(other) if other != head => {
                bail!("{} are of table {} in {}, not of {table} in {region}", names(), other.table, other.region)
            }
            Some(_) => {
                journal.set_len(kept)?;
                journal.seek(SeekFrom::End(0))?;
            }
        }
        let end = part.ends.last().copied().unwrap_or_default();
        if file.metadata()?.len() < end {
            bail!("{} is shorter than its journal says: delete both", path.display());
        }
        file.set_len(end)?;
        file.seek(SeekFrom::End(0))?;
        part.journal = Some(journal);
        part.paths = Some(paths);
        Ok(part)
    }

    /// Reads a journal: how many of its bytes are whole lines, and what they say.
    fn replay(&mut self, journal: &File) -> Result<(u64, Option<Head>)> {
        let mut reader = BufReader::new(journal);
        let (mut kept, mut head) = (0, None);
        loop {
            let mut line = String::new();
            let length = reader.read_line(&mut line)? as u64;
            if !line.ends_with('\n') {
                return Ok((kept, head));
            }
            kept += length;
            if head.is_none() {
                head = Some(serde_json::from_str(&line).context("not the journal of an export")?);
                continue;
            }
            let step: Step = serde_json::from_str(&line).context("not the journal of an export")?;
            self.ends.push(step.end);
            self.items += step.items;
            self.complete = step.cursor.is_null();
            self.cursor = match step.cursor {
                Value::Null => None,
                cursor => Some(dynamo_json::decode_map(&cursor)?),
            };
        }
    }

    /// Whether the table was read to its end.
    pub(crate) fn is_complete(&self) -> bool {
        self.complete
    }

    /// Keeps the lines of one page.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub(crate) fn add(&mut self, lines: Vec<String>, cursor: Option<Item>) -> Result<()> {
        let items = lines.len() as u64;
        let run = runs::encode(lines);
        self.file.write_all(&run).context("cannot write what was read")?;
        let end = self.ends.last().copied().unwrap_or_default() + run.len() as u64;
        if let Some(journal) = &mut self.journal {
            // The run first: the journal must not speak of what is not there.
            self.file.sync_data()?;
            let cursor = match &cursor {
                None => Value::Null,
                Some(key) => dynamo_json::encode_map(key)?,
            };
            let step = serde_json::to_string(&Step { end, items, cursor })?;
            journal.write_all(format!("{step}\n").as_bytes())?;
        }
        self.ends.push(end);
        self.items += items;
        self.complete = cursor.is_none();
        self.cursor = cursor;
        Ok(())
    }

    /// Writes all lines in order, and counts them.
    ///
    /// # Errors
    /// If a file cannot be read or written.
    pub(crate) fn merge(&mut self, to: impl std::io::Write) -> Result<u64> {
        runs::merge(&mut self.file, &self.ends, to)
    }

    /// Writes all lines in order into `target`, which appears at once and whole, and removes what was left beside it.
    ///
    /// # Errors
    /// If a file cannot be written; then everything stays as it was.
    pub(crate) fn finish(mut self, target: &Path) -> Result<u64> {
        let sorted = beside(target, "part.sorted");
        let mut whole = File::create(&sorted).with_context(|| format!("cannot write {}", sorted.display()))?;
        let lines = self.merge(&mut whole)?;
        whole.sync_all()?;
        std::fs::rename(&sorted, target).with_context(|| format!("cannot write {}", target.display()))?;
        for path in self.paths.into_iter().flatten() {
            std::fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
        Ok(lines)
    }
}

/// `links.jsonl.part` for `links.jsonl`.
fn beside(target: &Path, ending: &str) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

fn open(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    options.open(path).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::AttributeValue;

    use super::*;

    fn key(slug: &str) -> Item {
        Item::from([("id".to_owned(), AttributeValue::S(slug.to_owned()))])
    }

    fn lines(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn open_part(target: &Path, resume: bool) -> Result<Part> {
        Part::open(target, "links", "eu-central-1", resume)
    }

    #[test]
    fn a_part_is_gone_on_with_and_finished() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("links.jsonl");
        let mut part = open_part(&target, false).unwrap();
        assert!(part.cursor.is_none() && !part.is_complete());
        part.add(lines(&["c", "a"]), Some(key("a"))).unwrap();
        drop(part);

        let mut part = open_part(&target, true).unwrap();
        assert_eq!((part.items, part.cursor.clone()), (2, Some(key("a"))));
        part.add(lines(&["b"]), None).unwrap();
        drop(part);

        let part = open_part(&target, true).unwrap();
        assert!(part.is_complete() && part.cursor.is_none());
        assert_eq!(part.finish(&target).unwrap(), 3);
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "a\nb\nc\n");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_was_not_finished_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("links.jsonl");
        let mut part = open_part(&target, false).unwrap();
        part.add(lines(&["a"]), Some(key("a"))).unwrap();
        drop(part);
        for ending in ["part", "part.journal"] {
            let path = beside(&target, ending);
            let mut file = OpenOptions::new().append(true).open(path).unwrap();
            file.write_all(b"{\"end\":9").unwrap();
        }
        let mut part = open_part(&target, true).unwrap();
        assert_eq!(part.items, 1);
        part.add(lines(&["b"]), None).unwrap();
        drop(part);
        let part = open_part(&target, true).unwrap();
        assert_eq!(part.finish(&target).unwrap(), 2);
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "a\nb\n");
    }

    #[test]
    fn a_part_is_neither_lost_nor_mixed_up() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("links.jsonl");
        let mut part = open_part(&target, false).unwrap();
        part.add(lines(&["a"]), Some(key("a"))).unwrap();
        drop(part);
        let refused = |opened: Result<Part>, expected: &str| {
            let message = format!("{:#}", opened.unwrap_err());
            assert!(message.contains(expected), "{message}");
        };
        refused(open_part(&target, false), "--resume");
        refused(Part::open(&target, "other", "eu-central-1", true), "table links");
        refused(Part::open(&target, "links", "us-east-1", true), "eu-central-1");
        std::fs::write(beside(&target, "part"), "").unwrap();
        refused(open_part(&target, true), "shorter");
        std::fs::write(beside(&target, "part.journal"), "not ours\n").unwrap();
        refused(open_part(&target, true), "not the journal");
    }
}
