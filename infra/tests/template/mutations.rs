//! Makes plausible mistakes on purpose, and expects the checks to notice each. Mistakes that only linters notice are in
//! `tests/stack/lint.sh`.

use serde_json::{Value, json};

use super::{document, house_rules, order, policies, updates};

/// Applies one mistake and expects a check to name it.
pub(crate) fn check(mistake: impl FnOnce(&mut Value), named: &str) {
    let mut mutant = document();
    mistake(&mut mutant["Resources"]);
    assert_ne!(mutant, document(), "the mistake was not made: {named}");
    let mut found = Vec::new();
    for violations in [policies::violations, updates::violations, order::violations, house_rules::violations] {
        found.extend(violations(&mutant));
        if found.iter().any(|violation| violation.contains(named)) {
            return;
        }
    }
    panic!("not noticed: {named}; found {found:?}");
}

fn statement<'a>(resources: &'a mut Value, role: &str) -> &'a mut Value {
    &mut resources[role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0]
}

/// The first statement of a policy that is a resource.
pub(crate) fn right<'a>(resources: &'a mut Value, policy: &str) -> &'a mut Value {
    &mut properties(resources, policy)["PolicyDocument"]["Statement"][0]
}

pub(crate) fn properties<'a>(resources: &'a mut Value, name: &str) -> &'a mut Value {
    &mut resources[name]["Properties"]
}

pub(crate) fn remove(value: &mut Value, key: &str) {
    value.as_object_mut().unwrap().remove(key).unwrap();
}

#[test]
fn the_redirector_may_put() {
    check(
        |all| {
            right(all, "RedirectorLinks")["Action"] = json!(["dynamodb:GetItem", "dynamodb:PutItem"]);
        },
        "RedirectorRole may also: (\"Allow\", \"dynamodb:PutItem\"",
    );
}

#[test]
fn the_writer_may_write_past_dax() {
    check(
        |all| {
            statement(all, "WriterRole")["Action"] = json!(["dynamodb:BatchGetItem", "dynamodb:PutItem"]);
        },
        "WriterRole may also: (\"Allow\", \"dynamodb:PutItem\"",
    );
}

#[test]
fn the_redirector_may_read_keys() {
    check(
        |all| {
            right(all, "RedirectorLinks")["Resource"] = json!([
                {"Fn::GetAtt": ["LinksTable", "Arn"]}, {"Fn::GetAtt": ["KeysTable", "Arn"]}
            ]);
        },
        "RedirectorRole may also: (\"Allow\", \"dynamodb:GetItem\", \"<KeysTable.Arn>\"",
    );
    check(
        |all| {
            let statements = &mut properties(all, "DynamoDbEndpoint")["PolicyDocument"]["Statement"];
            let readers = statements[0]["Condition"].clone();
            statements[2]["Condition"] = readers;
        },
        "the endpoint allows",
    );
    check(
        |all| {
            properties(all, "Redirector")["Environment"]["Variables"]["KEYS_TABLE"] = json!({"Ref": "KeysTable"});
        },
        "only the writer and its endpoint know",
    );
}

#[test]
fn dax_may_read_keys() {
    check(
        |all| statement(all, "DaxRole")["Resource"] = json!({"Fn::GetAtt": ["KeysTable", "Arn"]}),
        "DaxRole may also: (\"Allow\", \"dynamodb:DescribeTable\", \"<KeysTable.Arn>\"",
    );
}

#[test]
fn the_writer_may_create_keys() {
    check(
        |all| {
            let statements = &mut properties(all, "WriterRole")["Policies"][0]["PolicyDocument"]["Statement"];
            statements[2]["Action"] = json!("dynamodb:PutItem");
        },
        "WriterRole may also: (\"Allow\", \"dynamodb:PutItem\", \"<KeysTable.Arn>\"",
    );
}

