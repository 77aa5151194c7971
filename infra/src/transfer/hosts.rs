//! Which links of a file the operator's lists of hosts permit.

use links::HostRules;
use links::item::{is_closed, targets};

use super::source::{Outcome, Record};

/// The record, refused if its link leads to a host that no link may lead to. A closed link leads nowhere.
pub(crate) fn checked(mut record: Record, rules: &HostRules) -> Record {
    let item = match &record.outcome {
        Outcome::Link(_, item) => Some(item).filter(|item| !is_closed(item)),
        Outcome::Bad(_) | Outcome::Skipped(_) => None,
    };
    let host = item.and_then(|item| targets(item).find_map(|url| rules.forbidden_host(url)));
    if let Some(host) = host {
        let reason = format!("forbidden-host: links to {host} are not allowed (`infra hosts list`)");
        record.outcome = Outcome::Bad(reason);
    }
    record
}
