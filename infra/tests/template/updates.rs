//! During an update, `live` runs the old code with the role as it is then. So no right may go, and none may change its
//! resource, before the alias has moved: CloudFormation updates a role in place and early, but deletes a policy that was
//! removed or replaced only in its clean-up at the end.

use serde_json::{Value, json};

use super::document;
use super::mutations::{check, properties, remove, right};
use super::render::{Rendered, depends_on};

const ROLES: [&str; 4] = ["ClicksRole", "DaxRole", "RedirectorRole", "WriterRole"];

/// Every right that an update of the parameters could take from running code.
pub(crate) fn violations(template: &Value) -> Vec<String> {
    let stacks: Vec<Rendered> = ["tls", "plain", "none"]
        .into_iter()
        .flat_map(|mode| ["true", "false"].map(|tracing| [("DaxMode", mode), ("Tracing", tracing)]))
        .chain(
            [("direct", "true"), ("none", "false")]
                .map(|(clicks, archive)| [("Clicks", clicks), ("ClicksArchive", archive)]),
        )
        .map(|parameters| Rendered::new(template, &parameters))
        .collect();
    let mut found = Vec::new();
    for (at, before) in stacks.iter().enumerate() {
        for after in &stacks[at + 1..] {
            found.extend(roles_that_change(before, after));
            found.extend(policies_that_change(before, after));
        }
        found.extend(policies_of_the_cluster(before));
        found.extend(functions_without_rights(before));
    }
    found.sort();
    found.dedup();
    found
}

fn roles_that_change(before: &Rendered, after: &Rendered) -> Vec<String> {
    let policies = |stack: &Rendered, role| stack.properties(role).get("Policies").cloned();
    let pairs = ROLES.map(|role| (role, policies(before, role), policies(after, role)));
    let changed = pairs.into_iter().filter(|(_, old, new)| old.is_some() && new.is_some() && old != new);
    changed.map(|(role, ..)| format!("the policies inside {role} depend on parameters")).collect()
}

fn policies_that_change(before: &Rendered, after: &Rendered) -> Vec<String> {
    let mut found = Vec::new();
    for (name, policy) in before.all().filter(|(_, resource)| is_policy(resource)) {
        let (old, new) = (&policy["Properties"], after.properties(name));
        if new.is_null() || old["PolicyDocument"] == new["PolicyDocument"] {
            continue;
        }
        // The name of the other kind of policy can be changed in place.
        if policy["Type"] != "AWS::IAM::RolePolicy" {
            found.push(format!("{name} has no name that makes a new policy"));
        }
        if old["PolicyName"] == new["PolicyName"] {
            found.push(format!("{name} changes but keeps its name"));
        }
    }
    found
}

/// The ARN of a cluster is another one after a replacement, whatever its cause.
fn policies_of_the_cluster(stack: &Rendered) -> Vec<String> {
    let policies = stack.all().filter(|(_, resource)| is_policy(resource));
    let of_cluster =
        policies.filter(|(_, policy)| policy["Properties"]["PolicyDocument"].to_string().contains("<DaxCluster"));
    let fixed =
        of_cluster.filter(|(_, policy)| !policy["Properties"]["PolicyName"].to_string().contains("<DaxCluster>"));
    fixed.map(|(name, _)| format!("{name} keeps its name when the cluster is replaced")).collect()
}

fn functions_without_rights(stack: &Rendered) -> Vec<String> {
    // The rights of the third function are inside its role.
    let functions = stack.of_type("AWS::Lambda::Function").into_iter().filter(|(name, _)| *name != "ClicksFunction");
    let early = functions.filter(|(name, function)| !depends_on(function).contains(&format!("{name}Links").as_str()));
    early.map(|(name, _)| format!("{name} may be updated before its rights")).collect()
}

fn is_policy(resource: &Value) -> bool {
    resource["Type"] == "AWS::IAM::RolePolicy" || resource["Type"] == "AWS::IAM::Policy"
}

#[test]
fn no_update_takes_a_right_from_running_code() {
    assert_eq!(violations(&document()), Vec::<String>::new());
}

#[test]
fn rights_that_an_update_changes_under_running_code() {
    check(
        |all| {
            let mut statement = right(all, "WriterLinks").clone();
            statement["Fn::If"][2] = json!({"Ref": "AWS::NoValue"});
            let policies = &mut properties(all, "WriterRole")["Policies"][0];
            policies["PolicyDocument"]["Statement"].as_array_mut().unwrap().push(statement);
        },
        "the policies inside WriterRole depend on parameters",
    );
    for policy in ["RedirectorLinks", "WriterLinks"] {
        check(|all| properties(all, policy)["PolicyName"] = json!("links"), "changes but keeps its name");
        check(
            |all| properties(all, policy)["PolicyName"]["Fn::If"][1] = json!({"Fn::Sub": "links-${DaxMode}"}),
            "keeps its name when the cluster is replaced",
        );
        check(|all| all[policy]["Type"] = json!("AWS::IAM::Policy"), "has no name that makes a new policy");
    }
    for function in ["Redirector", "Writer"] {
        check(|all| remove(&mut all[function], "DependsOn"), "may be updated before its rights");
    }
}
