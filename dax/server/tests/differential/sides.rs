//! The two databases, and how requests reach them.

use std::time::Duration;

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use dax_bridge::{Bridge, Mode};
use dax_server::{Backend, Cluster, ClusterConfig};
use loopback_guard::{Guard, Stop, bind};
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::timeout};

use crate::{
    generate::{Dice, Request},
    outcome::sorted,
    send, tables,
};

/// For one call, on a machine that may be busy.
const DEADLINE: Duration = Duration::from_secs(20);
/// The most pages to follow. A query for a single item with a limit of one never ends: the embedded DynamoDB starts again
/// after the item, unlike AWS.
const MAX_PAGES: usize = 8;

/// How a request reaches a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// The SDK, to the database that has no cluster in front of it.
    Direct,
    /// `dax_client::Client`, to the cluster.
    Core,
    /// The SDK client that it makes.
    DropIn,
    /// The SDK, to the bridge in front of the cluster.
    Bridge,
}

impl Way {
    /// A read goes both ways; a write goes one, because its second run would find other data.
    pub(crate) fn through_dax(request: &Request, dice: &mut Dice) -> Vec<Self> {
        match (request.writes(), dice.chance(30)) {
            (false, true) => vec![Self::Core, Self::DropIn],
            (false, false) => vec![Self::Core, Self::Bridge],
            (true, false) => vec![if dice.chance(60) { Self::Core } else { Self::Bridge }],
            (true, true) => vec![Self::DropIn],
        }
    }
}

pub(crate) struct Sides {
    /// In front of the first database.
    _cluster: Cluster,
    core: dax_client::Client,
    drop_in: aws_sdk_dynamodb::Client,
    bridge: aws_sdk_dynamodb::Client,
    /// Ends the bridge.
    _stop: tokio::sync::watch::Sender<bool>,
    /// The first database, bypassing the cluster.
    behind: aws_sdk_dynamodb::Client,
    direct: aws_sdk_dynamodb::Client,
}

impl Sides {
    pub(crate) async fn start(seed: u64) -> Self {
        let (behind, direct) = (database().await, database().await);
        let mut config = ClusterConfig::new(Backend::local(&behind));
        // Writes do not change the query cache, so queries would return past data. The item cache always agrees with
        // DynamoDB, because there is one node and all writes go through it.
        config.query_ttl = Duration::ZERO;
        config.dynamodb_timeout = DEADLINE;
        let cluster = config.start().await.unwrap();
        let core = dax_client::Config::new(&cluster.endpoints()[0])
            .unwrap()
            .region("us-east-1")
            .credentials_provider(credentials())
            .connect_timeout(DEADLINE)
            .lookup_timeout(DEADLINE)
            .request_timeout(DEADLINE)
            .total_timeout(DEADLINE)
            .seed(seed);
        let core = dax_client::Client::connect(core).await.unwrap();
        let (stop, stopped) = Stop::channel();
        let listener = bind(0).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let bridge = Bridge::new(core.clone(), &sdk_config("http://127.0.0.1:1"), Mode::Core);
        tokio::spawn(bridge.serve(listener, Guard::for_programs(), stopped));
        Self {
            bridge: aws_sdk_dynamodb::Client::from_conf(sdk_config(&url)),
            _stop: stop,
            _cluster: cluster,
            drop_in: core.to_sdk_client(&sdk_config("http://127.0.0.1:1")),
            core,
            behind: aws_sdk_dynamodb::Client::from_conf(sdk_config(&behind)),
            direct: aws_sdk_dynamodb::Client::from_conf(sdk_config(&direct)),
        }
    }

    /// The pages of the response.
    pub(crate) async fn ask(&self, way: Way, request: &Request) -> Value {
        let mut pages = Vec::new();
        let mut input = request.input.clone();
        loop {
            let page = timeout(DEADLINE, self.send(way, request.operation, &input)).await;
            let page = page.unwrap_or_else(|_| panic!("no answer to {request:?}"));
            let next = page.get("LastEvaluatedKey").cloned();
            pages.push(page);
            match next {
                Some(next) if request.pages && pages.len() < MAX_PAGES => {
                    input["ExclusiveStartKey"] = next;
                }
                _ => return pages.into(),
            }
        }
    }

    async fn send(&self, way: Way, operation: &str, input: &Value) -> Value {
        match way {
            Way::Direct => send::by_sdk(&self.direct, operation, input).await,
            Way::Core => send::by_core(&self.core, operation, input).await,
            Way::DropIn => send::by_sdk(&self.drop_in, operation, input).await,
            Way::Bridge => send::by_sdk(&self.bridge, operation, input).await,
        }
    }

    /// The contents of a table in the database behind the cluster and in the other one.
    pub(crate) async fn contents(&self, table: &str) -> [Value; 2] {
        let scan = json!({ "TableName": table, "ConsistentRead": true });
        let mut contents = [Value::Null, Value::Null];
        for (contents, client) in contents.iter_mut().zip([&self.behind, &self.direct]) {
            let mut page = send::by_sdk(client, "Scan", &scan).await;
            assert!(page.get("LastEvaluatedKey").is_none(), "{table} is small");
            if let Value::Array(items) = page["Items"].take() {
                *contents = sorted(items);
            }
        }
        contents
    }
}

/// A database with all tables; returns its endpoint.
async fn database() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let database = dynoxide::Database::memory().unwrap();
    for table in &tables::TABLES {
        let definition = serde_json::from_value(table.definition()).unwrap();
        database.create_table(definition).unwrap();
    }
    tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, std::future::pending()));
    endpoint
}

fn sdk_config(endpoint: &str) -> aws_sdk_dynamodb::Config {
    aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new("us-east-1"))
        .credentials_provider(credentials())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build()
}

fn credentials() -> Credentials {
    Credentials::new("local", "local", None, None, "test")
}
