//! The way of an event past the runtime's parser.
//!
//! The runtime parses events with a parser that follows the path within the event, so that an error can name it. That costs
//! more than everything else that a redirect does here. So a layer around the runtime's own services reads the event
//! first, leaves it in a [`Shortcut`], and puts `null` in its place.

use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use lambda_runtime::{
    LambdaInvocation,
    tower::{Layer, Service},
};

use super::Event;

/// Holds an event while the runtime handles an invocation without it.
///
/// The runtime calls the handler while it is called itself, and a function has one thread. So at most one event is held at
/// a time, even if several requests are being handled.
#[derive(Debug, Clone, Default)]
pub struct Shortcut(Arc<Mutex<Option<Event>>>);

impl Shortcut {
    /// The event of the invocation, whose payload was parsed by the runtime if the event is unusual.
    ///
    /// # Errors
    /// If the payload was the JSON value `null`.
    pub fn event(&self, payload: Option<Event>) -> Result<Event, lambda_runtime::Error> {
        payload.or_else(|| self.set(None)).ok_or_else(|| "the event is null, expected one of API Gateway".into())
    }

    /// Replaces what is held.
    fn set(&self, event: Option<Event>) -> Option<Event> {
        mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), event)
    }
}

impl<S> Layer<S> for Shortcut {
    type Service = Shortened<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Shortened { shortcut: self.clone(), inner }
    }
}

/// Services of the runtime behind a [`Shortcut`].
#[derive(Debug, Clone)]
pub struct Shortened<S> {
    shortcut: Shortcut,
    inner: S,
}

impl<S: Service<LambdaInvocation>> Service<LambdaInvocation> for Shortened<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut invocation: LambdaInvocation) -> Self::Future {
        let event = Event::read(&invocation.body);
        if event.is_some() {
            invocation.body = "null".into();
        }
        // Also if there is none, so that an event cannot be taken for that of another invocation.
        self.shortcut.set(event);
        self.inner.call(invocation)
    }
}
