//! A function's operating-system process: started with an empty environment in a new process group, ended together
//! with us whatever happens.

use std::fmt::{self, Display, Formatter};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

use super::variables::lambda_variables;
use crate::config::Function;
use crate::launcher;

/// A running process. Dropping it kills the whole process group.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
}

impl Process {
    /// Starts the function's program with the address of its Runtime API.
    ///
    /// Must run on a thread that lives as long as the process should: the parent-death signal that the launcher arms is
    /// tied to the *thread* that started it. Runtime worker threads qualify, threads of the blocking pool do not.
    pub(super) fn start(
        function: &Function,
        launcher: Option<&Path>,
        runtime_api: SocketAddr,
        log_stream: &str,
    ) -> io::Result<Self> {
        let mut command = command(&function.program, launcher);
        command
            .env_clear()
            .envs(lambda_variables(function))
            .envs(&function.env)
            .env("AWS_LAMBDA_RUNTIME_API", runtime_api.to_string())
            .env("AWS_LAMBDA_LOG_STREAM_NAME", log_stream)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        if let Some(directory) = function.program.parent().filter(|path| path.is_dir()) {
            command.current_dir(directory);
        }
        Ok(Self { child: command.spawn()? })
    }

    /// The process id, until the process is reaped.
    pub(super) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    pub(super) fn take_output(&mut self) -> (Option<ChildStdout>, Option<ChildStderr>) {
        (self.child.stdout.take(), self.child.stderr.take())
    }

    /// Waits for the end and reaps the process. Cancel-safe.
    pub(super) async fn wait(&mut self) -> Exit {
        self.child.wait().await.map_or(Exit::UNKNOWN, Exit::from)
    }

    /// Sends a signal to the process and everything it has started.
    pub(super) fn signal(&self, signal: Signal) {
        let group = self.child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
        if let Some(group) = group {
            // It may have ended on its own in the meantime.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

fn command(program: &Path, launcher: Option<&Path>) -> Command {
    match launcher {
        Some(launcher) => {
            let mut command = Command::new(launcher);
            command.arg(launcher::SUBCOMMAND).arg(std::process::id().to_string()).arg(program);
            command
        }
        None => Command::new(program),
    }
}

/// How a process ended, in Lambda's words.
#[derive(Debug, Clone, Copy)]
pub(super) struct Exit(Option<ExitStatus>);

impl Exit {
    /// The status could not be determined.
    pub(super) const UNKNOWN: Self = Self(None);
}

impl From<ExitStatus> for Exit {
    fn from(status: ExitStatus) -> Self {
        Self(Some(status))
    }
}

impl Display for Exit {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        use std::os::unix::process::ExitStatusExt as _;
        let Some(status) = self.0 else {
            return f.write_str("unknown");
        };
        match (status.code(), status.signal()) {
            (Some(code), _) => write!(f, "exit status {code}"),
            (None, Some(9)) => f.write_str("signal: killed"),
            (None, Some(6)) => f.write_str("signal: aborted"),
            (None, Some(11)) => f.write_str("signal: segmentation fault"),
            (None, Some(signal)) => write!(f, "signal: {signal}"),
            (None, None) => f.write_str("unknown"),
        }
    }
}
