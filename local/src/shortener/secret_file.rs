//! Files in the data directory that hold one short secret, readable by their owner only.

use std::io::{self, Read as _, Write as _};
use std::path::Path;

use crate::private_files;

/// Longer than any secret; a file of this size is another one.
const MAX_BYTES: u64 = 4096;

/// The secret in a file; `None` if the file does not exist or is empty.
pub(crate) fn read(file: &Path) -> io::Result<Option<String>> {
    let Some(file) = private_files::open_existing(file)? else {
        return Ok(None);
    };
    let mut text = String::new();
    file.take(MAX_BYTES).read_to_string(&mut text)?;
    Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
}

/// Replaces the content of a file.
pub(crate) fn write(file: &Path, text: &str) -> io::Result<()> {
    let mut file = private_files::open(file)?;
    file.set_len(0)?;
    file.write_all(text.as_bytes())
}
