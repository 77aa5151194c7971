//! Counting clicks: what makes it exact, how its modes differ, what is archived, and what CloudFront reports.

use serde_json::{Value, json};

use template::text;

use super::document;
use super::render::Rendered;

/// With a distribution and an archive, which only exist on request.
const WITH_ALL: [(&str, &str); 3] = [("Cdn", "true"), ("ClicksArchive", "true"), ("Alarms", "false")];

/// What would tell who followed a link, or more than was asked for.
const PERSONAL_FIELDS: [&str; 6] = ["c-ip", "x-forwarded-for", "cs-cookie", "cs-uri-query", "cs-headers", "c-port"];

/// Every broken rule.
pub(crate) fn violations(template: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut require = |holds: bool, what: &str| {
        if !holds {
            found.push(what.to_owned());
        }
    };
    let stack = Rendered::new(template, &WITH_ALL);
    in_order(&stack, &mut require);
    archive(&stack, &mut require);
    at_the_edge(&stack, &mut require);
    directly(&Rendered::new(template, &[("Clicks", "direct"), ("Cdn", "true")]), &mut require);
    not_at_all(&Rendered::new(template, &[("Clicks", "none"), ("Cdn", "true")]), &mut require);
    log_levels(template, &mut require);
    found
}

/// An exact count needs one invocation a shard at a time, which gets every batch again until it succeeds, from the first record.
fn in_order(stack: &Rendered, require: &mut impl FnMut(bool, &str)) {
    let source = stack.properties("ClicksSource");
    for (property, value) in [
        ("ParallelizationFactor", json!(1)),
        ("MaximumRetryAttempts", json!(-1)),
        ("MaximumRecordAgeInSeconds", json!(-1)),
        ("StartingPosition", json!("TRIM_HORIZON")),
        ("FunctionName", json!("<ClicksLive>")),
        ("EventSourceArn", json!("<ClicksStream.Arn>")),
    ] {
        require(source[property] == value, &format!("exact counts need {property}={value}"));
    }
    for property in ["BisectBatchOnFunctionError", "FunctionResponseTypes", "FilterCriteria", "DestinationConfig"] {
        require(source.get(property).is_none(), &format!("exact counts need no {property}"));
    }
    let stream = stack.properties("ClicksStream");
    require(stream["StreamEncryption"]["EncryptionType"] == "KMS", "the stream is encrypted");
    require(stream["RetentionPeriodHours"].as_u64().is_some_and(|hours| hours >= 24), "clicks wait for a day");
    require(stream.get("Name").is_none(), "ClicksStream has an explicit name");
    let subscription = subscription(stack, require);
    require(subscription["DestinationArn"] == "<ClicksStream.Arn>", "clicks go into the stream");
    require(subscription["RoleArn"] == "<ClicksDeliveryRole.Arn>", "CloudWatch Logs has its own role");
    let before = stack.before();
    require(before["ClicksSubscription"].contains("ClicksSource"), "the way is tried when it is complete");
    same_mode(stack, "stream", require);
}

fn directly(stack: &Rendered, require: &mut impl FnMut(bool, &str)) {
    for kind in ["AWS::Kinesis::Stream", "AWS::Lambda::EventSourceMapping", "AWS::CloudFront::RealtimeLogConfig"] {
        require(stack.of_type(kind).is_empty(), &format!("no {kind} without the stream"));
    }
    let subscription = subscription(stack, require);
    require(subscription["DestinationArn"] == "<ClicksLive>", "clicks go to the function");
    require(subscription.get("RoleArn").is_none(), "no role for a function");
    let permission = stack.properties("ClicksFromLogs");
    require(permission["SourceArn"] == "<RedirectorLogs.Arn>", "only the redirector's log is counted");
    require(permission["SourceAccount"] == "111122223333", "only the log of this account is counted");
    require(permission["FunctionName"] == "<ClicksLive>", "the permission is that of the alias");
    require(stack.before()["ClicksSubscription"].contains("ClicksFromLogs"), "the way is tried when it is open");
    same_mode(stack, "direct", require);
}

