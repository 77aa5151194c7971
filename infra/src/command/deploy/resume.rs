//! A deploy that is interrupted at any of its calls to AWS goes on when it is repeated.
//!
//! The stack is a small model of CloudFormation: its states, and what brings it from one to the next.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use clap::Parser as _;
use tokio::sync::Notify;

use super::{Options, roll_out};
use crate::aws::testing::{aws, body_of, error, response, result};
use crate::outcome::Exit;
use crate::release::Release;
use crate::stack::{Backoff, Session};
use crate::stage::Stage;
use crate::terminal::{Output, Terminal};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// The credentials have expired; the call has no effect.
    Expired,
    /// Ctrl-C after the call has reached AWS, before its answer.
    Interrupted,
}

#[derive(Debug, Default)]
struct State {
    /// `None` if there is no stack.
    status: Option<String>,
    /// What the stack becomes, one at each look.
    next: Vec<Option<String>>,
    parameters: BTreeMap<String, String>,
    proposed: BTreeMap<String, String>,
    is_protected: bool,
    events: usize,
    calls: usize,
    fault: Option<(usize, Fault)>,
}

#[derive(Debug, Clone, Default)]
struct Cloud {
    state: Arc<Mutex<State>>,
    interrupted: Arc<Notify>,
}

impl State {
    fn at(status: Option<&str>) -> Self {
        let deployed = [("ReleaseId", "old"), ("DeletionProtection", "true"), ("FirstDeploy", "false")];
        let mut state = Self { status: status.map(str::to_owned), ..Self::default() };
        match status {
            None | Some("REVIEW_IN_PROGRESS") => {}
            Some("CREATE_IN_PROGRESS") => state.next = vec![Some("CREATE_COMPLETE".to_owned())],
            Some("ROLLBACK_IN_PROGRESS") => state.next = vec![Some("ROLLBACK_COMPLETE".to_owned())],
            Some("UPDATE_IN_PROGRESS") => state.next = vec![Some("UPDATE_COMPLETE".to_owned())],
            Some("UPDATE_ROLLBACK_IN_PROGRESS") => state.next = vec![Some("UPDATE_ROLLBACK_COMPLETE".to_owned())],
            Some("DELETE_IN_PROGRESS") => state.next = vec![None],
            Some(_) => {}
        }
        if status.is_some_and(|status| status.contains("UPDATE") || status.contains("CREATE")) {
            state.parameters = deployed.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        }
        if status.is_some_and(|status| status.starts_with("CREATE_IN")) {
            state.parameters.insert("FirstDeploy".to_owned(), "true".to_owned());
        }
        state
    }

    fn start(&mut self, through: &str, to: Option<&str>) {
        self.status = Some(through.to_owned());
        self.next = vec![to.map(str::to_owned)];
        self.events += 1;
    }

    fn look(&mut self) {
        if !self.next.is_empty() {
            self.status = self.next.remove(0);
            self.events += 1;
        }
    }

    fn act(&mut self, operation: &str, form: &BTreeMap<String, String>) -> Result<String, (&'static str, String)> {
        let invalid = |message: &str| Err(("ValidationError", message.to_owned()));
        match operation {
            "DescribeStacks" => {
                self.look();
                if self.status.is_none() { invalid("Stack with id s does not exist") } else { Ok(self.described()) }
            }
            "DescribeStackEvents" => Ok(self.event_list()),
            "CreateChangeSet" => self.propose(form),
            "DescribeChangeSet" => Ok(self.change_set()),
            "ExecuteChangeSet"
                if self
                    .status
                    .as_deref()
                    .is_some_and(|status| status.ends_with("_IN_PROGRESS") && status != "REVIEW_IN_PROGRESS") =>
            {
                invalid("an operation is in progress")
            }
            "ExecuteChangeSet" => {
                self.parameters = std::mem::take(&mut self.proposed);
                match self.status.as_deref() {
                    Some("REVIEW_IN_PROGRESS") => self.start("CREATE_IN_PROGRESS", Some("CREATE_COMPLETE")),
                    _ => self.start("UPDATE_IN_PROGRESS", Some("UPDATE_COMPLETE")),
                }
                Ok(String::new())
            }
            "DeleteStack" => {
                self.parameters.clear();
                self.start("DELETE_IN_PROGRESS", None);
                Ok(String::new())
            }
            "RollbackStack" | "ContinueUpdateRollback" => {
                self.start("UPDATE_ROLLBACK_IN_PROGRESS", Some("UPDATE_ROLLBACK_COMPLETE"));
                Ok(String::new())
            }
            "UpdateTerminationProtection" => {
                self.is_protected = true;
                Ok(String::new())
            }
            "GetTemplateSummary" | "DeleteChangeSet" | "ListStackResources" => Ok(String::new()),
            other => panic!("unexpected {other}"),
        }
    }

