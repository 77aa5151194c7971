//! Checks the template as a whole, without AWS: permissions, what is exposed, the variables of each function, and that
//! these checks notice mistakes.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a missing part of the template must fail the test"
)]

mod clicks;
mod front;
mod house_rules;
mod mutations;
mod order;
mod policies;
mod render;
mod taking_over;
mod updates;
mod variables;
mod variants;

use serde_json::{Value, json};

use render::Rendered;

/// A link whose slug is the first segment of a route could not be followed, so an import refuses it.
#[test]
fn no_link_hides_behind_a_route() {
    let template = document();
    let resources = template["Resources"].as_object().unwrap().values();
    let routes: Vec<_> = resources.filter_map(|resource| resource["Properties"]["RouteKey"].as_str()).collect();
    assert!(routes.len() > 3, "{routes:?}");
    for route in routes {
        let path = route.split_once(" /").unwrap().1;
        let first = path.split('/').next().unwrap_or_default();
        if let Ok(slug) = first.parse::<links::Slug>() {
            assert!(slug.is_path(), "{route}");
        }
    }
}

#[test]
fn a_failed_bootstrap_leaves_no_bucket() {
    let template = template::parse(include_str!("../../bootstrap.yaml")).unwrap();
    let bucket = &template["Resources"]["Artifacts"];
    assert_eq!(
        (&bucket["DeletionPolicy"], &bucket["UpdateReplacePolicy"]),
        (&json!("RetainExceptOnCreate"), &json!("Retain"))
    );
}

/// CloudFormation cannot delete a protected table if the creation fails.
#[test]
fn a_new_stack_has_unprotected_tables_that_are_protected_afterwards() {
    for (first, wanted, expected) in [("true", "true", false), ("false", "true", true), ("false", "false", false)] {
        let stack = Rendered::new(&document(), &[("FirstDeploy", first), ("DeletionProtection", wanted)]);
        for table in ["LinksTable", "KeysTable", "ClicksTable"] {
            assert_eq!(stack.properties(table)["DeletionProtectionEnabled"], expected, "{table}");
        }
    }
}

fn document() -> Value {
    template::parse(template::DEPLOYED).unwrap()
}
