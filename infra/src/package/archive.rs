//! The zip for Lambda: one entry `bootstrap`, and nothing that depends on when or where it was built.

use std::io::{Cursor, Write as _};

use anyhow::{Context as _, Result};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// The name that Lambda starts.
const ENTRY: &str = "bootstrap";
const EXECUTABLE: u32 = 0o755;
const BEST_COMPRESSION: i64 = 9;

/// Zips one executable.
///
/// # Errors
/// Only if the executable exceeds the zip format.
pub(crate) fn zip(executable: &[u8]) -> Result<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(BEST_COMPRESSION))
        .last_modified_time(DateTime::default()) // 1980-01-01, the format's earliest time
        .unix_permissions(EXECUTABLE);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file(ENTRY, options).context("zip")?;
    writer.write_all(executable).context("zip")?;
    Ok(writer.finish().context("zip")?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn the_entry_is_an_executable_bootstrap() {
        let bytes = zip(b"not really").unwrap();
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        assert_eq!(archive.len(), 1);
        let mut entry = archive.by_index(0).unwrap();
        assert_eq!(entry.name().unwrap(), "bootstrap");
        assert_eq!(entry.unix_mode().unwrap() & 0o777, 0o755);
        assert_eq!(entry.last_modified().unwrap(), DateTime::default());
        let mut content = String::new();
        entry.read_to_string(&mut content).unwrap();
        assert_eq!(content, "not really");
    }

    #[test]
    fn the_same_executable_gives_the_same_bytes() {
        let executable: Vec<u8> = (0..100_000_u32).flat_map(|n| (n / 7).to_le_bytes()).collect();
        assert_eq!(zip(&executable).unwrap(), zip(&executable).unwrap());
    }
}
