//! `GET /api/v1/openapi.json`: the API's description.

use http::{StatusCode, header};

use crate::http::response::Response;

/// The description, in OpenAPI 3.1.
const DESCRIPTION: &str = include_str!("../../openapi.json");

/// How long a client may keep the description, in seconds.
const MAX_AGE_SECONDS: u32 = 300;

/// Shows the description.
pub(crate) fn get() -> Response {
    Response::text(StatusCode::OK, "openapi", DESCRIPTION.to_owned())
        .with(header::CONTENT_TYPE, "application/json")
        .with(header::CACHE_CONTROL, format!("public, max-age={MAX_AGE_SECONDS}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        call::route::{CALLS, Call},
        http::{
            fields::Fields,
            problem::{FieldProblem, Problem, tests::one_of_each},
            representation::{Clicks, Receipt, Representation},
        },
        link::{changes::Changes, new_link::NewLink},
    };
    use links::{Link, TargetRules, TargetUrl, Timestamp};
    use serde_json::{Map, Value, json};
    use std::{collections::BTreeSet, time::Duration};

    fn description() -> Value {
        serde_json::from_str(DESCRIPTION).unwrap()
    }

    fn names(schema: &str) -> BTreeSet<String> {
        let properties = &description()["components"]["schemas"][schema]["properties"];
        properties.as_object().unwrap().keys().cloned().collect()
    }

    #[test]
    fn every_call_is_described_and_no_other() {
        let description = description();
        let methods = ["get", "put", "post", "patch", "delete", "head", "options"];
        let mut described = BTreeSet::new();
        for (path, item) in description["paths"].as_object().unwrap() {
            for method in item.as_object().unwrap().keys() {
                if methods.contains(&method.as_str()) {
                    described.insert((method.to_ascii_uppercase(), path.clone()));
                }
            }
        }
        let calls = CALLS.map(|(method, path, _)| (method.to_owned(), path.to_owned()));
        assert_eq!(described, BTreeSet::from(calls));
    }

    #[test]
    fn calls_take_the_described_bodies_and_queries() {
        let description = description();
        for (method, path, call) in CALLS {
            let Call::Links(call) = call else { continue };
            let described = &description["paths"][path][method.to_ascii_lowercase()];
            assert_eq!(call.takes_body(), described["requestBody"].is_object(), "body of {method} {path}");
            let parameters = described["parameters"].as_array().into_iter().flatten();
            let resolved = parameters.map(|parameter| match parameter["$ref"].as_str() {
                Some(reference) => description.pointer(reference.trim_start_matches('#')).unwrap(),
                None => parameter,
            });
            let has_query = resolved.into_iter().any(|parameter| parameter["in"] == "query");
            assert_eq!(call.takes_query(), has_query, "query of {method} {path}");
        }
    }

    #[test]
    fn a_link_has_the_described_fields() {
        let target = TargetUrl::parse("https://example.com/", &TargetRules::default()).unwrap();
        let now = Timestamp::from_unix_seconds(1);
        let stored = Link::new("abc".parse().unwrap(), &target, "ann", now);
        let clicks = Clicks { total: 1, bots: 2, imported: 0, recent: vec![0; 30] };
        let link = Representation::new(&stored, false, "https://s.example", None, Duration::ZERO);
        let link = link.with_clicks(Some(&clicks));
        let Value::Object(link) = serde_json::to_value(&link).unwrap() else {
            panic!("not an object");
        };
        let fields: BTreeSet<String> = link.keys().cloned().collect();
        assert_eq!(fields, names("Link"));
        let fields: BTreeSet<String> = link["clicks"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(fields, names("LinkClicks"));
        let receipt = serde_json::to_value(Receipt::new(&stored, "https://s.example")).unwrap();
        let fields: BTreeSet<String> = receipt.as_object().unwrap().keys().cloned().collect();
        assert_eq!(fields, names("Receipt"));
    }

    /// A value for each field that a request may have.
    fn sample(field: &str) -> Value {
        match field {
            "url" | "expired_url" => json!("https://example.com/"),
            "slug" => json!("launch"),
            "state" => json!("disabled"),
            "redirect" => json!(302),
            "cache_seconds" => json!(1),
            "ttl_seconds" => json!(60),
            "permanent" | "forward_query" | "reuse" => json!(true),
            "expires_at" | "valid_from" => json!("2030-01-31T12:00:00Z"),
            "tags" => json!(["a"]),
            "note" => json!("n"),
            _ => json!("?"),
        }
    }

    #[test]
    fn requests_may_have_the_described_fields_and_no_other() {
        let check = |schema: &str, accepts: &dyn Fn(Fields) -> Result<(), Problem>| {
            let described = names(schema);
            let known = ["NewLink", "LinkPatch", "Link"].map(names);
            for field in known.iter().flatten() {
                let mut object = Map::from_iter([("url".to_owned(), sample("url"))]);
                object.insert(field.clone(), sample(field));
                let is_unknown = match accepts(Fields::new(object)) {
                    Ok(()) => false,
                    Err(Problem::Field(FieldProblem::Unknown { .. })) => true,
                    Err(problem) => panic!("{schema} {field}: {problem:?}"),
                };
                assert_eq!(is_unknown, !described.contains(field), "{schema} {field}");
            }
        };
        check("NewLink", &|fields| NewLink::from_fields(fields).map(drop));
        check("LinkPatch", &|fields| Changes::patch(fields).map(drop));
    }

    #[test]
    fn every_problem_is_described_and_no_other() {
        let description = description();
        let problem = &description["components"]["schemas"]["Problem"]["properties"];
        let described = problem["type"]["enum"].as_array().unwrap();
        let described: BTreeSet<&str> = described.iter().map(|kind| kind.as_str().unwrap()).collect();
        let mut used = BTreeSet::new();
        for problem in one_of_each() {
            let Value::Object(body) = serde_json::to_value(problem.describe().into_body("r")).unwrap() else {
                panic!("not an object");
            };
            used.insert(body["type"].as_str().unwrap().to_owned());
            let fields: BTreeSet<String> = body.keys().cloned().collect();
            assert!(fields.is_subset(&names("Problem")), "{fields:?}");
        }
        assert_eq!(used.iter().map(String::as_str).collect::<BTreeSet<_>>(), described);
    }
}
