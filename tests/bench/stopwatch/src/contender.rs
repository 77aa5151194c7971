//! What is measured: function processes and their settings.

use std::{ops::Range, path::PathBuf};

use bytes::Bytes;

/// A function and its environment.
#[derive(Debug, Clone)]
pub(crate) struct Contender {
    /// How it is called in the output.
    pub(crate) name: String,
    /// Its executable.
    pub(crate) program: PathBuf,
    /// Its environment, besides what Lambda sets.
    pub(crate) variables: Vec<(&'static str, String)>,
}

impl Contender {
    /// A function without settings.
    pub(crate) fn new(name: &str, program: impl Into<PathBuf>) -> Self {
        Self { name: name.to_owned(), program: program.into(), variables: Vec::new() }
    }

    /// With these settings as well.
    pub(crate) fn with(mut self, variables: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        self.variables.extend(variables);
        self
    }
}

/// An event of API Gateway's HTTP API in payload format 2.0, with the headers that browsers send, for a redirect.
const REDIRECT: &str = include_str!("../../events/redirect.json");

/// The same for `POST /` with a URL. It has no key in it, because it is measured without.
const CREATE: &str = include_str!("../../events/create.json");

/// A redirect's events for `count` slugs.
pub(crate) fn redirects(count: usize) -> Vec<Bytes> {
    (0..count).map(|number| filled(REDIRECT, number)).collect()
}

/// Events that create links, one for each number.
pub(crate) fn creates(numbers: Range<usize>) -> Vec<Bytes> {
    numbers.map(|number| filled(CREATE, number)).collect()
}

fn filled(event: &str, number: usize) -> Bytes {
    event.trim_end().replace("{{SLUG}}", &slug(number)).into()
}

/// A slug of eight characters, as derived ones have.
pub(crate) fn slug(number: usize) -> String {
    format!("abc{number:05}")
}
