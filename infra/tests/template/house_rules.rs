//! What the template guarantees besides permissions: what is reachable, what is encrypted, what outlives the stack.

use serde_json::{Value, json};

use links::clicks::item as counts;
use template::text;

use super::clicks;
use super::document;
use super::front;
use super::render::Rendered;

/// What an HTTP API calls ANY. It is not used: the documents do not say which of `ANY /api/v1/{proxy+}` and `GET /{id+}` comes
/// first.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Every broken rule.
pub(crate) fn violations(template: &Value) -> Vec<String> {
    let stack = Rendered::new(template, &[]);
    let mut found = Vec::new();
    let mut require = |holds: bool, what: &str| {
        if !holds {
            found.push(what.to_owned());
        }
    };
    require(template.get("Transform").is_none(), "no transform");
    tables(&stack, &mut require);
    cluster(&stack, &mut require);
    functions(&stack, &mut require);
    network(&stack, &mut require);
    api(&stack, &mut require);
    names(&stack, &mut require);
    found.extend(routes(template));
    found.extend(front::violations(template));
    found.extend(clicks::violations(template));
    found
}

fn tables(stack: &Rendered, require: &mut impl FnMut(bool, &str)) {
    let names: Vec<_> = stack.of_type("AWS::DynamoDB::Table").into_iter().map(|(name, _)| name).collect();
    require(names == ["ClicksTable", "KeysTable", "LinksTable"], "three tables");
    for (name, table) in stack.of_type("AWS::DynamoDB::Table") {
        let properties = &table["Properties"];
        require(table["DeletionPolicy"] == "RetainExceptOnCreate", &format!("{name} outlives the stack"));
        require(table["UpdateReplacePolicy"] == "Retain", &format!("a replaced {name} stays"));
        require(
            properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] == true,
            &format!("{name} has point-in-time recovery"),
        );
        require(properties["SSESpecification"]["SSEEnabled"] == true, &format!("{name} is encrypted"));
        require(properties["DeletionProtectionEnabled"] == true, &format!("{name} is protected"));
        let hash = |key: &str| json!({"AttributeName": key, "KeyType": "HASH"});
        let key = match name {
            "KeysTable" => json!([hash(links::key::item::KEY_ATTRIBUTE)]),
            "ClicksTable" => json!([hash(counts::PARTITION), {"AttributeName": counts::SORT, "KeyType": "RANGE"}]),
            _ => json!([hash(links::item::KEY_ATTRIBUTE)]),
        };
        require(properties["KeySchema"] == key, &format!("the key of {name}"));
    }
    require(
        stack.properties("LinksTable")["TimeToLiveSpecification"]
            == json!({"AttributeName": links::item::TTL_ATTRIBUTE, "Enabled": false}),
        "ended links keep their slugs, also those with the time to live of an earlier release",
    );
    require(
        stack.properties("ClicksTable")["TimeToLiveSpecification"]
            == json!({"AttributeName": counts::TTL, "Enabled": true}),
        "counts of days end",
    );
    require(stack.properties("KeysTable").get("TimeToLiveSpecification").is_none(), "keys do not expire");
    let aware_of_keys =
        stack.all().filter(|(name, resource)| *name != "KeysTable" && resource.to_string().contains("<KeysTable"));
    require(
        aware_of_keys.map(|(name, _)| name).eq(["DynamoDbEndpoint", "Writer", "WriterRole"]),
        "only the writer and its endpoint know the keys table",
    );
}

fn cluster(stack: &Rendered, require: &mut impl FnMut(bool, &str)) {
    let properties = stack.properties("DaxCluster");
    require(properties["SSESpecification"]["SSEEnabled"] == true, "the cluster is encrypted");
    require(properties["ClusterEndpointEncryptionType"] == "TLS", "connections to the cluster are encrypted");
    require(properties["IAMRoleARN"] == "<DaxRole.Arn>", "the cluster has its own role");
    let name = stack.properties("DaxParameters")["ParameterGroupName"].as_str().unwrap_or_default();
    require(name.ends_with("-ttl-60"), "a changed lifetime makes a new parameter group");
}

