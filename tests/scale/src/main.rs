//! Prints what the service takes for a rate of redirects. See docs/scale.md.

use clap::Parser as _;
use scale::{report, settings::Settings};

#[expect(clippy::print_stdout, reason = "a program that prints tables")]
fn main() {
    let settings = Settings::parse();
    let text = if settings.figures { report::figures() } else { report::all(&settings) };
    print!("{text}");
}
