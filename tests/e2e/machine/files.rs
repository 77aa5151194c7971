//! What a stack keeps in its data directory.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use e2e::{Client, programs, shortener_with};
use local::{Auth, Config, Stack};

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o777
}

fn config(directory: &Path) -> Config {
    let mut config = Config::shortener(programs().functions());
    config.launcher = Some(programs().local.clone());
    config.data_dir = Some(directory.to_owned());
    config.auth = Auth::ApiKey;
    config
}

#[tokio::test]
async fn the_data_is_private_whatever_was_there_before() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("data");
    fs::create_dir(&directory).unwrap();
    fs::set_permissions(&directory, Permissions::from_mode(0o755)).unwrap();
    for name in ["api-key", "slug-secret", "dynamodb.sqlite"] {
        fs::write(directory.join(name), "").unwrap();
        fs::set_permissions(directory.join(name), Permissions::from_mode(0o666)).unwrap();
    }
    let data_dir = directory.clone();
    let stack = shortener_with(|config| (config.data_dir, config.auth) = (Some(data_dir), Auth::ApiKey)).await;
    let bearer = format!("Bearer {}", stack.api_key().unwrap());
    let headers = [("content-type", "text/plain"), ("authorization", bearer.as_str())];
    let reply = Client::of(&stack).call("POST", "/", &headers, "https://example.com").await;
    assert!(reply.status.is_success(), "{}", reply.text());
    assert_eq!(mode(&directory), 0o700);
    let files: Vec<_> = fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn symbolic_links_are_refused_by_name() {
    for name in ["api-key", "slug-secret", "dynamodb.sqlite", "dynamodb.sqlite-wal"] {
        let parent = tempfile::tempdir().unwrap();
        let (directory, elsewhere) = (parent.path().join("data"), parent.path().join("elsewhere"));
        fs::create_dir(&directory).unwrap();
        fs::write(&elsewhere, "").unwrap();
        symlink(&elsewhere, directory.join(name)).unwrap();
        let error = Stack::start(config(&directory)).await.err().unwrap();
        let mut causes = vec![error.to_string()];
        let mut cause = std::error::Error::source(&error);
        while let Some(next) = cause {
            causes.push(next.to_string());
            cause = next.source();
        }
        let text = causes.join(": ");
        assert!(text.contains(name) && text.contains("symbolic link"), "{name}: {text}");
        assert_eq!(fs::read(&elsewhere).unwrap(), b"", "{name} was followed");
    }
}
