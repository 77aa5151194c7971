//! The table that `export` and `import` work on.

use anyhow::Result;
use clap::Args;

use crate::stack::{Session, Stack};
use crate::transfer::table::Table;

/// Options that select the table.
#[derive(Args, Debug)]
pub(crate) struct TableOption {
    /// Table to use instead of the one in the stage's stack
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
}

impl TableOption {
    /// Whether the table is named, so that no stack is needed.
    pub(crate) fn is_given(&self) -> bool {
        self.table.is_some()
    }

    /// Opens the table.
    ///
    /// # Errors
    /// If the stack or the table does not exist, or the table does not hold links.
    pub(crate) async fn open(&self, session: &Session) -> Result<LinksTable> {
        let (name, stack) = match &self.table {
            Some(name) => (name.clone(), None),
            None => {
                let stack = session.existing_stack().await?;
                (stack.output("TableName")?.to_owned(), Some(stack))
            }
        };
        let table = Table::new(session.aws.dynamodb.clone(), name);
        let count = table.count().await?;
        Ok(LinksTable { table, count, stack })
    }
}

/// A table of links that exists.
#[derive(Debug)]
pub(crate) struct LinksTable {
    pub(crate) table: Table,
    /// Roughly how many links it holds.
    pub(crate) count: Option<u64>,
    /// The stack it belongs to; `None` if it was selected by name.
    pub(crate) stack: Option<Stack>,
}