fn functions(stack: &Rendered, require: &mut impl FnMut(bool, &str)) {
    for name in ["Redirector", "Writer", "Clicks"] {
        // A parameter has the name of the third.
        let function = if name == "Clicks" { "ClicksFunction" } else { name };
        let properties = stack.properties(function);
        let variables = &properties["Environment"]["Variables"];
        require(properties["Role"] == json!(format!("<{name}Role.Arn>")), "each function has its own role");
        require(
            properties["VpcConfig"]["SecurityGroupIds"] == json!([format!("<{name}SecurityGroup.GroupId>")]),
            "each function has its own security group",
        );
        require(
            properties["VpcConfig"]["SubnetIds"].as_array().is_some_and(|subnets| subnets.len() == 3),
            "three zones",
        );
        require(properties["LoggingConfig"]["LogGroup"] == json!(format!("<{name}Logs>")), "own log group");
        require(variables["RELEASE_ID"] == "<ReleaseId>", "every release changes the function");
        let version = stack.properties(&format!("{name}Version"));
        require(version["Description"] == "<ReleaseId>", "every release makes a version");
        require(version["CodeSha256"] == json!(format!("<{name}Sha256>")), "Lambda checks the upload");
        let alias = stack.properties(&format!("{name}Live"));
        require(alias["FunctionVersion"] == json!(format!("<{name}Version.Version>")), "the alias follows the release");
    }
    for name in ["Redirector", "Writer"] {
        require(
            stack.properties(&format!("{name}Integration"))["IntegrationUri"] == json!(format!("<{name}Live>")),
            "the API calls the alias",
        );
    }
    let secret_holders = stack.all().filter(|(_, resource)| resource.to_string().contains("resolve:secretsmanager"));
    require(secret_holders.map(|(name, _)| name).eq(["Writer"]), "the writer alone has the secret of slugs");
}

fn network(stack: &Rendered, require: &mut impl FnMut(bool, &str)) {
    for kind in ["AWS::EC2::InternetGateway", "AWS::EC2::NatGateway", "AWS::EC2::Route"] {
        require(stack.of_type(kind).is_empty(), "the VPC has no way out");
    }
    for (_, group) in stack.of_type("AWS::EC2::SecurityGroup") {
        let properties = &group["Properties"];
        require(properties.get("SecurityGroupIngress").is_none(), "no ingress inside a group");
        require(
            properties["SecurityGroupEgress"].as_array().is_some_and(|rules| rules.len() == 1),
            "egress is limited",
        );
    }
    for (name, ingress) in stack.of_type("AWS::EC2::SecurityGroupIngress") {
        let properties = &ingress["Properties"];
        let from = text(&properties["SourceSecurityGroupId"]);
        let known = ["<RedirectorSecurityGroup.GroupId>", "<WriterSecurityGroup.GroupId>"].contains(&from.as_str());
        require(known && properties.get("CidrIp").is_none() && properties.get("CidrIpv6").is_none(), name);
        require(properties["FromPort"] == 9111 && properties["ToPort"] == 9111, "ingress on the port of DAX only");
    }
}

fn api(stack: &Rendered, require: &mut impl FnMut(bool, &str)) {
    for (name, permission) in stack.of_type("AWS::Lambda::Permission") {
        let source = permission["Properties"]["SourceArn"].as_str().unwrap_or_default();
        require(source.starts_with("arn:aws:execute-api:eu-west-1:111122223333:<Api>/*/"), name);
        let function = text(&permission["Properties"]["FunctionName"]);
        require(["<RedirectorLive>", "<WriterLive>"].contains(&function.as_str()), name);
    }
    let stage = stack.properties("DefaultStage");
    let log = &stage["AccessLogSettings"];
    require(log["DestinationArn"] == "<ApiLogs.Arn>", "there is an access log");
    let format: Value = serde_json::from_str(log["Format"].as_str().unwrap_or_default()).unwrap_or_default();
    let quoted = format.as_object().is_some_and(|fields| fields.values().all(Value::is_string));
    require(quoted, "the access log is JSON, even if a value is absent");
    for personal in ["sourceIp", "userAgent"] {
        require(!format.to_string().contains(personal), "no client address or user agent in the log");
    }
}

/// An explicit name would limit an account to one stack per region, and break every replacement.
fn names(stack: &Rendered, require: &mut impl FnMut(bool, &str)) {
    let forbidden =
        ["RoleName", "TableName", "ClusterName", "GroupName", "BucketName", "AlarmName", "TopicName", "DashboardName"];
    for (name, resource) in stack.all() {
        // A policy of a role names the role.
        for property in forbidden.into_iter().filter(|name| *name != "RoleName" || !is_role_policy(resource)) {
            require(resource["Properties"].get(property).is_none(), &format!("{name} has an explicit name"));
        }
    }
    for (name, function) in stack.of_type("AWS::Lambda::Function") {
        require(function["Properties"].get("FunctionName").is_none(), &format!("{name} has an explicit name"));
    }
    for (name, group) in stack.of_type("AWS::Logs::LogGroup") {
        // Unique by the end of the stack's id, and under the prefix that API Gateway does not list in the account's policy.
        let expected = (name == "ApiLogs").then_some("/aws/vendedlogs/kurz/51af3dc0");
        let actual = group["Properties"].get("LogGroupName").and_then(Value::as_str);
        require(actual == expected, &format!("{name} has an explicit name"));
    }
}

fn is_role_policy(resource: &Value) -> bool {
    resource["Type"] == "AWS::IAM::RolePolicy"
}

