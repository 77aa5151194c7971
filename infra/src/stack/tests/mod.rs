//! Rare cases: responses that no emulator produces, in the SDK's own wire formats.

mod deletion;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_cloudformation::types::ChangeSetType;

use crate::aws::testing::{Reply, Script};
use crate::outcome::{Exit, exit_of};
use crate::stack::change_set::{self, Proposal, Template};
use crate::stack::recovery::{Consent, recover};
use crate::stack::watch::{self, explanation};
use crate::stack::{Backoff, Session};
use crate::stage::Stage;
use crate::terminal::{Output, Terminal};

const BACKOFF: Backoff =
    Backoff { first: Duration::from_millis(1), longest: Duration::from_millis(1), patience: Duration::from_secs(60) };

fn session(script: &Script) -> Session {
    Session {
        aws: script.aws(),
        terminal: Terminal::new(Output::Text, true),
        stage: Stage {
            name: "test".to_owned(),
            stack: "s".to_owned(),
            region: None,
            profile: None,
            termination_protection: false,
            parameters: BTreeMap::new(),
            tags: BTreeMap::new(),
        },
        backoff: BACKOFF,
        on_interrupt: Arc::default(),
    }
}

fn stack(status: &str) -> Reply {
    let inner = format!(
        "<Stacks><member><StackName>s</StackName><StackId>arn:s</StackId><StackStatus>{status}</StackStatus>\
         <CreationTime>2026-01-01T00:00:00Z</CreationTime></member></Stacks>"
    );
    Reply::Ok("DescribeStacks", inner)
}

fn absent() -> Reply {
    Reply::Error("DescribeStacks", 400, "ValidationError", "Stack with id s does not exist")
}

fn event(id: &str, logical_id: &str, status: &str, reason: &str) -> String {
    format!(
        "<member><EventId>{id}</EventId><StackId>arn:s</StackId><StackName>s</StackName>\
         <LogicalResourceId>{logical_id}</LogicalResourceId><ResourceType>T</ResourceType>\
         <ResourceStatus>{status}</ResourceStatus><ResourceStatusReason>{reason}</ResourceStatusReason>\
         <Timestamp>2026-01-01T00:00:00Z</Timestamp></member>"
    )
}

/// A page of events, the newest first, as the API returns them.
fn events(newest_first: &[String], next: Option<&str>) -> Reply {
    let next = next.map(|token| format!("<NextToken>{token}</NextToken>")).unwrap_or_default();
    Reply::Ok("DescribeStackEvents", format!("<StackEvents>{}</StackEvents>{next}", newest_first.concat()))
}

/// The resources of the stack: type and physical id.
fn resources(list: &[(&str, &str)]) -> Reply {
    let members = list.iter().map(|(resource_type, id)| {
        let logical_id = if *id == "arn:secret" { "SlugSecret" } else { "Other" };
        format!(
            "<member><LogicalResourceId>{logical_id}</LogicalResourceId><ResourceType>{resource_type}</ResourceType>\
             <PhysicalResourceId>{id}</PhysicalResourceId><ResourceStatus>DELETE_FAILED</ResourceStatus>\
             <LastUpdatedTimestamp>2026-01-01T00:00:00Z</LastUpdatedTimestamp></member>"
        )
    });
    let members: String = members.collect();
    Reply::Ok("ListStackResources", format!("<StackResourceSummaries>{members}</StackResourceSummaries>"))
}

fn done(operation: &'static str) -> Reply {
    Reply::Ok(operation, String::new())
}

/// The requests of a watch that begins now and finds the stack at `status`.
fn watched(status: &str) -> [Reply; 2] {
    [stack(status), events(&[event("2", "R", "DONE", ""), event("1", "R", "OLD", "")], None)]
}

fn marker() -> Reply {
    events(&[event("1", "R", "OLD", "")], None)
}

async fn check_recovery(replies: Vec<Reply>, consent: &Consent, expected: Result<ChangeSetType, Exit>) {
    let script = Script::new(replies);
    let result = recover(&session(&script), consent).await;
    assert_eq!(result.map_err(|error| exit_of(&error)), expected);
    script.assert_played();
}

