//! Collects what an observer and a span get to know about a call.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::time::Instant;
use tracing::{Span, field};

use crate::net::node::Node;
use crate::op::Operation;
use crate::{CallOutcome, CallReport, Error, Method, Observer};

/// The report of a call that is under way. Nothing is collected unless somebody wants to know.
pub(crate) struct Report(Option<Box<Wanted>>);

struct Wanted {
    observer: Option<Arc<dyn Observer>>,
    span: Span,
    method: Method,
    started: Instant,
    tables: Vec<String>,
    attempts: u32,
    /// The node of the last attempt: how the cluster calls it, and where it is connected to.
    node: Option<(SocketAddr, SocketAddr)>,
    fallback: bool,
    ended: bool,
}

impl Report {
    pub(crate) fn begin(observer: Option<&Arc<dyn Observer>>, span: &Span, method: Method) -> Self {
        if observer.is_none() && span.is_disabled() {
            return Self(None);
        }
        Self(Some(Box::new(Wanted {
            observer: observer.cloned(),
            span: span.clone(),
            method,
            started: Instant::now(),
            tables: Vec::new(),
            attempts: 0,
            node: None,
            fallback: false,
            ended: false,
        })))
    }

    pub(crate) fn prepared<O: Operation>(&mut self, operation: &O) {
        if let Some(wanted) = &mut self.0 {
            wanted.tables = operation.tables().into_iter().map(str::to_owned).collect();
            wanted.span.record("dax.table", wanted.tables.join(","));
        }
    }

    pub(crate) fn attempt(&mut self, node: &Node) {
        if let Some(wanted) = &mut self.0 {
            wanted.attempts += 1;
            wanted.node = Some((node.announced, node.endpoint()));
        }
    }

    /// The call goes to DynamoDB.
    pub(crate) fn falls_back(&mut self) {
        if let Some(wanted) = &mut self.0 {
            wanted.fallback = true;
            wanted.span.record("dax.fallback", true);
        }
    }

    pub(crate) fn end(&mut self, error: Option<&Error>) {
        if let Some(wanted) = &mut self.0 {
            wanted.end(error.map_or(CallOutcome::Success, CallOutcome::Failure));
        }
    }
}

impl Wanted {
    fn end(&mut self, outcome: CallOutcome<'_>) {
        self.ended = true;
        if let Some((_, endpoint)) = self.node {
            self.span.record("dax.node", field::display(endpoint));
        }
        self.span.record("dax.attempts", self.attempts);
        if let CallOutcome::Failure(error) = outcome {
            self.span.record("error", field::display(error.with_causes()));
        }
        if let Some(observer) = &self.observer {
            observer.called(&CallReport {
                method: self.method,
                tables: &self.tables,
                took: self.started.elapsed(),
                attempts: self.attempts,
                node: self.node.map(|(announced, _)| announced),
                fallback: self.fallback,
                outcome,
            });
        }
    }
}

impl Drop for Wanted {
    fn drop(&mut self) {
        if !self.ended {
            self.end(CallOutcome::Cancelled);
        }
    }
}
