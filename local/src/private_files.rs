//! Files that only their owner may read, whatever was there before.
//!
//! The mode that is given when a file is opened counts only if that creates the file, and opening follows symbolic links,
//! so that a file prepared by someone else would be filled with a secret and stay readable. Here both are checked on the
//! open file.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;
use rustix::process::geteuid;

/// Not through a symbolic link, and without waiting for the other end of a pipe.
const SAFELY: i32 = OFlags::NOFOLLOW.union(OFlags::NONBLOCK).union(OFlags::CLOEXEC).bits().cast_signed();

/// Opens a file for reading and writing, creates it if it is missing, and makes it private.
///
/// # Errors
/// If it is not a regular file of this user, or a symbolic or hard link.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600).custom_flags(SAFELY);
    let file = options.open(path).map_err(|error| explain(path, error))?;
    make_private(&file)?;
    Ok(file)
}

/// Opens a file for reading and makes it private; `None` if it does not exist.
///
/// # Errors
/// As [`open`].
pub(crate) fn open_existing(path: &Path) -> io::Result<Option<File>> {
    match OpenOptions::new().read(true).custom_flags(SAFELY).open(path) {
        Ok(file) => make_private(&file).map(|()| Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(explain(path, error)),
    }
}

/// Creates a directory that only its owner may enter, or makes an existing one such.
///
/// A directory that also holds files other than `ours` keeps its mode, because it was not made for them alone; it must
/// not be one in which others can create files.
///
/// # Errors
/// If it is a symbolic link, belongs to another user, or is open to others.
pub(crate) fn directory(path: &Path, ours: impl Fn(&str) -> bool) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return DirBuilder::new().recursive(true).mode(0o700).create(path);
        }
        Err(error) => return Err(error),
        Ok(found) if found.is_symlink() => {
            return Err(refused("it is a symbolic link: name the directory it leads to"));
        }
        Ok(found) if !found.is_dir() => return Err(refused("it is not a directory")),
        Ok(_) => {}
    }
    let flags = OFlags::NOFOLLOW.union(OFlags::DIRECTORY).bits().cast_signed();
    let opened = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let found = opened.metadata()?;
    if found.uid() != geteuid().as_raw() {
        return Err(refused("it belongs to another user"));
    }
    let mut names = fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.file_name()));
    let is_ours = names.try_fold(true, |all, name| name.map(|name| all && name.to_str().is_some_and(&ours)))?;
    match is_ours {
        true => opened.set_permissions(Permissions::from_mode(0o700)),
        false if found.mode() & 0o022 != 0 => Err(refused("others may create files in it: choose one of your own")),
        false => Ok(()),
    }
}

fn make_private(file: &File) -> io::Result<()> {
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(refused("it is not a regular file"));
    }
    if found.uid() != geteuid().as_raw() {
        return Err(refused("it belongs to another user"));
    }
    if found.nlink() > 1 {
        return Err(refused("it has another name elsewhere, a hard link"));
    }
    file.set_permissions(Permissions::from_mode(0o600))
}

/// Says in words what the system says with a number.
fn explain(path: &Path, error: io::Error) -> io::Error {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => refused("it is a symbolic link: move the file itself here"),
        _ => error,
    }
}

fn refused(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, reason)
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::os::unix::fs::symlink;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().mode() & 0o777
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_file_is_private_whatever_was_there() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        open(&path).unwrap().write_all(b"kept").unwrap();
        assert_eq!(mode(&path), 0o600);
        for opened in [|path: &Path| open(path), |path: &Path| open_existing(path).map(Option::unwrap)] {
            set_mode(&path, 0o666);
            let mut text = String::new();
            opened(&path).unwrap().read_to_string(&mut text).unwrap();
            assert_eq!((text.as_str(), mode(&path)), ("kept", 0o600));
        }
        assert!(open_existing(&directory.path().join("missing")).unwrap().is_none());
    }

    #[test]
    fn what_is_no_file_of_ours_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        fs::write(at("elsewhere"), "theirs").unwrap();
        symlink(at("elsewhere"), at("link")).unwrap();
        symlink(at("nowhere"), at("dangling")).unwrap();
        fs::hard_link(at("elsewhere"), at("second")).unwrap();
        fs::create_dir(at("folder")).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, at("pipe"), rustix::fs::FileType::Fifo, 0o666.into(), 0).unwrap();
        for (name, expected) in [
            ("link", "symbolic link"),
            ("dangling", "symbolic link"),
            ("second", "hard link"),
            ("pipe", "regular file"),
        ] {
            let errors = [open(&at(name)).unwrap_err(), open_existing(&at(name)).unwrap_err()];
            for error in errors {
                assert!(error.to_string().contains(expected), "{name}: {error}");
            }
        }
        open(&at("folder")).unwrap_err();
        assert_eq!(fs::read_to_string(at("elsewhere")).unwrap(), "theirs");
        assert!(!at("nowhere").exists());
    }

    #[test]
    fn a_directory_of_our_own_is_closed_to_others() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/b");
        let ours = |name: &str| name == "ours";
        directory(&path, ours).unwrap();
        assert_eq!(mode(&path), 0o700);
        set_mode(&path, 0o777);
        fs::write(path.join("ours"), "").unwrap();
        directory(&path, ours).unwrap();
        assert_eq!(mode(&path), 0o700);
        // With other files in it, it is somebody's project.
        fs::write(path.join("Cargo.toml"), "").unwrap();
        set_mode(&path, 0o755);
        directory(&path, ours).unwrap();
        assert_eq!(mode(&path), 0o755);
        set_mode(&path, 0o777);
        assert!(directory(&path, ours).unwrap_err().to_string().contains("others may create files"));
        let link = parent.path().join("link");
        symlink(&path, &link).unwrap();
        assert!(directory(&link, ours).unwrap_err().to_string().contains("symbolic link"));
        fs::write(parent.path().join("file"), "").unwrap();
        directory(&parent.path().join("file"), ours).unwrap_err();
    }
}
