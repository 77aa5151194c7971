//! CPU time, memory and start-up of our functions beside their peers. The contenders take turns, round after round, so that
//! a busy machine is as bad for each; medians are printed, and ratios are taken within a round.

use std::time::Duration;

use bytes::Bytes;

use crate::{
    contender::{Contender, creates},
    emulator::{Plan, Run, drive},
};

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// Turns of each contender that makes invocations.
    pub(crate) rounds: usize,
    /// Cold starts of each contender.
    pub(crate) starts: usize,
}

/// Before the invocations that are counted.
const WARM_UP: usize = 2_000;
const INVOCATIONS: usize = 10_000;
/// Redirects of a run, and links that its events name at most: with 12,000 redirects the redirector's cache is full.
pub(crate) const REDIRECTS: usize = WARM_UP + INVOCATIONS;
/// The first invocations of a process, whose code and data are not in the processor's caches yet.
const FIRST: usize = 200;
const LIMIT: Duration = Duration::from_secs(300);

/// A contender and what it gets.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) contender: Contender,
    pub(crate) events: Events<'a>,
    /// Status codes that its responses may have.
    pub(crate) statuses: &'a [u16],
}

/// The events of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Events<'a> {
    /// The same in every run.
    Given(&'a [Bytes]),
    /// That create links which no run before has created.
    Creates,
}

/// A column: one figure of a run.
type Figure = (&'static str, fn(&Run) -> f64);

/// Prints the cost of an invocation, warm, and the memory at the end.
///
/// # Errors
/// If a function does not run as planned.
pub(crate) fn invocations(title: &str, entries: &[Entry<'_>], effort: Effort) -> anyhow::Result<()> {
    let cpu: Figure = ("CPU, µs", |run| micros(run.at(REDIRECTS).cpu - run.at(WARM_UP).cpu) / INVOCATIONS as f64);
    let memory: Figure = ("memory at the end, MB", |run| run.at(REDIRECTS).resident_bytes as f64 / 1e6);
    table(title, entries, effort.rounds, &[WARM_UP, REDIRECTS], &[cpu], &[memory])
}

/// Prints what a start costs.
///
/// # Errors
/// If a function does not run as planned.
pub(crate) fn starts(title: &str, entries: &[Entry<'_>], effort: Effort) -> anyhow::Result<()> {
    let compared: [Figure; 3] = [
        ("CPU to the first poll, ms", |run| micros(run.at(0).cpu) / 1e3),
        ("CPU to the first response, ms", |run| micros(run.at(1).cpu) / 1e3),
        ("CPU of the first 200, µs each", |run| micros(run.at(FIRST).cpu - run.at(0).cpu) / FIRST as f64),
    ];
    let others: [Figure; 3] = [
        ("time to the first poll, ms", |run| micros(run.first_poll) / 1e3),
        ("to the first response, ms", |run| micros(run.first_response) / 1e3),
        ("memory at the first poll, MB", |run| run.at(0).resident_bytes as f64 / 1e6),
    ];
    table(title, entries, effort.starts, &[0, 1, FIRST], &compared, &others)
}

/// Runs all entries in turn and prints a row for each. `compared` columns have a ratio to the first row beside them.
fn table(
    title: &str,
    entries: &[Entry<'_>],
    rounds: usize,
    marks: &[usize],
    compared: &[Figure],
    others: &[Figure],
) -> anyhow::Result<()> {
    let mut created = 0;
    let mut runs: Vec<Vec<Run>> = entries.iter().map(|_| Vec::new()).collect();
    // The first round fills the page cache.
    for round in 0..=rounds {
        for (entry, runs) in entries.iter().zip(&mut runs) {
            let fresh;
            let events = match entry.events {
                Events::Given(events) => events,
                Events::Creates => {
                    fresh = creates(created..created + REDIRECTS);
                    created += REDIRECTS;
                    &fresh[..]
                }
            };
            let plan = Plan { events, marks, statuses: entry.statuses, limit: LIMIT };
            let run = drive(&entry.contender, &plan, &[])?;
            if round > 0 {
                runs.push(run);
            }
        }
    }
    print!("| {title}, median of {rounds} rounds |");
    compared.iter().for_each(|(name, _)| print!(" {name} | × |"));
    others.iter().for_each(|(name, _)| print!(" {name} |"));
    println!("\n|{}", " --- |".repeat(1 + 2 * compared.len() + others.len()));
    let first = runs.first().map_or(&[][..], Vec::as_slice);
    for (entry, runs) in entries.iter().zip(&runs) {
        print!("| {} |", entry.contender.name);
        for (_, figure) in compared {
            let ratios = runs.iter().zip(first).map(|(run, first)| figure(run) / figure(first));
            print!(" {:.2} | {:.2} |", median(runs.iter().map(figure)), median(ratios));
        }
        others.iter().for_each(|(_, figure)| print!(" {:.1} |", median(runs.iter().map(figure))));
        println!();
    }
    println!();
    Ok(())
}

fn micros(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1e3
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
