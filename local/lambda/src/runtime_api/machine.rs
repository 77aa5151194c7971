//! The state machine of one execution environment, without I/O.
//!
//! `Starting → Idle → Busy → Answered → Idle …`, and `Dead` at the end.

/// The state of an environment.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Machine {
    /// The process runs but has not asked for work yet.
    Starting,
    /// The process waits for an invocation.
    Idle,
    /// The process works on the invocation with this request id.
    Busy(String),
    /// The process has responded but has not asked for more work.
    Answered,
    /// The process reported a failed start, was killed, or ended.
    Dead,
}

/// A request that the state does not allow. The state does not change.
#[derive(Debug, PartialEq)]
pub(super) enum Refusal {
    /// 403 `InvalidStateTransition`.
    OutOfOrder { from: &'static str, to: &'static str },
    /// 400 `InvalidRequestID`.
    UnknownRequest,
}

impl Refusal {
    pub(super) fn out_of_order(from: &'static str, to: &'static str) -> Self {
        Self::OutOfOrder { from, to }
    }
}

impl Machine {
    /// `GET next`.
    pub(super) fn next(&mut self) -> Result<(), Refusal> {
        match self {
            Self::Starting | Self::Idle | Self::Answered => {
                *self = Self::Idle;
                Ok(())
            }
            Self::Busy(_) | Self::Dead => Err(Refusal::out_of_order(self.name(), "next")),
        }
    }

    /// Whether the state allows `POST {id}/response` and `POST {id}/error`.
    pub(super) fn may_respond(&self, id: &str) -> Result<(), Refusal> {
        match self {
            Self::Busy(current) if current == id => Ok(()),
            Self::Busy(_) | Self::Idle | Self::Answered => Err(Refusal::UnknownRequest),
            Self::Starting | Self::Dead => Err(Refusal::out_of_order(self.name(), "response")),
        }
    }

    /// `POST {id}/response` or `POST {id}/error`.
    pub(super) fn respond(&mut self, id: &str) -> Result<(), Refusal> {
        self.may_respond(id)?;
        *self = Self::Answered;
        Ok(())
    }

    /// Whether the state allows `POST init/error`.
    pub(super) fn may_fail_init(&self) -> Result<(), Refusal> {
        match self {
            Self::Starting => Ok(()),
            _ => Err(Refusal::out_of_order(self.name(), "init/error")),
        }
    }

    /// `POST init/error`.
    pub(super) fn fail_init(&mut self) -> Result<(), Refusal> {
        self.may_fail_init()?;
        *self = Self::Dead;
        Ok(())
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Idle => "idle",
            Self::Busy(_) => "busy",
            Self::Answered => "answered",
            Self::Dead => "dead",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn busy() -> Machine {
        Machine::Busy("1".into())
    }

    #[test]
    fn next_is_refused_during_an_invocation() {
        for (from, allowed) in [
            (Machine::Starting, true),
            (Machine::Idle, true),
            (busy(), false),
            (Machine::Answered, true),
            (Machine::Dead, false),
        ] {
            let mut machine = from.clone();
            assert_eq!(machine.next().is_ok(), allowed, "{from:?}");
            assert_eq!(machine, if allowed { Machine::Idle } else { from });
        }
    }

    #[test]
    fn only_the_current_request_gets_a_response_and_only_once() {
        let refused = |from: &'static str| Err(Refusal::out_of_order(from, "response"));
        for (from, id, expected) in [
            (Machine::Starting, "1", refused("starting")),
            (Machine::Idle, "1", Err(Refusal::UnknownRequest)),
            (busy(), "1", Ok(())),
            (busy(), "2", Err(Refusal::UnknownRequest)),
            (Machine::Answered, "1", Err(Refusal::UnknownRequest)),
            (Machine::Dead, "1", refused("dead")),
        ] {
            let mut machine = from.clone();
            assert_eq!(machine.respond(id), expected, "{from:?}");
            assert_eq!(machine, if expected.is_ok() { Machine::Answered } else { from });
        }
    }

    #[test]
    fn a_start_fails_only_while_starting() {
        for (from, allowed) in [
            (Machine::Starting, true),
            (Machine::Idle, false),
            (busy(), false),
            (Machine::Answered, false),
            (Machine::Dead, false),
        ] {
            let mut machine = from.clone();
            assert_eq!(machine.fail_init().is_ok(), allowed, "{from:?}");
        }
    }
}
