//! What stands in the way of a deletion: tables of a failed creation, and network interfaces.

use aws_sdk_cloudformation::types::ChangeSetType;

use super::{absent, check_recovery, done, event, events, marker, resources, session, stack, watched, yes};
use crate::aws::testing::{Reply, Script};
use crate::outcome::{Exit, exit_of};
use crate::stack::Stack;
use crate::stack::recovery::delete;

fn table(name: &str, protected: bool) -> Reply {
    let text = format!(
        "{{\"Table\":{{\"TableName\":\"{name}\",\"TableStatus\":\"ACTIVE\",\"DeletionProtectionEnabled\":{protected}}}}}"
    );
    Reply::Ok("DescribeTable", text)
}

fn no_table() -> Reply {
    Reply::Error("DescribeTable", 400, "ResourceNotFoundException", "no such table")
}

fn items(count: usize) -> Reply {
    let items = vec!["{\"id\":{\"S\":\"x\"}}"; count].join(",");
    Reply::Ok("Scan", format!("{{\"Items\":[{items}],\"Count\":{count}}}"))
}

fn answered(operation: &'static str) -> Reply {
    Reply::Ok(operation, "{}".to_owned())
}

const RESOURCES: [(&str, &str); 5] = [
    ("AWS::SecretsManager::Secret", "arn:another"),
    ("AWS::DynamoDB::Table", "links"),
    ("AWS::IAM::Role", "role"),
    ("AWS::DynamoDB::Table", "keys"),
    ("AWS::SecretsManager::Secret", "arn:secret"),
];

/// With protected tables, CloudFormation cannot roll a creation back, and would leave them behind.
#[tokio::test]
async fn empty_tables_of_a_failed_creation_are_deleted_with_it() {
    for status in ["ROLLBACK_FAILED", "ROLLBACK_COMPLETE", "CREATE_FAILED"] {
        let past = events(&[event("1", "LinksTable", "DELETE_FAILED", "protected against deletion")], None);
        let mut replies = vec![stack(status), past, resources(&RESOURCES), resources(&RESOURCES)];
        replies.extend([table("links", true), items(0), table("keys", false), items(0)]);
        replies.extend([table("links", true), answered("UpdateTable")]);
        // The table is UPDATING for a moment.
        replies.push(Reply::Error("DeleteTable", 400, "ResourceInUseException", "being updated"));
        replies.extend([answered("DeleteTable"), table("keys", false), answered("DeleteTable")]);
        replies.extend([answered("DeleteSecret"), marker(), done("DeleteStack")]);
        replies.extend(watched("DELETE_COMPLETE"));
        replies.push(absent());
        check_recovery(replies, &yes(), Ok(ChangeSetType::Create)).await;
    }
}

#[tokio::test]
async fn a_table_with_items_is_never_deleted_with_a_failed_creation() {
    let mut replies = vec![stack("ROLLBACK_FAILED"), events(&[], None), resources(&RESOURCES), resources(&RESOURCES)];
    replies.extend([table("links", true), items(1), no_table(), marker(), done("DeleteStack")]);
    replies.extend(watched("DELETE_COMPLETE"));
    replies.push(absent());
    check_recovery(replies, &yes(), Ok(ChangeSetType::Create)).await;
}

#[tokio::test]
async fn without_consent_no_table_is_touched() {
    let mut replies = vec![stack("ROLLBACK_FAILED"), events(&[], None), resources(&RESOURCES), resources(&RESOURCES)];
    replies.extend([table("links", true), items(0), no_table()]);
    check_recovery(replies, &super::Consent::default(), Err(Exit::Failed)).await;
}

fn described() -> Stack {
    Stack { name: "s".to_owned(), id: "arn:s".to_owned(), ..Stack::default() }
}

fn interfaces(ids: &[&str]) -> Reply {
    let items = ids.iter().map(|id| format!("<item><networkInterfaceId>{id}</networkInterfaceId></item>"));
    Reply::Ok(
        "DescribeNetworkInterfaces",
        format!("<networkInterfaceSet>{}</networkInterfaceSet>", items.collect::<String>()),
    )
}

fn failed_deletion() -> Vec<Reply> {
    let mut replies = vec![marker(), done("DeleteStack")];
    replies.extend([
        stack("DELETE_FAILED"),
        events(&[event("2", "Group", "DELETE_FAILED", "has a dependent object"), event("1", "R", "OLD", "")], None),
    ]);
    replies.push(resources(&[("AWS::EC2::SecurityGroup", "sg-1"), ("AWS::EC2::Subnet", "subnet-1")]));
    replies
}

#[tokio::test]
async fn interfaces_that_lambda_left_are_deleted_and_the_deletion_repeated() {
    let mut replies = failed_deletion();
    replies.extend([interfaces(&["eni-1", "eni-2"]), done("DeleteNetworkInterface")]);
    let gone = Reply::Error("DeleteNetworkInterface", 400, "InvalidNetworkInterfaceID.NotFound", "Lambda was quicker");
    replies.extend([gone, marker(), done("DeleteStack")]);
    replies.extend(watched("DELETE_COMPLETE"));
    let script = Script::new(replies);
    delete(&session(&script), &described(), &[]).await.unwrap();
    assert!(script.requests().iter().any(|request| request.contains("Filter.2.Value.1=sg-1")));
    script.assert_played();
}

#[tokio::test]
async fn without_such_interfaces_the_deletion_is_not_repeated() {
    for listed in [interfaces(&[]), Reply::Error("DescribeNetworkInterfaces", 403, "UnauthorizedOperation", "no")] {
        let mut replies = failed_deletion();
        replies.push(listed);
        let script = Script::new(replies);
        let error = delete(&session(&script), &described(), &[]).await.unwrap_err();
        assert_eq!(exit_of(&error), Exit::NeedsDecision);
        assert!(error.to_string().contains("has a dependent object"), "{error}");
        script.assert_played();
    }
}
