//! Keeps a Lambda function from leaking memory with each invocation.
//!
//! `lambda_runtime` puts the trace id of each invocation into the variable `_X_AMZN_TRACE_ID`. glibc keeps every value that a
//! variable ever had, because somebody may still hold a pointer to it, and searches all of them for the next value. So a
//! function loses 160 bytes with an invocation, which also break up the free memory between them, and takes longer from one
//! invocation to the next. Only the AWS SDK reads the variable, and tells the services that it calls, so that Lambda can notice
//! functions that invoke each other in a circle; nothing that these functions call invokes a function.
//!
//! In a program that calls [`keep`], setting a variable does nothing. Other C libraries than glibc give the memory back, and
//! are left alone.

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod glibc {
    use std::ffi::{c_char, c_int};

    /// Takes the place of glibc's function of this name, in the whole program.
    #[expect(unsafe_code, reason = "no other name would be called")]
    #[unsafe(no_mangle)]
    extern "C" fn setenv(_name: *const c_char, _value: *const c_char, _overwrite: c_int) -> c_int {
        0
    }

    /// A program has a symbol of a library only if something refers to it.
    pub(crate) fn link() {
        std::hint::black_box::<extern "C" fn(*const c_char, *const c_char, c_int) -> c_int>(setenv);
    }
}

/// Keeps the environment as it was when the program started: setting a variable does nothing.
pub fn keep() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    glibc::link();
}
