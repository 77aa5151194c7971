//! What kurz needs of tables that it did not create.

use aws_sdk_dynamodb::types::{
    KeySchemaElement, KeyType, ProjectionType, ScalarAttributeType, TableDescription, TableStatus,
};
use links::item::{KEY_ATTRIBUTE, OWNER_INDEX};
use links::key::item::KEY_ATTRIBUTE as KEYS_KEY_ATTRIBUTE;

/// Something that a table does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lack {
    /// The table cannot be used.
    Fatal(String),
    /// Something will not work.
    Limits(String),
}

/// What a table lacks that is to hold links.
pub(crate) fn lacks_of_links(table: &TableDescription) -> Vec<Lack> {
    let mut lacks = lacks_of_key(table, KEY_ATTRIBUTE, "links");
    if !lacks.iter().any(|lack| matches!(lack, Lack::Fatal(_))) && !has_owner_index(table) {
        let name = table.table_name().unwrap_or_default();
        lacks.push(Lack::Limits(format!(
            "has no index \"{OWNER_INDEX}\": links can be created, followed and changed, but lists, searches and `infra block \
             --owner` fail. To create it:\n    aws dynamodb update-table --table-name {name} --attribute-definitions \
             AttributeName=owner,AttributeType=S AttributeName=created_at,AttributeType=N --global-secondary-index-updates \
             'Create={{IndexName={OWNER_INDEX},KeySchema=[{{AttributeName=owner,KeyType=HASH}},\
             {{AttributeName=created_at,KeyType=RANGE}}],Projection={{ProjectionType=KEYS_ONLY}}}}'"
        )));
    }
    lacks
}

/// What a table lacks that is to hold API keys.
pub(crate) fn lacks_of_keys(table: &TableDescription) -> Vec<Lack> {
    lacks_of_key(table, KEYS_KEY_ATTRIBUTE, "keys")
}

fn lacks_of_key(table: &TableDescription, key: &str, what: &str) -> Vec<Lack> {
    let mut lacks = Vec::new();
    if !is_key(table.key_schema(), &[(key, KeyType::Hash)]) || !is_typed(table, key, &ScalarAttributeType::S) {
        lacks.push(Lack::Fatal(format!("is not a table of {what}: its key is not the string \"{key}\" alone")));
    }
    if matches!(table.table_status(), Some(TableStatus::Creating | TableStatus::Deleting)) {
        lacks.push(Lack::Fatal("is being created or deleted".to_owned()));
    }
    if lacks.is_empty() && table.deletion_protection_enabled() != Some(true) {
        let name = table.table_name().unwrap_or_default();
        lacks.push(Lack::Limits(format!(
            "is not protected against deletion, and the stack does not change it: `aws dynamodb update-table --table-name \
             {name} --deletion-protection-enabled`"
        )));
    }
    lacks
}

fn has_owner_index(table: &TableDescription) -> bool {
    table.global_secondary_indexes().iter().any(|index| {
        let projection = index.projection().and_then(|projection| projection.projection_type());
        index.index_name() == Some(OWNER_INDEX)
            && is_key(index.key_schema(), &[("owner", KeyType::Hash), ("created_at", KeyType::Range)])
            && is_typed(table, "owner", &ScalarAttributeType::S)
            && is_typed(table, "created_at", &ScalarAttributeType::N)
            && matches!(projection, Some(ProjectionType::KeysOnly | ProjectionType::Include | ProjectionType::All))
    })
}

fn is_key(schema: &[KeySchemaElement], expected: &[(&str, KeyType)]) -> bool {
    schema.len() == expected.len()
        && expected.iter().all(|(name, kind)| {
            schema.iter().any(|element| element.attribute_name() == *name && element.key_type() == kind)
        })
}

fn is_typed(table: &TableDescription, name: &str, kind: &ScalarAttributeType) -> bool {
    let is_typed = |definition: &aws_sdk_dynamodb::types::AttributeDefinition| {
        definition.attribute_name() == name && definition.attribute_type() == kind
    };
    table.attribute_definitions().iter().any(is_typed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::types::{AttributeDefinition, GlobalSecondaryIndexDescription, Projection};

    fn attribute(name: &str, kind: ScalarAttributeType) -> AttributeDefinition {
        AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap()
    }

    fn key(name: &str, kind: KeyType) -> KeySchemaElement {
        KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap()
    }

    fn table(
        key_name: &str,
        kind: ScalarAttributeType,
        protected: bool,
    ) -> aws_sdk_dynamodb::types::builders::TableDescriptionBuilder {
        TableDescription::builder()
            .table_name("t")
            .table_status(TableStatus::Active)
            .key_schema(key(key_name, KeyType::Hash))
            .attribute_definitions(attribute(key_name, kind))
            .deletion_protection_enabled(protected)
    }

    fn index(range: ScalarAttributeType) -> TableDescription {
        let index = GlobalSecondaryIndexDescription::builder()
            .index_name(OWNER_INDEX)
            .key_schema(key("owner", KeyType::Hash))
            .key_schema(key("created_at", KeyType::Range))
            .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build());
        table("id", ScalarAttributeType::S, true)
            .attribute_definitions(attribute("owner", ScalarAttributeType::S))
            .attribute_definitions(attribute("created_at", range))
            .global_secondary_indexes(index.build())
            .build()
    }

    fn check(lacks: &[Lack], expected: &[&str]) {
        assert_eq!(lacks.len(), expected.len(), "{lacks:?}");
        for (lack, expected) in lacks.iter().zip(expected) {
            let (Lack::Fatal(text) | Lack::Limits(text)) = lack;
            assert!(text.contains(expected), "{text}");
        }
    }

    #[test]
    fn a_table_of_links_has_the_key_and_the_index() {
        use ScalarAttributeType::{N, S};
        check(&lacks_of_links(&index(N)), &[]);
        check(&lacks_of_links(&index(S)), &["no index"]);
        // The table of the AWS sample.
        let sample = table("id", S, false).build();
        check(&lacks_of_links(&sample), &["not protected", "no index \"by_owner\""]);
        check(&lacks_of_links(&table("id", N, true).build()), &["not a table of links"]);
        check(&lacks_of_links(&table("hash", S, true).build()), &["its key is not the string \"id\""]);
        let ranged = table("id", S, true).key_schema(key("more", KeyType::Range)).build();
        check(&lacks_of_links(&ranged), &["not a table of links"]);
        check(
            &lacks_of_links(&table("id", S, true).table_status(TableStatus::Deleting).build()),
            &["created or deleted"],
        );
    }

    #[test]
    fn a_table_of_keys_has_its_own_key() {
        use ScalarAttributeType::S;
        check(&lacks_of_keys(&table("hash", S, true).build()), &[]);
        check(&lacks_of_keys(&table("id", S, true).build()), &["not a table of keys"]);
    }
}
