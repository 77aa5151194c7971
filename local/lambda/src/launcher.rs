//! The trampoline through which function processes start, so that they end with their parent.
//!
//! A parent that is killed with `SIGKILL` cannot clean up. The kernel can: a process may ask for a signal
//! on its parent's death. It has to ask for itself, between `fork` and `exec`, hence this detour through
//! our own executable. Elsewhere than on Linux, the loss of the Runtime API connection ends a function.

use std::convert::Infallible;
use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// Name of the hidden subcommand: `launch PARENT_PID PROGRAM`.
pub const SUBCOMMAND: &str = "launch";

/// Replaces this process by `program`, which then dies as soon as the parent does.
///
/// # Errors
///
/// If the parent is already gone, or if the program cannot be executed.
pub fn launch(parent: u32, program: &OsStr) -> io::Result<Infallible> {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Signal, getppid, set_parent_process_death_signal};
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // The parent may have died before the signal was armed; then somebody else is our parent now.
        let current = getppid().map(|pid| pid.as_raw_nonzero().get());
        if current != i32::try_from(parent).ok() {
            return Err(io::Error::other("the parent process is gone"));
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = parent;
    Err(Command::new(program).exec())
}