    fn described(&self) -> String {
        let status = self.status.as_deref().unwrap_or_default();
        let parameters = self.parameters.iter().map(|(name, value)| {
            format!("<member><ParameterKey>{name}</ParameterKey><ParameterValue>{value}</ParameterValue></member>")
        });
        format!(
            "<Stacks><member><StackName>s</StackName><StackId>arn:s</StackId><StackStatus>{status}</StackStatus>\
             <EnableTerminationProtection>{}</EnableTerminationProtection><Parameters>{}</Parameters>\
             <CreationTime>2026-01-01T00:00:00Z</CreationTime></member></Stacks>",
            self.is_protected,
            parameters.collect::<String>()
        )
    }

    fn event_list(&self) -> String {
        let events = (0..=self.events).rev().map(|id| {
            format!(
                "<member><EventId>{id}</EventId><StackId>arn:s</StackId><StackName>s</StackName>\
                 <LogicalResourceId>R</LogicalResourceId><ResourceType>T</ResourceType><ResourceStatus>UPDATE_COMPLETE\
                 </ResourceStatus><Timestamp>2026-01-01T00:00:00Z</Timestamp></member>"
            )
        });
        format!("<StackEvents>{}</StackEvents>", events.collect::<String>())
    }

    fn propose(&mut self, form: &BTreeMap<String, String>) -> Result<String, (&'static str, String)> {
        let is_creation = form["ChangeSetType"] == "CREATE";
        let is_new = matches!(self.status.as_deref(), None | Some("REVIEW_IN_PROGRESS"));
        if is_creation != is_new {
            return Err(("ValidationError", format!("{:?} does not accept {}", self.status, form["ChangeSetType"])));
        }
        if is_new {
            self.status = Some("REVIEW_IN_PROGRESS".to_owned());
        }
        self.proposed.clear();
        for number in 1.. {
            let Some(name) = form.get(&format!("Parameters.member.{number}.ParameterKey")) else {
                break;
            };
            let given = form.get(&format!("Parameters.member.{number}.ParameterValue"));
            let value = given.unwrap_or_else(|| &self.parameters[name]).clone();
            self.proposed.insert(name.clone(), value);
        }
        Ok("<Id>arn:c</Id><StackId>arn:s</StackId>".to_owned())
    }

    fn change_set(&self) -> String {
        let is_change = self.status.as_deref() == Some("REVIEW_IN_PROGRESS") || self.proposed != self.parameters;
        let (status, changes) = if is_change {
            (
                "CREATE_COMPLETE",
                "<member><Type>Resource</Type><ResourceChange><Action>Modify</Action>\
              <LogicalResourceId>R</LogicalResourceId><ResourceType>T</ResourceType></ResourceChange></member>",
            )
        } else {
            ("FAILED", "")
        };
        format!(
            "<StackId>arn:s</StackId><ChangeSetId>arn:c</ChangeSetId><Status>{status}</Status>\
             <StatusReason>No updates are to be performed.</StatusReason><Changes>{changes}</Changes>"
        )
    }
}

impl HttpConnector for Cloud {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = body_of(&request);
        let form: BTreeMap<_, _> = body
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let mut state = self.state.lock().unwrap();
        state.calls += 1;
        let fault = state.fault.filter(|(call, _)| *call == state.calls).map(|(_, fault)| fault);
        if fault == Some(Fault::Expired) {
            return HttpConnectorFuture::ready(response(403, error("ExpiredToken", "the token is expired")));
        }
        let operation = &form["Action"];
        let answer = state.act(operation, &form);
        if fault == Some(Fault::Interrupted) {
            self.interrupted.notify_one();
            return HttpConnectorFuture::new(std::future::pending());
        }
        HttpConnectorFuture::ready(match answer {
            Ok(inner) => response(200, result(operation, &inner)),
            Err((code, message)) => response(400, error(code, &message)),
        })
    }
}

