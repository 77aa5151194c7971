//! The program: a cluster that runs until a signal arrives.
//!
//! [`Options`] is a set of `clap` arguments, so that another program can offer the cluster as a subcommand.

mod banner;
mod check;
mod exposure;
mod file;
mod options;

use std::{
    io,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use anyhow::Context as _;
use loopback_guard::{Guard, Stop};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

pub use self::{file::WithFile, options::Options};
use crate::{Backend, config::from_here};

/// Runs a cluster until Ctrl-C, `SIGTERM`, or the end of the terminal. With `--check-health`, asks a running one.
///
/// # Errors
/// If the cluster cannot be started or the terminal cannot be written to.
pub fn run(options: &Options) -> anyhow::Result<()> {
    run_with(options, async |_| Ok(None))
}

/// As [`run`], with something beside the cluster that `companion` starts. It returns the URL at which an AWS SDK finds it.
///
/// # Errors
/// As for [`run`]; and those of `companion`.
pub fn run_with(
    options: &Options,
    companion: impl AsyncFnOnce(Running) -> anyhow::Result<Option<String>>,
) -> anyhow::Result<()> {
    if let Some(control) = options.control_to_check() {
        return check::is_ready(control);
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the async runtime")?;
    runtime.block_on(serve(options, companion))
}

/// A cluster that has started, as its companion needs it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Running {
    /// Where clients connect: one URL for each node.
    pub endpoints: Vec<String>,
    /// The certificate that clients have to trust, if the cluster speaks TLS.
    pub ca_file: Option<PathBuf>,
    /// The secret access key that clients must sign with, if any.
    pub secret: Option<String>,
    /// The DynamoDB behind the cluster.
    pub backend: Backend,
    /// Who may use listeners that speak HTTP.
    pub guard: Guard,
    /// Ends with the cluster.
    pub stop: Stop,
    http_listen: IpAddr,
}

impl Running {
    /// Listens where the options want HTTP; 0 = any free port. Returns the URL for programs on this machine, too.
    ///
    /// # Errors
    /// If the port is taken.
    pub async fn bind(&self, port: u16) -> io::Result<(TcpListener, String)> {
        bind(self.http_listen, port).await
    }
}

async fn bind(address: IpAddr, port: u16) -> io::Result<(TcpListener, String)> {
    let listener = TcpListener::bind((address, port)).await?;
    let port = listener.local_addr()?.port();
    Ok((listener, format!("http://{}", SocketAddr::new(from_here(address), port))))
}

async fn serve(
    options: &Options,
    companion: impl AsyncFnOnce(Running) -> anyhow::Result<Option<String>>,
) -> anyhow::Result<()> {
    // Listening for signals first: one that comes while the cluster starts must stop it cleanly, too.
    let stopped = stop_signal()?;
    let (stop_companion, stop) = Stop::channel();
    let secret = options.secret()?;
    let is_checked = secret.is_some();
    let cluster = options.config(secret.clone())?.start().await.map_err(explain)?;
    let running = Running {
        endpoints: cluster.endpoints(),
        ca_file: cluster.ca_file().map(Into::into),
        secret,
        backend: options.backend(cluster.dynamodb_url()),
        guard: options.guard(),
        stop,
        http_listen: options.http_listen,
    };
    let bridge = companion(running).await.map_err(explain)?;
    for warning in exposure::warnings(options.listen, options.http_listen, is_checked) {
        banner::warn(&warning)?;
    }
    for table in cluster.tables_left_alone() {
        banner::warn(&format!("--put-items leaves table {table} alone, because it has items already"))?;
    }
    if options.json {
        banner::readiness_line(&cluster, bridge.as_deref())?;
    } else {
        banner::print(options, &cluster, bridge.as_deref(), is_checked)?;
    }
    stopped.await;
    if !options.json {
        banner::stopping()?;
    }
    stop_companion.send_replace(true);
    cluster.stop().await;
    Ok(())
}

/// Resolves with Ctrl-C, `SIGTERM`, or when the terminal goes away.
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let listen = |kind| signal(kind).context("cannot listen for signals");
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let mut hangup = listen(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    })
}

/// Names the option that helps.
fn explain(error: anyhow::Error) -> anyhow::Error {
    let cause = error.chain().find_map(|cause| cause.downcast_ref::<io::Error>());
    if cause.is_some_and(|cause| cause.kind() == io::ErrorKind::AddrInUse) {
        return error
            .context("choose other ports with --port, --control-port and --dynamodb-port; 0 takes any free one");
    }
    error
}
