//! A function's operating-system process: started from an empty environment, in a process group of its
//! own, ended together with us whatever happens.

use std::io;
use std::net::SocketAddr;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

use super::Spec;
use super::invocation::Exit;

/// A running process. Dropping it kills the whole process group.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
}

impl Process {
    /// Starts the function's program with the address of its Runtime API.
    ///
    /// Must run on a thread that lives as long as the process shall: the parent-death signal that the
    /// launcher arms is tied to the *thread* that started it. Runtime worker threads qualify, threads of
    /// the blocking pool do not.
    pub(super) fn start(spec: &Spec, runtime_api: SocketAddr, stream: &str) -> io::Result<Self> {
        let mut command = match &spec.launcher {
            Some(launcher) => {
                let mut command = Command::new(launcher);
                command.arg(crate::launcher::SUBCOMMAND).arg(std::process::id().to_string()).arg(&spec.program);
                command
            }
            None => Command::new(&spec.program),
        };
        command
            .env_clear()
            .envs(&spec.env)
            .env("AWS_LAMBDA_RUNTIME_API", runtime_api.to_string())
            .env("AWS_LAMBDA_LOG_STREAM_NAME", stream)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        if let Some(directory) = spec.program.parent().filter(|path| path.is_dir()) {
            command.current_dir(directory);
        }
        Ok(Self { child: command.spawn()? })
    }

    /// The process id, until the process was reaped.
    pub(super) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    pub(super) fn take_output(&mut self) -> (Option<ChildStdout>, Option<ChildStderr>) {
        (self.child.stdout.take(), self.child.stderr.take())
    }

    /// Waits for the end and reaps the process. Cancel-safe.
    pub(super) async fn wait(&mut self) -> Exit {
        Exit(self.child.wait().await.ok())
    }

    /// Sends a signal to the process and to whatever it has started.
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
