//! The developer's machine: what web pages and other users of it can do to a running stack.

mod attack;
mod files;
#[cfg(target_os = "linux")]
mod listeners;
mod origins;
