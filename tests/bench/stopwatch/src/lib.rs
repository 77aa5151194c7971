//! What a process uses, as Linux accounts for it.

use std::{fs, time::Duration};

/// What a process has used so far.
#[derive(Debug, Default, Clone, Copy)]
pub struct Usage {
    /// CPU time of all its threads that still run, in user space and in the kernel.
    pub cpu: Duration,
    /// Resident memory.
    pub resident_bytes: u64,
}

impl Usage {
    /// Of a process that runs; zero of one that does not.
    #[must_use]
    pub fn of(pid: u32) -> Self {
        let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
        // The scheduler's own nanoseconds, not the ticks of `stat`.
        let times = threads.filter_map(|thread| fs::read_to_string(thread.path().join("schedstat")).ok());
        let nanoseconds = times.filter_map(|times| times.split_whitespace().next()?.parse::<u64>().ok()).sum();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = resident.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        Self { cpu: Duration::from_nanos(nanoseconds), resident_bytes: kilobytes.unwrap_or(0) * 1024 }
    }
}
