//! The directory that keeps the data of a stack.

use std::path::Path;

use crate::dynamodb::{DATABASE_FILES, StoreError};
use crate::private_files;
use crate::shortener::SECRET_FILES;

/// Creates the directory, and closes it to other users.
pub(super) fn prepare(directory: &Path) -> Result<(), StoreError> {
    let is_ours = |name: &str| DATABASE_FILES.contains(&name) || SECRET_FILES.contains(&name);
    private_files::directory(directory, is_ours).map_err(|error| StoreError::Directory(directory.to_owned(), error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_cannot_be_created_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = prepare(&file.path().join("below")).unwrap_err();
        assert!(matches!(error, StoreError::Directory(..)), "{error}");
    }
}
