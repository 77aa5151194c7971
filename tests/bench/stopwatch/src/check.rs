//! Compares what a build costs with the committed figures.

use std::{collections::BTreeSet, path::Path};

use anyhow::Context as _;

use crate::{
    cluster::Cluster,
    contender::{creates, redirects},
    expected::{Environment, Figures, Kind, LEAN},
    functions::Programs,
    instructions, kept,
};

/// How much a figure may differ from the committed one.
const TOLERANCE: f64 = 0.03;
/// The same for ratios to the lean function that another compiler or libc made: they move, too.
const TOLERANCE_OF_RATIOS: f64 = 0.10;

/// Measures what is committed.
///
/// # Errors
/// If something cannot be measured.
pub(crate) fn measure(programs: &Programs, dax_server: &Path, call: &Path) -> anyhow::Result<Figures> {
    let plain = Cluster::start(dax_server, instructions::LINKS, false)?;
    let tls = Cluster::start(dax_server, instructions::LINKS, true)?;
    let (one, many) = (redirects(1), redirects(instructions::LINKS));
    let lean = programs.peer(LEAN);
    let redirector = programs.redirector("redirector", &plain);
    let redirector_tls = programs.redirector("redirector with TLS", &tls);
    let counting = programs.counting_redirector("redirector that counts clicks", &plain);
    let writer = programs.writer("writer", &plain);
    let invocation = [
        (LEAN, instructions::of_invocation(&lean, &one)?),
        ("cached redirect", instructions::of_invocation(&redirector, &one)?),
        ("cached redirect, counted", instructions::of_invocation(&counting, &one)?),
        ("redirect through DAX", instructions::of_invocation(&redirector, &many)?),
        ("redirect through DAX, TLS", instructions::of_invocation(&redirector_tls, &many)?),
        ("GetItem of dax-client, not optimised", instructions::of_call(call, "client")?),
    ];
    let start = [
        (LEAN, instructions::of_start(&lean)?),
        ("redirector", instructions::of_start(&redirector)?),
        ("redirector, TLS", instructions::of_start(&redirector_tls)?),
        ("writer", instructions::of_start(&writer)?),
    ];
    let size = [
        (LEAN, bytes(&lean.program)?),
        ("redirector", bytes(&redirector.program)?),
        ("writer", bytes(&writer.program)?),
    ];
    let named = |figures: &[(&str, u64)]| figures.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
    Ok(Figures {
        environment: Environment::here()?,
        invocation: named(&invocation),
        start: named(&start),
        size: named(&size),
    })
}

/// Adds whether the memory of the functions stays as it is, from one invocation to the next.
///
/// # Errors
/// If it cannot be measured.
pub(crate) fn memory(programs: &Programs, dax_server: &Path, report: &mut Report) -> anyhow::Result<()> {
    let cluster = Cluster::start(dax_server, instructions::LINKS, false)?;
    let redirects = redirects(instructions::LINKS);
    for (contender, events, statuses) in [
        (programs.redirector("redirector", &cluster), &redirects, &[301][..]),
        (programs.counting_redirector("redirector that counts", &cluster), &redirects, &[301][..]),
        (programs.open_writer("writer", &cluster), &creates(0..kept::LONG), &[200, 201]),
    ] {
        let (line, passed) = kept::report(&contender, events, statuses)?;
        report.lines.push(line);
        report.passed &= passed;
    }
    Ok(())
}

fn bytes(program: &Path) -> anyhow::Result<u64> {
    Ok(std::fs::metadata(program).with_context(|| format!("cannot find {}", program.display()))?.len())
}

/// The result of comparing.
#[derive(Debug, PartialEq)]
pub(crate) struct Report {
    /// A line for each figure.
    pub(crate) lines: Vec<String>,
    /// Whether none rose by more than is allowed.
    pub(crate) passed: bool,
}

