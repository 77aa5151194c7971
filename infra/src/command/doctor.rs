//! `doctor`: everything a deploy needs, looked at without changing anything.

use anyhow::Result;
use console::style;
use serde_json::json;

use super::bootstrap;
use crate::outcome::Exit;
use crate::package::elf::Architecture;
use crate::parameters;
use crate::stack::Session;
use crate::stack::change_set::BODY_LIMIT_BYTES;

/// Regions with DAX.
///
/// Source: the resource schemas of cfn-lint 1.51 (September 2026); the test script lints for each of them.
pub(crate) const DAX_REGIONS: [&str; 14] = [
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "sa-east-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-central-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "cn-northwest-1",
];

/// What a look at one thing found.
enum Finding {
    Good(String),
    /// Works, but read this.
    Note(String),
    Bad(String),
}

use Finding::{Bad, Good, Note};

/// Runs `infra doctor`.
///
/// # Errors
/// Never by itself: a finding is a line, and exit code 1 if one is bad.
pub(crate) async fn run(session: &Session) -> Result<Exit> {
    let findings = [
        ("credentials", credentials(session).await),
        ("parameters", stage_parameters(session)),
        ("dax", dax(session).await),
        ("build", build(session)),
        (
            "bucket",
            match bootstrap::bucket(&session.aws).await {
                Ok(bucket) => Good(bucket),
                Err(error) => Bad(format!("{error:#}")),
            },
        ),
        (
            "stack",
            match session.stack().await {
                Ok(Some(stack)) => Good(format!("{} is {}", stack.name, stack.status)),
                Ok(None) => Good(format!("{} does not exist yet", session.stage.stack)),
                Err(error) => Bad(format!("{error:#}")),
            },
        ),
        ("template", Good(format!("{} of {} bytes", template::DEPLOYED.len(), BODY_LIMIT_BYTES))),
    ];
    let mut exit = Exit::Done;
    for (what, finding) in findings {
        let (mark, verdict, text) = match finding {
            Good(text) => (style("✓").green(), "good", text),
            Note(text) => (style("!").yellow(), "note", text),
            Bad(text) => {
                exit = Exit::Failed;
                (style("✗").red(), "bad", text)
            }
        };
        session.terminal.line(format_args!("{mark} {what:<11} {}", text.replace('\n', "\n              ")));
        session.terminal.event("finding", json!({"what": what, "verdict": verdict, "text": text}));
    }
    Ok(exit)
}

async fn credentials(session: &Session) -> Finding {
    match session.aws.caller().await {
        Ok(caller) => Good(format!("account {} as {}", caller.account, caller.arn)),
        Err(error) => Bad(format!("{error:#}")),
    }
}

fn stage_parameters(session: &Session) -> Finding {
    let checked =
        parameters::definitions().and_then(|definitions| parameters::resolve(&definitions, &session.stage.parameters));
    match checked {
        Ok(values) if values.get("WriterAuth").is_some_and(|auth| auth == "NONE") => {
            Note("WriterAuth = NONE: anybody may create links, which phishers find within days".to_owned())
        }
        Ok(_) => Good(format!("stage {} fits the template", session.stage.name)),
        Err(error) => Bad(format!("{error:#}")),
    }
}

async fn dax(session: &Session) -> Finding {
    let region = session.aws.region.as_str();
    let mode = session.stage.parameters.get("DaxMode").map_or("tls", String::as_str);
    if mode == "none" {
        return Good("none: the functions read DynamoDB directly".to_owned());
    }
    if !DAX_REGIONS.contains(&region) {
        return Bad(format!("{region} has no DAX: set DaxMode = \"none\" or choose another region"));
    }
    let query = "Action=GetRole&Version=2010-05-08&RoleName=AWSServiceRoleForDAX";
    match session.aws.signed.query("iam", query).await {
        Ok(_) => Good(format!("{mode}; {region} has it, the service-linked role exists")),
        Err(_) => Note(format!(
            "{mode}; {region} has it. The account has no service-linked role for DAX yet (or it cannot be\n\
             seen): the first cluster makes it, which needs iam:CreateServiceLinkedRole"
        )),
    }
}

fn build(session: &Session) -> Finding {
    let architecture = session.stage.parameters.get("Architecture").map_or("x86_64", String::as_str);
    if Architecture::from_parameter(architecture).is_host() {
        Good(format!("cargo builds for {architecture} on this machine"))
    } else {
        Note(format!(
            "{architecture} is not this machine: built with `cargo lambda build` (https://www.cargo-lambda.info)"
        ))
    }
}
