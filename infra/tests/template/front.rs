//! What the template guarantees in front of the functions: limits per route, CloudFront, the domain, the alarms.

use serde_json::{Value, json};

use template::text;

use super::render::Rendered;

/// A stage with everything that can be in front.
const FRONT: [(&str, &str); 4] = [
    ("Cdn", "true"),
    ("DomainName", "s.example"),
    ("CertificateArn", "arn:aws:acm:us-east-1:111122223333:certificate/1"),
    ("HostedZoneId", "Z1"),
];

/// Statuses that CloudFront keeps for ten seconds, whatever `Cache-Control` says, unless told otherwise.
const ERRORS: [u16; 10] = [400, 403, 404, 405, 414, 500, 501, 502, 503, 504];

/// Every broken rule.
pub(crate) fn violations(template: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut require = |holds: bool, what: &str| {
        if !holds {
            found.push(what.to_owned());
        }
    };
    throttles(template, &mut require);
    cloudfront(&Rendered::new(template, &FRONT), &mut require);
    origin_secret(template, &mut require);
    domain(template, &mut require);
    alarms(template, &mut require);
    dashboard(template, &mut require);
    found
}

/// Only redirects and the files of the page have limits of their own; every other route has the low one, also a route that
/// is added later.
fn throttles(template: &Value, require: &mut impl FnMut(bool, &str)) {
    for (page, files) in [("1", json!(200)), ("0", Value::Null)] {
        let stack = Rendered::new(template, &[("Page", page)]);
        let stage = stack.properties("DefaultStage");
        let limit = |settings: &Value| settings.get("ThrottlingRateLimit").cloned().unwrap_or_default();
        require(limit(&stage["DefaultRouteSettings"]) == json!(20), "every route has a low limit");
        for route in ["GET /{id+}", "HEAD /{id+}"] {
            require(limit(&stage["RouteSettings"][route]) == json!(1000), "redirects have a limit of their own");
        }
        require(
            limit(&stage["RouteSettings"]["GET /assets/{file}"]) == files,
            "files of the page have their own limit",
        );
        let routes: Vec<_> = stack
            .of_type("AWS::ApiGatewayV2::Route")
            .iter()
            .map(|(_, route)| &route["Properties"]["RouteKey"])
            .collect();
        for key in stage["RouteSettings"].as_object().into_iter().flat_map(|settings| settings.keys()) {
            require(routes.contains(&&json!(key)), &format!("{key} has a limit and is no route"));
        }
    }
}

fn cloudfront(stack: &Rendered, require: &mut impl FnMut(bool, &str)) {
    let distribution = &stack.properties("CdnDistribution")["DistributionConfig"];
    let header = json!([{"HeaderName": "X-Origin-Verify", "HeaderValue": "{{resolve:secretsmanager:<OriginSecret>}}"}]);
    require(distribution["Origins"][0]["OriginCustomHeaders"] == header, "CloudFront proves itself");
    for status in ERRORS {
        let kept = distribution["CustomErrorResponses"].as_array().into_iter().flatten();
        let kept = kept.filter(|error| error["ErrorCode"] == status).map(|error| &error["ErrorCachingMinTTL"]);
        require(kept.eq([&json!(0)]), &format!("CloudFront does not keep {status}"));
    }
    let behaviour = &distribution["DefaultCacheBehavior"];
    require(behaviour["ResponseHeadersPolicyId"] == "<CdnResponseHeaders>", "CloudFront adds headers");
    let headers = &stack.properties("CdnResponseHeaders")["ResponseHeadersPolicyConfig"];
    let hsts = &headers["SecurityHeadersConfig"]["StrictTransportSecurity"];
    require(hsts["AccessControlMaxAgeSec"] == 31_536_000, "browsers remember to use HTTPS for a year");
    let policy = &stack.properties("CdnCachePolicy")["CachePolicyConfig"];
    require(policy["MinTTL"] == 0, "CloudFront honours private");
    for name in [&policy["Name"], &headers["Name"]].map(text) {
        require(name.starts_with("kurz-eu-west-1-"), "names of the account tell regions apart");
    }
}

