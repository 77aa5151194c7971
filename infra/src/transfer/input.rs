//! A file that can be read twice, also if it came through a pipe.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// A file to import.
#[derive(Debug)]
pub(crate) enum Input {
    /// A regular file.
    File(PathBuf),
    /// A copy of what came through a pipe.
    Copy(tempfile::NamedTempFile),
}

impl Input {
    /// Opens `path`; `-` is standard input.
    ///
    /// # Errors
    /// If the file cannot be read, or a pipe cannot be copied.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let cannot_read = || format!("cannot read {}", path.display());
        let mut pipe: Box<dyn Read> = if path == Path::new("-") {
            Box::new(std::io::stdin().lock())
        } else {
            let file = File::open(path).with_context(cannot_read)?;
            if file.metadata().with_context(cannot_read)?.is_file() {
                return Ok(Self::File(path.to_owned()));
            }
            Box::new(file)
        };
        let mut copy = tempfile::NamedTempFile::new().context("cannot create a temporary file")?;
        std::io::copy(&mut pipe, &mut copy).with_context(cannot_read)?;
        Ok(Self::Copy(copy))
    }

    /// The file from its beginning.
    ///
    /// # Errors
    /// If it cannot be read any more.
    pub(crate) fn reopen(&self) -> Result<BufReader<File>> {
        let (file, path) = match self {
            Self::File(path) => (File::open(path), path.as_path()),
            Self::Copy(copy) => (copy.reopen(), copy.path()),
        };
        let file = file.with_context(|| format!("cannot read {}", path.display()))?;
        Ok(BufReader::new(file))
    }
}
