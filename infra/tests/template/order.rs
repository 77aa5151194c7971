//! The order in which CloudFormation makes and deletes resources, where it matters.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::document;
use super::mutations::{check, properties, remove};
use super::render::{Rendered, depends_on};

/// Parts of an HTTP API whose concurrent modification API Gateway may refuse.
const PARTS_OF_THE_API: [&str; 5] = [
    "AWS::ApiGatewayV2::ApiMapping",
    "AWS::ApiGatewayV2::Authorizer",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
    "AWS::ApiGatewayV2::Stage",
];

/// What is made before each resource.
type Before<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// Everything that may happen in a wrong order, with the parameters that choose resources.
pub(crate) fn violations(template: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for parameters in [
        &[][..],
        &[("DaxMode", "none"), ("Page", "0"), ("Clicks", "direct"), ("ClicksArchive", "true")],
        &[("WriterAuth", "JWT"), ("JwtIssuer", "https://issuer.example"), ("AllowedOrigins", "https://app.example")],
        &[("WriterAuth", "AWS_IAM"), ("DomainName", "s.example"), ("CertificateArn", "arn"), ("HostedZoneId", "Z")],
        &[("DomainName", "s.example"), ("CertificateArn", "arn"), ("Cdn", "true"), ("FlowLogs", "true")],
        &[("Clicks", "none"), ("Cdn", "true"), ("Tracing", "true")],
    ] {
        let stack = Rendered::new(template, parameters);
        let before = stack.before();
        found.extend(parts_at_the_same_time(&stack, &before));
        found.extend(roles_before_groups(&stack, &before));
        found.extend(unreachable_cluster(&stack, &before));
        found.extend(dependencies_on_nothing(&stack));
    }
    found
}

fn parts_at_the_same_time(stack: &Rendered, before: &Before<'_>) -> Vec<String> {
    let parts: Vec<_> = PARTS_OF_THE_API.iter().flat_map(|kind| stack.of_type(kind)).map(|(name, _)| name).collect();
    let mut found = Vec::new();
    for (at, one) in parts.iter().enumerate() {
        for other in &parts[at + 1..] {
            if !before[other].contains(one) && !before[one].contains(other) {
                found.push(format!("{one} and {other} may be changed at the same time"));
            }
        }
    }
    found
}

/// Lambda needs the role of a function to delete its network interfaces, which keep the security group alive.
fn roles_before_groups(stack: &Rendered, before: &Before<'_>) -> Vec<String> {
    let functions = stack.of_type("AWS::Lambda::Function").into_iter().map(|(name, _)| name);
    let pairs = functions.map(|name| name.trim_end_matches("Function"));
    let pairs = pairs.map(|name| (format!("{name}SecurityGroup"), format!("{name}Role")));
    let wrong = pairs.filter(|(group, role)| !before[group.as_str()].contains(role.as_str()));
    wrong.map(|(group, role)| format!("{role} may be deleted before {group}")).collect()
}

/// Functions that use the cluster wait for it, so it waits for the rules that let them in.
fn unreachable_cluster(stack: &Rendered, before: &Before<'_>) -> Vec<String> {
    let of_cluster = before.get("DaxCluster");
    let rules = ["AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"].into_iter();
    let late = rules
        .flat_map(|kind| stack.of_type(kind))
        .filter(|(_, rule)| rule.to_string().contains("<DaxSecurityGroup."))
        .filter(|(name, _)| !of_cluster.is_some_and(|before| before.contains(name)));
    late.map(|(name, _)| format!("no rule lets the functions reach the cluster yet: {name}")).collect()
}

/// It is not documented what CloudFormation does then, and cfn-lint refuses it.
fn dependencies_on_nothing(stack: &Rendered) -> Vec<String> {
    let pairs = stack.all().flat_map(|(name, resource)| depends_on(resource).into_iter().map(move |it| (name, it)));
    let missing = pairs.filter(|(_, needed)| stack.all().all(|(other, _)| other != *needed));
    missing.map(|(name, needed)| format!("{name} depends on {needed}, which may not exist")).collect()
}

#[test]
fn everything_happens_in_order() {
    assert_eq!(violations(&document()), Vec::<String>::new());
}

#[test]
fn an_order_is_lost() {
    for group in ["RedirectorSecurityGroup", "WriterSecurityGroup", "ClicksSecurityGroup"] {
        check(|all| remove(&mut all[group], "DependsOn"), "may be deleted before");
    }
    for part in ["WriterIntegration", "JwtAuthorizer", "ManagePutRoute", "PageRoute"] {
        check(|all| remove(&mut all[part], "DependsOn"), "at the same time");
    }
    check(|all| remove(properties(all, "DefaultStage"), "StageVariables"), "at the same time");
    check(|all| all["CreateRoute"]["DependsOn"] = json!("JwtAuthorizer"), "which may not exist");
    check(|all| remove(&mut all["DaxCluster"], "DependsOn"), "no rule lets");
}
