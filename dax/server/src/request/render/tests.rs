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
    check(a.clone(), "#n0 = :v0");
    check(apply(And, [apply(And, [a.clone(), b.clone()]), c.clone()]), "#n0 = :v0 AND #n1 = :v1 AND #n2 = :v2");
    check(apply(And, [apply(Or, [a.clone(), b.clone()]), c.clone()]), "(#n0 = :v0 OR #n1 = :v1) AND #n2 = :v2");
    check(apply(Or, [a.clone(), apply(And, [b.clone(), c])]), "#n0 = :v0 OR #n1 = :v1 AND #n2 = :v2");
    check(apply(Not, [apply(Or, [a.clone(), b])]), "NOT (#n0 = :v0 OR #n1 = :v1)");
    check(apply(Not, [apply(Not, [a])]), "NOT NOT #n0 = :v0");
}

#[test]
fn every_kind_of_condition_is_written() {
    use Operator::{AttributeExists, Between, Contains, In, LessOrEqual, Size};
    let values = || vec![Tree::Variable(0), Tree::Variable(1)];
    check(apply(Between, [path("a"), Tree::Variable(0), Tree::Variable(1)]), "#n0 BETWEEN :v0 AND :v1");
    check(apply(In, [path("a"), Tree::List(values())]), "#n0 IN (:v0, :v1)");
    check(apply(AttributeExists, [path("a")]), "attribute_exists(#n0)");
    check(apply(Contains, [path("a"), path("b")]), "contains(#n0, #n1)");
    check(apply(LessOrEqual, [apply(Size, [path("a")]), Tree::Variable(3)]), "size(#n0) <= :v0");
    check(
        apply(
            Operator::Equal,
            [
                Tree::Path(Path(vec![Element::Name("a.b".into()), Element::Index(2), Element::Name("c".into())])),
                path("c"),
            ],
        ),
        "#n0[2].#n1 = #n1",
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
        "SET #n0 = :v0, #n1 = if_not_exists(#n1, :v1) + :v0 REMOVE #n2 ADD #n3 :v2 DELETE #n4 :v3",
    );
    check_update(vec![set("l", apply(ListAppend, [path("l"), Tree::Variable(0)]))], "SET #n0 = list_append(#n0, :v0)");
}

#[test]
fn expressions_of_one_request_share_names_and_keep_their_values_apart() {
    let mut placeholders = Placeholders::default();
    let first = Expression { tree: equal("a", 0), values: vec![AttributeValue::S("x".into())] };
    let second = Expression { tree: equal("a", 0), values: vec![AttributeValue::S("y".into())] };
    assert_eq!(placeholders.condition(&first).unwrap(), "#n0 = :v0");
    assert_eq!(placeholders.condition(&second).unwrap(), "#n0 = :v1");
    assert_eq!(placeholders.take_names().unwrap().len(), 1);
    assert_eq!(placeholders.take_values().unwrap().len(), 2);
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
