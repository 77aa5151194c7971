//! Permissions: the rendered statements of every role must be *equal* to the expected ones. Linters check that a policy is
//! well formed, but none notices that the redirector may suddenly write.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use template::text;

use super::document;
use super::render::Rendered;
use super::variants::{BOUNDARY, Variant, variants};

const COUNTS: &str = "<ClicksTable.Arn>";
const STREAM: &str = "<ClicksStream.Arn>";

/// Effect, action, resource, condition.
type Grant = (String, String, String, String);

const ENI_ACTIONS: [&str; 4] = [
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
];
const ENI_READS: [&str; 2] = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"];
const ENI_RESOURCES: &str = "arn:aws:ec2:eu-west-1:111122223333:*/*";

fn allow(action: &str, resource: &str) -> Grant {
    ("Allow".to_owned(), action.to_owned(), resource.to_owned(), "null".to_owned())
}

/// The condition under which nothing of a key can be written but when it was last used.
fn only_use() -> Value {
    json!({"ForAllValues:StringEquals": {"dynamodb:Attributes": ["hash", "last_used_on"]},
           "Null": {"dynamodb:Attributes": "false"},
           "StringEqualsIfExists": {"dynamodb:ReturnValues": "NONE"}})
}

/// The condition under which only the items of salts can be touched.
fn only_salts() -> Value {
    json!({"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [links::clicks::item::SALT_PARTITION]},
           "Null": {"dynamodb:LeadingKeys": "false"}})
}

/// The condition under which no salt can be touched.
fn no_salts() -> Value {
    json!({"ForAllValues:StringNotEquals": {"dynamodb:LeadingKeys": [links::clicks::item::SALT_PARTITION]},
           "Null": {"dynamodb:LeadingKeys": "false"}})
}