/// All routes, their targets and their authorization, for every value of `WriterAuth`, with and without the page and
/// pages of other origins.
fn routes(template: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let allowed = template["Parameters"]["WriterAuth"]["AllowedValues"].as_array().unwrap();
    let variants = allowed.iter().flat_map(|auth| {
        [("0", ""), ("1", ""), ("1", "https://app.example")].map(|(page, origins)| (text(auth), page, origins))
    });
    for (auth, page, origins) in variants {
        let issuer = ("JwtIssuer", "https://issuer.example");
        let parameters = [("WriterAuth", auth.as_str()), issuer, ("Page", page), ("AllowedOrigins", origins)];
        let stack = Rendered::new(template, &parameters);
        let mut actual: Vec<_> = stack
            .of_type("AWS::ApiGatewayV2::Route")
            .into_iter()
            .map(|(_, route)| {
                let properties = &route["Properties"];
                let authorizer = properties.get("AuthorizerId").map(text).unwrap_or_default();
                let parts = ["RouteKey", "Target", "AuthorizationType"].map(|key| text(&properties[key]));
                (parts, authorizer)
            })
            .collect();
        actual.sort();
        // The writer checks keys itself.
        let checked_by_gateway = if auth == "API_KEY" { "NONE" } else { &auth };
        let writer = |key: &str| {
            let authorizer = if auth == "JWT" { "<JwtAuthorizer>" } else { "" };
            (
                [key.to_owned(), "integrations/<WriterIntegration>".to_owned(), checked_by_gateway.to_owned()],
                authorizer.to_owned(),
            )
        };
        let open = |key: &str, target: &str| {
            let target = format!("integrations/<{target}Integration>");
            ([key.to_owned(), target, "NONE".to_owned()], String::new())
        };
        let mut expected = vec![
            open("OPTIONS /api/v1/{proxy+}", "Writer"),
            open("GET /api/v1/openapi.json", "Writer"),
            open("HEAD /api/v1/openapi.json", "Writer"),
            open("GET /{id+}", "Redirector"),
            open("HEAD /{id+}", "Redirector"),
            writer("POST /"),
        ];
        if page == "1" {
            let keys = ["GET /", "GET /assets/{file}", "HEAD /", "HEAD /assets/{file}"];
            expected.extend(keys.map(|key| open(key, "Writer")));
        }
        let with_caller = METHODS.iter().filter(|method| **method != "OPTIONS");
        expected.extend(with_caller.map(|method| writer(&format!("{method} /api/v1/{{proxy+}}"))));
        if stack.properties("Api").get("CorsConfiguration").is_some() == origins.is_empty() {
            found.push(format!("AllowedOrigins={origins} does not decide whether there is CORS"));
        }
        expected.sort();
        if actual != expected {
            found.push(format!("routes with WriterAuth={auth}, Page={page}, AllowedOrigins={origins}: {actual:?}"));
        }
    }
    found
}

/// An unquoted comma in `{Type: String, Description: One, two}` makes a key of its second half.
#[test]
fn parameters_and_outputs_have_no_unknown_keys() {
    let parameter = [
        "AllowedPattern",
        "AllowedValues",
        "ConstraintDescription",
        "Default",
        "Description",
        "MaxLength",
        "MaxValue",
        "MinLength",
    ];
    for (section, known) in [
        ("Parameters", [&parameter[..], &["MinValue", "Type"]].concat()),
        ("Outputs", vec!["Condition", "Description", "Value"]),
    ] {
        for (name, body) in document()[section].as_object().unwrap() {
            let unknown: Vec<_> =
                body.as_object().unwrap().keys().filter(|key| !known.contains(&key.as_str())).collect();
            assert!(unknown.is_empty(), "{name}: {unknown:?}");
        }
    }
}

#[test]
fn the_template_keeps_the_rules() {
    assert_eq!(violations(&document()), Vec::<String>::new());
}

#[test]
fn writing_requires_authorization_by_default() {
    assert_ne!(document()["Parameters"]["WriterAuth"]["Default"], "NONE");
    for auth in ["API_KEY", "AWS_IAM", "JWT", "NONE"] {
        let stack = Rendered::new(&document(), &[("WriterAuth", auth)]);
        let variable = &stack.properties("Writer")["Environment"]["Variables"]["WRITER_AUTH"];
        assert_eq!(variable, auth, "the writer checks what the gateway does not");
    }
}

#[test]
fn without_dax_nothing_refers_to_it() {
    let stack = Rendered::new(&document(), &[("DaxMode", "none")]);
    let left: Vec<_> =
        stack.all().filter(|(_, resource)| resource.to_string().contains("<Dax")).map(|(name, _)| name).collect();
    assert_eq!(left, Vec::<&str>::new());
    assert!(stack.properties("Redirector")["Environment"]["Variables"].get("DAX_ENDPOINT").is_none());
}