fn yes() -> Consent {
    Consent { yes: true, wait: true, rollback: true, skip: vec!["Stuck".to_owned()] }
}

#[tokio::test]
async fn stable_stacks_accept_a_change_set() {
    check_recovery(vec![absent()], &Consent::default(), Ok(ChangeSetType::Create)).await;
    for status in ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "UPDATE_FAILED"]
    {
        check_recovery(vec![stack(status)], &Consent::default(), Ok(ChangeSetType::Update)).await;
    }
}

#[tokio::test]
async fn failed_creations_are_removed_first() {
    for status in ["ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED"] {
        let past = events(&[event("1", "DaxCluster", "CREATE_FAILED", "no capacity")], None);
        let mut replies = vec![stack(status), past, resources(&[]), resources(&[]), marker(), done("DeleteStack")];
        replies.extend(watched("DELETE_COMPLETE"));
        replies.push(absent());
        check_recovery(replies, &yes(), Ok(ChangeSetType::Create)).await;
    }
}

#[tokio::test]
async fn without_consent_or_a_terminal_nothing_is_removed() {
    let replies = vec![stack("ROLLBACK_COMPLETE"), events(&[], None), resources(&[]), resources(&[])];
    check_recovery(replies, &Consent::default(), Err(Exit::Failed)).await;
}

#[tokio::test]
async fn an_unused_shell_is_removed_without_asking() {
    let mut replies = vec![stack("REVIEW_IN_PROGRESS"), marker(), done("DeleteStack")];
    replies.extend(watched("DELETE_COMPLETE"));
    replies.push(absent());
    check_recovery(replies, &Consent::default(), Ok(ChangeSetType::Create)).await;
}

#[tokio::test]
async fn another_operation_is_waited_for_or_left_alone() {
    check_recovery(vec![stack("UPDATE_IN_PROGRESS")], &Consent::default(), Err(Exit::NeedsDecision)).await;
    let mut replies = vec![stack("UPDATE_IN_PROGRESS"), marker()];
    replies.extend(watched("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"));
    replies.push(stack("UPDATE_COMPLETE"));
    replies.push(events(&[event("2", "R", "DONE", "")], None));
    replies.push(stack("UPDATE_COMPLETE"));
    check_recovery(replies, &yes(), Ok(ChangeSetType::Update)).await;
}

#[tokio::test]
async fn an_update_that_stopped_halfway_is_rolled_back_if_asked_for() {
    let mut replies = vec![stack("UPDATE_FAILED"), marker(), done("RollbackStack")];
    replies.extend(watched("UPDATE_ROLLBACK_COMPLETE"));
    replies.push(stack("UPDATE_ROLLBACK_COMPLETE"));
    check_recovery(replies, &yes(), Ok(ChangeSetType::Update)).await;
}

#[tokio::test]
async fn a_failed_rollback_is_continued_without_what_is_skipped() {
    let past = events(&[event("1", "Stuck", "UPDATE_FAILED", "in use")], None);
    let mut replies = vec![stack("UPDATE_ROLLBACK_FAILED"), past, marker(), done("ContinueUpdateRollback")];
    replies.extend(watched("UPDATE_ROLLBACK_COMPLETE"));
    replies.push(stack("UPDATE_ROLLBACK_COMPLETE"));
    let script = Script::new(replies);
    recover(&session(&script), &yes()).await.unwrap();
    assert!(script.requests().iter().any(|request| request.contains("ResourcesToSkip.member.1=Stuck")));
    script.assert_played();
}

#[tokio::test]
async fn a_rollback_that_fails_again_needs_a_decision() {
    let past = events(&[event("1", "Stuck", "UPDATE_FAILED", "in use")], None);
    let mut replies = vec![stack("UPDATE_ROLLBACK_FAILED"), past, marker(), done("ContinueUpdateRollback")];
    replies.extend(watched("UPDATE_ROLLBACK_FAILED"));
    check_recovery(replies, &yes(), Err(Exit::NeedsDecision)).await;
}

