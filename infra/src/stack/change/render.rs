//! Changes as text.

use std::collections::BTreeMap;

use console::{StyledObject, style, truncate_str};

use super::{Change, Kind, Property};

/// Renders changes as lines of at most `width` columns. Additions are grouped by type.
pub(crate) fn render(changes: &[Change], width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let (added, changed): (Vec<_>, Vec<_>) =
        changes.iter().partition(|change| change.kind == Kind::Add && !change.is_iam());
    for change in changed {
        lines.extend(change_lines(change, width));
    }
    let mut by_type: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for change in added {
        by_type.entry(&change.resource_type).or_default().push(&change.logical_id);
    }
    for (resource_type, names) in by_type {
        let names = fit_list(&names, width.saturating_sub(INDENT + TYPE_WIDTH + 1));
        lines.push(format!("  {:<8}  {:<TYPE_WIDTH$} {names}", style("add").green(), short_type(resource_type)));
    }
    lines
}

/// Columns before the resource's type.
const INDENT: usize = 12;
const TYPE_WIDTH: usize = 27;

/// One line for the resource, and one for each property whose values are known.
fn change_lines(change: &Change, width: usize) -> Vec<String> {
    let is_known =
        |property: &&Property| property.before.is_some() || property.after.is_some() || property.forces_replacement;
    let (known, unknown): (Vec<_>, Vec<_>) = change.properties.iter().partition(is_known);
    let names: Vec<_> = unknown.iter().map(|property| property.name.as_str()).collect();
    let room = width.saturating_sub(INDENT + TYPE_WIDTH + 3 + change.logical_id.len());
    let names = if names.is_empty() { String::new() } else { format!(": {}", fit_list(&names, room)) };
    let resource_type = format!("{:<TYPE_WIDTH$}", short_type(&change.resource_type));
    let resource_type = if change.is_iam() { style(resource_type).magenta() } else { style(resource_type) };
    let mut lines = vec![format!("  {:<8}  {resource_type} {}{names}", label(change.kind), change.logical_id)];
    lines.extend(known.into_iter().map(|property| property_line(property, width)));
    lines.extend(change.loss().map(|loss| format!("{:INDENT$}{} {loss}", "", style("!").yellow())));
    lines
}

fn label(kind: Kind) -> StyledObject<&'static str> {
    let label = style(kind.name());
    match kind {
        Kind::Replace => style("REPLACE").red().bold(),
        Kind::Remove => style("REMOVE").red().bold(),
        Kind::MayReplace => style("replace?").red(),
        Kind::Modify => label.yellow(),
        Kind::Add => label.green(),
        Kind::Other => label,
    }
}

fn property_line(property: &Property, width: usize) -> String {
    let room = width.saturating_sub(INDENT + property.name.len() + 6) / 2;
    let value =
        |value: &Option<String>| value.as_deref().map_or_else(|| "?".to_owned(), |value| fit(value, room.max(12)));
    let change = match (&property.before, &property.after) {
        (None, None) => String::new(),
        (before, after) => format!(": {} -> {}", value(before), value(after)),
    };
    let why = if property.forces_replacement { style("  forces replacement").red().to_string() } else { String::new() };
    format!("{:INDENT$}{}{change}{why}", "", property.name)
}

/// Renders the parameters that differ from the deployed ones.
pub(crate) fn render_parameters(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
    width: usize,
) -> Vec<String> {
    let changed = after.iter().filter(|(name, value)| before.get(*name) != Some(*value));
    let line = |(name, value): (&String, &String)| {
        let room = width.saturating_sub(INDENT + name.len() + 6) / 2;
        let old = before.get(name).map_or("(new)", |value| if value.is_empty() { "(empty)" } else { value });
        format!("  {:<8}  {name}: {} -> {}", style("set").yellow(), fit(old, room.max(12)), fit(value, room.max(12)))
    };
    changed.map(line).collect()
}

fn short_type(resource_type: &str) -> &str {
    resource_type.strip_prefix("AWS::").unwrap_or(resource_type)
}

/// Shortens to `room` columns, on one line.
fn fit(text: &str, room: usize) -> String {
    truncate_str(&text.replace('\n', " "), room, "…").into_owned()
}

/// Lists as many names as fit, and how many more there are.
fn fit_list(names: &[&str], room: usize) -> String {
    let mut shown = String::new();
    for (index, name) in names.iter().enumerate() {
        let more = names.len() - index;
        let tail = if more > 1 { format!(", +{}", more - 1).len() } else { 0 };
        if index > 0 && shown.chars().count() + 2 + name.chars().count() + tail > room {
            return format!("{shown}, +{more}");
        }
        shown.push_str(if index > 0 { ", " } else { "" });
        shown.push_str(name);
    }
    fit(&shown, room)
}

