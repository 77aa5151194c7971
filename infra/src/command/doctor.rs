//! `doctor`: checks everything a deploy needs without changing anything.

use anyhow::{Error, Result};
use console::style;
use serde_json::json;

use crate::aws::signed::code;
use crate::outcome::Exit;
use crate::package::elf::Architecture;
use crate::preflight::{self, Finding};
use crate::release::bucket;
use crate::stack::change_set::TEMPLATE_LIMIT_BYTES;
use crate::stack::{Session, completed};
use crate::{estimate, parameters, regions};

use Finding::{Bad, Good, Note};

/// Runs `infra doctor`: exit code 1 if a finding is bad.
///
/// # Errors
/// Never; every problem is a finding.
pub(crate) async fn run(session: &Session) -> Result<Exit> {
    let size = template::DEPLOYED.len();
    let mut findings = vec![
        ("credentials", credentials(session).await),
        ("parameters", stage_parameters(session)),
        ("dax", dax(session).await),
        ("build", build(session)),
        ("bucket", bucket::find(&session.aws).await.map_or_else(bad, Good)),
        ("stack", stack(session).await),
        ("template", Good(format!("{size} of {TEMPLATE_LIMIT_BYTES} bytes"))),
    ];
    findings.extend(account(session).await);
    let is_bad = findings.iter().any(|(_, finding)| matches!(finding, Bad(_)));
    for (what, finding) in findings {
        report(session, what, finding);
    }
    Ok(if is_bad { Exit::Failed } else { Exit::Done })
}

fn report(session: &Session, what: &str, finding: Finding) {
    let (mark, verdict, text) = match finding {
        Good(text) => (style("✓").green(), "good", text),
        Note(text) => (style("!").yellow(), "note", text),
        Bad(text) => (style("✗").red(), "bad", text),
    };
    session.terminal.line(format_args!("{mark} {what:<11} {}", text.replace('\n', "\n              ")));
    session.terminal.event("finding", json!({"what": what, "verdict": verdict, "text": text}));
}

fn bad(error: Error) -> Finding {
    Bad(format!("{error:#}"))
}

async fn credentials(session: &Session) -> Finding {
    let caller = session.aws.caller().await;
    caller.map_or_else(bad, |caller| Good(format!("account {} as {}", caller.account, caller.arn)))
}

fn stage_parameters(session: &Session) -> Finding {
    let definitions = parameters::definitions();
    let checked = definitions.and_then(|definitions| parameters::resolve(&definitions, &session.stage.parameters));
    match checked {
        Ok(values) if values.get("WriterAuth").is_some_and(|auth| auth == "NONE") => {
            Note("WriterAuth = NONE: anyone can create links; phishers find an open shortener within days".to_owned())
        }
        Ok(values) => match parameters::misplaced(&values, &session.aws.region).as_slice() {
            [] => Good(format!("stage {} fits the template", session.stage.name)),
            problems => Bad(problems.join("\n")),
        },
        Err(error) => bad(error),
    }
}

/// Quotas, zones and what is taken over, and what the stage costs.
async fn account(session: &Session) -> Vec<(&'static str, Finding)> {
    let values =
        parameters::definitions().and_then(|definitions| parameters::resolve(&definitions, &session.stage.parameters));
    let (Ok(values), Ok(stack)) = (values, session.stack().await) else {
        return Vec::new(); // said above
    };
    let stack = completed(stack);
    let mut found = preflight::findings(session, &values, stack.as_ref()).await;
    if stack.is_none() {
        found.push(("zones", preflight::zones(session, &values).await.map_or_else(bad, Good)));
    }
    found.push(("cost", Good(estimate::summary(&values))));
    found
}

async fn dax(session: &Session) -> Finding {
    let region = session.aws.region.as_str();
    let text = |name: &str, default: &'static str| session.stage.parameters.get(name).map_or(default, String::as_str);
    let (mode, node_type) = (text("DaxMode", "tls"), text("DaxNodeType", "dax.t3.small"));
    if let Some(problem) = regions::problem(mode, node_type, text("Cdn", "false") == "true", region) {
        return Bad(problem);
    }
    if mode == "none" {
        return Good("none: the functions read DynamoDB directly".to_owned());
    }
    let query = "Action=GetRole&Version=2010-05-08&RoleName=AWSServiceRoleForDAX";
    match session.aws.signed.query("iam", query).await {
        Ok(_) => Good(format!("{mode}; available in {region}, and the service-linked role exists")),
        Err(error) if code(&error) == Some("NoSuchEntity") => Note(format!(
            "{mode}; available in {region}. The account has no service-linked role for DAX yet: the first\n\
             cluster creates it, which requires iam:CreateServiceLinkedRole"
        )),
        Err(error) => Note(format!(
            "{mode}; available in {region}. Whether the account has the service-linked role for DAX is unknown:\n{error:#}"
        )),
    }
}

fn build(session: &Session) -> Finding {
    let architecture = session.stage.parameters.get("Architecture").map_or("x86_64", String::as_str);
    if Architecture::from_parameter(architecture).is_host() {
        Good(format!("cargo builds for {architecture} on this machine"))
    } else {
        Note(format!(
            "{architecture} differs from this machine: `cargo lambda build` is used (https://www.cargo-lambda.info)"
        ))
    }
}

async fn stack(session: &Session) -> Finding {
    match session.stack().await {
        Ok(Some(stack)) => Good(format!("{} is {}", stack.name, stack.status)),
        Ok(None) => Good(format!("{} does not exist yet", session.stage.stack)),
        Err(error) => bad(error),
    }
}
