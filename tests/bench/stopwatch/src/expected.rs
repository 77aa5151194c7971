//! The committed figures, and what they were taken with.

use std::{collections::BTreeMap, fmt::Write as _, path::Path, process::Command};

use anyhow::{Context as _, ensure};
use serde::Deserialize;

/// What figures of two machines must share to be compared as they are: another compiler or another libc runs other
/// instructions.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Environment {
    pub(crate) rustc: String,
    pub(crate) target: String,
    pub(crate) libc: String,
}

impl Environment {
    /// Of this machine.
    ///
    /// # Errors
    /// If a program does not say its version.
    pub(crate) fn here() -> anyhow::Result<Self> {
        let rustc = said("rustc", "-vV")?;
        let field =
            |name: &str| rustc.lines().find_map(|line| line.strip_prefix(name)).map(|text| text.trim().to_owned());
        let libc = said("ldd", "--version")?;
        Ok(Self {
            rustc: field("release:").context("rustc -vV names no release")?,
            target: field("host:").context("rustc -vV names no host")?,
            // The first line ends in the version.
            libc: libc.lines().next().and_then(|line| line.split(' ').next_back()).unwrap_or_default().to_owned(),
        })
    }
}

fn said(program: &str, argument: &str) -> anyhow::Result<String> {
    let output = Command::new(program).arg(argument).output().with_context(|| format!("cannot start {program}"))?;
    ensure!(output.status.success(), "{program} {argument} failed");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What a figure is compared with, on another machine, relative to the lean function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Instructions of an invocation or a call.
    Invocation,
    /// Instructions until the first poll.
    Start,
    /// Bytes of an executable.
    Size,
}

/// Figures by name. Those of the lean function are `lean, …`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Figures {
    pub(crate) environment: Environment,
    pub(crate) invocation: BTreeMap<String, u64>,
    pub(crate) start: BTreeMap<String, u64>,
    pub(crate) size: BTreeMap<String, u64>,
}

/// The name under which each kind has the figure of the lean function.
pub(crate) const LEAN: &str = "lean";

impl Figures {
    /// Reads the committed file.
    ///
    /// # Errors
    /// If it is missing or has another form.
    pub(crate) fn read(file: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        toml::from_str(&text).with_context(|| format!("{} has another form", file.display()))
    }

    /// The text of the file.
    pub(crate) fn to_toml(&self) -> String {
        let mut text =
            "# What `tests/bench/run.sh check` compares with. `tests/bench/run.sh update` writes it.\n".to_owned();
        let Environment { rustc, target, libc } = &self.environment;
        let _ = write!(text, "\n[environment]\nrustc = {rustc:?}\ntarget = {target:?}\nlibc = {libc:?}\n");
        for (kind, comment) in [
            (Kind::Invocation, "Instructions of an invocation, or of a call"),
            (Kind::Start, "Instructions from the start of the process to the first poll"),
            (Kind::Size, "Bytes of the executable"),
        ] {
            let _ = write!(text, "\n# {comment}.\n[{}]\n", kind.name());
            for (name, value) in self.of(kind) {
                let _ = writeln!(text, "{name:?} = {value}");
            }
        }
        text
    }

    /// The figures of one kind.
    pub(crate) const fn of(&self, kind: Kind) -> &BTreeMap<String, u64> {
        match kind {
            Kind::Invocation => &self.invocation,
            Kind::Start => &self.start,
            Kind::Size => &self.size,
        }
    }

    /// A figure as a multiple of the lean function's.
    pub(crate) fn ratio(&self, kind: Kind, name: &str) -> Option<f64> {
        Some(*self.of(kind).get(name)? as f64 / *self.of(kind).get(LEAN)? as f64)
    }
}

impl Kind {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Invocation, Self::Start, Self::Size];

    /// The table in the file.
    const fn name(self) -> &'static str {
        match self {
            Self::Invocation => "invocation",
            Self::Start => "start",
            Self::Size => "size",
        }
    }

    /// What is counted.
    pub(crate) const fn unit(self) -> &'static str {
        match self {
            Self::Invocation => "instructions",
            Self::Start => "instructions at start-up",
            Self::Size => "bytes",
        }
    }
}