#[test]
fn the_writer_may_change_keys() {
    let role = |all: &mut Value| properties(all, "WriterRole")["Policies"][0]["PolicyDocument"]["Statement"][3].take();
    let endpoint = |all: &mut Value| properties(all, "DynamoDbEndpoint")["PolicyDocument"]["Statement"][3].take();
    for change in [
        (|condition| condition["ForAllValues:StringEquals"]["dynamodb:Attributes"] = json!(["hash", "scopes"]))
            as fn(&mut Value),
        |condition| remove(condition, "ForAllValues:StringEquals"),
        |condition| remove(condition, "StringEqualsIfExists"),
        |condition| remove(condition, "Null"),
    ] {
        check(
            |all| {
                let mut statement = role(all);
                change(&mut statement["Condition"]);
                properties(all, "WriterRole")["Policies"][0]["PolicyDocument"]["Statement"][3] = statement;
            },
            "WriterRole may also: (\"Allow\", \"dynamodb:UpdateItem\", \"<KeysTable.Arn>\"",
        );
        check(
            |all| {
                let mut statement = endpoint(all);
                change(&mut statement["Condition"]);
                properties(all, "DynamoDbEndpoint")["PolicyDocument"]["Statement"][3] = statement;
            },
            "the endpoint allows",
        );
    }
}

#[test]
fn the_writer_does_not_know_the_keys_table() {
    check(
        |all| {
            remove(&mut properties(all, "Writer")["Environment"]["Variables"], "KEYS_TABLE");
        },
        "only the writer and its endpoint know",
    );
}

#[test]
fn anything_on_the_table() {
    for role in ["WriterRole", "DaxRole"] {
        check(|all| statement(all, role)["Action"] = json!("dynamodb:*"), "dynamodb:*");
    }
    check(|all| right(all, "RedirectorLinks")["Action"] = json!("dynamodb:*"), "dynamodb:*");
}

#[test]
fn a_misspelt_action() {
    check(|all| statement(all, "DaxRole")["Action"][2] = json!("dynamodb:PutItems"), "DaxRole may not");
}

#[test]
fn dax_of_any_cluster() {
    check(
        |all| {
            let statements = &mut properties(all, "RedirectorLinks")["PolicyDocument"]["Statement"];
            statements[1]["Fn::If"][1]["Resource"] = json!("*");
        },
        "\"dax:GetItem\", \"*\"",
    );
}

#[test]
fn a_managed_policy() {
    let arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole";
    check(|all| properties(all, "WriterRole")["ManagedPolicyArns"] = json!([arn]), "managed policies");
}

