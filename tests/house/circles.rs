//! Sibling modules have no cyclic dependencies, at any level.
//!
//! An arrow leads from the module that mentions a name to the one that defines it, through all re-exports. What is below a
//! module counts as that module. A parent and its parts may use each other: naming its parts is what a parent does.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use crate::modules::Tree;
use crate::resolve::{Place, Trees};
use crate::workspace::{Package, packages, shown};

/// For each pair of modules, the first line that makes the arrow.
type Arrows = BTreeMap<String, BTreeMap<String, String>>;
type Circle = BTreeSet<String>;

#[test]
fn no_modules_use_each_other_in_a_circle() {
    let mut report = String::new();
    for package in packages().values() {
        for level in levels(&read(package)) {
            report_circles(&level, &mut report);
        }
    }
    assert!(report.is_empty(), "{report}");
}

#[test]
fn a_circle_is_found_through_re_exports_and_macros() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/circles/lib.rs"));
    let levels = levels(&Trees(vec![Tree::read("fixture", root)]));
    let found: Vec<Circle> = levels.iter().flat_map(circles).collect();
    let expected: [&[&str]; 3] = [&["caller", "helper"], &["left", "right"], &["first", "second"]];
    assert_eq!(found, expected.map(|names| names.iter().map(|&name| name.to_owned()).collect()));
}

fn read(package: &Package) -> Trees {
    Trees(package.roots.iter().map(|root| Tree::read(&root.name, &root.file)).collect())
}

/// The arrows between the children of each module that has some.
fn levels(trees: &Trees) -> Vec<Arrows> {
    let mut levels: BTreeMap<Place, Arrows> = BTreeMap::new();
    trees.for_each_mention(|place, definition, line, path| {
        let Some((parent, from, to)) = trees.where_they_part(place, definition) else { return };
        let evidence = format!("{}:{line} uses `{}`", shown(&trees.module(place).file), path.join("::"));
        let arrows = levels.entry(parent).or_default().entry(from.to_owned()).or_default();
        arrows.entry(to.to_owned()).or_insert(evidence);
    });
    levels.into_values().collect()
}

/// Groups of modules each of which leads to every other.
fn circles(arrows: &Arrows) -> Vec<Circle> {
    let reached: BTreeMap<&String, Circle> = arrows.keys().map(|module| (module, reach(arrows, module))).collect();
    let mut circles: Vec<Circle> = Vec::new();
    for (module, reachable) in &reached {
        if reachable.contains(*module) && !circles.iter().any(|circle| circle.contains(*module)) {
            let leads_back = |other: &&String| reached.get(other).is_some_and(|back| back.contains(*module));
            circles.push(reachable.iter().filter(leads_back).cloned().collect());
        }
    }
    circles
}

fn reach(arrows: &Arrows, from: &String) -> Circle {
    let mut reached = Circle::new();
    let mut open = vec![from];
    while let Some(module) = open.pop() {
        for next in arrows.get(module).into_iter().flat_map(BTreeMap::keys) {
            if reached.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    reached
}

fn report_circles(arrows: &Arrows, report: &mut String) {
    for circle in circles(arrows) {
        writeln!(report, "\nin a circle: {}", circle.iter().cloned().collect::<Vec<_>>().join(", ")).unwrap();
        for module in &circle {
            for (to, evidence) in arrows[module].iter().filter(|(to, _)| circle.contains(*to)) {
                writeln!(report, "  {module} → {to}: {evidence}").unwrap();
            }
        }
    }
}
