//! Every problem at once.

use links::{Alias, HiddenCharacter, Scope, TargetError};

use super::{
    AccessProblem, BodyProblem, Conflict, FieldProblem, LinkProblem, Origin, Problem, RequestProblem, SlugProblem,
    UrlProblem,
};

/// A problem of each kind.
pub(crate) fn one_of_each() -> Vec<Problem> {
    let families =
        [access(), bodies(), fields(), links(), requests(), conflicts(), slugs(), urls(), vec![Problem::Unavailable]];
    families.into_iter().flatten().collect()
}

fn slug() -> String {
    "abc".to_owned()
}

fn access() -> Vec<Problem> {
    vec![
        AccessProblem::Unauthenticated.into(),
        AccessProblem::InvalidKey.into(),
        AccessProblem::WrongAddress.into(),
        AccessProblem::NoRoleOrUser.into(),
        AccessProblem::ReservedOwner.into(),
        AccessProblem::RateLimited { per_second: 1 }.into(),
        AccessProblem::KeysUnavailable.into(),
        AccessProblem::HostsUnavailable.into(),
        AccessProblem::InsufficientScope { scope: Scope::Admin }.into(),
        AccessProblem::NotOwner { slug: slug() }.into(),
        AccessProblem::LinkBlocked { slug: slug() }.into(),
    ]
}

fn bodies() -> Vec<Problem> {
    vec![
        BodyProblem::TooLarge { limit: 1 }.into(),
        BodyProblem::UnsupportedMediaType { expected: "text" }.into(),
        BodyProblem::Encoded.into(),
        BodyProblem::Empty.into(),
        BodyProblem::Malformed.into(),
        BodyProblem::MalformedJson { line: 1, column: 1 }.into(),
    ]
}

fn fields() -> Vec<Problem> {
    vec![
        FieldProblem::Unknown { field: "f".into(), origin: Origin::FormWithUrl }.into(),
        FieldProblem::Twice { field: "f".into(), origin: Origin::Json }.into(),
        FieldProblem::Character { field: "f", found: HiddenCharacter { character: '\0', position: 1 } }.into(),
        FieldProblem::Missing { field: "f" }.into(),
        FieldProblem::WrongType { field: "f", expected: "a string" }.into(),
        FieldProblem::OutOfRange { field: "f", from: 1, to: 2 }.into(),
        FieldProblem::Length { field: "f", min: 1, max: 2 }.into(),
        FieldProblem::TooMany { field: "f", limit: 1 }.into(),
        FieldProblem::Exclusive { fields: "a and b" }.into(),
        FieldProblem::NeverValid.into(),
    ]
}

fn links() -> Vec<Problem> {
    vec![
        LinkProblem::Unknown { slug: slug() }.into(),
        LinkProblem::Deleted { slug: slug() }.into(),
        LinkProblem::VersionMismatch { version: 1 }.into(),
        LinkProblem::TooManyEditors { slug: slug() }.into(),
        LinkProblem::Malformed { slug: slug() }.into(),
        LinkProblem::NoQrCode.into(),
    ]
}

fn requests() -> Vec<Problem> {
    vec![
        RequestProblem::UnknownPath.into(),
        RequestProblem::MethodNotAllowed { allow: "GET".into() }.into(),
        RequestProblem::InvalidParameter { parameter: "p".into(), expected: "a number" }.into(),
        RequestProblem::InvalidIdempotencyKey { limit: 1 }.into(),
        RequestProblem::IdempotencyMismatch.into(),
        RequestProblem::NoHostLists.into(),
        RequestProblem::NoOwnerIndex.into(),
        RequestProblem::NoClicks.into(),
    ]
}

fn conflicts() -> Vec<Problem> {
    let conflicts = [
        Conflict::Blocked,
        Conflict::Deleted,
        Conflict::Expired { at: None },
        Conflict::OtherTarget,
        Conflict::Disabled,
        Conflict::Early { at: None },
        Conflict::NoReuse,
        Conflict::OtherOptions { fields: vec!["note"] },
    ];
    conflicts.map(|conflict| SlugProblem::Own { slug: slug(), conflict }.into()).into()
}

fn slugs() -> Vec<Problem> {
    let alias_error = |alias: &str| alias.parse::<Alias>().unwrap_err();
    vec![
        alias_error("api").into(),
        alias_error("a").into(),
        SlugProblem::Taken { slug: slug() }.into(),
        SlugProblem::NoneLeft.into(),
    ]
}

fn urls() -> Vec<Problem> {
    vec![
        UrlProblem::NotText.into(),
        UrlProblem::UndeclaredJson.into(),
        TargetError::TooLong { bytes: 9_000 }.into(),
        TargetError::Hidden(HiddenCharacter { character: '\t', position: 1 }).into(),
        TargetError::SecondUrl { position: 1 }.into(),
        TargetError::SelfLoop.into(),
        TargetError::ForbiddenHost { host: "evil.example".into() }.into(),
        UrlProblem::ExpiredUrl(TargetError::Private { what: "x" }).into(),
    ]
}

#[test]
fn a_problem_has_a_sentence_for_people_and_a_code_for_programs() {
    for problem in one_of_each() {
        let description = problem.describe();
        let (code, status) = (description.code, description.status);
        assert!(code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{code}");
        let body = serde_json::to_value(description.into_body("r")).unwrap();
        assert_eq!(body["type"], format!("urn:kurz:problem:{code}"));
        assert_eq!(body["status"], status.as_u16());
        let detail = body["detail"].as_str().unwrap();
        assert!(detail.ends_with('.'), "{detail}");
    }
}

#[test]
fn what_a_client_sent_is_repeated_in_part_only() {
    let field = "ä".repeat(1_000);
    let problem = Problem::from(FieldProblem::Unknown { field, origin: Origin::Json });
    let body = serde_json::to_value(problem.describe().into_body("r")).unwrap();
    assert_eq!(body["field"], format!("{}…", "ä".repeat(200)));
}
