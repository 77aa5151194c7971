//! The secret of the keyed slugs.
//!
//! Kept with the data: under another secret the same URL would get another slug, and every link would exist twice.

use std::io;
use std::path::{Path, PathBuf};

use super::secret_file;

/// Name of the file in the data directory.
pub(super) const FILE: &str = "slug-secret";

/// The slug secret in the data directory cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot keep the slug secret in {}", file.display())]
pub struct SecretError {
    file: PathBuf,
    source: io::Error,
}

/// The secret of a data directory, which is created by the first call. Without a directory, a fresh one.
pub(crate) fn load(data_dir: Option<&Path>) -> Result<String, SecretError> {
    let Some(directory) = data_dir else {
        return Ok(fresh());
    };
    let file = directory.join(FILE);
    load_or_create(&file).map_err(|source| SecretError { file, source })
}

fn load_or_create(file: &Path) -> io::Result<String> {
    if let Some(secret) = secret_file::read(file)? {
        return Ok(secret);
    }
    let secret = fresh();
    secret_file::write(file, &secret)?;
    Ok(secret)
}

/// 256 random bits.
fn fresh() -> String {
    format!("{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_directory_keeps_its_secret() {
        let directory = tempfile::tempdir().unwrap();
        let secret = load(Some(directory.path())).unwrap();
        assert_eq!(secret.len(), 64);
        assert_eq!(load(Some(directory.path())).unwrap(), secret);
        assert_ne!(load(None).unwrap(), secret);
        assert_ne!(load(None).unwrap(), load(None).unwrap());
    }

    #[test]
    fn an_unreadable_secret_is_an_error_and_not_replaced() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("slug-secret")).unwrap();
        load(Some(directory.path())).unwrap_err();
    }
}
