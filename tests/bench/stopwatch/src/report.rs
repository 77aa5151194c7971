//! What `run.sh` prints about the functions: which contenders stand side by side.

use std::path::Path;

use crate::{
    cluster::Cluster,
    contender::{Contender, creates, redirects},
    figures::{self, Effort, Entry, Events},
    functions::Programs,
};

const REDIRECTED: &[u16] = &[301];
/// Without a key: decided without reading anything.
const REFUSED: &[u16] = &[401];

/// `POST /` and the peer.
const CREATED: &[u16] = &[200, 201];

/// What is measured.
#[derive(Debug)]
pub(crate) struct Builds<'a> {
    pub(crate) programs: &'a Programs,
    /// An older build, to take turns with.
    pub(crate) old: Option<&'a Programs>,
}

impl<'a> Builds<'a> {
    /// Each build with what its rows begin with.
    fn all(&self) -> impl Iterator<Item = (&'static str, &'a Programs)> {
        [("", self.programs)].into_iter().chain(self.old.map(|old| ("old: ", old)))
    }
}

/// Measures the functions beside their peers, with those of an old build in between.
///
/// # Errors
/// If a function does not run as planned.
pub(crate) fn print(builds: &Builds<'_>, dax_server: &Path, effort: Effort) -> anyhow::Result<()> {
    let plain = Cluster::start(dax_server, figures::REDIRECTS, false)?;
    let tls = Cluster::start(dax_server, figures::REDIRECTS, true)?;
    let (one, many, posts) = (redirects(1), redirects(figures::REDIRECTS), creates(0..1));
    let entry = |contender: Contender, events, statuses| Entry { contender, events: Events::Given(events), statuses };
    let redirect = |contender, events| entry(contender, events, REDIRECTED);
    let peer = |name: &str| redirect(builds.programs.peer(name), &one[..]);

    let mut warm: Vec<Entry<'_>> = ["lean", "floor", "full", "http"].map(peer).into();
    let mut cold = vec![peer("lean")];
    for (build, programs) in builds.all() {
        let named = |name: &str| format!("{build}{name}");
        warm.push(redirect(programs.redirector(&named("cached redirect"), &plain), &one));
        if build.is_empty() {
            warm.push(redirect(programs.counting_redirector("cached redirect, counted", &plain), &one));
        }
        warm.push(redirect(programs.redirector(&named("redirect through DAX"), &plain), &many));
        warm.push(redirect(programs.redirector(&named("redirect through DAX, TLS"), &tls), &many));
        cold.push(redirect(programs.redirector(&named("redirector"), &plain), &one));
        cold.push(redirect(programs.redirector(&named("redirector, TLS"), &tls), &one));
        cold.push(redirect(programs.redirector_without_dax(&named("redirector without DAX"), &plain), &one));
        cold.push(entry(programs.writer(&named("writer with keys"), &plain), &posts, REFUSED));
        cold.push(entry(programs.writer(&named("writer with keys, TLS to DAX"), &tls), &posts, REFUSED));
        cold.push(entry(programs.writer_without_dax(&named("writer with keys, without DAX"), &plain), &posts, REFUSED));
    }
    figures::invocations("an invocation", &warm, effort)?;
    figures::invocations("a create", &creating(builds, &plain, &tls), effort)?;
    figures::starts("a start", &cold, effort)
}

/// A put with the SDK straight to DynamoDB, and ours through DAX.
fn creating<'a>(builds: &Builds<'_>, plain: &Cluster, tls: &Cluster) -> Vec<Entry<'a>> {
    let table = ("AWS_ENDPOINT_URL_DYNAMODB", plain.dynamodb.clone());
    let mut contenders = vec![builds.programs.peer("put").with([table])];
    for (build, programs) in builds.all() {
        contenders.push(programs.open_writer(&format!("{build}create through DAX"), plain));
        contenders.push(programs.open_writer(&format!("{build}create through DAX, TLS"), tls));
    }
    let entry = |contender| Entry { contender, events: Events::Creates, statuses: CREATED };
    contenders.into_iter().map(entry).collect()
}
