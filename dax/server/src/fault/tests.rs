//! Which requests a rule hits, and how rules are written.

use super::*;

const SEED: u64 = 7;

fn delay(milliseconds: u64) -> FaultRule {
    FaultRule::delay(Duration::from_millis(milliseconds))
}

#[test]
fn a_rule_counts_down_and_goes() {
    let faults = Faults::new(SEED);
    faults.add(delay(1).times(2));
    let hits = (0..5).filter(|_| faults.draw(0, Method::GetItem).is_some()).count();
    assert_eq!((hits, faults.list().len()), (2, 0));
}

#[test]
fn a_rule_picks_node_and_operation() {
    let faults = Faults::new(SEED);
    let id = faults.add(delay(1).on_node(1).on(Method::PutItem));
    assert!(faults.draw(0, Method::PutItem).is_none());
    assert!(faults.draw(1, Method::GetItem).is_none());
    assert!(faults.draw(1, Method::PutItem).is_some());
    assert!(faults.remove(id) && !faults.remove(id));
    assert!(faults.draw(1, Method::PutItem).is_none());
}

#[test]
fn the_dice_are_seeded() {
    let draw = |seed| {
        let faults = Faults::new(seed);
        faults.add(delay(1).with_probability(0.3));
        (0..200).map(|_| faults.draw(0, Method::Scan).is_some()).collect::<Vec<_>>()
    };
    assert_eq!(draw(SEED), draw(SEED));
    let hits = draw(SEED).iter().filter(|hit| **hit).count();
    assert!((30..90).contains(&hits), "{hits} of 200 at 30 %, seed {SEED}");
}

#[test]
fn rules_add_up() {
    let faults = Faults::new(SEED);
    faults.add(delay(10));
    faults.add(delay(20));
    faults.add(FaultRule::unprocessed(1));
    let effects = faults.draw(0, Method::BatchGetItem).unwrap();
    assert_eq!((effects.delay, effects.unprocessed), (Duration::from_millis(30), 1));
    assert_eq!(faults.draw(0, Method::GetItem).unwrap().unprocessed, 0, "no batch");
}

#[test]
fn a_rule_without_an_operation_is_for_the_ten() {
    let hit = |rule: FaultRule| {
        let faults = Faults::new(SEED);
        faults.add(rule);
        let hit = Method::ALL.into_iter().filter(|method| faults.draw(0, *method).is_some());
        hit.map(Method::name).collect::<Vec<_>>()
    };
    let ten = hit(delay(1));
    assert_eq!((ten.len(), ten[0], ten[9]), (10, "GetItem", "TransactWriteItems"));
    assert_eq!(hit(delay(1).on(Method::DefineKeySchema)), ["DefineKeySchema"], "lookups by name only");
}

#[test]
fn rules_are_built() {
    let built = FaultRule::error("ThrottlingException").on(Method::PutItem).times(3).with_message("slow");
    let text = r#"{"operation":"putItem","times":3,
                   "action":{"type":"error","code":"ThrottlingException","message":"slow"}}"#;
    assert_eq!(built, serde_json::from_str(text).unwrap());
    assert_eq!(FaultRule::close().with_message("not an error"), FaultRule::new(FaultAction::Close));
    let actions = [FaultRule::reset(), FaultRule::stale_read(), FaultRule::unprocessed(2)].map(|rule| rule.action);
    assert_eq!(actions, [FaultAction::Reset, FaultAction::StaleRead, FaultAction::Unprocessed { count: 2 }]);
}

#[test]
fn an_operation_is_read_in_any_case_and_written_as_dynamodb_does() {
    let read = |name: &str| {
        let text = format!(r#"{{"operation":"{name}","action":{{"type":"close"}}}}"#);
        serde_json::from_str::<FaultRule>(&text).map_err(|error| error.to_string())
    };
    for name in ["putItem", "PutItem", "PUTITEM"] {
        let rule = read(name).unwrap();
        assert_eq!(rule.operation, Some(Method::PutItem));
        assert_eq!(serde_json::to_value(rule).unwrap()["operation"], "PutItem");
    }
    let error = read("put").unwrap_err();
    assert!(error.starts_with("there is no operation put, only GetItem, PutItem, "), "{error}");
    assert!(error.contains("DefineAttributeList"), "{error}");
}

#[test]
fn rules_are_json() {
    let text = r#"{"operation":"putItem","times":3,"action":{"type":"error","code":"ThrottlingException"}}"#;
    let rule: FaultRule = serde_json::from_str(text).unwrap();
    assert_eq!((rule.operation, rule.times), (Some(Method::PutItem), Some(3)));
    assert_eq!(rule.problem(), None);
    for (bad, why) in [
        (r#"{"action":{"type":"error","code":"Nonsense"}}"#, "Nonsense is not known: give its path of codes, or one"),
        (r#"{"action":{"type":"error","code":"Nonsense"}}"#, "names: AccessDeniedException, Auth"),
        (r#"{"probability":1.5,"action":{"type":"close"}}"#, "between 0 and 1"),
        (r#"{"times":0,"action":{"type":"reset"}}"#, "times is 0"),
    ] {
        let rule: FaultRule = serde_json::from_str(bad).unwrap();
        assert!(rule.problem().unwrap().contains(why), "{bad}");
    }
    assert!(serde_json::from_str::<FaultRule>(r#"{"nodes":1,"action":{"type":"close"}}"#).is_err());
}
