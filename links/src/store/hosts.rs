//! The operator's lists of hosts: one item of the keys table, so that whoever may write links cannot write them.

use std::{collections::BTreeSet, future::Future};

use aws_sdk_dynamodb::{
    operation::update_item::builders::UpdateItemFluentBuilder,
    types::{AttributeValue, ReturnValue},
};

use super::{
    client::is_condition_failed,
    keys::{KeysError, KeysTable},
};
use crate::{
    HostRules, HostSuffix,
    item::Item,
    key::item::{HOSTS_KEY, KEY_ATTRIBUTE},
};

/// Most hosts of a list. Both lists fit into an item of 400 KB even if all names have DNS's 253 bytes.
pub const MAX_HOSTS: usize = 750;

const FORBIDDEN: &str = "forbidden";
const ALLOWED: &str = "allowed";

/// Reads and changes the lists of hosts.
pub trait HostStore: Send + Sync {
    /// The lists as they are in the table now.
    fn host_rules(&self) -> impl Future<Output = Result<HostRules, KeysError>> + Send;

    /// Changes the lists. Changes by others at the same time are not lost.
    fn change_hosts(&self, change: &HostChange) -> impl Future<Output = Result<HostsChanged, KeysError>> + Send;
}

/// A change of the lists: each host goes to one list and leaves the other, or leaves both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostChange {
    /// Hosts to forbid.
    pub forbid: Vec<HostSuffix>,
    /// Hosts to allow.
    pub allow: Vec<HostSuffix>,
    /// Hosts to take off both lists.
    pub remove: Vec<HostSuffix>,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostsChanged {
    /// It was made; the lists after it.
    Done(HostRules),
    /// There is no table to keep lists in.
    NoTable,
    /// A list would have had more than [`MAX_HOSTS`] hosts, and was not changed.
    TooMany,
}

impl HostChange {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a host stands in two parts of it, so that its outcome would depend on their order.
    pub fn contradicts_itself(&self) -> bool {
        let parts = [&self.forbid, &self.allow, &self.remove].map(|part| names(&[part]));
        let all: BTreeSet<&String> = parts.iter().flatten().collect();
        all.len() < parts.iter().map(BTreeSet::len).sum()
    }
}

fn names(parts: &[&Vec<HostSuffix>]) -> BTreeSet<String> {
    parts.iter().flat_map(|part| part.iter()).map(ToString::to_string).collect()
}

impl HostStore for KeysTable {
    async fn host_rules(&self) -> Result<HostRules, KeysError> {
        let request = self.client().get_item().table_name(self.table()).set_key(Some(key())).consistent_read(true);
        let output = Box::pin(request.send()).await.map_err(KeysError::unavailable("GetItem"))?;
        Ok(output.item.as_ref().map(rules).unwrap_or_default())
    }

    async fn change_hosts(&self, change: &HostChange) -> Result<HostsChanged, KeysError> {
        let HostChange { forbid, allow, remove } = change;
        let mut rules = None;
        // An expression may name each list once: hosts come to one and leave the other.
        for (to, from, come, go) in
            [(FORBIDDEN, ALLOWED, forbid, [forbid, remove]), (ALLOWED, FORBIDDEN, allow, [allow, remove])]
        {
            let Some(request) = self.moving(to, from, names(&[come]), names(&go)) else { continue };
            match Box::pin(request.send()).await {
                Ok(output) => rules = output.attributes.as_ref().map(self::rules),
                Err(error) if is_condition_failed(&error) => return Ok(HostsChanged::TooMany),
                Err(error) => return Err(KeysError::unavailable("UpdateItem")(error)),
            }
        }
        match rules {
            Some(rules) => Ok(HostsChanged::Done(rules)),
            None => self.host_rules().await.map(HostsChanged::Done),
        }
    }
}

impl KeysTable {
    /// Adds `come` to the list `to` and takes `go` off the list `from`; `None` if nothing is to be done.
    fn moving(
        &self,
        to: &str,
        from: &str,
        come: BTreeSet<String>,
        go: BTreeSet<String>,
    ) -> Option<UpdateItemFluentBuilder> {
        let mut request = self.client().update_item().table_name(self.table()).set_key(Some(key()));
        let mut expression = Vec::new();
        if !come.is_empty() {
            let room = MAX_HOSTS.checked_sub(come.len());
            expression.push("ADD #to :come");
            request = request
                .expression_attribute_names("#to", to)
                .expression_attribute_values(":room", crate::item::number(room.unwrap_or_default()))
                .expression_attribute_values(":come", AttributeValue::Ss(come.into_iter().collect()))
                .condition_expression(match room {
                    Some(_) => "attribute_not_exists(#to) OR size(#to) <= :room",
                    // Holds for no list.
                    None => "size(#to) < :room",
                });
        }
        if !go.is_empty() {
            expression.push("DELETE #from :go");
            request = request
                .expression_attribute_names("#from", from)
                .expression_attribute_values(":go", AttributeValue::Ss(go.into_iter().collect()));
        }
        let request = request.update_expression(expression.join(" ")).return_values(ReturnValue::AllNew);
        (!expression.is_empty()).then_some(request)
    }
}

fn key() -> Item {
    Item::from([(KEY_ATTRIBUTE.to_owned(), crate::item::text(HOSTS_KEY))])
}

/// The rules of an item. What is not a host has no effect: somebody else wrote it.
fn rules(item: &Item) -> HostRules {
    let hosts = |list: &str| {
        let names = item.get(list).and_then(|names| names.as_ss().ok()).into_iter().flatten();
        names.filter_map(|name| name.parse().ok()).collect::<Vec<HostSuffix>>()
    };
    HostRules::new(hosts(FORBIDDEN), hosts(ALLOWED))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(names: &[&str]) -> Vec<HostSuffix> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    #[test]
    fn a_host_has_one_place_in_a_change() {
        let check = |forbid: &[&str], allow: &[&str], remove: &[&str], expected: bool| {
            let change = HostChange { forbid: hosts(forbid), allow: hosts(allow), remove: hosts(remove) };
            assert_eq!(change.contradicts_itself(), expected, "{change:?}");
        };
        check(&["a.example", "a.example"], &["b.example"], &["c.example"], false);
        check(&["a.example"], &["A.example."], &[], true);
        check(&["a.example"], &[], &["a.example"], true);
        assert!(HostChange::default().is_empty());
    }

    #[test]
    fn an_item_may_hold_nonsense() {
        let set = |names: &[&str]| AttributeValue::Ss(names.iter().map(|name| (*name).to_owned()).collect());
        let item = Item::from([
            (FORBIDDEN.to_owned(), set(&["EVIL.example", "no host", "*.x"])),
            (ALLOWED.to_owned(), AttributeValue::S("a.example".to_owned())),
        ]);
        let rules = rules(&item);
        assert_eq!(rules.forbidden().collect::<Vec<_>>(), ["evil.example"]);
        assert_eq!(rules.allowed().count(), 0);
    }
}
