use super::*;

fn path(name: &str) -> Tree {
    Tree::Path(Path(vec![Element::Name(name.to_owned())]))
}

fn equal(name: &str, variable: usize) -> Tree {
    Tree::Apply(Operator::Equal, vec![path(name), Tree::Variable(variable)])
}

fn apply(operator: Operator, operands: impl Into<Vec<Tree>>) -> Tree {
    Tree::Apply(operator, operands.into())
}

fn numbers(count: usize) -> Vec<AttributeValue> {
    (0..count).map(|n| AttributeValue::N(n.to_string())).collect()
}

#[track_caller]
fn check(tree: Tree, expected: &str) {
    let expression = Expression { tree, values: numbers(4) };
    assert_eq!(Placeholders::default().condition(&expression).unwrap(), expected);
}

#[track_caller]
fn check_update(actions: Vec<Tree>, expected: &str) {
    let expression = Expression { tree: Tree::List(actions), values: numbers(4) };
    assert_eq!(Placeholders::default().update(&expression).unwrap(), expected);
}

#[test]
fn conditions_get_the_parentheses_they_need_and_no_more() {
    use Operator::{And, Not, Or};
    let (a, b, c) = (equal("a", 0), equal("b", 1), equal("c", 2));
    check(a.clone(), "a=:0");
    check(apply(And, [apply(And, [a.clone(), b.clone()]), c.clone()]), "a=:0 AND b=:1 AND c=:2");
    check(apply(And, [apply(Or, [a.clone(), b.clone()]), c.clone()]), "(a=:0 OR b=:1)AND c=:2");
    check(apply(Or, [a.clone(), apply(And, [b.clone(), c])]), "a=:0 OR b=:1 AND c=:2");
    check(apply(Not, [apply(Or, [a.clone(), b])]), "NOT(a=:0 OR b=:1)");
    check(apply(Not, [apply(Not, [a])]), "NOT NOT a=:0");
}

#[test]
fn every_kind_of_condition_is_written() {
    use Operator::{AttributeExists, Between, Contains, In, LessOrEqual, Size};
    let values = || vec![Tree::Variable(0), Tree::Variable(1)];
    check(apply(Between, [path("a"), Tree::Variable(0), Tree::Variable(1)]), "a BETWEEN :0 AND :1");
    check(apply(In, [path("a"), Tree::List(values())]), "a IN(:0,:1)");
    check(apply(AttributeExists, [path("a")]), "attribute_exists(a)");
    check(apply(Contains, [path("a"), path("b")]), "contains(a,b)");
    check(apply(LessOrEqual, [apply(Size, [path("a")]), Tree::Variable(3)]), "size(a)<=:0");
    check(
        apply(
            Operator::Equal,
            [
                Tree::Path(Path(vec![Element::Name("a.b".into()), Element::Index(2), Element::Name("c".into())])),
                path("c"),
            ],
        ),
        "#0[2].c=c",
    );
}

#[test]
fn updates_are_grouped_by_section() {
    use Operator::{Add, Delete, IfNotExists, ListAppend, Plus, Remove, Set};
    let set = |name: &str, value| apply(Set, [path(name), value]);
    check_update(
        vec![
            set("a", Tree::Variable(0)),
            apply(Remove, [path("b")]),
            set("c", apply(Plus, [apply(IfNotExists, [path("c"), Tree::Variable(1)]), Tree::Variable(0)])),
            apply(Add, [path("d"), Tree::Variable(2)]),
            apply(Delete, [path("e"), Tree::Variable(3)]),
        ],
        "SET a=:0,c=if_not_exists(c,:1)+:0 REMOVE b ADD d :2 DELETE e :3",
    );
    check_update(vec![set("l", apply(ListAppend, [path("l"), Tree::Variable(0)]))], "SET l=list_append(l,:0)");
}

#[test]
fn expressions_of_one_request_share_names_and_keep_their_values_apart() {
    let mut placeholders = Placeholders::default();
    let first = Expression { tree: equal("name", 0), values: vec![AttributeValue::S("x".into())] };
    let second = Expression { tree: equal("name", 0), values: vec![AttributeValue::S("y".into())] };
    assert_eq!(placeholders.condition(&first).unwrap(), "#0=:0");
    assert_eq!(placeholders.condition(&second).unwrap(), "#0=:1");
    assert_eq!(placeholders.take_names().unwrap().len(), 1);
    assert_eq!(placeholders.take_values().unwrap().len(), 2);
}

#[test]
fn names_are_written_as_short_as_they_can_be() {
    for (name, expected) in [
        ("a", "a"),
        ("a1", "a1"),
        ("if", "#0"),
        ("Or", "#0"),
        ("abc", "#0"),
        ("1", "#0"),
        ("_", "#0"),
        ("é", "#0"),
        ("a-", "#0"),
    ] {
        assert_eq!(Placeholders::default().name(name), expected, "{name}");
    }
    let codes: Vec<_> = [0, 61, 62, 63, 123, 124, 3905, 3906].into_iter().map(code).collect();
    assert_eq!(codes, ["0", "Z", "00", "01", "0Z", "10", "ZZ", "000"]);
    let codes: std::collections::HashSet<_> = (0..10_000).map(code).collect();
    assert_eq!(codes.len(), 10_000);
}

#[test]
fn what_is_used_most_is_written_shortest() {
    let mut actions: Vec<_> =
        (0..100).map(|n| apply(Operator::Set, [path(&format!("name{n}")), Tree::Variable(n)])).collect();
    actions.extend((0..9).map(|n| apply(Operator::Set, [path(&format!("n{n}")), path("name99")])));
    actions.extend((0..9).map(|n| apply(Operator::Set, [path(&format!("m{n}")), Tree::Variable(99)])));
    let expression = Expression { tree: Tree::List(actions), values: numbers(100) };
    let text = Placeholders::default().update(&expression).unwrap();
    assert!(text.ends_with(",n8=#0,m0=:0,m1=:0,m2=:0,m3=:0,m4=:0,m5=:0,m6=:0,m7=:0,m8=:0"), "{text}");
}

#[test]
fn what_makes_no_sense_is_a_validation_failure() {
    for tree in [
        path("a"),
        Tree::Variable(0),
        apply(Operator::Equal, [path("a")]),
        equal("a", 9),
        apply(Operator::Set, [path("a"), Tree::Variable(0)]),
        apply(Operator::In, [path("a"), Tree::Variable(0)]),
        Tree::Apply(Operator::Equal, vec![Tree::Path(Path(vec![])), Tree::Variable(0)]),
    ] {
        let expression = Expression { tree, values: numbers(1) };
        let failure = Placeholders::default().condition(&expression).unwrap_err();
        assert_eq!(failure.code(), Some("ValidationException"), "{expression:?}");
    }
}
