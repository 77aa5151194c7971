//! An embedded DynamoDB with empty tables of links, and the tool run against it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dynoxide::Database;
use links::clicks::item::{PARTITION, SORT, TOTAL};
use links::item::{CREATED_AT_ATTRIBUTE, KEY_ATTRIBUTE, OWNER_ATTRIBUTE, OWNER_INDEX};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Tables `one` and `two`, and a folder for files.
pub(crate) struct Tables {
    database: Database,
    endpoint: String,
    folder: tempfile::TempDir,
    /// Stops the server when dropped.
    _stop: tokio::sync::oneshot::Sender<()>,
}

/// How a run of the tool ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) exit: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        Self {
            exit: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Tables {
    pub(crate) fn start() -> Self {
        let database = Database::memory().unwrap();
        for name in ["one", "two"] {
            create(&database, name);
        }
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let server = database.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let stopped = async move { drop(stopped.await) };
                dynoxide::server::serve_with_shutdown(listener, server, stopped).await.unwrap();
            });
        });
        Self { database, endpoint, folder: tempfile::tempdir().unwrap(), _stop: stop }
    }

    /// A file of this test.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Names of the files of this test.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    /// The tool with these arguments, a file as the last one, and `--table`.
    pub(crate) fn command(&self, table: &str, arguments: &[&str], file: &Path) -> Command {
        let mut command = self.tool(arguments);
        command.args(["--table", table]).arg(file);
        command
    }

    /// The tool with these arguments.
    pub(crate) fn tool(&self, arguments: &[&str]) -> Command {
        let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("infra.toml");
        let mut command = Command::new(env!("CARGO_BIN_EXE_infra"));
        command
            .env_clear()
            .envs([
                ("AWS_ENDPOINT_URL_DYNAMODB", self.endpoint.as_str()),
                ("AWS_REGION", "eu-central-1"),
                ("AWS_ACCESS_KEY_ID", "local"),
                ("AWS_SECRET_ACCESS_KEY", "local"),
                ("AWS_CONFIG_FILE", "/nonexistent"),
                ("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent"),
            ])
            .arg("--config")
            .arg(config)
            .args(arguments)
            .stdin(Stdio::null());
        command
    }

    /// Runs the tool to its end.
    pub(crate) fn run(&self, table: &str, arguments: &[&str], file: &Path) -> Run {
        Run::of(&mut self.command(table, arguments, file))
    }

    /// The same, but must succeed.
    pub(crate) fn done(&self, table: &str, arguments: &[&str], file: &Path) -> String {
        let run = self.run(table, arguments, file);
        assert_eq!(run.exit, 0, "{run:?}");
        run.stdout
    }

    /// Creates the table `keys`.
    pub(crate) fn create_keys(&self) {
        let key = links::key::item::KEY_ATTRIBUTE;
        let request = json!({
            "TableName": "keys",
            "KeySchema": [{ "AttributeName": key, "KeyType": "HASH" }],
            "AttributeDefinitions": [{ "AttributeName": key, "AttributeType": "S" }],
            "BillingMode": "PAY_PER_REQUEST",
        });
        self.database.create_table(input(request)).unwrap();
    }

    /// Creates the table `clicks`, whose items are the counts of links.
    pub(crate) fn create_clicks(&self) {
        let attribute = |name: &str| json!({ "AttributeName": name, "AttributeType": "S" });
        let key = |name: &str, kind: &str| json!({ "AttributeName": name, "KeyType": kind });
        let request = json!({
            "TableName": "clicks",
            "KeySchema": [key(PARTITION, "HASH"), key(SORT, "RANGE")],
            "AttributeDefinitions": [attribute(PARTITION), attribute(SORT)],
            "BillingMode": "PAY_PER_REQUEST",
        });
        self.database.create_table(input(request)).unwrap();
    }

    /// The sum of a link in the table `clicks`, without its keys.
    pub(crate) fn total(&self, slug: &str) -> Value {
        let is_its = |item: &Value| item[PARTITION]["S"] == slug && item[SORT]["S"] == TOTAL;
        let mut total = self.items("clicks").into_iter().find(is_its).unwrap_or_default();
        if let Some(total) = total.as_object_mut() {
            total.retain(|name, _| name != PARTITION && name != SORT);
        }
        total
    }

    pub(crate) fn put(&self, table: &str, item: &Value) {
        let request = input(json!({ "TableName": table, "Item": item }));
        self.database.put_item(request).unwrap();
    }

    /// All items in DynamoDB's JSON, by slug, with sorted sets.
    pub(crate) fn items(&self, table: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut start = Value::Null;
        loop {
            let request = input(json!({ "TableName": table, "ExclusiveStartKey": start }));
            let page = serde_json::to_value(self.database.scan(request).unwrap()).unwrap();
            items.extend(page["Items"].as_array().unwrap().iter().cloned());
            start = page["LastEvaluatedKey"].clone();
            if start.is_null() {
                break;
            }
        }
        items.iter_mut().for_each(sort_sets);
        items.sort_by_key(|item| item["id"]["S"].as_str().map(str::to_owned));
        items
    }

    pub(crate) fn item(&self, table: &str, slug: &str) -> Value {
        let request = input(json!({ "TableName": table, "Key": { "id": { "S": slug } } }));
        let answer = serde_json::to_value(self.database.get_item(request).unwrap()).unwrap();
        answer["Item"].clone()
    }
}

fn create(database: &Database, table: &str) {
    let request = json!({
        "TableName": table,
        "KeySchema": [{ "AttributeName": KEY_ATTRIBUTE, "KeyType": "HASH" }],
        "AttributeDefinitions": [
            { "AttributeName": KEY_ATTRIBUTE, "AttributeType": "S" },
            { "AttributeName": OWNER_ATTRIBUTE, "AttributeType": "S" },
            { "AttributeName": CREATED_AT_ATTRIBUTE, "AttributeType": "N" },
        ],
        "GlobalSecondaryIndexes": [{
            "IndexName": OWNER_INDEX,
            "KeySchema": [
                { "AttributeName": OWNER_ATTRIBUTE, "KeyType": "HASH" },
                { "AttributeName": CREATED_AT_ATTRIBUTE, "KeyType": "RANGE" },
            ],
            "Projection": { "ProjectionType": "KEYS_ONLY" },
        }],
        "BillingMode": "PAY_PER_REQUEST",
    });
    database.create_table(input(request)).unwrap();
}

fn input<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn sort_sets(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if let (true, Some(set)) = (name.ends_with('S') && name.len() == 2, member.as_array_mut()) {
                    set.sort_by_key(ToString::to_string);
                }
                sort_sets(member);
            }
        }
        Value::Array(members) => members.iter_mut().for_each(sort_sets),
        _ => {}
    }
}
