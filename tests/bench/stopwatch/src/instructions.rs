//! Instructions in user space, counted by valgrind's callgrind. They hardly depend on what else the machine does.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, ensure};

use crate::{
    contender::Contender,
    emulator::{Plan, drive},
};

/// The two lengths of a run whose difference is the cost of an invocation, without start and end.
const SHORT: usize = 300;
const LONG: usize = 1_300;
/// Valgrind is fifty times slower than the processor, and the machine may be busy.
const LIMIT: Duration = Duration::from_secs(180);

/// Under valgrind on a busy machine, a TLS handshake can take longer than the half second that a function gives it.
const ATTEMPTS: u32 = 5;

/// A writer that waits for its table polls now and then, so a start costs more at one time than at another.
const STARTS: usize = 3;

/// Links that a run asks for at most.
pub(crate) const LINKS: usize = LONG;

/// Of a process until its first poll for an event, at the best of some starts.
///
/// # Errors
/// If the function does not run as planned.
pub(crate) fn of_start(contender: &Contender) -> anyhow::Result<u64> {
    let plan = Plan { events: &[], marks: &[0], statuses: &[], limit: LIMIT };
    let mut best = total(contender, &plan)?;
    for _ in 1..STARTS {
        best = best.min(total(contender, &plan)?);
    }
    Ok(best)
}

/// Of one invocation, on average.
///
/// # Errors
/// If the function does not run as planned, or a response has another status than 301.
pub(crate) fn of_invocation(contender: &Contender, events: &[bytes::Bytes]) -> anyhow::Result<u64> {
    let run = |length| total(contender, &Plan { events, marks: &[length], statuses: &[301], limit: LIMIT });
    let (short, long) = (run(SHORT)?, run(LONG)?);
    Ok(long.saturating_sub(short) / (LONG - SHORT) as u64)
}

/// Of one call of the client, by the program of `cargo bench -p dax-client --bench call`. Its main thread makes the calls,
/// the others respond.
///
/// # Errors
/// If the program fails.
pub(crate) fn of_call(program: &Path, contender: &str) -> anyhow::Result<u64> {
    let folder = tempfile::tempdir()?;
    let out = folder.path().join("callgrind");
    let run = |calls: usize| {
        let mut command = Command::new("valgrind");
        command.args(callgrind(&out)).arg("--separate-threads=yes").arg(program);
        command.args(["--only", contender, "--calls", &calls.to_string()]).stdout(Stdio::null());
        ensure!(command.status()?.success(), "{} failed", program.display());
        counted(&out.with_file_name("callgrind-01"))
    };
    let (short, long) = (run(SHORT)?, run(LONG)?);
    Ok(long.saturating_sub(short) / (LONG - SHORT) as u64)
}

fn total(contender: &Contender, plan: &Plan<'_>) -> anyhow::Result<u64> {
    let mut attempt = 1;
    loop {
        match counted_run(contender, plan) {
            Err(error) if attempt < ATTEMPTS => {
                eprintln!("once more, because of this: {error:#}");
                attempt += 1;
            }
            result => return result,
        }
    }
}

fn counted_run(contender: &Contender, plan: &Plan<'_>) -> anyhow::Result<u64> {
    let folder = tempfile::tempdir()?;
    let out = folder.path().join("callgrind");
    let prefix: Vec<String> = std::iter::once("valgrind".to_owned()).chain(callgrind(&out)).collect();
    drive(contender, plan, &prefix)?;
    counted(&out)
}

fn callgrind(out: &Path) -> [String; 3] {
    ["--tool=callgrind".to_owned(), "--quiet".to_owned(), format!("--callgrind-out-file={}", out.display())]
}

fn counted(out: &Path) -> anyhow::Result<u64> {
    let text = fs::read_to_string(out).with_context(|| format!("callgrind did not write {}", out.display()))?;
    let line = text.lines().find_map(|line| line.strip_prefix("summary:").or_else(|| line.strip_prefix("totals:")));
    line.and_then(|total| total.trim().parse().ok()).context("callgrind wrote no total")
}
