//! The directory that keeps the data of a stack.

use std::path::Path;

use crate::dynamodb::{DATABASE_FILES, StoreError};
use crate::private_files;
use crate::shortener::SECRET_FILES;

/// Creates the directory, and closes it and what it holds to other users.
pub(super) fn prepare(directory: &Path) -> Result<(), StoreError> {
    let is_ours = |name: &str| DATABASE_FILES.contains(&name) || SECRET_FILES.contains(&name);
    private_files::directory(directory, is_ours).map_err(|error| StoreError::Directory(directory.to_owned(), error))?;
    // This run may have no use for some of them, which is no reason to leave them open.
    for file in DATABASE_FILES.iter().chain(&SECRET_FILES).map(|name| directory.join(name)) {
        private_files::open_existing(&file).map_err(|error| StoreError::File(file.clone(), error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn what_an_earlier_run_left_is_closed_as_well() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        for name in SECRET_FILES {
            fs::write(at(name), "").unwrap();
            fs::set_permissions(at(name), Permissions::from_mode(0o644)).unwrap();
        }
        prepare(directory.path()).unwrap();
        for name in SECRET_FILES {
            assert_eq!(fs::metadata(at(name)).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
        }
        fs::remove_file(at("api-key")).unwrap();
        std::os::unix::fs::symlink(at("slug-secret"), at("api-key")).unwrap();
        assert!(matches!(prepare(directory.path()), Err(StoreError::File(file, _)) if file == at("api-key")));
    }

    #[test]
    fn a_directory_that_cannot_be_created_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = prepare(&file.path().join("below")).unwrap_err();
        assert!(matches!(error, StoreError::Directory(..)), "{error}");
    }
}