/// Compares `measured` with the committed figures: as they are if the environment is the same, else their ratios to the
/// lean function.
pub(crate) fn compare(expected: &Figures, measured: &Figures) -> Report {
    let mut report = Report { lines: Vec::new(), passed: true };
    let comparable = expected.environment == measured.environment;
    if !comparable {
        let (there, here) = (&expected.environment, &measured.environment);
        report
            .lines
            .push(format!("committed: {there:?}\nhere:      {here:?}\nso ratios to the lean function are compared"));
    }
    for kind in Kind::ALL {
        let names: BTreeSet<&String> = expected.of(kind).keys().chain(measured.of(kind).keys()).collect();
        for name in names {
            let [before, now] = [expected, measured].map(|figures| figures.of(kind).get(name).copied());
            let verdict = if comparable {
                Verdict::of(before.map(|value| value as f64), now.map(|value| value as f64), TOLERANCE)
            } else {
                Verdict::of(expected.ratio(kind, name), measured.ratio(kind, name), TOLERANCE_OF_RATIOS)
            };
            report.passed &= matches!(verdict, Verdict::Same | Verdict::Lower);
            let label = format!("{name}, {}", kind.unit());
            let [before, now] =
                [before, now].map(|value| value.map_or_else(|| "none".to_owned(), |value| value.to_string()));
            report.lines.push(format!("{label:<52} {before:>10} committed {now:>10} now{}", verdict.note()));
        }
    }
    report
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Same,
    Lower,
    Higher,
    Unknown,
}

impl Verdict {
    fn of(before: Option<f64>, now: Option<f64>, tolerance: f64) -> Self {
        match (before, now) {
            (Some(before), Some(now)) if now > before * (1.0 + tolerance) => Self::Higher,
            (Some(before), Some(now)) if now < before * (1.0 - tolerance) => Self::Lower,
            (Some(_), Some(_)) => Self::Same,
            _ => Self::Unknown,
        }
    }

    const fn note(self) -> &'static str {
        match self {
            Self::Same => "",
            Self::Lower => "  lower: please commit it",
            Self::Higher => "  TOO HIGH",
            Self::Unknown => "  MISSING on one side",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(rustc: &str, lean: u64, redirect: u64) -> Figures {
        let map = |value| [(LEAN.to_owned(), lean), ("redirect".to_owned(), value)].into();
        let environment = Environment { rustc: rustc.into(), target: "t".into(), libc: "l".into() };
        Figures { environment, invocation: map(redirect), start: map(1_000), size: map(1_000) }
    }

    #[test]
    fn a_figure_may_rise_by_three_percent() {
        let check = |redirect, passes, note: &str| {
            let report = compare(&figures("1", 1_000, 1_000), &figures("1", 1_000, redirect));
            assert_eq!(report.passed, passes, "{redirect}");
            let line = report.lines.iter().find(|line| line.starts_with("redirect, instructions ")).unwrap();
            assert!(line.ends_with(note), "{line}");
        };
        check(1_000, true, "now");
        check(1_030, true, "now");
        check(1_031, false, "TOO HIGH");
        check(970, true, "now");
        check(969, true, "please commit it");
    }

    #[test]
    fn with_another_compiler_ratios_count() {
        let expected = figures("1", 1_000, 1_500);
        let mut now = figures("2", 1_200, 1_800);
        now.start = expected.start.clone();
        now.size = expected.size.clone();
        let report = compare(&expected, &now);
        assert!(report.passed, "{report:?}");
        assert!(report.lines[0].contains("ratios to the lean function"), "{report:?}");
        now.invocation.insert("redirect".to_owned(), 2_000);
        assert!(!compare(&expected, &now).passed);
    }

    #[test]
    fn a_figure_that_one_side_lacks_fails() {
        let (expected, mut now) = (figures("1", 1, 1), figures("1", 1, 1));
        now.start.insert("new".to_owned(), 1);
        assert!(!compare(&expected, &now).passed);
        assert!(!compare(&now, &expected).passed);
    }

    #[test]
    fn the_file_is_read_as_written() {
        let figures = figures("1.95.0", 7, 8);
        assert_eq!(toml::from_str::<Figures>(&figures.to_toml()), Ok(figures));
    }
}