fn not_at_all(stack: &Rendered, require: &mut impl FnMut(bool, &str)) {
    let parts = stack.all().map(|(name, _)| name).filter(|name| name.starts_with("Clicks") || *name == "CdnLogs");
    require(parts.eq(["ClicksTable"]), "without clicks only the table stays");
    let aware = stack.all().filter(|(_, resource)| resource.to_string().contains("<ClicksTable"));
    let aware = aware.map(|(name, _)| name);
    require(aware.eq(["DynamoDbEndpoint", "Redirector", "Writer"]), "without clicks nobody may use the table");
    for function in ["Redirector", "Writer"] {
        let mode = &stack.properties(function)["Environment"]["Variables"]["CLICKS"];
        require(*mode == "none", &format!("{function} does not count"));
    }
}

fn subscription<'a>(stack: &'a Rendered, require: &mut impl FnMut(bool, &str)) -> &'a Value {
    let subscription = stack.properties("ClicksSubscription");
    require(subscription["LogGroupName"] == "<RedirectorLogs>", "the redirector's log is subscribed to");
    require(subscription["FilterPattern"] == "click", "only lines with a click are sent");
    require(subscription.get("Distribution").is_none(), "the lines of an environment stay together");
    require(stack.of_type("AWS::Logs::SubscriptionFilter").len() == 1, "one subscription");
    subscription
}

/// All functions count in the same way, in the same table, and have the rights to.
fn same_mode(stack: &Rendered, mode: &str, require: &mut impl FnMut(bool, &str)) {
    for function in ["Redirector", "Writer", "ClicksFunction"] {
        let variables = &stack.properties(function)["Environment"]["Variables"];
        require(variables["CLICKS"] == mode, &format!("{function} counts as the others do"));
        require(variables["CLICKS_TABLE"] == "<ClicksTable>", &format!("{function} knows the table of counts"));
    }
    let before = stack.before();
    for (function, rights) in [("Redirector", "RedirectorSalts"), ("Writer", "WriterClicks")] {
        require(before[function].contains(rights), &format!("{function} has its rights before it uses them"));
    }
}

/// Lambda drops lines below the level, and a click is a line of level `INFO`.
fn log_levels(template: &Value, require: &mut impl FnMut(bool, &str)) {
    for (level, clicks, expected) in
        [("WARN", "stream", "INFO"), ("DEBUG", "direct", "DEBUG"), ("ERROR", "none", "ERROR")]
    {
        let stack = Rendered::new(template, &[("LogLevel", level), ("Clicks", clicks)]);
        let actual = &stack.properties("Redirector")["LoggingConfig"]["ApplicationLogLevel"];
        require(*actual == expected, &format!("clicks are logged with LogLevel={level} and Clicks={clicks}"));
    }
}

fn archive(stack: &Rendered, require: &mut impl FnMut(bool, &str)) {
    let buckets = stack.all().filter(|(_, resource)| resource["Type"] == "AWS::S3::Bucket");
    for (name, bucket) in buckets {
        require(bucket["DeletionPolicy"] == "RetainExceptOnCreate", &format!("{name} outlives the stack"));
        require(bucket["UpdateReplacePolicy"] == "Retain", &format!("a replaced {name} stays"));
    }
    let bucket = stack.properties("ClicksArchiveBucket");
    let closed = &bucket["PublicAccessBlockConfiguration"];
    let all = ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"];
    require(all.iter().all(|one| closed[one] == true), "the archive is not public");
    let encryption = &bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0];
    require(encryption["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256", "the archive is encrypted");
    let rules = bucket["LifecycleConfiguration"]["Rules"].as_array().into_iter().flatten();
    require(rules.clone().any(|rule| rule["ExpirationInDays"] == 400), "the archive is kept as long as counts");
    let statement = &stack.properties("ClicksArchivePolicy")["PolicyDocument"]["Statement"][0];
    require(
        statement["Effect"] == "Deny" && statement["Condition"]["Bool"]["aws:SecureTransport"] == false,
        "only TLS",
    );
    let endpoint = json!([{"Sid": "ClicksArchives", "Effect": "Allow", "Principal": "*", "Action": "s3:PutObject",
        "Resource": "<ClicksArchiveBucket.Arn>/*", "Condition": {"ArnEquals": {"aws:PrincipalArn": "<ClicksRole.Arn>"}}}]);
    let actual = &stack.properties("S3Endpoint")["PolicyDocument"]["Statement"];
    require(*actual == endpoint, &format!("the endpoint of S3 allows {actual}"));
    let variable = &stack.properties("ClicksFunction")["Environment"]["Variables"]["CLICKS_ARCHIVE"];
    require(*variable == "<ClicksArchiveBucket>", "clicks knows the archive");
}