#[tokio::test]
async fn a_partly_deleted_stack_is_not_deployed_to() {
    check_recovery(vec![stack("DELETE_FAILED")], &yes(), Err(Exit::NeedsDecision)).await;
}

#[tokio::test]
async fn watching_survives_throttling_and_lost_connections() {
    let script = Script::new([
        stack("CREATE_IN_PROGRESS"),
        Reply::Error("DescribeStackEvents", 400, "Throttling", "Rate exceeded"),
        Reply::Broken("DescribeStacks"),
        Reply::Error("DescribeStacks", 503, "ServiceUnavailable", "later"),
        stack("CREATE_COMPLETE"),
        events(&[event("2", "R", "CREATE_COMPLETE", "")], None),
    ]);
    let ending = watch::follow(&session(&script), "arn:s", None).await.unwrap();
    assert_eq!((ending.status.as_str(), ending.events.len()), ("CREATE_COMPLETE", 1));
    script.assert_played();
}

#[tokio::test]
async fn expired_credentials_end_the_watch_with_advice() {
    let script = Script::new([
        stack("UPDATE_IN_PROGRESS"),
        events(&[], None),
        Reply::Error("DescribeStacks", 403, "ExpiredToken", "The security token included in the request is expired"),
    ]);
    let error = watch::follow(&session(&script), "arn:s", None).await.unwrap_err();
    assert_eq!(exit_of(&error), Exit::NeedsDecision);
    let message = error.to_string();
    assert!(message.contains("log in again") && message.contains("infra status --watch"), "{message}");
}

#[tokio::test]
async fn patience_with_a_lost_connection_ends() {
    let script = Script::new(std::iter::repeat_n(Reply::Broken("DescribeStacks"), 1_000));
    let mut session = session(&script);
    session.backoff.patience = Duration::from_millis(20);
    let error = watch::follow(&session, "arn:s", None).await.unwrap_err();
    assert_eq!(exit_of(&error), Exit::NeedsDecision);
}

#[tokio::test]
async fn new_events_are_read_across_pages() {
    let script = Script::new([
        stack("UPDATE_ROLLBACK_COMPLETE"),
        events(
            &[
                event("4", "B", "UPDATE_FAILED", "Resource update cancelled"),
                event("3", "A", "UPDATE_FAILED", "bad value"),
            ],
            Some("next"),
        ),
        events(&[event("2", "A", "UPDATE_IN_PROGRESS", ""), event("1", "A", "CREATE_COMPLETE", "")], None),
    ]);
    let ending = watch::follow(&session(&script), "arn:s", Some("1".to_owned())).await.unwrap();
    let order: Vec<_> = ending.events.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(order, ["2", "3", "4"]);
    let text = explanation(&ending).to_string();
    assert!(text.contains("first cause: A (T): bad value") && text.contains("1 more were cancelled"), "{text}");
    assert!(script.requests()[2].contains("NextToken=next"));
}

fn change_set_page(status: &str, reason: &str, logical_ids: &[&str], next: Option<&str>) -> Reply {
    let changes = logical_ids.iter().map(|id| {
        format!(
            "<member><Type>Resource</Type><ResourceChange><Action>Modify</Action><LogicalResourceId>{id}</LogicalResourceId>\
             <ResourceType>AWS::Lambda::Function</ResourceType><Replacement>False</Replacement><Details><member><Target>\
             <Attribute>Properties</Attribute><Name>MemorySize</Name><RequiresRecreation>Never</RequiresRecreation>\
             <Path>/Properties/MemorySize</Path><BeforeValue>256</BeforeValue><AfterValue>512</AfterValue>\
             </Target></member></Details></ResourceChange></member>"
        )
    });
    let next = next.map(|token| format!("<NextToken>{token}</NextToken>")).unwrap_or_default();
    let inner = format!(
        "<StackId>arn:s</StackId><ChangeSetId>arn:c</ChangeSetId><Status>{status}</Status><StatusReason>{reason}</StatusReason>\
         <Changes>{}</Changes>{next}",
        changes.collect::<String>()
    );
    Reply::Ok("DescribeChangeSet", inner)
}

