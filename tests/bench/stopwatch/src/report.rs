//! What `run.sh` prints about the functions: which contenders stand side by side.

use std::path::Path;

use crate::{
    cluster::Cluster,
    contender::{Contender, creates, redirects},
    figures::{self, Effort, Entry},
    functions::Programs,
};

const REDIRECTED: &[u16] = &[301];
/// Without a key: decided without reading anything.
const REFUSED: &[u16] = &[401];

/// Measures the functions beside their peers, with the same functions of an `old` build in between.
///
/// # Errors
/// If a function does not run as planned.
pub(crate) fn print(
    programs: &Programs,
    old: Option<&Programs>,
    dax_server: &Path,
    effort: Effort,
) -> anyhow::Result<()> {
    let plain = Cluster::start(dax_server, figures::REDIRECTS, false)?;
    let tls = Cluster::start(dax_server, figures::REDIRECTS, true)?;
    let (one, many, posts) = (redirects(1), redirects(figures::REDIRECTS), creates(1));
    let builds: Vec<(&str, &Programs)> = [("", programs)].into_iter().chain(old.map(|old| ("old: ", old))).collect();
    let redirect = |contender: Contender, events| Entry { contender, events, statuses: REDIRECTED };
    let peer = |name: &str| redirect(programs.peer(name), &one[..]);

    let mut warm: Vec<Entry<'_>> = ["lean", "floor", "full", "http"].map(peer).into();
    let mut cold = vec![peer("lean")];
    for (build, programs) in builds {
        let named = |name: &str| format!("{build}{name}");
        warm.push(redirect(programs.redirector(&named("cached redirect"), &plain), &one));
        warm.push(redirect(programs.redirector(&named("redirect through DAX"), &plain), &many));
        warm.push(redirect(programs.redirector(&named("redirect through DAX, TLS"), &tls), &many));
        cold.push(redirect(programs.redirector(&named("redirector"), &plain), &one));
        cold.push(redirect(programs.redirector(&named("redirector, TLS"), &tls), &one));
        cold.push(redirect(programs.redirector_without_dax(&named("redirector without DAX"), &plain), &one));
        for contender in [
            programs.writer(&named("writer with keys"), &plain),
            programs.writer(&named("writer with keys, TLS to DAX"), &tls),
            programs.writer_without_dax(&named("writer with keys, without DAX"), &plain),
        ] {
            cold.push(Entry { contender, events: &posts, statuses: REFUSED });
        }
    }
    figures::invocations("an invocation", &warm, effort)?;
    figures::starts("a start", &cold, effort)
}