/// With CloudFront, both functions get the secret, unless the operator says otherwise.
fn origin_secret(template: &Value, require: &mut impl FnMut(bool, &str)) {
    let secret = json!("{{resolve:secretsmanager:<OriginSecret>}}");
    for (parameters, expected) in [
        (&[("Cdn", "true")][..], Some(&secret)),
        (&[("Cdn", "true"), ("CdnOnly", "false")], None),
        (&[("Cdn", "false")], None),
    ] {
        let stack = Rendered::new(template, parameters);
        for function in ["Redirector", "Writer"] {
            let variables = &stack.properties(function)["Environment"]["Variables"];
            require(
                variables.get("ORIGIN_SECRET") == expected,
                &format!("{function} refuses what passes CloudFront by"),
            );
        }
        let holders =
            stack.all().filter(|(_, resource)| resource.to_string().contains("secretsmanager:<OriginSecret>"));
        let holders: Vec<_> = holders.map(|(name, _)| name).collect();
        let known = ["CdnDistribution", "Redirector", "Writer"];
        require(holders.iter().all(|name| known.contains(name)), "nobody else has CloudFront's secret");
    }
    let stack = Rendered::new(template, &FRONT);
    let functions = stack.of_type("AWS::Lambda::Function").into_iter();
    for (name, function) in functions.filter(|(name, _)| *name != "ClicksFunction") {
        require(function["Metadata"]["After"] == "<DomainRecord>", &format!("{name} waits for the domain"));
    }
}

/// The domain leads to CloudFront or to the API, with one record, and the writer knows every name of the service.
fn domain(template: &Value, require: &mut impl FnMut(bool, &str)) {
    let api = "<Api>.execute-api.eu-west-1.amazonaws.com";
    let cdn = "<CdnDistribution.DomainName>";
    let direct: Vec<_> = FRONT.into_iter().skip(1).collect();
    for (parameters, records, hosts) in [
        (&FRONT[..], vec![("A", cdn), ("AAAA", cdn)], format!("{api},s.example,{cdn}")),
        (&direct, vec![("A", "<ApiDomain.RegionalDomainName>")], format!("{api},s.example")),
        (&FRONT[..1], vec![], format!("{api},{cdn}")),
        (&[], vec![], api.to_owned()),
    ] {
        let stack = Rendered::new(template, parameters);
        let actual = stack.of_type("AWS::Route53::RecordSet").into_iter().map(|(_, record)| {
            let properties = &record["Properties"];
            (text(&properties["Type"]), text(&properties["AliasTarget"]["DNSName"]))
        });
        let expected = records.into_iter().map(|(kind, target)| (kind.to_owned(), target.to_owned()));
        require(actual.eq(expected), &format!("records of the domain with {parameters:?}"));
        let own = &stack.properties("Writer")["Environment"]["Variables"]["OWN_HOSTS"];
        require(*own == hosts, &format!("own hosts with {parameters:?}"));
    }
}

