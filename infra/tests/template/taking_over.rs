//! A stack over tables and a secret that exist already.

use super::document;
use super::render::Rendered;

const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:old-AbCdEf";
const PARAMETERS: [(&str, &str, &str); 3] = [
    ("ExistingLinksTable", "old-links", "LinksTable"),
    ("ExistingKeysTable", "old-keys", "KeysTable"),
    ("SlugSecretArn", SECRET, "SlugSecret"),
];

#[test]
fn what_is_taken_over_is_not_made_and_nothing_refers_to_it() {
    for taken in [&PARAMETERS[..1], &PARAMETERS[1..2], &PARAMETERS[2..], &PARAMETERS[..]] {
        for mode in ["tls", "none"] {
            let mut parameters: Vec<_> = taken.iter().map(|(parameter, value, _)| (*parameter, *value)).collect();
            parameters.push(("DaxMode", mode));
            let stack = Rendered::new(&document(), &parameters);
            for (parameter, value, resource) in PARAMETERS {
                let is_taken = taken.iter().any(|(name, ..)| *name == parameter);
                let [reference, attribute] = [format!("<{resource}>"), format!("<{resource}.")];
                let users = stack.all().map(|(_, body)| body.to_string());
                let own = users.filter(|body| body.contains(&reference) || body.contains(&attribute)).count();
                let users = stack.all().filter(|(_, body)| body.to_string().contains(value)).count();
                assert_eq!((own == 0, users > 0), (is_taken, is_taken), "{parameter} in {parameters:?}");
                assert_eq!(stack.properties(resource).is_null(), is_taken, "{resource} in {parameters:?}");
            }
        }
    }
}

#[test]
fn both_functions_use_the_table_that_was_taken_over() {
    let parameters = PARAMETERS.map(|(parameter, value, _)| (parameter, value));
    let stack = Rendered::new(&document(), &parameters);
    let variable = |function: &str, name: &str| stack.properties(function)["Environment"]["Variables"][name].clone();
    assert_eq!(variable("Redirector", "DDB_TABLE"), "old-links");
    assert_eq!(variable("Writer", "DDB_TABLE"), "old-links");
    assert_eq!(variable("Writer", "KEYS_TABLE"), "old-keys");
    assert_eq!(variable("Writer", "SLUG_SECRET"), format!("{{{{resolve:secretsmanager:{SECRET}}}}}"));
}

#[test]
fn zones_can_be_named() {
    let zone = |parameters: &[(&str, &str)], subnet: &str| {
        Rendered::new(&document(), parameters).properties(subnet)["AvailabilityZone"].clone()
    };
    let named = [("AvailabilityZones", "us-east-1b, us-east-1d,us-east-1f")];
    for (subnet, expected) in [("SubnetA", "us-east-1b"), ("SubnetB", "us-east-1d"), ("SubnetC", "us-east-1f")] {
        assert_eq!(zone(&named, subnet), expected);
        assert_eq!(zone(&[], subnet), "<Fn::Select>");
    }
    let two = [("AvailabilityZones", "us-west-1a,us-west-1c"), ("ThirdAz", "false")];
    assert_eq!(zone(&two, "SubnetB"), "us-west-1c");
}