#[tokio::test]
async fn a_template_in_a_bucket_travels_by_its_url() {
    let url = "https://s3.us-east-1.amazonaws.com/bucket/template.yaml";
    for (template, expected, absent) in [
        (Template::Url(url), "&TemplateURL=https%3A%2F%2Fs3.us-east-1.amazonaws.com%2Fbucket%2F", "TemplateBody"),
        (Template::Body("Resources"), "&TemplateBody=Resources", "TemplateURL"),
    ] {
        let created = Reply::Ok("CreateChangeSet", "<Id>arn:c</Id>".to_owned());
        let script = Script::new([done("GetTemplateSummary"), created]);
        let none = BTreeMap::new();
        let kind = ChangeSetType::Create;
        let proposal = Proposal { stack: "s", name: "n", template, parameters: &none, kept: &[], tags: &none, kind };
        assert_eq!(change_set::create(&script.aws(), &proposal).await.unwrap(), "arn:c");
        for request in script.requests() {
            assert!(request.contains(expected) && !request.contains(absent), "{request}");
        }
        script.assert_played();
    }
}

#[tokio::test]
async fn a_deployed_template_keeps_its_values() {
    let created = Reply::Ok("CreateChangeSet", "<Id>arn:c</Id>".to_owned());
    let script = Script::new([done("GetTemplateSummary"), created]);
    let parameters = BTreeMap::from([("A".to_owned(), "1".to_owned())]);
    let kept = ["Secret".to_owned()];
    let proposal = Proposal {
        stack: "s",
        name: "n",
        template: Template::Deployed("s"),
        parameters: &parameters,
        kept: &kept,
        tags: &BTreeMap::new(),
        kind: ChangeSetType::Update,
    };
    change_set::create(&script.aws(), &proposal).await.unwrap();
    let requests = script.requests();
    assert!(requests[0].contains("&StackName=s") && !requests[0].contains("Template="), "{}", requests[0]);
    for expected in [
        "&UsePreviousTemplate=true",
        "&Parameters.member.1.ParameterKey=A&Parameters.member.1.ParameterValue=1",
        "&Parameters.member.2.ParameterKey=Secret&Parameters.member.2.UsePreviousValue=true",
    ] {
        assert!(requests[1].contains(expected), "{}", requests[1]);
    }
}

#[tokio::test]
async fn all_pages_of_a_change_set_are_read() {
    let script = Script::new([
        change_set_page("CREATE_PENDING", "", &[], None),
        change_set_page("CREATE_COMPLETE", "", &["Writer"], Some("next")),
        change_set_page("CREATE_COMPLETE", "", &["Redirector"], None),
    ]);
    let change_set = change_set::prepared(&script.aws(), "s", "arn:c", BACKOFF).await.unwrap();
    let names: Vec<_> = change_set.changes.iter().map(|change| change.logical_id.as_str()).collect();
    assert_eq!(names, ["Redirector", "Writer"]);
    let property = &change_set.changes[0].properties[0];
    assert_eq!((property.name.as_str(), property.before.as_deref()), ("MemorySize", Some("256")));
    script.assert_played();
}

#[tokio::test]
async fn a_change_set_without_changes_is_not_a_failure() {
    for reason in [
        "The submitted information didn't contain changes. Submit different information to create a change set.",
        "No updates are to be performed.",
    ] {
        let script = Script::new([change_set_page("FAILED", reason, &[], None)]);
        let change_set = change_set::prepared(&script.aws(), "s", "arn:c", BACKOFF).await.unwrap();
        assert!(change_set.changes.is_empty());
    }
    let script = Script::new([change_set_page("FAILED", "Parameter X is wrong", &[], None)]);
    let error = change_set::prepared(&script.aws(), "s", "arn:c", BACKOFF).await.unwrap_err();
    assert!(error.to_string().contains("Parameter X is wrong"), "{error}");
}
