//! What is remembered of tables: their key schemas.
//!
//! Requests wait for a description only while there is none, and all that need the same one share it: there are emulators that read
//! the whole table to describe it.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aws_sdk_dynamodb::{
    Client,
    types::{KeyType as KeyRole, TableDescription},
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use dax_protocol::KeyType;
use tokio::{sync::watch, time::Instant};

use super::{
    failure::Failure,
    wire::key::{KeyAttribute, KeySchema},
};

/// A header by which the cluster says that it needs only the keys of a table. The embedded DynamoDB then does not count its
/// items; any other does not look at it.
pub(crate) const KEYS_ONLY: &str = "x-dax-server-keys-only";

/// How long a key schema is current. Tables get deleted and created again with other keys, above all in development.
const TTL: Duration = Duration::from_secs(10);
/// A description that takes long is asked for less often: it takes at most this share of the time.
const SHARE: u32 = 100;
/// Most schemas remembered.
const MAX_SCHEMAS: usize = 1000;

/// Key schemas of tables, looked up when first needed.
#[derive(Debug, Clone)]
pub(crate) struct Schemas(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client: Client,
    /// The only tables that may be used, unless there are none.
    allowed: HashSet<String>,
    tables: Mutex<HashMap<String, Table>>,
}

/// What is known of a table.
#[derive(Debug, Default)]
struct Table {
    known: Option<Known>,
    /// The description that is under way.
    lookup: Option<Lookup>,
}

#[derive(Debug)]
struct Known {
    schema: Arc<KeySchema>,
    since: Instant,
    ttl: Duration,
}

type Found = Result<Arc<KeySchema>, Failure>;
type Lookup = watch::Receiver<Option<Found>>;

impl Schemas {
    pub(crate) fn new(client: Client, allowed: HashSet<String>) -> Self {
        Self(Arc::new(Inner { client, allowed, tables: Mutex::default() }))
    }

    /// The key schema of a table. One that has just ceased to be current is still used, while it is looked up again.
    ///
    /// # Errors
    /// If there is no such table, it may not be used, or DynamoDB gives no answer.
    pub(crate) async fn get(&self, table: &str) -> Found {
        if !self.0.allowed.is_empty() && !self.0.allowed.contains(table) {
            return Err(Failure::access_denied(table));
        }
        let mut lookup = {
            let mut tables = self.0.lock();
            if tables.len() >= MAX_SCHEMAS && !tables.contains_key(table) {
                tables.clear();
            }
            let entry = tables.entry(table.to_owned()).or_default();
            let age = |known: &Known| known.since.elapsed();
            if let Some(known) = entry.known.as_ref().filter(|known| age(known) < known.ttl) {
                return Ok(Arc::clone(&known.schema));
            }
            // One that ended without a result is none.
            entry.lookup.take_if(|lookup| lookup.has_changed().is_err());
            let lookup = entry.lookup.get_or_insert_with(|| self.look_up(table)).clone();
            if let Some(known) = entry.known.as_ref().filter(|known| age(known) < known.ttl * 2) {
                return Ok(Arc::clone(&known.schema));
            }
            lookup
        };
        let unheard = || Failure::validation(format!("the lookup of table {table} ended"));
        let found = lookup.wait_for(Option::is_some).await.map_err(|_closed| unheard())?;
        found.clone().unwrap_or_else(|| Err(unheard()))
    }

    /// The only tables that may be used; none if all may.
    pub(crate) fn allowed(&self) -> impl Iterator<Item = &str> {
        self.0.allowed.iter().map(String::as_str)
    }

    /// Forgets a table, because DynamoDB said something that does not fit.
    pub(crate) fn forget(&self, table: &str) {
        self.0.lock().remove(table);
    }

    /// Begins a description. It goes on if whoever asked first goes away.
    fn look_up(&self, table: &str) -> Lookup {
        let (sender, receiver) = watch::channel(None);
        let (inner, table) = (Arc::clone(&self.0), table.to_owned());
        let own = receiver.clone();
        tokio::spawn(async move {
            let started = Instant::now();
            let found = inner.describe(&table).await;
            inner.keep(&table, &own, found.as_ref().ok(), (started.elapsed() * SHARE).max(TTL));
            sender.send_replace(Some(found));
        });
        receiver
    }
}

impl Inner {
    async fn describe(&self, table: &str) -> Found {
        let keys_only = |request: &mut HttpRequest| drop(request.headers_mut().try_insert(KEYS_ONLY, ""));
        let described =
            self.client.describe_table().table_name(table).customize().mutate_request(keys_only).send().await;
        let described = described.map_err(|error| Failure::from_sdk(error, false))?;
        let schema = described.table().and_then(key_schema).map(Arc::new);
        schema.ok_or_else(|| Failure::table_not_found(table))
    }