fn at_the_edge(stack: &Rendered, require: &mut impl FnMut(bool, &str)) {
    let distribution = &stack.properties("CdnDistribution")["DistributionConfig"];
    let redirects = &distribution["DefaultCacheBehavior"];
    require(redirects["RealtimeLogConfigArn"] == "<CdnLogs.Arn>", "what CloudFront answers is counted");
    require(redirects["OriginRequestPolicyId"] == "<CdnOriginRequest>", "the redirector gets the country");
    for behaviour in distribution["CacheBehaviors"].as_array().into_iter().flatten() {
        let path = text(&behaviour["PathPattern"]);
        require(behaviour.get("RealtimeLogConfigArn").is_none(), &format!("{path} is no click"));
        for property in ["CachePolicyId", "ResponseHeadersPolicyId", "ViewerProtocolPolicy", "AllowedMethods"] {
            require(behaviour[property] == redirects[property], &format!("{path} has the same {property}"));
        }
    }
    let policy = &stack.properties("CdnOriginRequest")["OriginRequestPolicyConfig"];
    let headers: Vec<_> = policy["HeadersConfig"]["Headers"].as_array().into_iter().flatten().map(text).collect();
    require(headers.len() <= 10, "a policy has at most ten headers");
    let viewer = ["CloudFront-Viewer-Address", "CloudFront-Viewer-Country"];
    require(viewer.iter().all(|header| headers.iter().any(|known| known == header)), "the redirector gets both");
    require(!headers.iter().any(|header| header == "Host"), "API Gateway gets its own host");
    let cached = stack.properties("CdnCachePolicy")["CachePolicyConfig"].to_string();
    require(!cached.contains("CloudFront-"), "countries share copies");
    let log = stack.properties("CdnLogs");
    let fields: Vec<_> = log["Fields"].as_array().into_iter().flatten().map(text).collect();
    for field in PERSONAL_FIELDS {
        require(!fields.iter().any(|known| known == field), &format!("CloudFront does not report {field}"));
    }
    require(log["EndPoints"][0]["KinesisStreamConfig"]["StreamArn"] == "<ClicksStream.Arn>", "into the same stream");
    for name in [&policy["Name"], &log["Name"]].map(text) {
        require(name.starts_with("kurz-eu-west-1-"), "names of the account tell regions apart");
    }
}

