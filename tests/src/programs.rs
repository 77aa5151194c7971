//! The programs under test, built by cargo when the first test asks for them.

use std::path::PathBuf;
use std::sync::OnceLock;

use local::Binaries;
use local::build_functions::{Profile, build};

/// Paths of the built programs.
#[derive(Debug)]
pub struct Programs {
    /// The local stack as a program.
    pub local: PathBuf,
    redirector: PathBuf,
    writer: PathBuf,
    clicks: PathBuf,
}

impl Programs {
    /// The shortener's functions.
    #[must_use]
    pub fn functions(&self) -> Binaries {
        Binaries { redirector: self.redirector.clone(), writer: self.writer.clone(), clicks: self.clicks.clone() }
    }
}

/// Builds the programs, once per test process.
///
/// In one step, as `cargo run` does, so that cargo chooses the same features and one build serves both.
pub fn programs() -> &'static Programs {
    static PROGRAMS: OnceLock<Programs> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let packages = ["local", "redirector", "writer", "clicks"];
        let mut built = match build(&packages, Profile::Dev, |_name| {}) {
            Ok(built) => built,
            Err(error) => panic!("{error}"),
        };
        let mut take = |name: &str| match built.remove(name) {
            Some(program) => program,
            None => panic!("cargo built no {name}"),
        };
        let [local, redirector, writer, clicks] = packages.map(&mut take);
        Programs { local, redirector, writer, clicks }
    })
}
