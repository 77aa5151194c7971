//! Asks a running cluster whether it is ready: the health check of a container that holds nothing but this program.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context as _, bail};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// The cluster itself waits two seconds for DynamoDB.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// Far more than any answer has.
const MAX_ANSWER_BYTES: u64 = 64 << 10;

/// Succeeds if the control endpoint at this address says that the cluster is ready.
pub(super) fn is_ready(control: SocketAddr) -> anyhow::Result<()> {
    let answer = ask(control).with_context(|| format!("there is no answer from the control endpoint {control}"))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    if !head.starts_with("HTTP/1.1 200 ") {
        bail!("the cluster is not ready: {}", body.trim());
    }
    Ok(())
}

fn ask(control: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&control, CONNECT_TIMEOUT)?;
    stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
    stream.set_write_timeout(Some(ANSWER_TIMEOUT))?;
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(MAX_ANSWER_BYTES).read_to_string(&mut answer)?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ClusterConfig;

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_cluster_is_asked() {
        let check =
            |control| tokio::task::spawn_blocking(move || is_ready(control).map_err(|error| format!("{error:#}")));
        let cluster = ClusterConfig::default().start().await.unwrap();
        let control = cluster.control_url().unwrap().replace("http://", "").parse().unwrap();
        check(control).await.unwrap().unwrap();
        cluster.stop_node(0).await.unwrap();
        assert!(check(control).await.unwrap().unwrap_err().contains("no node runs"));
        cluster.stop().await;
        assert!(check(control).await.unwrap().unwrap_err().contains("there is no answer"));
    }
}
