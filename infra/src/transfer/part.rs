//! What an export has read so far, kept beside its file, so that another run can continue.
//!
//! `FILE.part` holds one sorted run per page of the table. `FILE.part.journal` gets a line for every complete run: where
//! it ends, how many items it has, and where to continue in the table. What follows the last run of the journal is
//! incomplete and is cut off.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use links::item::Item;
use rustix::fs::OFlags;
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{dynamo_json, runs};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Head {
    table: String,
    region: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Step {
    end: u64,
    items: u64,
    /// The key after which to continue; `null` once the table is read.
    cursor: Value,
}

/// An incomplete export.
#[derive(Debug)]
pub(crate) struct Part {
    file: File,
    /// `None` if nobody can continue later.
    journal: Option<File>,
    paths: Option<[PathBuf; 2]>,
    ends: Vec<u64>,
    /// Items so far.
    pub(crate) items: u64,
    /// Where to continue; `None` at the beginning and when [`Part::is_complete`].
    pub(crate) cursor: Option<Item>,
    complete: bool,
}

impl Part {
    fn new(file: File) -> Self {
        Self { file, journal: None, paths: None, ends: Vec::new(), items: 0, cursor: None, complete: false }
    }

    /// A part that no other run can continue.
    ///
    /// # Errors
    /// If no temporary file can be created.
    pub(crate) fn unnamed() -> Result<Self> {
        Ok(Self::new(tempfile::tempfile().context("cannot create a temporary file")?))
    }

    /// The part that an interrupted run left for `target`, or a new one.
    ///
    /// # Errors
    /// If there is a part but `resume` is not set, or it is of another table; if the files cannot be created or read.
    pub(crate) fn open(target: &Path, table: &str, region: &str, resume: bool) -> Result<Self> {
        let paths = ["part", "part.journal"].map(|ending| beside(target, ending));
        let [path, journal_path] = &paths;
        let names = format!("{} and {}", path.display(), journal_path.display());
        let mut part = Self::new(open(path)?);
        let mut journal = open(journal_path)?;
        let head = Head { table: table.to_owned(), region: region.to_owned() };
        let (kept, found) = part.replay(&journal).with_context(|| names.clone())?;
        match found {
            None => start(&mut journal, &head)?,
            Some(_) if !resume => {
                bail!("an interrupted export was left in {names}: continue with --resume, or delete both")
            }
            Some(other) if other != head => {
                bail!("{names} are of table {} in {}, not of {table} in {region}", other.table, other.region)
            }
            Some(_) => journal.set_len(kept)?,
        }
        journal.seek(SeekFrom::End(0))?;
        part.cut_off(path)?;
        part.journal = Some(journal);
        part.paths = Some(paths);
        Ok(part)
    }

    /// Cuts off what follows the last complete run.
    fn cut_off(&mut self, path: &Path) -> Result<()> {
        let end = self.ends.last().copied().unwrap_or_default();
        if self.file.metadata()?.len() < end {
            bail!("{} is shorter than its journal says: delete both", path.display());
        }
        self.file.set_len(end)?;
        self.file.seek(SeekFrom::End(0))?;
        Ok(())
    }

    /// Reads a journal; returns the length of its complete lines in bytes, and its first line.
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

    /// Whether the table has been read to its end.
    pub(crate) fn is_complete(&self) -> bool {
        self.complete
    }

    /// Adds the lines of one page.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub(crate) fn add(&mut self, lines: Vec<String>, cursor: Option<Item>) -> Result<()> {
        let items = lines.len() as u64;
        let run = runs::encode(lines);
        self.file.write_all(&run).context("cannot write what was read")?;
        let end = self.ends.last().copied().unwrap_or_default() + run.len() as u64;
        if let Some(journal) = &mut self.journal {
            // The run first: the journal must not name a run that is not on disk.
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

    /// Writes all lines in order, and returns how many there are.
    ///
    /// # Errors
    /// If a file cannot be read or written.
    pub(crate) fn merge(&mut self, to: impl std::io::Write) -> Result<u64> {
        runs::merge(&mut self.file, &self.ends, to)
    }

    /// Writes `head` and all lines in order to `target`, which appears only once it is complete, and removes the files beside
    /// it. Returns how many lines there are.
    ///
    /// # Errors
    /// If a file cannot be written; then everything stays as it is.
    pub(crate) fn finish(mut self, target: &Path, head: &str) -> Result<u64> {
        let sorted = beside(target, "part.sorted");
        let mut whole = open(&sorted)?;
        whole.set_len(0)?;
        whole.write_all(head.as_bytes())?;
        let lines = self.merge(&mut whole)?;
        whole.sync_all()?;
        std::fs::rename(&sorted, target).with_context(|| format!("cannot write {}", target.display()))?;
        for path in self.paths.into_iter().flatten() {
            std::fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
        Ok(lines)
    }
}

/// Begins a journal.
fn start(journal: &mut File, head: &Head) -> Result<()> {
    // Not only shortened: the position is where reading an incomplete line ended.
    journal.set_len(0)?;
    journal.rewind()?;
    writeln!(journal, "{}", serde_json::to_string(head)?)?;
    Ok(())
}

/// `links.jsonl.part` for `links.jsonl`.
fn beside(target: &Path, ending: &str) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

/// Opens or creates a file for this user alone, whatever its permissions were before: links may be secrets. A symbolic
/// link in its place is refused, because it could lead into a file of another user's choice.
fn open(path: &Path) -> Result<File> {
    let cannot = || format!("cannot write {}", path.display());
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    options.mode(0o600).custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
    let file = options.open(path).map_err(|error| match Errno::from_io_error(&error) {
        Some(Errno::LOOP) => anyhow!("it is a symbolic link: remove it"),
        _ => error.into(),
    });
    let file = file.with_context(cannot)?;
    if !file.metadata().with_context(cannot)?.is_file() {
        bail!("{}: it is not a regular file", cannot());
    }
    file.set_permissions(Permissions::from_mode(0o600)).with_context(cannot)?;
    Ok(file)
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
    fn a_part_is_continued_and_finished() {
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
        assert_eq!(part.finish(&target, "").unwrap(), 3);
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "a\nb\nc\n");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_incomplete_is_cut_off() {
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
        assert_eq!(part.finish(&target, "").unwrap(), 2);
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "a\nb\n");
    }

    #[test]
    fn a_journal_without_its_first_line_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("links.jsonl");
        std::fs::write(beside(&target, "part.journal"), "{\"table\":\"lin").unwrap();
        let mut part = open_part(&target, true).unwrap();
        part.add(lines(&["a"]), Some(key("a"))).unwrap();
        drop(part);
        assert!(!std::fs::read(beside(&target, "part.journal")).unwrap().contains(&0));
        assert_eq!(open_part(&target, true).unwrap().items, 1);
    }

    #[test]
    fn only_this_user_can_read_an_export() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("links.jsonl");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let open_to_all = |path: &Path| {
            std::fs::write(path, "").unwrap();
            std::fs::set_permissions(path, Permissions::from_mode(0o666)).unwrap();
        };
        open_to_all(&target);
        for ending in ["part", "part.journal", "part.sorted"] {
            open_to_all(&beside(&target, ending));
        }
        let mut part = open_part(&target, false).unwrap();
        part.add(lines(&["a"]), None).unwrap();
        for ending in ["part", "part.journal"] {
            assert_eq!(mode(&beside(&target, ending)), 0o600, "{ending}");
        }
        part.finish(&target, "").unwrap();
        assert_eq!(mode(&target), 0o600);
    }

    #[test]
    fn symbolic_links_are_not_followed() {
        for ending in ["part", "part.journal", "part.sorted"] {
            let folder = tempfile::tempdir().unwrap();
            let target = folder.path().join("links.jsonl");
            let victim = folder.path().join("victim");
            std::fs::write(&victim, "precious").unwrap();
            std::os::unix::fs::symlink(&victim, beside(&target, ending)).unwrap();
            let exported = open_part(&target, false).and_then(|mut part| {
                part.add(lines(&["a"]), None)?;
                part.finish(&target, "")
            });
            let message = format!("{:#}", exported.unwrap_err());
            assert!(message.contains("symbolic link"), "{message}");
            assert_eq!(std::fs::read_to_string(&victim).unwrap(), "precious");
        }
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
