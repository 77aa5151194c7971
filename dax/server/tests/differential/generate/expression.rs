//! Conditions, filters, key conditions, updates and projections.

use super::{
    Dice,
    terms::Terms,
    value::{ATTRIBUTES, FIELDS, any, key_value, of_type},
};
use crate::tables::KeyAttribute;

const COMPARATORS: [&str; 6] = ["=", "<>", "<", "<=", ">", ">="];
const DEEPEST: usize = 3;

/// Something that an expression can refer to, and its usual type.
type Typed = (String, &'static str);

/// A path in an item: an attribute, or something within it.
fn path(dice: &mut Dice, terms: &mut Terms) -> Typed {
    let (name, kind) = ATTRIBUTES[dice.below(ATTRIBUTES.len())];
    within(dice, terms, name, kind)
}

fn within(dice: &mut Dice, terms: &mut Terms, name: &str, kind: &'static str) -> Typed {
    let (mut path, mut kind) = (terms.name(dice, name), kind);
    for _ in 0..DEEPEST {
        if dice.chance(40) {
            break;
        }
        match kind {
            "L" => {
                path.push_str(&format!("[{}]", dice.below(4)));
                kind = ["N", "S", "M", "L"][dice.below(4)];
            }
            "M" => {
                let (field, inner) = FIELDS[dice.below(FIELDS.len())];
                path.push('.');
                path.push_str(&terms.name(dice, field));
                kind = inner;
            }
            _ => break,
        }
    }
    (path, kind)
}

/// A placeholder for a value, most often of this type.
fn value(dice: &mut Dice, terms: &mut Terms, kind: &str) -> String {
    let value = if dice.chance(93) { of_type(dice, kind, 2) } else { any(dice, 2) };
    terms.value(value)
}

/// A condition or filter.
pub(super) fn condition(dice: &mut Dice, terms: &mut Terms) -> String {
    logical(dice, terms, 0)
}

fn logical(dice: &mut Dice, terms: &mut Terms, depth: usize) -> String {
    let inner = |dice: &mut Dice, terms: &mut Terms| logical(dice, terms, depth + 1);
    match dice.below(if depth < DEEPEST { 10 } else { 6 }) {
        0..6 => simple(dice, terms),
        6 => format!("NOT {}", inner(dice, terms)),
        7 => format!("{} AND {}", inner(dice, terms), inner(dice, terms)),
        8 => format!("{} OR {}", inner(dice, terms), inner(dice, terms)),
        _ => format!("({})", inner(dice, terms)),
    }
}

fn simple(dice: &mut Dice, terms: &mut Terms) -> String {
    let (path, kind) = path(dice, terms);
    match dice.below(12) {
        0..4 => {
            let right = operand(dice, terms, kind);
            let comparator = dice.pick(&COMPARATORS);
            if dice.chance(85) {
                format!("{path} {comparator} {right}")
            } else {
                format!("{right} {comparator} {path}")
            }
        }
        4 => {
            let comparator = dice.pick(&COMPARATORS);
            format!("size({path}) {comparator} {}", value(dice, terms, "N"))
        }
        5 => {
            let kind = ["N", "S", "B"][dice.below(3)];
            let (low, high) = (value(dice, terms, kind), value(dice, terms, kind));
            format!("{path} BETWEEN {low} AND {high}")
        }
        6 => {
            let count = dice.between(1, 4);
            let list: Vec<_> = (0..count).map(|_| operand(dice, terms, kind)).collect();
            format!("{path} IN ({})", list.join(", "))
        }
        7 => format!("attribute_exists({path})"),
        8 => format!("attribute_not_exists({path})"),
        9 => {
            let kind = dice.pick(&["S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"]);
            let kind = terms.value(serde_json::json!({ "S": kind }));
            format!("attribute_type({path}, {kind})")
        }
        10 => {
            let kind = dice.pick(&["S", "B"]);
            format!("begins_with({path}, {})", value(dice, terms, kind))
        }
        _ => {
            let element = match kind {
                "SS" => "S",
                "NS" => "N",
                "BS" => "B",
                "S" | "B" => kind,
                _ => "N",
            };
            format!("contains({path}, {})", value(dice, terms, element))
        }
    }
}

/// The other side of a comparison.
fn operand(dice: &mut Dice, terms: &mut Terms, kind: &str) -> String {
    if dice.chance(80) { value(dice, terms, kind) } else { path(dice, terms).0 }
}

/// The key condition of a query.
pub(super) fn key_condition(
    dice: &mut Dice,
    terms: &mut Terms,
    hash: KeyAttribute,
    range: Option<KeyAttribute>,
) -> String {
    let hash = format!("{} = {}", terms.name(dice, hash.0), key_term(dice, terms, hash.1));
    let Some((name, kind)) = range.filter(|_| dice.chance(60)) else {
        return hash;
    };
    let name = terms.name(dice, name);
    let range = match dice.below(8) {
        0 if kind != "N" => format!("begins_with({name}, {})", key_term(dice, terms, kind)),
        1 | 2 => {
            let (low, high) = (key_term(dice, terms, kind), key_term(dice, terms, kind));
            format!("{name} BETWEEN {low} AND {high}")
        }
        _ => {
            let comparator = dice.pick(&["=", "<", "<=", ">", ">="]);
            format!("{name} {comparator} {}", key_term(dice, terms, kind))
        }
    };
    if dice.chance(80) { format!("{hash} AND {range}") } else { format!("{range} AND {hash}") }
}

fn key_term(dice: &mut Dice, terms: &mut Terms, kind: &str) -> String {
    let value = key_value(dice, kind);
    terms.value(value)
}

/// A projection with at least these key attributes. Sometimes its paths overlap, which is refused.
pub(super) fn projection(dice: &mut Dice, terms: &mut Terms, keys: &[&str]) -> String {
    let mut paths: Vec<String> = keys.iter().map(|name| terms.name(dice, name)).collect();
    let mut attributes = ATTRIBUTES.to_vec();
    if keys.is_empty() {
        attributes.push(("pk", ""));
    }
    let count = dice.between(1, 4);
    for (name, kind) in dice.some(attributes, count) {
        paths.push(within(dice, terms, name, kind).0);
    }
    if dice.chance(4) {
        paths.push(path(dice, terms).0);
    }
    paths.join(", ")
}

/// An update: each clause at most once, and mostly different attributes.
pub(super) fn update(dice: &mut Dice, terms: &mut Terms) -> String {
    let mut attributes = dice.some(ATTRIBUTES.to_vec(), ATTRIBUTES.len());
    let count = dice.between(1, 3);
    let clauses = dice.some(vec!["SET", "SET", "REMOVE", "ADD", "DELETE"], count);
    let mut seen: Vec<&str> = Vec::new();
    let mut text = Vec::new();
    for clause in clauses {
        if seen.contains(&clause) {
            continue;
        }
        seen.push(clause);
        let mut actions = Vec::new();
        for _ in 0..dice.between(1, 2) {
            let fits = |kind: &str| match clause {
                "ADD" => matches!(kind, "N" | "SS" | "NS" | "BS"),
                "DELETE" => matches!(kind, "SS" | "NS" | "BS"),
                _ => true,
            };
            let chosen = attributes.iter().position(|(_, kind)| fits(kind) || dice.chance(2));
            let Some(chosen) = chosen else { continue };
            let (name, kind) = attributes[chosen];
            if dice.chance(96) {
                attributes.remove(chosen);
            }
            actions.push(action(dice, terms, clause, name, kind));
        }
        if !actions.is_empty() {
            text.push(format!("{clause} {}", actions.join(", ")));
        }
    }
    text.join(" ")
}

fn action(dice: &mut Dice, terms: &mut Terms, clause: &str, name: &str, kind: &'static str) -> String {
    match clause {
        "SET" => {
            let (path, kind) = within(dice, terms, name, kind);
            format!("{path} = {}", assigned(dice, terms, &path, kind))
        }
        "REMOVE" => within(dice, terms, name, kind).0,
        _ => format!("{} {}", terms.name(dice, name), value(dice, terms, kind)),
    }
}

/// The right side of `SET`.
fn assigned(dice: &mut Dice, terms: &mut Terms, target: &str, kind: &'static str) -> String {
    match (kind, dice.below(10)) {
        ("N", 0..3) => {
            let sign = dice.pick(&["+", "-"]);
            format!("{target} {sign} {}", value(dice, terms, "N"))
        }
        ("N", 3) => {
            let (start, step) = (value(dice, terms, "N"), value(dice, terms, "N"));
            format!("if_not_exists({target}, {start}) + {step}")
        }
        ("L", 0..3) => format!("list_append({target}, {})", value(dice, terms, "L")),
        ("L", 3) => {
            let (start, more) = (value(dice, terms, "L"), value(dice, terms, "L"));
            format!("list_append({more}, if_not_exists({target}, {start}))")
        }
        (_, 4) => path(dice, terms).0,
        (_, 5) => format!("if_not_exists({target}, {})", value(dice, terms, kind)),
        _ => value(dice, terms, kind),
    }
}