#[derive(clap::Parser)]
struct Line {
    #[command(flatten)]
    options: Options,
}

/// Deploys; `None` if it was interrupted.
async fn deploy(cloud: &Cloud) -> Option<anyhow::Result<Exit>> {
    let short = Duration::from_micros(1);
    let session = Session {
        aws: aws(cloud.clone()),
        terminal: Terminal::new(Output::Text, true),
        stage: Stage { termination_protection: true, stack: "s".to_owned(), ..Stage::unnamed("test") },
        backoff: Backoff { first: short, longest: short, patience: Duration::from_secs(60) },
        on_interrupt: Arc::default(),
    };
    let parameters = [("ReleaseId", "new"), ("DeletionProtection", "true"), ("DaxMode", "none")];
    let release = Release {
        parameters: parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        id: "new".to_owned(),
        template_url: "https://b/k".to_owned(),
    };
    let options = Line::parse_from(["infra", "--yes", "--wait", "--rollback"]).options;
    tokio::select! {
        ended = roll_out(&session, &options, &release) => Some(ended),
        () = cloud.interrupted.notified() => None,
    }
}

fn check_deployed(cloud: &Cloud, what: &str) {
    let state = cloud.state.lock().unwrap();
    let status = state.status.as_deref().unwrap_or_default();
    assert!(matches!(status, "CREATE_COMPLETE" | "UPDATE_COMPLETE"), "{what}: {status}");
    assert_eq!(state.parameters["ReleaseId"], "new", "{what}");
    assert_eq!(state.parameters["FirstDeploy"], "false", "{what}: the tables are not protected");
    assert!(state.is_protected, "{what}: the stack is not protected");
}

/// Deploys from a state; then again and again, with the fault at each call of the first time.
async fn check_from(status: Option<&str>, faults: &[Fault]) {
    let cloud = Cloud::default();
    *cloud.state.lock().unwrap() = State::at(status);
    deploy(&cloud).await.unwrap().unwrap();
    check_deployed(&cloud, &format!("{status:?}"));
    let calls = cloud.state.lock().unwrap().calls;
    for (call, fault) in (1..=calls).flat_map(|call| faults.iter().map(move |fault| (call, *fault))) {
        let what = format!("{status:?}, {fault:?} at call {call} of {calls}");
        let cloud = Cloud::default();
        *cloud.state.lock().unwrap() = State { fault: Some((call, fault)), ..State::at(status) };
        match deploy(&cloud).await {
            Some(Err(error)) => assert!(format!("{error:#}").contains("ExpiredToken"), "{what}: {error:#}"),
            Some(Ok(exit)) => panic!("{what}: {exit:?} in spite of it"),
            None => assert_eq!(fault, Fault::Interrupted, "{what}"),
        }
        cloud.state.lock().unwrap().fault = None;
        deploy(&cloud).await.unwrap().unwrap_or_else(|error| panic!("{what}, then {error:#}"));
        check_deployed(&cloud, &what);
    }
}

#[tokio::test]
async fn a_deploy_goes_on_from_wherever_it_was_interrupted() {
    use Fault::{Expired, Interrupted};
    // Expired credentials leave the state that the call before has made, so two beginnings are enough to see what is said.
    check_from(None, &[Expired, Interrupted]).await;
    check_from(Some("UPDATE_COMPLETE"), &[Expired, Interrupted]).await;
    for status in [
        "REVIEW_IN_PROGRESS",
        "CREATE_IN_PROGRESS",
        "ROLLBACK_FAILED",
        "UPDATE_IN_PROGRESS",
        "UPDATE_FAILED",
        "UPDATE_ROLLBACK_FAILED",
        "DELETE_IN_PROGRESS",
    ] {
        check_from(Some(status), &[Interrupted]).await;
    }
    // The same situations as others above.
    for status in [
        "CREATE_COMPLETE",
        "CREATE_FAILED",
        "ROLLBACK_IN_PROGRESS",
        "ROLLBACK_COMPLETE",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
    ] {
        check_from(Some(status), &[]).await;
    }
}
