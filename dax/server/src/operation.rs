//! Names of operations in JSON: written as DynamoDB writes them, read in any case.

use std::collections::BTreeMap;

use dax_protocol::Method;
use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

/// Whether it is one of the ten operations, and not what a client asks on its own account.
pub(crate) const fn is_data(method: Method) -> bool {
    !matches!(
        method,
        Method::AuthorizeConnection
            | Method::Endpoints
            | Method::DefineKeySchema
            | Method::DefineAttributeListId
            | Method::DefineAttributeList
    )
}

/// # Errors
/// Those of the serializer.
pub(crate) fn serialize<S: Serializer>(method: &Option<Method>, serializer: S) -> Result<S::Ok, S::Error> {
    match method {
        Some(method) => serializer.serialize_str(method.name()),
        None => serializer.serialize_none(),
    }
}

/// # Errors
/// If there is no such operation; the error lists all.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Method>, D::Error> {
    let Some(name) = Option::<String>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let found = Method::ALL.into_iter().find(|method| method.name().eq_ignore_ascii_case(&name));
    let unknown = || {
        let names = |data| Method::ALL.into_iter().filter(move |method| is_data(*method) == data).map(Method::name);
        let all: Vec<_> = names(true).chain(names(false)).collect();
        D::Error::custom(format!("there is no operation {name}, only {}", all.join(", ")))
    };
    found.ok_or_else(unknown).map(Some)
}

/// Writes counts by operation.
///
/// # Errors
/// Those of the serializer.
pub(crate) fn counts<S: Serializer>(counts: &BTreeMap<Method, u64>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(counts.iter().map(|(method, count)| (method.name(), count)))
}