fn alarms(template: &Value, require: &mut impl FnMut(bool, &str)) {
    let stack = Rendered::new(template, &[("AlarmEmail", "ann@example.com")]);
    let alarms = stack.of_type("AWS::CloudWatch::Alarm");
    for (name, alarm) in &alarms {
        let properties = &alarm["Properties"];
        let description = properties["AlarmDescription"].as_str().unwrap_or_default();
        let (what, action) = description.split_once(" Do: ").unwrap_or_default();
        require(what.ends_with('.') && action.ends_with('.'), &format!("{name} says what happened and what to do"));
        require(description.len() <= 1_024, &format!("{name} fits CloudWatch"));
        require(properties["TreatMissingData"] == "notBreaching", &format!("{name} is quiet without data"));
        require(properties["AlarmActions"] == json!(["<AlarmTopic>"]), &format!("{name} sends mail"));
    }
    let names: Vec<_> = alarms.iter().map(|(name, _)| *name).collect();
    let expected = [
        "Api4xxAlarm",
        "Api5xxAlarm",
        "ClicksDeliveryAlarm",
        "ClicksErrorsAlarm",
        "ClicksLateAlarm",
        "ClicksSilentAlarm",
        "ClicksSkippedAlarm",
        "DaxConnectionsAlarm",
        "DaxCpuAlarm",
        "DaxCreditsAlarm",
        "DaxThrottlesAlarm",
        "RedirectorErrorsAlarm",
        "RedirectorThrottlesAlarm",
        "RefusedAlarm",
        "RequestsAlarm",
        "TableThrottlesAlarm",
        "ThrottledAlarm",
        "WriterErrorsAlarm",
        "WriterThrottlesAlarm",
    ];
    require(names == expected, &format!("the alarms are {names:?}"));
    for (name, filter) in stack.of_type("AWS::Logs::MetricFilter") {
        let made = &filter["Properties"]["MetricTransformations"][0];
        let watched = alarms.iter().any(|(_, alarm)| {
            let properties = &alarm["Properties"];
            properties["Namespace"] == made["MetricNamespace"] && properties["MetricName"] == made["MetricName"]
        });
        require(watched, &format!("an alarm watches {name}"));
        require(filter["Properties"]["LogGroupName"] == "<ApiLogs>", &format!("{name} reads the access log"));
    }
    let direct = Rendered::new(template, &[("Clicks", "direct")]);
    let exists = |name: &str| !direct.properties(name).is_null();
    require(exists("ClicksDroppedAlarm") && !exists("ClicksLateAlarm"), "without a stream, clicks that Lambda drops");
    let without = Rendered::new(template, &[("DaxNodeType", "dax.r5.large")]);
    require(without.properties("DaxCreditsAlarm").is_null(), "only burstable nodes have credits");
    let none = Rendered::new(template, &[("Alarms", "false")]);
    for kind in ["AWS::CloudWatch::Alarm", "AWS::Logs::MetricFilter", "AWS::CloudWatch::Dashboard"] {
        require(none.of_type(kind).is_empty(), "without Alarms nothing is watched or billed");
    }
}

fn dashboard(template: &Value, require: &mut impl FnMut(bool, &str)) {
    for (mode, clicks, widgets) in [("tls", "stream", 7), ("none", "direct", 6), ("none", "none", 5)] {
        let stack = Rendered::new(template, &[("DaxMode", mode), ("Clicks", clicks)]);
        let body = stack.properties("Dashboard")["DashboardBody"].as_str().unwrap_or_default();
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        require(body["widgets"].as_array().map(Vec::len) == Some(widgets), "the dashboard is JSON");
    }
}

/// What only AWS would notice, and late.
#[test]
fn parameters_take_what_they_mean() {
    let definitions = template::definitions(&crate::document()).unwrap();
    let certificate = "arn:aws:acm:us-east-1:111122223333:certificate/9c2a63e1-93b2-47ab-8a0e-2f1b7c4f7a11";
    let acl = "arn:aws:wafv2:us-east-1:111122223333:global/webacl/kurz/473e64fd-f30b-4765-81a0-62ad96dd167a";
    let regional = acl.replace("us-east-1", "eu-west-1").replace("global", "regional");
    for (name, right, wrong) in [
        (
            "DomainName",
            &["", "s.example", "xn--bcher-kva.example", "s.xn--p1ai"][..],
            &["https://s.example", "S.example"][..],
        ),
        ("DomainName", &[], &["s", "s.example.", "-s.example", "s.example/x", "s.example:443", "192.0.2.1"]),
        ("CertificateArn", &["", certificate], &["x", "arn:aws:iam::111122223333:server-certificate/x"]),
        ("WebAclArn", &["", acl], &[&regional, "arn:x"]),
        ("HostedZoneId", &["", "Z0123456789ABC"], &["/hostedzone/Z0123456789ABC", "s.example"]),
        ("AlarmEmail", &["", "ann@example.com"], &["nobody", "ann@example", "ann @example.com"]),
        ("JwtAudience", &["", "kurz", "https://s.example,kurz"], &["a b"]),
        ("AnonymousScopes", &["", "create", "create,read"], &["admin", "create,", "all"]),
        ("DaxReplicationFactor", &["1", "3", "10"], &["0", "2.5", "11"]),
    ] {
        let definition = definitions.get(name).unwrap();
        for value in right {
            assert_eq!(definition.problem(value), None, "{name} = {value}");
        }
        for value in wrong {
            assert!(definition.problem(value).is_some(), "{name} = {value}");
        }
    }
}

