//! Prints the outputs of a stack.

use serde_json::json;

use super::Stack;
use crate::terminal::Terminal;

/// Prints the outputs as a table, the URL first.
pub(crate) fn print(terminal: &Terminal, stack: &Stack) {
    let mut rows: Vec<_> = stack.outputs.iter().collect();
    rows.sort_by_key(|(name, _)| *name != "Url");
    terminal.line("");
    for (name, value) in rows {
        terminal.line(format_args!("  {name:<19} {value}"));
    }
    terminal.event("outputs", json!({"outputs": stack.outputs}));
}
