//! Turns sources into one zip for each function, and identifies a release.

pub(crate) mod archive;
pub(crate) mod build;
pub(crate) mod elf;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use data_encoding::{BASE64, HEXLOWER};
use sha2::{Digest as _, Sha256};

use build::Source;
use elf::Architecture;

/// Lambda's limit on an unzipped function.
const UNZIPPED_LIMIT_BYTES: usize = 250 << 20;

/// One zipped function.
#[derive(Clone)]
pub(crate) struct Artifact {
    /// `redirector`, `writer` or `clicks`.
    pub(crate) name: &'static str,
    /// The zip.
    pub(crate) zip: Vec<u8>,
    /// Size of the executable in bytes.
    pub(crate) executable_bytes: usize,
    /// Newest glibc version it needs; `None` if static.
    pub(crate) glibc: Option<(u32, u32)>,
    digest: [u8; 32],
}

impl std::fmt::Debug for Artifact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Artifact").field("name", &self.name).field("key", &self.key()).finish_non_exhaustive()
    }
}

impl Artifact {
    /// Checks and zips one executable.
    ///
    /// # Errors
    /// If Lambda could not run it.
    pub(crate) fn new(name: &'static str, executable: &[u8], architecture: Architecture) -> Result<Self> {
        let glibc = elf::check(executable, architecture).with_context(|| format!("{name} cannot run on Lambda"))?;
        if executable.len() > UNZIPPED_LIMIT_BYTES {
            anyhow::bail!("{name} has {} bytes, and Lambda accepts at most {UNZIPPED_LIMIT_BYTES}", executable.len());
        }
        let zip = archive::zip(executable)?;
        let digest = Sha256::digest(&zip).into();
        Ok(Self { name, zip, executable_bytes: executable.len(), glibc, digest })
    }

    /// SHA-256 of the zip in hex.
    pub(crate) fn sha256_hex(&self) -> String {
        HEXLOWER.encode(&self.digest)
    }

    /// SHA-256 of the zip in base64, as Lambda reports `CodeSha256`.
    pub(crate) fn sha256_base64(&self) -> String {
        BASE64.encode(&self.digest)
    }

    /// The object's key in the bucket: the hash of the content, so a zip is uploaded once and never overwritten.
    pub(crate) fn key(&self) -> String {
        format!("{}.zip", self.sha256_hex())
    }
}

/// The functions of a release.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    /// `GET` and `HEAD`.
    pub(crate) redirector: Artifact,
    /// `POST` and the management API.
    pub(crate) writer: Artifact,
    /// The counts.
    pub(crate) clicks: Artifact,
}

impl Package {
    /// Builds or finds the executables, then checks and zips them.
    ///
    /// # Errors
    /// If the build or a check fails.
    pub(crate) async fn make(source: &Source, architecture: Architecture) -> Result<Self> {
        let built = build::executables(source, architecture).await?;
        let artifact = |name: &'static str| -> Result<Artifact> {
            let path = built.paths.get(name).with_context(|| format!("no executable of {name}"))?;
            let executable = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            Artifact::new(name, &executable, architecture)
        };
        Ok(Self { redirector: artifact("redirector")?, writer: artifact("writer")?, clicks: artifact("clicks")? })
    }

    /// All artifacts.
    pub(crate) fn artifacts(&self) -> [&Artifact; 3] {
        [&self.redirector, &self.writer, &self.clicks]
    }

    /// Writes `redirector.zip`, `writer.zip` and `clicks.zip`.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub(crate) fn write_to(&self, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        for artifact in self.artifacts() {
            let path = folder.join(format!("{}.zip", artifact.name));
            std::fs::write(&path, &artifact.zip).with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }

    /// Identifies code and settings together. Lambda publishes a new version only if the function has changed, so every
    /// change must change the function, which holds this id.
    pub(crate) fn release_id(&self, template: &str, parameters: &BTreeMap<String, String>) -> String {
        let mut hash = Sha256::new();
        for artifact in self.artifacts() {
            hash.update(artifact.digest);
        }
        hash.update(Sha256::digest(template));
        for (name, value) in parameters {
            hash.update(format!("{}:{name}={}:{value};", name.len(), value.len()));
        }
        HEXLOWER.encode(&hash.finalize()).chars().take(16).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(redirector: &[u8], writer: &[u8], clicks: &[u8]) -> Package {
        let artifact = |name, bytes: &[u8]| Artifact {
            name,
            zip: bytes.to_vec(),
            executable_bytes: bytes.len(),
            glibc: None,
            digest: Sha256::digest(bytes).into(),
        };
        Package {
            redirector: artifact("redirector", redirector),
            writer: artifact("writer", writer),
            clicks: artifact("clicks", clicks),
        }
    }

    fn parameters(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
        entries.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn digests_are_as_lambda_reports_them() {
        // SHA-256 of the empty string: FIPS 180-4 example vectors.
        let empty = package(b"", b"", b"");
        assert!(empty.redirector.key().starts_with("e3b0c44298fc1c149afbf4c8996fb924"));
        assert_eq!(empty.redirector.sha256_base64(), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }

    #[test]
    fn any_change_makes_a_new_release() {
        let base = package(b"r", b"w", b"c").release_id("t", &parameters(&[("A", "1"), ("B", "2")]));
        assert_eq!(base.len(), 16);
        assert_eq!(base, package(b"r", b"w", b"c").release_id("t", &parameters(&[("B", "2"), ("A", "1")])));
        for other in [
            package(b"R", b"w", b"c").release_id("t", &parameters(&[("A", "1"), ("B", "2")])),
            package(b"r", b"w", b"C").release_id("t", &parameters(&[("A", "1"), ("B", "2")])),
            package(b"w", b"r", b"c").release_id("t", &parameters(&[("A", "1"), ("B", "2")])),
            package(b"r", b"w", b"c").release_id("T", &parameters(&[("A", "1"), ("B", "2")])),
            package(b"r", b"w", b"c").release_id("t", &parameters(&[("A", "1"), ("B", "3")])),
            package(b"r", b"w", b"c").release_id("t", &parameters(&[("A", "1;1:B=1:2")])),
        ] {
            assert_ne!(base, other);
        }
    }
}
