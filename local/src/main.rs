//! `cargo run`: the shortener on this machine. `cargo run -- --help` lists the options.

mod banner;
mod cli;
mod monitor;
mod signals;
mod ui;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Parser as _;
use local::build_functions::Profile;
use local::{Binaries, Config, Port, Stack, StartError};

use cli::{Cli, Command, StackOptions};
use monitor::Monitor;
use signals::stop_signal;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        Some(Command::Launch { parent, program }) => {
            // Returns only if the program cannot be started.
            lambda_local::launcher::launch(parent, &program)
                .map(|never| match never {})
                .with_context(|| format!("cannot start {}", program.display()))
        }
        Some(Command::Dax(options)) => dax_server::command::run(&options.0),
        None => run(&cli.stack),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            ui::error(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(options: &StackOptions) -> anyhow::Result<()> {
    // Before the functions are built, which may replace this program's file.
    let launcher = std::env::current_exe().context("cannot find the executable of this program")?;
    let binaries = build(options)?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the async runtime")?;
    runtime.block_on(serve(options, binaries, launcher))
}

fn build(options: &StackOptions) -> anyhow::Result<Binaries> {
    let profile = if options.release { Profile::Lambda } else { Profile::Dev };
    let progress = ui::build_progress(options.json);
    let binaries = Binaries::build(profile, |name| {
        progress.inc(1);
        progress.set_message(name.to_owned());
    })?;
    progress.finish_and_clear();
    Ok(binaries)
}

async fn serve(options: &StackOptions, binaries: Binaries, launcher: PathBuf) -> anyhow::Result<()> {
    // First of all: a signal during the start must stop the stack cleanly, too.
    let stopped = stop_signal()?;
    let stack = Stack::start(config(options, binaries, launcher)).await.map_err(explain)?;
    if options.json {
        banner::readiness_line(&stack)?;
    } else {
        banner::print(&stack, options.data_dir.as_deref())?;
    }
    stopped.await;
    if !options.json {
        ui::stopping()?;
    }
    stack.stop().await;
    Ok(())
}

/// The configuration that the options describe.
fn config(options: &StackOptions, binaries: Binaries, launcher: PathBuf) -> Config {
    let mut config = Config::shortener(binaries);
    config.gateway_port = options.port;
    config.lambda_port = options.lambda_port;
    config.dynamodb_port = options.dynamodb_port;
    config.dax_nodes = options.dax_nodes;
    config.dax_port = options.dax_port;
    config.allowed_hosts.clone_from(&options.allow_host);
    config.allowed_origins.clone_from(&options.allowed_origin);
    config.data_dir.clone_from(&options.data_dir);
    config.slug_scheme = options.slug_scheme;
    config.auth = options.auth;
    config.clicks = options.clicks;
    config.launcher = Some(launcher);
    config.observer = Arc::new(Monitor::new(options.json, options.verbose));
    config
}

/// Adds the option that helps to an error about a port.
fn explain(error: StartError) -> anyhow::Error {
    let StartError::Port { port, number, .. } = &error else {
        return error.into();
    };
    let option = match port {
        Port::Gateway => "--port",
        Port::Lambda => "--lambda-port",
        Port::DynamoDb => "--dynamodb-port",
        Port::Dax => "--dax-port",
        _ => return error.into(),
    };
    let hint = format!("port {number} is not free; choose another with {option} N, or {option} 0 for any free one");
    anyhow::Error::new(error).context(hint)
}
