//! Reads the table into a file.

use anyhow::Result;
use links::item::{Item, KEY_ATTRIBUTE};

use super::line;
use super::part::Part;
use super::table::Table;

/// Reads the table from the position of `part` to its end, and adds every item to `part`. `progress` gets the number of
/// items after each page; `odd` gets the items that are not valid links, which are kept unchanged.
///
/// # Errors
/// If the table cannot be read or `part` cannot be written; what was read stays in `part`.
pub(crate) async fn dump(
    table: &Table,
    part: &mut Part,
    page_limit: Option<i32>,
    mut progress: impl FnMut(u64),
    mut odd: impl FnMut(&str, &str),
) -> Result<()> {
    progress(part.items);
    while !part.is_complete() {
        let page = table.page(part.cursor.clone(), page_limit).await?;
        let mut lines = Vec::with_capacity(page.items.len());
        for item in &page.items {
            let line = line::encode(item)?;
            if let Err(error) = line::decode(&line) {
                odd(name(item), &format!("{error:#}"));
            }
            lines.push(line);
        }
        part.add(lines, page.cursor)?;
        progress(part.items);
    }
    Ok(())
}

fn name(item: &Item) -> &str {
    let key = item.get(KEY_ATTRIBUTE).and_then(|key| key.as_s().ok());
    key.map_or("", String::as_str)
}
