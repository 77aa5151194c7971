//! A file that can be read more than once, also if it came through a pipe, and also if gzip has compressed it.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use flate2::bufread::MultiGzDecoder;

use super::text;

/// Most bytes of a file that has to be held in memory, after decompression. A million links make about 200 MB.
const MAX_TEXT: u64 = 2 * 1024 * 1024 * 1024;

/// How files begin that contain no text, and what to do with them.
const NOT_TEXT: [(&[u8], &str); 8] = [
    (b"PK\x03\x04", "a zip archive or an .xlsx workbook: unpack the archive, or save the sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "an .xls workbook: save the sheet as CSV"),
    (b"SQLite format 3\0", "an SQLite database: export its table as CSV"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd: unpack it (only gzip is read directly)"),
    (b"BZh", "compressed with bzip2: unpack it (only gzip is read directly)"),
    (b"\xfd7zXZ", "compressed with xz: unpack it (only gzip is read directly)"),
    (b"7z\xbc\xaf", "a 7z archive: unpack it"),
    (b"%PDF", "a PDF document"),
];

const GZIP: &[u8] = b"\x1f\x8b";

/// A file to import.
#[derive(Debug)]
pub(crate) enum Input {
    /// A regular file.
    File(PathBuf),
    /// A copy of what came through a pipe.
    Copy(tempfile::NamedTempFile),
    /// A file of a test.
    #[cfg(test)]
    Memory(Vec<u8>),
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

    /// The file from its beginning, decompressed.
    ///
    /// # Errors
    /// If it cannot be read any more, or is not text.
    pub(crate) fn reopen(&self) -> Result<Box<dyn BufRead>> {
        let (file, path) = match self {
            Self::File(path) => (File::open(path), path.as_path()),
            Self::Copy(copy) => (copy.reopen(), copy.path()),
            #[cfg(test)]
            Self::Memory(bytes) => return decompressed(std::io::Cursor::new(bytes.clone())),
        };
        decompressed(BufReader::new(file.with_context(|| format!("cannot read {}", path.display()))?))
    }

    /// The whole file as text: UTF-16 becomes UTF-8, and a byte order mark is removed. Bytes that are not UTF-8 stay.
    ///
    /// # Errors
    /// If it cannot be read, is not text, or is too large.
    pub(crate) fn text(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.reopen()?.take(MAX_TEXT + 1).read_to_end(&mut bytes).context("cannot be read")?;
        if bytes.len() as u64 > MAX_TEXT {
            bail!("the file has more than {MAX_TEXT} bytes: split it");
        }
        text::without_marks(bytes)
    }

    /// The first bytes of the file, decompressed.
    ///
    /// # Errors
    /// If it cannot be read, or is not text.
    pub(crate) fn head(&self, bytes: u64) -> Result<Vec<u8>> {
        let mut head = Vec::new();
        self.reopen()?.take(bytes).read_to_end(&mut head).context("cannot be read")?;
        Ok(head)
    }
}

fn decompressed(mut file: impl BufRead + 'static) -> Result<Box<dyn BufRead>> {
    if file.fill_buf().context("cannot be read")?.starts_with(GZIP) {
        let mut text = BufReader::new(MultiGzDecoder::new(file));
        check(text.fill_buf().context("cannot be decompressed")?)?;
        return Ok(Box::new(text));
    }
    check(file.fill_buf()?)?;
    Ok(Box::new(file))
}

/// Refuses what is not text, by its first bytes.
fn check(start: &[u8]) -> Result<()> {
    for (magic, what) in NOT_TEXT {
        if start.starts_with(magic) {
            bail!("the file is {what}");
        }
    }
    if start.get(257..262) == Some(b"ustar") {
        bail!("the file is a tar archive: unpack it");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn input(bytes: &[u8]) -> Input {
        Input::Memory(bytes.to_vec())
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn gzip_is_read_as_what_it_contains() {
        let mut members = gzip(b"one\n");
        members.extend(gzip(b"two\n"));
        assert_eq!(input(&members).text().unwrap(), b"one\ntwo\n");
        let cut_off = &members[..members.len() - 9];
        assert!(format!("{:#}", input(cut_off).text().unwrap_err()).contains("cannot be read"));
    }

    #[test]
    fn what_is_not_text_is_named() {
        let check = |bytes: &[u8], expected: &str| {
            let message = format!("{:#}", input(bytes).text().unwrap_err());
            assert!(message.contains(expected), "{message}");
        };
        check(b"PK\x03\x04rest", "zip archive or an .xlsx workbook");
        check(&gzip(b"PK\x03\x04rest"), "zip archive");
        check(b"SQLite format 3\0rest", "SQLite");
        check(b"\x28\xb5\x2f\xfdrest", "zstd");
        let mut tar = vec![b'x'; 600];
        tar[257..262].copy_from_slice(b"ustar");
        check(&gzip(&tar), "tar archive");
    }
}
