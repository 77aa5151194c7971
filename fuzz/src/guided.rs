//! A search by libFuzzer, within the test program that holds the target.
#![expect(unsafe_code, reason = "libFuzzer is C++")]

use std::{
    env,
    ffi::CString,
    fs,
    os::raw::{c_char, c_int},
    path::Path,
    ptr,
    sync::OnceLock,
};

static CHECK: OnceLock<fn(&[u8])> = OnceLock::new();

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    if let Some(check) = CHECK.get() {
        check(input);
    }
});

unsafe extern "C" {
    fn LLVMFuzzerTestOneInput(data: *const u8, size: usize) -> c_int;
    fn LLVMFuzzerRunDriver(
        argc: *mut c_int,
        argv: *mut *mut *mut c_char,
        callback: unsafe extern "C" fn(*const u8, usize) -> c_int,
    ) -> c_int;
}

/// Searches if `FUZZ_TARGET` is this target, with libFuzzer's options in `FUZZ_OPTIONS`, and ends the process. Inputs are
/// kept in `FUZZ_DIR/NAME`, to which the committed ones are added. With `FUZZ_MERGE`, a folder, the fewest inputs that reach
/// the same code are copied there instead; for this, libFuzzer starts the program `FUZZ_PROGRAM` with options.
pub(crate) fn run(target: &str, check: fn(&[u8])) {
    if env::var("FUZZ_TARGET").ok().as_deref() != Some(target) {
        return;
    }
    CHECK.set(check).expect("one target a process");
    let folder = env::var("FUZZ_DIR").expect("FUZZ_DIR names a folder");
    let found = Path::new(&folder).join(target);
    fs::create_dir_all(&found).expect("FUZZ_DIR can be written");
    for (number, input) in super::corpus(target).iter().enumerate() {
        fs::write(found.join(format!("committed-{number}")), input).expect("FUZZ_DIR can be written");
    }
    let found = found.to_str().expect("FUZZ_DIR is UTF-8");
    let options = env::var("FUZZ_OPTIONS").unwrap_or_default();
    let merged = env::var("FUZZ_MERGE");
    let folders = match &merged {
        Ok(fewest) => vec!["-merge=1", fewest, found],
        Err(_) => vec![found],
    };
    let program = env::var("FUZZ_PROGRAM").unwrap_or_else(|_| target.to_owned());
    let words = [program.as_str()].into_iter().chain(folders).chain(options.split_whitespace());
    let words: Vec<_> = words.map(|word| CString::new(word).expect("no NUL").into_raw()).collect();
    let mut count = c_int::try_from(words.len()).expect("few options");
    let mut arguments: Vec<_> = words.into_iter().chain([ptr::null_mut()]).collect();
    let mut start = arguments.as_mut_ptr();
    // SAFETY: these are the arguments of a program, with a null pointer behind the last, and live until it exits.
    let status = unsafe { LLVMFuzzerRunDriver(&raw mut count, &raw mut start, LLVMFuzzerTestOneInput) };
    std::process::exit(status);
}
