//! `cargo run`: the shortener on this machine. `cargo run -- --help` lists the options.

mod cli;
mod dax_command;
mod ui;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Parser as _;
use local::build_functions::Profile;
use local::{Binaries, Config, Port, Stack, StartError};
use tokio::signal::unix::{SignalKind, signal};

use cli::{Cli, Command, StackOptions};
use ui::{Banner, Console};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        Some(Command::Launch { parent, program }) => {
            // Returns only if the program cannot be started.
            lambda_local::launcher::launch(parent, &program)
                .map(|never| match never {})
                .with_context(|| format!("cannot start {}", program.display()))
        }
        Some(Command::Dax(options)) => dax_command::run(&options),
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
    // Before the functions are built, which may put a new file in the place of this program's own.
    let launcher = std::env::current_exe().context("cannot find the own executable")?;
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
    let mut config = Config::shortener(binaries);
    config.gateway_port = options.port;
    config.lambda_port = options.lambda_port;
    config.dynamodb_port = options.dynamodb_port;
    config.dax_nodes = options.dax_nodes;
    config.dax_port = options.dax_port;
    config.data_dir.clone_from(&options.data_dir);
    config.slug_scheme = options.slug_scheme;
    config.auth = options.auth;
    config.launcher = Some(launcher);
    config.observer = Arc::new(Console::new(options.json, options.verbose));

    // Listening for signals first: one that comes while the stack starts must stop it cleanly, too.
    let stopped = stop_signal()?;
    let stack = Stack::start(config).await.map_err(explain)?;
    if options.json {
        ui::readiness_line(&stack)?;
    } else {
        Banner { stack: &stack, options }.print()?;
    }
    stopped.await;
    if !options.json {
        ui::stopping()?;
    }
    stack.stop().await;
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
