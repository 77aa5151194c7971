//! Our functions and their peers, with the settings that they are measured with.

use std::path::{Path, PathBuf};

use crate::{
    cluster::{CLICKS, Cluster, KEYS, LINKS},
    contender::Contender,
};

/// Where nothing listens. The redirector would read from the table here if DAX failed, so that it cannot do so unnoticed.
const NO_TABLE: &str = "http://127.0.0.1:9";
/// Under valgrind, and on a busy machine, an answer takes longer than the default allows. The bound itself costs nothing.
const DAX_TIMEOUT_MS: &str = "20000";

/// The folders with executables.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    /// Of `redirector` and `writer`.
    pub(crate) functions: PathBuf,
    /// Of the peers.
    pub(crate) peers: PathBuf,
    /// Whether the functions are of a build that trusts the platform's certificates and parses them all.
    pub(crate) parses_platform_roots: bool,
}

impl Programs {
    /// A peer, by the name of its program.
    pub(crate) fn peer(&self, name: &str) -> Contender {
        Contender::new(name, self.peers.join(name))
    }

    /// The redirector as deployed, in front of a cluster. A cached link counts as current for the whole run.
    pub(crate) fn redirector(&self, name: &str, cluster: &Cluster) -> Contender {
        let table = ("AWS_ENDPOINT_URL_DYNAMODB", NO_TABLE.to_owned());
        self.redirector_with(name).with([table]).with(self.dax(cluster))
    }

    /// The redirector that describes clicks, in front of a cluster.
    pub(crate) fn counting_redirector(&self, name: &str, cluster: &Cluster) -> Contender {
        let clicks = [("CLICKS", "stream".to_owned()), ("CLICKS_TABLE", CLICKS.to_owned())];
        self.redirector_without_dax(name, cluster).with(clicks).with(self.dax(cluster))
    }

    /// The redirector without a cluster, in front of the table.
    pub(crate) fn redirector_without_dax(&self, name: &str, table: &Cluster) -> Contender {
        self.redirector_with(name).with([("AWS_ENDPOINT_URL_DYNAMODB", table.dynamodb.clone())])
    }

    fn redirector_with(&self, name: &str) -> Contender {
        let variables = [("DDB_TABLE", LINKS.to_owned()), ("CACHE_TTL_SECONDS", "3600".to_owned())];
        self.function("redirector", name).with(variables)
    }

    /// The writer as deployed, with API keys, in front of a cluster.
    pub(crate) fn writer(&self, name: &str, cluster: &Cluster) -> Contender {
        self.writer_without_dax(name, cluster).with(self.dax(cluster))
    }

    /// The writer with API keys, but without a cluster, in front of the table.
    pub(crate) fn writer_without_dax(&self, name: &str, table: &Cluster) -> Contender {
        let variables = [
            ("DDB_TABLE", LINKS.to_owned()),
            ("AWS_ENDPOINT_URL_DYNAMODB", table.dynamodb.clone()),
            ("WRITER_AUTH", "API_KEY".to_owned()),
            ("KEYS_TABLE", KEYS.to_owned()),
            ("SLUG_SECRET", "0123456789abcdef".to_owned()),
        ];
        self.function("writer", name).with(variables)
    }

    /// The writer as it creates links for everybody, in front of a cluster.
    pub(crate) fn open_writer(&self, name: &str, cluster: &Cluster) -> Contender {
        let variables = [
            ("DDB_TABLE", LINKS.to_owned()),
            ("AWS_ENDPOINT_URL_DYNAMODB", cluster.dynamodb.clone()),
            ("WRITER_AUTH", "NONE".to_owned()),
            ("SLUG_SECRET", "0123456789abcdef".to_owned()),
        ];
        self.function("writer", name).with(variables).with(self.dax(cluster))
    }

    /// The executable of one of our functions.
    pub(crate) fn path(&self, function: &str) -> PathBuf {
        executable(&self.functions, function)
    }

    fn function(&self, function: &str, name: &str) -> Contender {
        Contender::new(name, self.path(function))
    }

    fn dax(&self, cluster: &Cluster) -> Vec<(&'static str, String)> {
        let endpoint = [("DAX_ENDPOINT", cluster.dax.clone()), ("DAX_TIMEOUT_MS", DAX_TIMEOUT_MS.to_owned())];
        let roots = cluster
            .roots
            .iter()
            .map(|roots| if self.parses_platform_roots { &roots.with_platform } else { &roots.own });
        let roots = roots.map(|roots| ("SSL_CERT_FILE", roots.display().to_string()));
        endpoint.into_iter().chain(roots).collect()
    }
}

/// `FOLDER/NAME` as cargo builds it, or `FOLDER/NAME/bootstrap` as cargo-lambda does.
fn executable(folder: &Path, name: &str) -> PathBuf {
    let zipped = folder.join(name).join("bootstrap");
    if zipped.is_file() { zipped } else { folder.join(name) }
}