/// `3 added, 1 replaced`.
pub(crate) fn summary(changes: &[Change]) -> String {
    let words = [
        (Kind::Add, "added"),
        (Kind::Modify, "modified"),
        (Kind::Replace, "replaced"),
        (Kind::MayReplace, "possibly replaced"),
        (Kind::Remove, "removed"),
        (Kind::Other, "otherwise changed"),
    ];
    let counted = words.iter().filter_map(|(kind, word)| {
        let count = changes.iter().filter(|change| change.kind == *kind).count();
        (count > 0).then(|| format!("{count} {word}"))
    });
    counted.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::sort;
    use super::*;

    fn change(kind: Kind, resource_type: &str, logical_id: &str) -> Change {
        Change {
            logical_id: logical_id.to_owned(),
            resource_type: resource_type.to_owned(),
            kind,
            properties: Vec::new(),
        }
    }

    fn sample() -> Vec<Change> {
        let mut cluster = change(Kind::Replace, "AWS::DAX::Cluster", "DaxCluster");
        cluster.properties.push(Property {
            name: "NodeType".to_owned(),
            before: Some("dax.t3.small".to_owned()),
            after: Some("dax.r5.large".to_owned()),
            forces_replacement: true,
        });
        let mut function = change(Kind::Modify, "AWS::Lambda::Function", "Redirector");
        function.properties.push(Property {
            name: "MemorySize".to_owned(),
            before: Some("256".to_owned()),
            after: Some("512".to_owned()),
            forces_replacement: false,
        });
        let mut role = change(Kind::Modify, "AWS::IAM::Role", "WriterRole");
        role.properties.push(Property { name: "Policies".to_owned(), ..Property::default() });
        let mut changes = vec![
            change(Kind::Add, "AWS::EC2::Subnet", "SubnetB"),
            change(Kind::Add, "AWS::IAM::Role", "DaxRole"),
            function,
            change(Kind::Add, "AWS::EC2::Subnet", "SubnetA"),
            change(Kind::Replace, "AWS::Lambda::Version", "WriterVersion"),
            role,
            cluster,
        ];
        sort(&mut changes);
        changes
    }

    #[test]
    fn the_most_serious_comes_first() {
        let order: Vec<_> = sample().iter().map(|change| change.logical_id.clone()).collect();
        assert_eq!(order, ["DaxCluster", "WriterVersion", "WriterRole", "Redirector", "DaxRole", "SubnetA", "SubnetB"]);
    }

    #[test]
    fn lines_show_values_reasons_and_losses() {
        console::set_colors_enabled(false);
        let expected = "
  REPLACE   DAX::Cluster                DaxCluster
            NodeType: dax.t3.small -> dax.r5.large  forces replacement
            ! a new cluster with a cold cache is built before the old one goes; both are billed
  REPLACE   Lambda::Version             WriterVersion
  modify    IAM::Role                   WriterRole: Policies
  modify    Lambda::Function            Redirector
            MemorySize: 256 -> 512
  add       IAM::Role                   DaxRole
  add       EC2::Subnet                 SubnetA, SubnetB";
        assert_eq!(format!("\n{}", render(&sample(), 80).join("\n")), expected);
        assert_eq!(summary(&sample()), "3 added, 2 modified, 2 replaced");
    }

    #[test]
    fn lists_are_cut_at_a_name() {
        let names = ["SubnetA", "SubnetB", "SubnetC"];
        assert_eq!(fit_list(&names, 25), "SubnetA, SubnetB, SubnetC");
        assert_eq!(fit_list(&names, 24), "SubnetA, SubnetB, +1");
        assert_eq!(fit_list(&names, 13), "SubnetA, +2");
    }

    #[test]
    fn only_changed_parameters_are_shown() {
        console::set_colors_enabled(false);
        let map = |entries: &[(&str, &str)]| entries.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let before: BTreeMap<_, _> = map(&[("A", "1"), ("B", "2"), ("C", "")]);
        let after = map(&[("A", "1"), ("B", "3"), ("C", "x"), ("D", "4")]);
        let expected = ["  set       B: 2 -> 3", "  set       C: (empty) -> x", "  set       D: (new) -> 4"];
        assert_eq!(render_parameters(&before, &after, 80), expected);
    }

    #[test]
    fn long_values_are_shortened_to_the_width() {
        console::set_colors_enabled(false);
        let mut one = change(Kind::Modify, "AWS::Lambda::Function", "Writer");
        one.properties.push(Property {
            name: "Environment".to_owned(),
            before: Some("x".repeat(300)),
            after: Some("y".repeat(300)),
            forces_replacement: false,
        });
        for line in render(&[one], 80) {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}
