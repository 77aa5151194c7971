//! Recorded exchanges: where they are, what they consist of, and how results are compared.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dax_client::internals::codec::control::Finding;
use dax_client::internals::codec::{DecodeStop, EncodeStop, KeyAttribute, KeySchema, Lookup, Metadata};
use dax_protocol::KeyType;
use serde_json::{Map, Value};

/// One recorded exchange.
pub(crate) struct Vector {
    pub(crate) fields: Value,
}

impl Vector {
    pub(crate) fn text(&self, field: &str) -> Option<&str> {
        self.fields[field].as_str()
    }

    pub(crate) fn name(&self) -> &str {
        self.text("name").expect("every vector has a name")
    }

    pub(crate) fn case(&self) -> &str {
        self.text("case").expect("every vector has a case")
    }

    pub(crate) fn bytes(&self, field: &str) -> Option<Vec<u8>> {
        self.text(field).map(unhex)
    }

    /// Answers lookups until `step` succeeds, from what the exchange says about tables and attribute lists.
    pub(crate) fn answer_lookups<T, S>(
        &self,
        metadata: &mut Metadata,
        mut step: impl FnMut(&Metadata) -> Result<T, S>,
    ) -> Result<T, S>
    where
        S: Stop,
    {
        for _ in 0..8 {
            let stop = match step(metadata) {
                Ok(done) => return Ok(done),
                Err(stop) => stop,
            };
            let Some(lookups) = stop.lookups() else {
                return Err(stop);
            };
            assert!(!lookups.is_empty(), "{}: stopped for no lookup", self.name());
            let Some(found) = lookups.iter().map(|lookup| self.find(lookup)).collect::<Option<Vec<_>>>() else {
                return Err(stop);
            };
            for (lookup, found) in lookups.iter().zip(found) {
                metadata.insert(lookup, found);
            }
        }
        panic!("{}: lookups never end", self.name());
    }

    fn find(&self, lookup: &Lookup) -> Option<Finding> {
        let lists = self.fields["attribute_lists"].as_object();
        let mut lists = lists.into_iter().flatten().map(|(id, names)| (id.parse::<i64>().unwrap(), texts(names)));
        match lookup {
            Lookup::KeySchema { table } => Some(Finding::KeySchema(self.key_schema(table)?)),
            Lookup::AttributeListId { names } => {
                let wanted = |list: &[String]| {
                    let mut sorted = list.to_vec();
                    sorted.sort_unstable();
                    sorted == *names
                };
                let exact = lists.clone().find(|(_, list)| list == names);
                let found = exact.or_else(|| lists.find(|(_, list)| wanted(list)));
                found.map(|(id, _)| Finding::AttributeListId(id))
            }
            Lookup::AttributeList { id } => {
                lists.find(|(known, _)| known == id).map(|(_, names)| Finding::AttributeList(names.into()))
            }
            other => panic!("{}: unexpected lookup {other:?}", self.name()),
        }
    }

    fn key_schema(&self, table: &str) -> Option<KeySchema> {
        let schema = self.fields["tables"].get(table)?;
        let attribute = |part: &Value| {
            let kind = match part[1].as_str() {
                Some("S") => KeyType::S,
                Some("N") => KeyType::N,
                Some("B") => KeyType::B,
                other => panic!("{}: key type {other:?} in {table}", self.name()),
            };
            KeyAttribute::new(part[0].as_str().unwrap(), kind)
        };
        let range = Some(&schema["range"]).filter(|range| !range.is_null());
        Some(KeySchema::new(attribute(&schema["hash"]), range.map(attribute)))
    }
}

/// A stop that may ask for lookups.
pub(crate) trait Stop {
    fn lookups(&self) -> Option<&[Lookup]>;
}

impl Stop for EncodeStop {
    fn lookups(&self) -> Option<&[Lookup]> {
        match self {
            Self::Need(lookups) => Some(lookups),
            _ => None,
        }
    }
}