#[test]
fn an_archive_needs_clicks() {
    let template = document();
    let broken = |clicks: &str| {
        let values = [("Clicks", clicks), ("ClicksArchive", "true")];
        template::broken_rules(&template, &values.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
    };
    assert!(broken("none").unwrap().join("").contains("ClicksArchive"));
    assert_eq!(broken("direct").unwrap(), Vec::<String>::new());
}

#[cfg(test)]
mod mistakes {
    use super::*;
    use crate::mutations::{check, properties, remove};

    #[test]
    fn counting_is_not_exact() {
        for (property, wrong) in [
            ("ParallelizationFactor", json!(2)),
            ("MaximumRetryAttempts", json!(3)),
            ("MaximumRecordAgeInSeconds", json!(3600)),
            ("StartingPosition", json!("LATEST")),
            ("FunctionName", json!({"Ref": "ClicksFunction"})),
        ] {
            let named = format!("exact counts need {property}");
            check(|all| properties(all, "ClicksSource")[property] = wrong.clone(), &named);
            check(|all| remove(properties(all, "ClicksSource"), property), &named);
        }
        check(
            |all| properties(all, "ClicksSource")["BisectBatchOnFunctionError"] = json!(true),
            "exact counts need no BisectBatchOnFunctionError",
        );
        check(|all| properties(all, "ClicksSubscription")["Distribution"] = json!("Random"), "stay together");
    }

    #[test]
    fn clicks_are_lost_on_the_way() {
        check(
            |all| properties(all, "ClicksSubscription")["FilterPattern"] = json!("clicked"),
            "only lines with a click",
        );
        check(|all| remove(&mut all["ClicksSubscription"], "Metadata"), "the way is tried when");
        check(|all| remove(&mut all["Writer"]["Metadata"], "Rights"), "Writer has its rights before");
        check(
            |all| properties(all, "Redirector")["LoggingConfig"]["ApplicationLogLevel"] = json!({"Ref": "LogLevel"}),
            "clicks are logged with LogLevel=WARN",
        );
        check(
            |all| properties(all, "Redirector")["Environment"]["Variables"]["CLICKS"] = json!("none"),
            "Redirector counts as the others do",
        );
        let config =
            |all: &mut Value| properties(all, "CdnDistribution")["DistributionConfig"]["DefaultCacheBehavior"].take();
        check(
            |all| {
                let mut behaviour = config(all);
                remove(&mut behaviour, "RealtimeLogConfigArn");
                properties(all, "CdnDistribution")["DistributionConfig"]["DefaultCacheBehavior"] = behaviour;
            },
            "what CloudFront answers is counted",
        );
    }

    #[test]
    fn clicks_tell_too_much() {
        check(|all| properties(all, "CdnLogs")["Fields"][0] = json!("c-ip"), "CloudFront does not report c-ip");
        check(|all| remove(properties(all, "ClicksStream"), "StreamEncryption"), "the stream is encrypted");
        check(
            |all| remove(properties(all, "ClicksArchiveBucket"), "PublicAccessBlockConfiguration"),
            "the archive is not public",
        );
        check(
            |all| remove(&mut properties(all, "S3Endpoint")["PolicyDocument"]["Statement"][0], "Condition"),
            "the endpoint of S3 allows",
        );
        check(|all| remove(properties(all, "ClicksFromLogs"), "SourceArn"), "only the redirector's log is counted");
    }

    #[test]
    fn an_archive_is_lost() {
        check(
            |all| all["ClicksArchiveBucket"]["DeletionPolicy"] = json!("Delete"),
            "ClicksArchiveBucket outlives the stack",
        );
    }

    #[test]
    fn somebody_else_counts() {
        check(
            |all| remove(&mut properties(all, "WriterClicks")["PolicyDocument"]["Statement"][0], "Condition"),
            "WriterRole may also: (\"Allow\", \"dynamodb:BatchGetItem\", \"<ClicksTable.Arn>\", \"null\")",
        );
        for (policy, role) in [("RedirectorSalts", "RedirectorRole"), ("WriterClicks", "WriterRole")] {
            let grown = json!("dynamodb:PutItem");
            let named = format!("{role} may also: (\"Allow\", \"dynamodb:PutItem\", \"<ClicksTable.Arn>\"");
            check(|all| properties(all, policy)["PolicyDocument"]["Statement"][0]["Action"] = grown.clone(), &named);
        }
        check(
            |all| {
                let fold = &mut properties(all, "WriterClicks")["PolicyDocument"]["Statement"][1];
                fold["Condition"]["ForAllValues:StringEquals"]["dynamodb:Attributes"] = json!(["of", "day", "s00"]);
            },
            "WriterRole may also",
        );
        check(
            |all| remove(&mut properties(all, "RedirectorSalts")["PolicyDocument"]["Statement"][0], "Condition"),
            "RedirectorRole may also: (\"Allow\", \"dynamodb:GetItem\", \"<ClicksTable.Arn>\", \"null\")",
        );
    }

    #[test]
    fn clicks_reads_where_links_lead() {
        let owners = |all: &mut Value| {
            properties(all, "ClicksRole")["Policies"][0]["PolicyDocument"]["Statement"][2]["Condition"].take()
        };
        for change in [
            (|condition| condition["ForAllValues:StringEquals"]["dynamodb:Attributes"][1] = json!("target"))
                as fn(&mut Value),
            |condition| remove(condition, "ForAllValues:StringEquals"),
            |condition| remove(condition, "Null"),
            |condition| remove(condition, "StringEqualsIfExists"),
        ] {
            check(
                |all| {
                    let mut condition = owners(all);
                    change(&mut condition);
                    properties(all, "ClicksRole")["Policies"][0]["PolicyDocument"]["Statement"][2]["Condition"] =
                        condition;
                },
                "ClicksRole may also: (\"Allow\", \"dynamodb:BatchGetItem\"",
            );
        }
    }
}

#[test]
fn clicks_are_counted_as_the_rules_say() {
    assert_eq!(violations(&document()), Vec::<String>::new());
}