#[cfg(test)]
mod mistakes {
    use super::*;
    use crate::mutations::{check, properties, remove};

    #[test]
    fn one_route_may_use_up_what_redirects_need() {
        check(|all| remove(properties(all, "DefaultStage"), "DefaultRouteSettings"), "every route has a low limit");
        check(
            |all| properties(all, "DefaultStage")["RouteSettings"] = json!({}),
            "redirects have a limit of their own",
        );
        check(
            |all| {
                properties(all, "DefaultStage")["RouteSettings"]["Fn::If"][2]["ANY /gone"] = json!({});
            },
            "ANY /gone has a limit and is no route",
        );
    }

    #[test]
    fn cloudfront_can_be_passed_by() {
        for function in ["Redirector", "Writer"] {
            check(
                |all| remove(&mut properties(all, function)["Environment"]["Variables"], "ORIGIN_SECRET"),
                &format!("{function} refuses what passes CloudFront by"),
            );
            check(|all| remove(&mut all[function], "Metadata"), &format!("{function} waits for the domain"));
        }
        let origin = |all: &mut Value| properties(all, "CdnDistribution")["DistributionConfig"]["Origins"][0].take();
        check(
            |all| {
                let mut origin = origin(all);
                remove(&mut origin, "OriginCustomHeaders");
                properties(all, "CdnDistribution")["DistributionConfig"]["Origins"][0] = origin;
            },
            "CloudFront proves itself",
        );
        check(
            |all| {
                properties(all, "Api")["Description"] =
                    json!({"Fn::Sub": "{{resolve:secretsmanager:${OriginSecret}}}"});
                all["OriginSecret"].as_object_mut().unwrap().remove("Condition");
            },
            "nobody else has CloudFront's secret",
        );
    }

    #[test]
    fn cloudfront_keeps_errors() {
        check(
            |all| remove(&mut properties(all, "CdnDistribution")["DistributionConfig"], "CustomErrorResponses"),
            "CloudFront does not keep 503",
        );
        check(
            |all| {
                let config = &mut properties(all, "CdnDistribution")["DistributionConfig"];
                config["CustomErrorResponses"][0]["ErrorCachingMinTTL"] = json!(10);
            },
            "CloudFront does not keep 400",
        );
    }

    #[test]
    fn a_name_of_the_account_is_taken_in_another_region() {
        for (name, config) in
            [("CdnCachePolicy", "CachePolicyConfig"), ("CdnResponseHeaders", "ResponseHeadersPolicyConfig")]
        {
            check(
                |all| properties(all, name)[config]["Name"] = json!({"Fn::Sub": "${AWS::StackName}-name"}),
                "names of the account tell regions apart",
            );
        }
    }

    #[test]
    fn the_domain_has_two_records_of_a_kind() {
        check(
            |all| {
                all["Another"] = all["DomainRecord"].clone();
            },
            "records of the domain",
        );
        check(|all| remove(&mut properties(all, "Writer")["Environment"]["Variables"], "OWN_HOSTS"), "own hosts with");
    }

    #[test]
    fn an_alarm_helps_nobody() {
        let text = "the redirector fails";
        check(
            |all| properties(all, "RedirectorErrorsAlarm")["AlarmDescription"] = json!(text),
            "RedirectorErrorsAlarm says what happened and what to do",
        );
        check(
            |all| properties(all, "RefusedFilter")["MetricTransformations"][0]["MetricName"] = json!("Denied"),
            "an alarm watches RefusedFilter",
        );
        check(|all| remove(properties(all, "DaxCpuAlarm"), "AlarmActions"), "DaxCpuAlarm sends mail");
        check(|all| properties(all, "Dashboard")["DashboardBody"]["Fn::Sub"][0] = json!("{"), "the dashboard is JSON");
    }
}
