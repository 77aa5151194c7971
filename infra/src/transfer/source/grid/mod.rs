//! Tables as text: rows of cells, as databases, browsers and spreadsheets write them.
//!
//! Six dialects are in use, and no file says which one it is in. A wrong guess does not fail: it swallows rows or changes
//! their text. So [`dialect`] reads the whole file in each dialect, counts what each cannot explain, and takes the best;
//! what the best one cannot explain either is reported row by row.

mod cells;
mod dialect;
mod header;
mod row;
mod split;

pub(crate) use dialect::Backslashes;
pub(super) use header::{Grid, Layout, column_name, has, has_any};
pub(super) use row::{Cell, ReadRow, Row};
