//! A function process, and what it uses.

use std::{
    fs,
    io::{Read as _, Seek as _},
    net::SocketAddr,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use rustix::{
    process::{Pid, Signal, kill_process},
    thread::{CpuSet, sched_setaffinity},
};

use crate::contender::Contender;

/// What Lambda sets for every function.
const PLATFORM: [(&str, &str); 12] = [
    ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin"),
    ("AWS_LAMBDA_FUNCTION_NAME", "f"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
    ("AWS_LAMBDA_LOG_GROUP_NAME", "g"),
    ("AWS_LAMBDA_LOG_STREAM_NAME", "s"),
    ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
    ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023"),
    ("AWS_REGION", "eu-central-1"),
    ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
    ("AWS_SESSION_TOKEN", "IQoJb3JpZ2luX2VjEXAMPLETOKEN"),
];

/// Puts this process, and all that it starts from now on, on one core: waking another one costs tens of microseconds on a
/// virtual machine, and whether that happens depends on the neighbours.
///
/// # Errors
/// If the system refuses.
pub(crate) fn pin() -> anyhow::Result<()> {
    let mut one_core = CpuSet::new();
    one_core.set(0);
    sched_setaffinity(None, &one_core).context("cannot stay on one core")
}

/// A running function.
pub(crate) struct Function {
    child: Child,
    errors: fs::File,
}

impl Function {
    /// Starts a function that polls `api`. `prefix` is a command to run it under.
    ///
    /// # Errors
    /// If it cannot be started.
    pub(crate) fn start(contender: &Contender, api: SocketAddr, prefix: &[String]) -> anyhow::Result<Self> {
        let errors = tempfile::tempfile()?;
        let program = contender.program.as_os_str();
        let mut command = match prefix.split_first() {
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(program);
                command
            }
            None => Command::new(program),
        };
        // As on Lambda, and whatever the caller's environment is.
        command.env_clear().envs(PLATFORM).env("AWS_LAMBDA_RUNTIME_API", api.to_string());
        command.envs(contender.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors.try_clone()?);
        let child = command.spawn().with_context(|| format!("cannot start {:?}", command.get_program()))?;
        Ok(Self { child, errors })
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it did.
    ///
    /// # Errors
    /// If the system does not say.
    pub(crate) fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Asks it to end, kills it if it does not within `limit`, and returns what it wrote to standard error.
    pub(crate) async fn stop(mut self, limit: Duration) -> String {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // It may have ended by itself.
            let _ = kill_process(pid, Signal::TERM);
        }
        let end = Instant::now() + limit;
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() > end {
                let _ = self.child.kill();
                let _ = self.child.wait();
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let mut said = String::new();
        let read = self.errors.rewind().and_then(|()| self.errors.read_to_string(&mut said));
        read.map_or_else(|error| error.to_string(), |_| said)
    }
}
