//! The trampoline through which function processes start, so that they end with their parent.
//!
//! A parent that is killed with `SIGKILL` cannot clean up. The kernel can: a process may ask for a signal on its
//! parent's death. Only the process itself can ask, between `fork` and `exec`, hence this detour through the parent's
//! executable. On systems other than Linux, a function ends when it loses the connection to the Runtime API.

use std::convert::Infallible;
use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// First argument of a launch: `launch PARENT_PID PROGRAM`.
pub const SUBCOMMAND: &str = "launch";

/// Replaces this process by `program`, which then dies as soon as the parent does.
///
/// # Errors
/// If the parent is already gone, or if the program cannot be executed.
pub fn launch(parent: u32, program: &OsStr) -> io::Result<Infallible> {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Signal, getppid, set_parent_process_death_signal};
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // If the parent died before the signal was armed, another process is our parent now.
        let current = getppid().map(|pid| pid.as_raw_nonzero().get());
        if current != i32::try_from(parent).ok() {
            return Err(io::Error::other("the parent process is gone"));
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = parent;
    Err(Command::new(program).exec())
}
