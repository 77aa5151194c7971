//! Memory that a function keeps from each invocation. An environment on Lambda lives for hours.

use std::time::Duration;

use crate::{
    contender::Contender,
    emulator::{Plan, drive},
};

/// The two lengths of a run, once every cache is full, whose difference is that of the invocations.
const SHORT: usize = 5_000;
pub(crate) const LONG: usize = 25_000;
/// Bytes an invocation that are no leak yet: the memory of a process is counted in pages.
const LIMIT: f64 = 8.0;
const TIME: Duration = Duration::from_secs(300);

/// A line that says how many bytes of each invocation stay, and whether that is none.
///
/// # Errors
/// If the function does not run as planned, or a response has another status than these.
pub(crate) fn report(
    contender: &Contender,
    events: &[bytes::Bytes],
    statuses: &[u16],
) -> anyhow::Result<(String, bool)> {
    let plan = Plan { events, marks: &[SHORT, LONG], statuses, limit: TIME };
    let run = drive(contender, &plan, &[])?;
    let grown = run.at(LONG).resident_bytes as f64 - run.at(SHORT).resident_bytes as f64;
    let kept = grown / (LONG - SHORT) as f64;
    let label = format!("{}, bytes kept of an invocation", contender.name);
    let passed = kept < LIMIT;
    let note = if passed { "" } else { "  TOO HIGH" };
    Ok((format!("{label:<52} {LIMIT:>10} at most   {kept:>10.1} now{note}"), passed))
}
