//! A program whose environment is kept.

#![cfg(all(target_os = "linux", target_env = "gnu"))]

#[test]
fn a_variable_that_is_set_takes_no_memory() {
    fixed_environment::keep();
    let before = resident_kb();
    for number in 0..50_000 {
        #[expect(unsafe_code, reason = "as lambda_runtime does, in a program with one test")]
        // SAFETY: nothing else reads or writes the environment.
        unsafe {
            std::env::set_var("_X_AMZN_TRACE_ID", format!("Root=1-{number:08x}-{number:024x};Parent={number:016x}"));
        }
    }
    #[expect(clippy::disallowed_methods, reason = "looks whether the variable was set")]
    let value = std::env::var("_X_AMZN_TRACE_ID");
    assert!(value.is_err(), "{value:?}");
    let grown = resident_kb() - before;
    assert!(grown < 1_000, "{grown} KB more");
}

fn resident_kb() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
