//! `/api/v1/admin/hosts`: the lists of hosts that links may, and may not, lead to.

use http::StatusCode;
use links::{HostChange, HostRules, HostStore, HostsChanged, MAX_HOSTS};
use serde::Serialize;

use crate::{
    failure::Failure,
    http::{
        body,
        problem::{FieldProblem, Problem, RequestProblem},
        response::Response,
    },
    log,
};

use super::context::Context;

/// Most hosts in one field of a request.
const MAX_AT_ONCE: usize = 100;

#[derive(Debug, Serialize)]
struct Lists<'a> {
    forbidden: Vec<&'a str>,
    allowed: Vec<&'a str>,
}

/// Shows the lists.
pub(super) async fn get<S: HostStore>(context: &Context<'_, S>) -> Result<Response, Failure> {
    // Only a writer without this repository's template can lack the keys table.
    if context.config.keys_table.is_none() {
        return Err(no_lists().into());
    }
    Ok(response("read", &context.store.host_rules().await?))
}

/// Adds hosts to the lists, and takes hosts off them.
pub(super) async fn change<S: HostStore>(context: &Context<'_, S>) -> Result<Response, Failure> {
    let mut fields = body::object(context.request)?;
    let mut hosts = |field| fields.hosts(field, MAX_AT_ONCE);
    let change = HostChange { forbid: hosts("forbid")?, allow: hosts("allow")?, remove: hosts("remove")? };
    fields.finish()?;
    if change.contradicts_itself() {
        return Err(FieldProblem::Exclusive { fields: "\"forbid\", \"allow\" and \"remove\" for a host" }.into());
    }
    let begun = (context.clock)();
    match context.store.change_hosts(&change).await? {
        HostsChanged::Done(rules) => {
            context.hosts.learn(rules.clone(), begun);
            log::hosts_changed(context.request_id, &context.caller.principal, &change);
            Ok(response("updated", &rules))
        }
        HostsChanged::NoTable => Err(no_lists().into()),
        HostsChanged::TooMany => Err(FieldProblem::TooMany { field: "hosts", limit: MAX_HOSTS }.into()),
    }
}

fn no_lists() -> Problem {
    RequestProblem::NoHostLists.into()
}

fn response(outcome: &'static str, rules: &HostRules) -> Response {
    let lists = Lists { forbidden: rules.forbidden().collect(), allowed: rules.allowed().collect() };
    Response::json(StatusCode::OK, outcome, &lists)
}
