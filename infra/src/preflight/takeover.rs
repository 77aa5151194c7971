//! Tables and a secret that the stack is to take over.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::TableDescription;
use serde_json::json;

use super::Finding::{self, Bad, Good, Note};
use crate::aws::signed::code;
use crate::stack::{Session, tables};
use crate::transfer::schema::{self, Lack};

/// What a table lacks.
type Lacks = fn(&TableDescription) -> Vec<Lack>;

/// Whether the tables have the keys and the index that kurz needs, and the secret exists.
pub(super) async fn check(session: &Session, values: &BTreeMap<String, String>) -> Vec<Finding> {
    let text = |name: &str| values.get(name).map(String::as_str).unwrap_or_default();
    let mut found = Vec::new();
    let tables: [(&str, Lacks); 2] =
        [("ExistingLinksTable", schema::lacks_of_links), ("ExistingKeysTable", schema::lacks_of_keys)];
    for (parameter, lacks) in tables {
        let name = text(parameter);
        if !name.is_empty() {
            found.extend(table(session, name, lacks).await);
        }
    }
    if !text("SlugSecretArn").is_empty() {
        found.push(secret(session, text("SlugSecretArn")).await);
    }
    found
}

async fn table(session: &Session, name: &str, lacks: Lacks) -> Vec<Finding> {
    let described = match tables::describe(session, name).await {
        Ok(Some(described)) => described,
        Ok(None) => return vec![Bad(format!("there is no table {name} in {}", session.aws.region))],
        Err(error) => return vec![Note(format!("{error:#}, so its schema was not checked"))],
    };
    let lacks = lacks(&described);
    if lacks.is_empty() {
        return vec![Good(format!("the table {name} has everything that kurz needs"))];
    }
    let finding = |lack: Lack| match lack {
        Lack::Fatal(text) => Bad(format!("the table {name} {text}")),
        Lack::Limits(text) => Note(format!("the table {name} {text}")),
    };
    lacks.into_iter().map(finding).collect()
}

async fn secret(session: &Session, arn: &str) -> Finding {
    let asked = json!({"SecretId": arn});
    match session.aws.signed.json("secretsmanager", "secretsmanager.DescribeSecret", &asked).await {
        Ok(answer) if answer.get("DeletedDate").is_some_and(|date| !date.is_null()) => {
            Bad(format!("the secret {arn} is to be deleted: restore it with `aws secretsmanager restore-secret`"))
        }
        Ok(_) => Good(format!("the secret {arn} exists")),
        Err(error) if code(&error) == Some("ResourceNotFoundException") => Bad(format!("there is no secret {arn}")),
        Err(error) => Note(format!("the secret was not checked: {error:#}")),
    }
}