    /// Notes the result of a lookup, unless the table was forgotten meanwhile.
    fn keep(&self, table: &str, lookup: &Lookup, found: Option<&Arc<KeySchema>>, ttl: Duration) {
        let mut tables = self.lock();
        let Some(entry) = tables.get_mut(table) else { return };
        if !entry.lookup.as_ref().is_some_and(|current| current.same_channel(lookup)) {
            return;
        }
        match found {
            Some(schema) => {
                let known = Known { schema: Arc::clone(schema), since: Instant::now(), ttl };
                *entry = Table { known: Some(known), lookup: None };
            }
            None => {
                tables.remove(table);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Table>> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key_schema(table: &TableDescription) -> Option<KeySchema> {
    let attribute = |wanted: &KeyRole| {
        let element = table.key_schema().iter().find(|element| element.key_type() == wanted)?;
        let name = element.attribute_name();
        let definition = table.attribute_definitions().iter().find(|definition| definition.attribute_name() == name)?;
        Some(KeyAttribute { name: name.to_owned(), kind: KeyType::from_letter(definition.attribute_type().as_str())? })
    };
    Some(KeySchema { hash: attribute(&KeyRole::Hash)?, range: attribute(&KeyRole::Range) })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::{TcpListener, TcpStream},
        sync::Semaphore,
        time,
    };

    use super::*;
    use crate::{config::Backend, dynamodb};

    const DESCRIPTION: &str = r#"{"Table":{"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}]}}"#;

    /// A DynamoDB that describes a table once for each permit.
    struct Described {
        schemas: Schemas,
        requests: Arc<AtomicUsize>,
        permits: Arc<Semaphore>,
    }

    impl Described {
        async fn start() -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let endpoint = format!("http://{}", listener.local_addr().unwrap());
            let client = dynamodb::client(&backend(endpoint), Duration::from_secs(60));
            let (requests, permits) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
            let seen = (Arc::clone(&requests), Arc::clone(&permits));
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(answer(stream, Arc::clone(&seen.0), Arc::clone(&seen.1)));
                }
            });
            Self { schemas: Schemas::new(client, HashSet::new()), requests, permits }
        }

        fn requests(&self) -> usize {
            self.requests.load(Ordering::SeqCst)
        }

        async fn until_requests(&self, wanted: usize) {
            let arrived = async {
                while self.requests() < wanted {
                    time::sleep(Duration::from_millis(1)).await;
                }
            };
            time::timeout(Duration::from_secs(30), arrived).await.unwrap();
        }
    }

    fn backend(endpoint: String) -> Backend {
        let text = |text: &str| text.to_owned();
        let (region, access_key_id, secret_access_key) = (text("us-east-1"), text("id"), text("secret"));
        Backend { endpoint, region, access_key_id, secret_access_key, session_token: None }
    }

    async fn answer(mut stream: TcpStream, requests: Arc<AtomicUsize>, permits: Arc<Semaphore>) {
        let mut request = Vec::new();
        while !request.ends_with(b"{\"TableName\":\"t\"}") {
            assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0);
        }
        requests.fetch_add(1, Ordering::SeqCst);
        permits.acquire().await.unwrap().forget();
        let response = format!(
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{DESCRIPTION}",
            DESCRIPTION.len()
        );
        stream.write_all(response.as_bytes()).await.unwrap();
    }

    async fn pass(time: Duration) {
        time::pause();
        time::advance(time).await;
        time::resume();
    }

    #[tokio::test]
    async fn requests_share_a_description_and_go_on_with_the_last_one() {
        let described = Described::start().await;
        let first: Vec<_> = (0..20)
            .map(|_| {
                let schemas = described.schemas.clone();
                tokio::spawn(async move { schemas.get("t").await.unwrap().hash.name.clone() })
            })
            .collect();
        described.until_requests(1).await;
        described.permits.add_permits(1);
        for name in first {
            assert_eq!(name.await.unwrap(), "id");
        }
        assert_eq!(described.requests(), 1);

        // Nobody waits for the next one, which is asked for once.
        pass(TTL + Duration::from_secs(1)).await;
        for _ in 0..20 {
            described.schemas.get("t").await.unwrap();
        }
        described.until_requests(2).await;
        described.permits.add_permits(1);
        let current = || {
            let tables = described.schemas.0.lock();
            tables.get("t").is_some_and(|table| table.lookup.is_none())
        };
        while !current() {
            time::sleep(Duration::from_millis(1)).await;
        }
        described.schemas.get("t").await.unwrap();
        assert_eq!(described.requests(), 2);
    }

    #[tokio::test]
    async fn what_is_long_past_is_waited_for() {
        let described = Described::start().await;
        described.permits.add_permits(1);
        described.schemas.get("t").await.unwrap();
        pass(Duration::from_secs(3600)).await;
        let mut waiting = tokio::spawn({
            let schemas = described.schemas.clone();
            async move { schemas.get("t").await }
        });
        described.until_requests(2).await;
        assert!(time::timeout(Duration::from_millis(20), &mut waiting).await.is_err());
        described.permits.add_permits(1);
        waiting.await.unwrap().unwrap();
    }
}