impl Stop for DecodeStop {
    fn lookups(&self) -> Option<&[Lookup]> {
        match self {
            Self::Need(lookups) => Some(lookups),
            _ => None,
        }
    }
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// The folder to replay: the committed one, or the one that `DAX_VECTORS_DIR` names.
pub(crate) fn folder() -> PathBuf {
    std::env::var_os("DAX_VECTORS_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors"), PathBuf::from)
}

/// Whether `DAX_VECTORS_DIR` names another folder.
pub(crate) fn is_elsewhere() -> bool {
    std::env::var_os("DAX_VECTORS_DIR").is_some()
}

/// The vectors of every file in a folder, by file name.
pub(crate) fn load(folder: &Path) -> BTreeMap<String, Vec<Vector>> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files = BTreeMap::new();
    for path in entries.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "json"))
    {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut file: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        assert_eq!(file["format"], "dax-vectors/1", "{}", path.display());
        let Value::Array(mut vectors) = file["vectors"].take() else { panic!("{}: no vectors", path.display()) };
        assert_eq!(file["count"].as_u64(), Some(vectors.len() as u64), "{}", path.display());
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        share_lists(&mut vectors);
        files.insert(name, vectors.into_iter().map(|fields| Vector { fields }).collect());
    }
    files
}

/// Gives the exchanges of a case each other's attribute lists: the canonical form may use the list of another client,
/// which sorts names differently.
fn share_lists(vectors: &mut [Value]) {
    let mut shared: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for vector in vectors.iter() {
        let lists = vector["attribute_lists"].as_object().cloned().unwrap_or_default();
        shared.entry(vector["case"].to_string()).or_default().extend(lists);
    }
    for vector in vectors {
        let lists = shared.get(&vector["case"].to_string()).cloned().unwrap_or_default();
        vector["attribute_lists"] = Value::Object(lists);
    }
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2), "odd number of hex digits");
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Removes differences of presentation between clients that mean nothing: empty lists of what was left undone, items of a
/// count, capacities of nothing, `1` for `1.0`, and the order of capacities.
pub(crate) fn normalised(result: &Value) -> Value {
    let Value::Object(fields) = result else {
        return result.clone();
    };
    let mut normal = Map::new();
    for (name, value) in fields {
        let value = match name.as_str() {
            "ConsumedCapacity" => capacities(value),
            "UnprocessedKeys" | "UnprocessedItems" | "ItemCollectionMetrics" => without_empty(value),
            "Items" if value.as_array().is_some_and(Vec::is_empty) => Value::Null,
            _ => value.clone(),
        };
        if !value.is_null() {
            normal.insert(name.clone(), floats(&value));
        }
    }
    Value::Object(normal)
}

fn capacities(value: &Value) -> Value {
    let used = |capacity: &&Value| capacity["CapacityUnits"].as_f64() != Some(0.0);
    match value {
        Value::Array(all) => {
            let mut all: Vec<Value> = all.iter().filter(used).cloned().collect();
            all.sort_by_key(|capacity| capacity["TableName"].to_string());
            if all.is_empty() { Value::Null } else { Value::Array(all) }
        }
        one if used(&one) => one.clone(),
        _ => Value::Null,
    }
}

fn without_empty(value: &Value) -> Value {
    match value {
        Value::Object(tables) => {
            let kept: Map<String, Value> = tables
                .iter()
                .filter(|(_, all)| **all != Value::Array(vec![]))
                .map(|(t, v)| (t.clone(), v.clone()))
                .collect();
            if kept.is_empty() { Value::Null } else { Value::Object(kept) }
        }
        other => other.clone(),
    }
}

/// All numbers as floats, so that 1 equals 1.0. DynamoDB's own numbers are strings.
fn floats(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::from(number.as_f64().unwrap()),
        Value::Array(all) => all.iter().map(floats).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), floats(value))).collect(),
        other => other.clone(),
    }
}
