//! The variants of the stack whose permissions differ.

use serde_json::Value;

use super::render::Rendered;

/// The ARNs of the tables.
#[derive(Clone, Copy)]
pub(crate) struct Tables {
    pub(crate) links: &'static str,
    pub(crate) keys: &'static str,
}

const OWN: Tables = Tables { links: "<LinksTable.Arn>", keys: "<KeysTable.Arn>" };
const EXISTING: Tables = Tables {
    links: "arn:aws:dynamodb:eu-west-1:111122223333:table/old-links",
    keys: "arn:aws:dynamodb:eu-west-1:111122223333:table/old-keys",
};
pub(crate) const BOUNDARY: &str = "arn:aws:iam::111122223333:policy/limit";

impl Tables {
    pub(crate) fn owner_index(self) -> String {
        format!("{}/index/by_owner", self.links)
    }
}

/// What decides which permissions there are.
#[derive(Clone, Copy)]
pub(crate) struct Variant {
    pub(crate) tables: Tables,
    pub(crate) dax: bool,
    pub(crate) tracing: bool,
    pub(crate) clicks: &'static str,
    pub(crate) archive: bool,
    pub(crate) cdn: bool,
}

/// Each value of each parameter, also together with the others' where they touch the same role.
pub(crate) fn variants() -> impl Iterator<Item = Variant> {
    let clicks = ["stream", "direct", "none"];
    (0..8_usize).map(move |at| Variant {
        tables: if at % 2 == 0 { OWN } else { EXISTING },
        dax: at % 4 < 2,
        tracing: at >= 4,
        clicks: clicks[at % 3],
        archive: at % 3 < 2 && at % 4 != 0,
        cdn: at >= 6,
    })
}

impl Variant {
    pub(crate) fn stack(self, template: &Value) -> Rendered {
        let truth = |it: bool| if it { "true" } else { "false" };
        let mut parameters = vec![("DaxMode", if self.dax { "tls" } else { "none" }), ("Tracing", truth(self.tracing))];
        parameters.extend([("Clicks", self.clicks), ("ClicksArchive", truth(self.archive)), ("Cdn", truth(self.cdn))]);
        if !self.is_own() {
            parameters.extend([("ExistingLinksTable", "old-links"), ("ExistingKeysTable", "old-keys")]);
            parameters.push(("PermissionsBoundary", BOUNDARY));
        }
        Rendered::new(template, &parameters)
    }

    pub(crate) fn is_own(self) -> bool {
        self.tables.links == OWN.links
    }

    pub(crate) fn counts(self) -> bool {
        self.clicks != "none"
    }

    pub(crate) fn has_stream(self) -> bool {
        self.clicks == "stream"
    }

    /// In alphabetical order.
    pub(crate) fn roles(self) -> Vec<&'static str> {
        let all = [
            ("CdnLogsRole", self.cdn && self.has_stream()),
            ("ClicksDeliveryRole", self.has_stream()),
            ("ClicksRole", self.counts()),
            ("DaxRole", self.dax),
            ("RedirectorRole", true),
            ("WriterRole", true),
        ];
        all.into_iter().filter(|(_, exists)| *exists).map(|(name, _)| name).collect()
    }
}