/// The condition under which nothing of a link can be read but its owner.
fn only_owners() -> Value {
    json!({"ForAllValues:StringEquals": {"dynamodb:Attributes": [links::item::KEY_ATTRIBUTE, "owner"]},
           "Null": {"dynamodb:Attributes": "false"},
           "StringEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}})
}

/// The condition under which nothing can be counted, but what was counted can be summed up.
fn only_totals() -> Value {
    use links::clicks::item::{IMPORTED, PARTITION, SORT, THROUGH, TOTAL_BOTS, TOTAL_PEOPLE};
    json!({"ForAllValues:StringEquals": {"dynamodb:Attributes": [PARTITION, SORT, TOTAL_PEOPLE, TOTAL_BOTS, THROUGH, IMPORTED]},
           "Null": {"dynamodb:Attributes": "false"}})
}

/// Actions and resources as lists, whether the policy has one or many.
fn list(value: &Value) -> Vec<String> {
    value.as_array().map_or_else(|| vec![text(value)], |items| items.iter().map(text).collect())
}

fn grants(document: &Value) -> BTreeSet<Grant> {
    let mut grants = BTreeSet::new();
    for statement in document["Statement"].as_array().unwrap() {
        let unknown = ["NotAction", "NotResource", "NotPrincipal"];
        assert!(unknown.iter().all(|key| statement.get(*key).is_none()), "{statement}");
        for action in list(&statement["Action"]) {
            for resource in list(&statement["Resource"]) {
                let condition = statement["Condition"].to_string();
                grants.insert((text(&statement["Effect"]), action.clone(), resource, condition));
            }
        }
    }
    grants
}

/// Everything a role is granted: inline policies and those attached from elsewhere in the template.
fn grants_of(stack: &Rendered, role: &str) -> BTreeSet<Grant> {
    let reference = json!(format!("<{role}>"));
    let inline = stack.properties(role)["Policies"].as_array().into_iter().flatten();
    let attached = ["AWS::IAM::Policy", "AWS::IAM::RolePolicy"].into_iter().flat_map(|kind| stack.of_type(kind));
    let attached = attached.map(|(_, policy)| &policy["Properties"]);
    let of_role = |policy: &&Value| match policy["Roles"].as_array() {
        Some(roles) => roles.contains(&reference),
        None => policy["RoleName"] == reference,
    };
    inline.chain(attached.filter(of_role)).flat_map(|policy| grants(&policy["PolicyDocument"])).collect()
}

/// What every function in a VPC needs, and the statement that denies the network permissions to its own code.
fn runtime_grants(function: &str, tracing: bool) -> BTreeSet<Grant> {
    let mut expected = BTreeSet::new();
    let resource = if function == "Clicks" { "ClicksFunction" } else { function };
    let log_group = format!("<{function}Logs.Arn>");
    expected.extend(["logs:CreateLogStream", "logs:PutLogEvents"].map(|action| allow(action, &log_group)));
    expected.extend(ENI_READS.map(|action| allow(action, "*")));
    expected.extend(ENI_ACTIONS.map(|action| allow(action, ENI_RESOURCES)));
    if tracing {
        expected.extend(["xray:PutTraceSegments", "xray:PutTelemetryRecords"].map(|action| allow(action, "*")));
    }
    let own_code = json!({"ArnEquals": {"lambda:SourceFunctionArn": format!("<{resource}.Arn>")}}).to_string();
    for action in ENI_ACTIONS.iter().chain(&ENI_READS) {
        expected.insert(("Deny".to_owned(), (*action).to_owned(), "*".to_owned(), own_code.clone()));
    }
    expected
}

fn expected(role: &str, variant: Variant) -> BTreeSet<Grant> {
    let Variant { tables, dax, tracing, .. } = variant;
    let table = tables.links;
    let limited = |action: &str, resource: &str, condition: Value| {
        ("Allow".to_owned(), action.to_owned(), resource.to_owned(), condition.to_string())
    };
    let allow_all = |service: &str, actions: &[&str], resource: &str| {
        let allow_one = |action: &&str| allow(&format!("{service}:{action}"), resource);
        actions.iter().map(allow_one).collect::<BTreeSet<_>>()
    };
    let cluster = "<DaxCluster.Arn>";
    let mut grants = BTreeSet::new();
    match role {
        "RedirectorRole" => {
            grants.extend(allow_all("dynamodb", &["GetItem"], table));
            if dax {
                grants.extend(allow_all("dax", &["GetItem"], cluster));
            }
            if variant.counts() {
                grants.insert(limited("dynamodb:GetItem", COUNTS, only_salts()));
            }
            grants.extend(runtime_grants("Redirector", tracing));
        }
        "WriterRole" => {
            let writes = ["GetItem", "PutItem", "UpdateItem"];
            let (service, resource) = if dax { ("dax", cluster) } else { ("dynamodb", table) };
            grants.extend(allow_all(service, &writes, resource));
            grants.extend(allow_all("dynamodb", &["BatchGetItem", "Scan"], table));
            grants.insert(allow("dynamodb:Query", &tables.owner_index()));
            let keys = tables.keys;
            grants.insert(allow("dynamodb:GetItem", keys));
            grants.insert(limited("dynamodb:UpdateItem", keys, only_use()));
            grants.insert(limited("dynamodb:UpdateItem", keys, host_lists()));
            if variant.counts() {
                grants
                    .extend(["Query", "BatchGetItem"].map(|it| limited(&format!("dynamodb:{it}"), COUNTS, no_salts())));
                grants.insert(limited("dynamodb:UpdateItem", COUNTS, only_totals()));
            }
            grants.extend(runtime_grants("Writer", tracing));
        }
        "DaxRole" => {
            let actions = ["DescribeTable", "GetItem", "PutItem", "UpdateItem"];
            grants.extend(allow_all("dynamodb", &actions, table));
        }
        "ClicksRole" => {
            grants.extend(allow_all("dynamodb", &["UpdateItem"], COUNTS));
            grants.extend(["PutItem", "DeleteItem"].map(|it| limited(&format!("dynamodb:{it}"), COUNTS, only_salts())));
            grants.insert(limited("dynamodb:BatchGetItem", table, only_owners()));
            if variant.has_stream() {
                let reads = ["DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards"];
                grants.extend(allow_all("kinesis", &reads, STREAM));
            }
            if variant.archive {
                grants.insert(allow("s3:PutObject", "<ClicksArchiveBucket.Arn>/*"));
            }
            grants.extend(runtime_grants("Clicks", tracing));
        }
        "ClicksDeliveryRole" => grants.extend(allow_all("kinesis", &["PutRecord"], STREAM)),
        "CdnLogsRole" => {
            let actions = ["DescribeStream", "DescribeStreamSummary", "ListStreams", "PutRecord", "PutRecords"];
            grants.extend(allow_all("kinesis", &actions, STREAM));
        }
        other => panic!("no expected permissions for {other}"),
    }
    grants
}

/// The one item of the keys table that the writer may change as it likes, and its attributes.
fn host_lists() -> Value {
    json!({
        "ForAllValues:StringEquals": {
            "dynamodb:LeadingKeys": [links::key::item::HOSTS_KEY],
            "dynamodb:Attributes": [links::key::item::KEY_ATTRIBUTE, "forbidden", "allowed"],
        },
        "Null": { "dynamodb:LeadingKeys": "false", "dynamodb:Attributes": "false" },
    })
}

fn trusted(role: &str) -> Value {
    let service = match role {
        "DaxRole" => "dax.amazonaws.com",
        "CdnLogsRole" => "cloudfront.amazonaws.com",
        "ClicksDeliveryRole" => "logs.amazonaws.com",
        _ => "lambda.amazonaws.com",
    };
    let mut statement = json!({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"});
    if role == "ClicksDeliveryRole" {
        statement["Condition"] = json!({"StringEquals": {"aws:SourceAccount": "111122223333"},
                                        "ArnLike": {"aws:SourceArn": "arn:aws:logs:eu-west-1:111122223333:*"}});
    }
    json!([statement])
}

/// Every deviation from the expected permissions, for the parameters that change policies.
pub(crate) fn violations(template: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for variant in variants() {
        let stack = variant.stack(template);
        let mut roles: Vec<&str> = stack.of_type("AWS::IAM::Role").into_iter().map(|(name, _)| name).collect();
        let known = variant.roles();
        if roles != known {
            found.push(format!("roles: {roles:?}"));
            roles.retain(|role| known.contains(role));
        }
        for role in roles {
            let (actual, expected) = (grants_of(&stack, role), expected(role, variant));
            found.extend(actual.difference(&expected).map(|grant| format!("{role} may also: {grant:?}")));
            found.extend(expected.difference(&actual).map(|grant| format!("{role} may not: {grant:?}")));
            let properties = stack.properties(role);
            if properties["AssumeRolePolicyDocument"]["Statement"] != trusted(role) {
                found.push(format!("{role} trusts {}", properties["AssumeRolePolicyDocument"]));
            }
            if properties.get("ManagedPolicyArns").is_some() {
                found.push(format!("{role} has managed policies"));
            }
            let boundary = properties.get("PermissionsBoundary").and_then(Value::as_str);
            if boundary != (!variant.is_own()).then_some(BOUNDARY) {
                found.push(format!("{role} has the boundary {boundary:?}"));
            }
        }
        found.extend(endpoint_violations(&stack, variant));
    }
    found
}

/// The gateway endpoint allows what the functions and DAX do to these tables, and nothing else.
fn endpoint_violations(stack: &Rendered, variant: Variant) -> Vec<String> {
    let tables = variant.tables;
    let statement = |sid: &str, actions: Value, resources: Value, roles: Value| {
        json!({"Sid": sid, "Effect": "Allow", "Principal": "*", "Action": actions, "Resource": resources,
               "Condition": {"ArnEquals": {"aws:PrincipalArn": roles}}})
    };
    let keys = || json!(tables.keys);
    let limited = |sid: &str, actions: Value, resources: Value, role: &str, condition: Value| {
        let mut statement = statement(sid, actions, resources, json!(format!("<{role}.Arn>")));
        statement["Condition"].as_object_mut().unwrap().extend(condition.as_object().unwrap().clone());
        statement
    };
    let update = || json!("dynamodb:UpdateItem");
    let mut expected = json!([
        statement(
            "BothFunctionsRead",
            json!("dynamodb:GetItem"),
            json!(tables.links),
            json!(["<RedirectorRole.Arn>", "<WriterRole.Arn>"])
        ),
        statement(
            "WriterWritesAndLists",
            json!(["PutItem", "UpdateItem", "BatchGetItem", "Scan", "Query"].map(|it| format!("dynamodb:{it}"))),
            json!([tables.links, tables.owner_index()]),
            json!("<WriterRole.Arn>")
        ),
        statement("WriterChecksKeys", json!("dynamodb:GetItem"), keys(), json!("<WriterRole.Arn>")),
        limited("WriterNotesUseOfKeys", update(), keys(), "WriterRole", only_use()),
        limited("WriterChangesHostLists", update(), keys(), "WriterRole", host_lists()),
        limited("RedirectorReadsSalts", json!("dynamodb:GetItem"), json!(COUNTS), "RedirectorRole", only_salts()),
        limited(
            "WriterReadsCounts",
            json!(["dynamodb:Query", "dynamodb:BatchGetItem"]),
            json!(COUNTS),
            "WriterRole",
            no_salts()
        ),
        limited("WriterFoldsTotals", update(), json!(COUNTS), "WriterRole", only_totals()),
    ]);
    if variant.counts() {
        let salts = json!(["dynamodb:PutItem", "dynamodb:DeleteItem"]);
        let owners = json!("dynamodb:BatchGetItem");
        expected.as_array_mut().unwrap().extend([
            statement("ClicksCounts", update(), json!(COUNTS), json!("<ClicksRole.Arn>")),
            limited("ClicksMakesSalts", salts, json!(COUNTS), "ClicksRole", only_salts()),
            limited("ClicksFindsOwners", owners, json!(tables.links), "ClicksRole", only_owners()),
        ]);
    }
    if variant.dax {
        let actions = json!(["DescribeTable", "GetItem", "PutItem", "UpdateItem"].map(|it| format!("dynamodb:{it}")));
        let nodes = statement("DaxReadsAndWrites", actions, json!(tables.links), json!("<DaxRole.Arn>"));
        expected.as_array_mut().unwrap().push(nodes);
    }
    let actual = &stack.properties("DynamoDbEndpoint")["PolicyDocument"]["Statement"];
    if *actual == expected { Vec::new() } else { vec![format!("the endpoint allows {actual}")] }
}

#[test]
fn every_role_has_exactly_the_expected_permissions() {
    assert_eq!(violations(&document()), Vec::<String>::new());
}

#[test]
fn flow_logs_add_one_role_that_writes_them() {
    let stack = Rendered::new(&document(), &[("FlowLogs", "true"), ("PermissionsBoundary", BOUNDARY)]);
    assert_eq!(stack.properties("FlowLogRole")["PermissionsBoundary"], BOUNDARY);
    let actions = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"];
    let expected: BTreeSet<_> = actions.map(|action| allow(action, "<FlowLogGroup.Arn>")).into();
    assert_eq!(grants_of(&stack, "FlowLogRole"), expected);
}
