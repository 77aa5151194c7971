//! The tables, in Markdown.

use std::fmt::Write as _;

use crate::{
    figures::{ALL, Figure, PARTITION_READS, TABLE_NEW_READS},
    incidents::{Effect, Incident, effect},
    plan::{Plan, plan},
    settings::Settings,
    zipf::Zipf,
};

/// A heading and the table below it.
#[derive(Debug)]
pub struct Table {
    /// What it is about.
    pub title: &'static str,
    /// Markdown.
    pub rows: String,
}

/// Everything that the program prints.
pub fn all(settings: &Settings) -> String {
    tables(settings).iter().map(|table| format!("{}\n\n{}\n", table.title, table.rows)).collect()
}

/// The figures with their sources.
pub fn figures() -> String {
    let mut rows = header(&["figure", "value", "source", "checked"]);
    for Figure { name, value, unit, source, trust } in ALL {
        row(
            &mut rows,
            &[name.to_string(), format!("{} {unit}", plain(*value)), source.to_string(), trust.name().to_owned()],
        );
    }
    rows
}

/// The tables of a simulation.
pub fn tables(settings: &Settings) -> Vec<Table> {
    let zipf = Zipf::new(settings.zipf, settings.links);
    let plans: Vec<Plan> = settings.rates.iter().map(|rate| plan(settings, &zipf, *rate)).collect();
    vec![
        Table { title: "What to deploy", rows: deployed(&plans) },
        Table { title: "Where requests are answered", rows: answered(&plans) },
        Table { title: "What breaks first", rows: limits(&plans) },
        Table { title: "USD a month", rows: costs(&plans) },
        Table { title: "Bad days", rows: incidents(settings, &zipf, &plans) },
    ]
}

fn deployed(plans: &[Plan]) -> String {
    let mut rows = header(&[
        "redirects/s",
        "busy environments",
        "Lambda concurrency to ask for",
        "DAX",
        "table reads, units/s",
        "partitions",
        "Kinesis shards",
    ]);
    for plan in plans {
        row(
            &mut rows,
            &[
                short(plan.visitors),
                short(f64::from(plan.steady.environments)),
                short(plan.concurrency()),
                format!("{} × {}", plan.nodes, plan.node_type.name),
                short(plan.steady.table_units),
                short(plan.partitions()),
                short(plan.shards()),
            ],
        );
    }
    rows
}

fn answered(plans: &[Plan]) -> String {
    let mut rows = header(&[
        "redirects/s",
        "in process",
        "by DAX",
        "by the table",
        "DAX reads/s",
        "DAX load",
        "mean ms",
        "CPU µs",
    ]);
    for plan in plans {
        let steady = &plan.steady;
        let by_dax = (1.0 - steady.cache_hits) * steady.dax_hits;
        row(
            &mut rows,
            &[
                short(plan.visitors),
                percent(steady.cache_hits),
                percent(by_dax),
                percent(1.0 - steady.cache_hits - by_dax),
                short(steady.dax_reads),
                percent(steady.dax_units / plan.dax_capacity()),
                format!("{:.1}", steady.milliseconds),
                format!("{:.0}", steady.cpu),
            ],
        );
    }
    rows
}

fn limits(plans: &[Plan]) -> String {
    let mut rows = header(&["redirects/s", "breaks without a change, first one first", "most used of what holds"]);
    for plan in plans {
        let limits = plan.limits();
        let broken: Vec<String> = limits
            .iter()
            .filter(|limit| limit.share() > 1.0)
            .map(|limit| format!("{} ({} of {})", limit.name, short(limit.used), short(limit.available)))
            .collect();
        let next = limits.iter().find(|limit| limit.share() <= 1.0);
        let next = next.map_or_else(String::new, |limit| format!("{}, {}", limit.name, percent(limit.share())));
        row(
            &mut rows,
            &[short(plan.visitors), if broken.is_empty() { "nothing".to_owned() } else { broken.join(", ") }, next],
        );
    }
    rows
}

fn costs(plans: &[Plan]) -> String {
    let names: Vec<&str> = plans.first().map(Plan::costs).into_iter().flatten().map(|(name, _)| name).collect();
    let mut rows = header(&[&["redirects/s"], &names[..], &["sum", "per million"]].concat());
    for plan in plans {
        let costs = plan.costs();
        let sum: f64 = costs.iter().map(|(_, cost)| cost).sum();
        let mut cells = vec![short(plan.visitors)];
        cells.extend(costs.iter().map(|(_, cost)| short(*cost)));
        cells.extend([short(sum), format!("{:.2}", sum / (plan.visitors * 730.0 * 3_600.0 / 1e6))]);
        row(&mut rows, &cells);
    }
    rows
}

fn incidents(settings: &Settings, zipf: &Zipf, plans: &[Plan]) -> String {
    let mut rows = header(&[
        "redirects/s",
        "what happens",
        "requests/s",
        "refused by Lambda",
        "DAX load",
        "table reads",
        "verdict",
    ]);
    for plan in plans {
        for incident in Incident::ALL {
            let effect = effect(settings, zipf, plan, incident);
            let ramp = effect.ramp;
            let refused = if ramp.refused == 0.0 {
                "none".to_owned()
            } else {
                format!("{} in {} s", short(ramp.refused), short(ramp.seconds))
            };
            row(
                &mut rows,
                &[
                    short(plan.visitors),
                    incident.name().to_owned(),
                    short(effect.rate),
                    refused,
                    effect.dax_load.map_or_else(|| "–".to_owned(), percent),
                    format!("{}/s", short(effect.table_units)),
                    verdict(&effect).to_owned(),
                ],
            );
        }
    }
    rows
}

/// What a visitor notices.
fn verdict(effect: &Effect) -> &'static str {
    if effect.dax_load.is_some_and(|load| load > 1.0) {
        "DAX is too small: redirectors leave it for the table"
    } else if effect.hottest_units > PARTITION_READS.value {
        "one item is read too often: throttled"
    } else if effect.table_units > TABLE_NEW_READS.value && effect.table_growth > 2.0 {
        "the table throttles unless it was warmed"
    } else if effect.ramp.refused > 0.0 {
        "503 until Lambda has scaled up"
    } else {
        "holds"
    }
}

fn header(cells: &[&str]) -> String {
    let mut rows = String::new();
    row(&mut rows, &cells.iter().map(ToString::to_string).collect::<Vec<_>>());
    row(&mut rows, &vec!["---".to_owned(); cells.len()]);
    rows
}

fn row(rows: &mut String, cells: &[String]) {
    // Writing to a string does not fail.
    _ = writeln!(rows, "| {} |", cells.join(" | "));
}

/// Two significant digits, with separators.
fn short(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let unit = 10_f64.powf(value.abs().log10().floor() - 1.0);
    let rounded = (value / unit).round() * unit;
    if rounded >= 10.0 { separated(rounded) } else { plain((rounded * 1e3).round() / 1e3) }
}

fn separated(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn plain(value: f64) -> String {
    if value >= 1_000.0 { separated(value) } else { value.to_string() }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_two_digits() {
        let check = |value: f64, expected: &str| assert_eq!(short(value), expected, "{value}");
        check(0.0, "0");
        check(0.0123, "0.012");
        check(1.0, "1");
        check(2.34, "2.3");
        check(99.6, "100");
        check(1_234.0, "1,200");
        check(1_000_000.0, "1,000,000");
    }
}
