//! `package`: builds, checks and zips the functions.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::outcome::Exit;
use crate::parameters;
use crate::release::build::Build;
use crate::stage::Stage;
use crate::terminal::Terminal;

/// Options of `infra package`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    #[command(flatten)]
    build: Build,
    /// Folder for redirector.zip, writer.zip and clicks.zip
    #[arg(long, value_name = "DIR", default_value = "target/package")]
    out: PathBuf,
}

/// Runs `infra package`.
///
/// # Errors
/// If the build or a check fails.
pub(crate) async fn run(terminal: &Terminal, stage: &Stage, options: &Options) -> Result<Exit> {
    let values = parameters::resolve(&parameters::definitions()?, &stage.parameters)?;
    let architecture = values.get("Architecture").map(String::as_str).unwrap_or_default();
    let package = options.build.package(terminal, architecture).await?;
    package.write_to(&options.out)?;
    terminal.line(format_args!("  {}", options.out.join("{redirector,writer,clicks}.zip").display()));
    Ok(Exit::Done)
}
