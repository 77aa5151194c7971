//! YOURLS. It has no built-in export; these are in use:
//!
//! - A dump of its database by mysqldump, phpMyAdmin or another client: see [`sql`](super::sql).
//! - Its table `yourls_url` as CSV or tab-separated text, by phpMyAdmin, `INTO OUTFILE` or the `mysql` client, with the
//!   columns keyword, url, title, timestamp, ip and clicks; a header is optional. The times are in the time zone of the
//!   database; they are read as UTC.
//! - CSV of the plugin Import Export, with the columns source (`/keyword/`), target and hits.
//!
//! Source: YOURLS, includes/functions-install.php (`yourls_create_sql_tables`).

use super::Draft;
use super::grid::{Layout, Row, has};

/// The columns of the table in order.
pub(super) const COLUMNS: [&str; 6] = ["keyword", "url", "title", "timestamp", "ip", "clicks"];

pub(super) const LAYOUT: Layout = Layout { fits, otherwise: Some(&COLUMNS), mysql: true };

pub(super) fn fits(names: &[String]) -> bool {
    has(names, &["keyword", "url"]) || has(names, &["source", "target"])
}

pub(super) fn drafts(row: &mut Row, mut draft: Draft) -> Vec<Draft> {
    let source = row.value("source").map(|path| path.trim_matches('/').to_owned());
    draft.slug = row.value("keyword").or(source).unwrap_or_default();
    draft.target = row.value("url").or_else(|| row.value("target")).unwrap_or_default();
    draft.note = row.text("title");
    draft.created(row.take("timestamp"));
    draft.counted(row.any(&["clicks", "hits"]));
    if row.take("ip").is_some() {
        draft.lose_detail("the IP addresses of their creators");
    }
    vec![draft]
}