#[test]
fn a_policy_attached_from_elsewhere() {
    check(
        |all| {
            all["Extra"] = json!({"Type": "AWS::IAM::Policy", "Properties": {
                "PolicyName": "extra", "Roles": [{"Ref": "RedirectorRole"}],
                "PolicyDocument": {"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}}});
        },
        "RedirectorRole may also: (\"Allow\", \"s3:GetObject\"",
    );
    check(
        |all| {
            all["Extra"] = all["RedirectorLinks"].clone();
            right(all, "Extra")["Action"] = json!("dynamodb:Scan");
        },
        "RedirectorRole may also: (\"Allow\", \"dynamodb:Scan\"",
    );
}

#[test]
fn a_role_without_the_boundary() {
    check(|all| remove(properties(all, "DaxRole"), "PermissionsBoundary"), "DaxRole has the boundary None");
}

#[test]
fn another_service_may_assume_a_role() {
    check(
        |all| {
            properties(all, "WriterRole")["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] =
                json!({"AWS": "*"});
        },
        "WriterRole trusts",
    );
}

#[test]
fn an_unexpected_role() {
    check(|all| all["Another"] = all["RedirectorRole"].clone(), "Another");
}

#[test]
fn the_denial_of_network_permissions_is_lost() {
    check(|all| remove(all, "RedirectorNoEniFromCode"), "RedirectorRole may not: (\"Deny\"");
}

#[test]
fn the_endpoint_lets_everything_through() {
    check(
        |all| {
            properties(all, "DynamoDbEndpoint")["PolicyDocument"]["Statement"][0]["Action"] = json!("*");
        },
        "the endpoint allows",
    );
}

#[test]
fn writing_without_auth() {
    for route in ["CreateRoute", "ManageGetRoute", "ManageHeadRoute", "ManageDeleteRoute"] {
        check(|all| properties(all, route)["AuthorizationType"] = json!("NONE"), "routes with WriterAuth=AWS_IAM");
        check(|all| remove(properties(all, route), "AuthorizerId"), "routes with WriterAuth=JWT");
    }
}

#[test]
fn an_unexpected_route() {
    check(
        |all| {
            all["Another"] = all["GetRoute"].clone();
            all["Another"]["Properties"]["RouteKey"] = json!("$default");
        },
        "$default",
    );
}

#[test]
fn a_route_for_any_method() {
    check(|all| properties(all, "ManageGetRoute")["RouteKey"] = json!("ANY /api/v1/{proxy+}"), "ANY /api/v1/{proxy+}");
}

#[test]
fn encryption_is_off() {
    check(
        |all| properties(all, "DaxCluster")["SSESpecification"]["SSEEnabled"] = json!(false),
        "the cluster is encrypted",
    );
    for table in ["LinksTable", "KeysTable", "ClicksTable"] {
        check(
            |all| properties(all, table)["SSESpecification"]["SSEEnabled"] = json!(false),
            &format!("{table} is encrypted"),
        );
    }
    check(
        |all| properties(all, "DaxCluster")["ClusterEndpointEncryptionType"] = json!("NONE"),
        "connections to the cluster are encrypted",
    );
}

#[test]
fn a_table_can_be_lost() {
    for table in ["LinksTable", "KeysTable", "ClicksTable"] {
        check(
            |all| remove(properties(all, table), "PointInTimeRecoverySpecification"),
            &format!("{table} has point-in-time recovery"),
        );
        check(|all| all[table]["DeletionPolicy"] = json!("Delete"), &format!("{table} outlives the stack"));
        check(|all| remove(&mut all[table], "UpdateReplacePolicy"), &format!("a replaced {table} stays"));
        check(
            |all| properties(all, table)["DeletionProtectionEnabled"] = json!(false),
            &format!("{table} is protected"),
        );
    }
    check(
        |all| {
            properties(all, "LinksTable")["TimeToLiveSpecification"]["Enabled"] = json!(true);
        },
        "ended links keep their slugs",
    );
}

#[test]
fn the_network_is_open() {
    check(
        |all| {
            let ingress = properties(all, "DaxFromWriter");
            remove(ingress, "SourceSecurityGroupId");
            ingress["CidrIp"] = json!("0.0.0.0/0");
        },
        "DaxFromWriter",
    );
    check(
        |all| {
            remove(properties(all, "WriterSecurityGroup"), "SecurityGroupEgress");
        },
        "egress is limited",
    );
    check(|all| all["Nat"] = json!({"Type": "AWS::EC2::NatGateway", "Properties": {}}), "the VPC has no way out");
}

#[test]
fn the_api_is_not_logged_or_limited() {
    check(|all| remove(properties(all, "DefaultStage"), "AccessLogSettings"), "there is an access log");
    check(|all| remove(properties(all, "WriterCreatePermission"), "SourceArn"), "WriterCreatePermission");
    check(
        |all| {
            properties(all, "DefaultStage")["AccessLogSettings"]["Format"] = json!("{\"status\":$context.status}");
        },
        "the access log is JSON",
    );
    check(
        |all| {
            properties(all, "DefaultStage")["AccessLogSettings"]["Format"] =
                json!("{\"ip\":\"$context.identity.sourceIp\"}");
        },
        "no client address",
    );
}

#[test]
fn a_release_has_no_effect() {
    check(
        |all| {
            remove(&mut properties(all, "Writer")["Environment"]["Variables"], "RELEASE_ID");
        },
        "every release changes",
    );
    check(
        |all| {
            remove(&mut properties(all, "ClicksFunction")["Environment"]["Variables"], "RELEASE_ID");
        },
        "every release changes",
    );
    check(|all| properties(all, "RedirectorVersion")["Description"] = json!("v1"), "every release makes a version");
    check(
        |all| {
            properties(all, "WriterIntegration")["IntegrationUri"] = json!({"Fn::GetAtt": ["Writer", "Arn"]});
        },
        "the API calls the alias",
    );
}

#[test]
fn the_secret_reaches_the_redirector() {
    check(
        |all| {
            let secret = properties(all, "Writer")["Environment"]["Variables"]["SLUG_SECRET"].clone();
            properties(all, "Redirector")["Environment"]["Variables"]["SLUG_SECRET"] = secret;
        },
        "the writer alone",
    );
}

#[test]
fn an_explicit_name() {
    check(|all| properties(all, "LinksTable")["TableName"] = json!("Links"), "LinksTable has an explicit name");
    check(|all| properties(all, "Writer")["FunctionName"] = json!("writer"), "Writer has an explicit name");
    let fixed = json!({"Fn::Sub": "/aws/vendedlogs/${AWS::StackName}"});
    check(|all| properties(all, "ApiLogs")["LogGroupName"] = fixed.clone(), "ApiLogs has an explicit name");
}
