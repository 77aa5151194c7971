//! Room on the stack for expressions that nest deeply.

use super::{ExpressionError, Result};

/// What the stack of any thread has room for.
const SHALLOW: usize = 40;

/// Enough for the deepest expression, in an unoptimised build too.
const DEEP_STACK: usize = 16 * 1024 * 1024;

/// Parses `text`, on a thread with a large stack if it may nest deeply. Such texts are rare, and no stack of a caller is
/// made for them: a worker of tokio has 2 MiB.
pub(super) fn with_room<T: Send>(text: &str, parse: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    if nesting(text) <= SHALLOW {
        return parse();
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(DEEP_STACK).spawn_scoped(scope, parse);
        let thread = thread.map_err(|error| no_thread(&error))?;
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// At least as many levels as the text can have.
fn nesting(text: &str) -> usize {
    let negations = text.as_bytes().windows(3).filter(|word| word.eq_ignore_ascii_case(b"not")).count();
    negations + text.bytes().filter(|byte| *byte == b'(').count()
}

fn no_thread(error: &std::io::Error) -> ExpressionError {
    ExpressionError::new(format!("The expression nests too deeply to be parsed here: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_nest_deeply_gets_a_thread() {
        let here = std::thread::current().id();
        let check = |text: &str, same: bool| {
            let there = with_room(text, || Ok(std::thread::current().id())).unwrap();
            assert_eq!(there == here, same, "{text}");
        };
        check("a = :a AND (b = :b OR NOT contains(c, :c))", true);
        check(&"(".repeat(41), false);
        check(&"NoT ".repeat(41), false);
    }
}
