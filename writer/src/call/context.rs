//! What every call gets.

use std::time::{Duration, SystemTime};

use http::{StatusCode, header};
use links::{HostRules, Link, Origin, Scope, TargetRules, Timestamp};

use crate::{
    Config,
    hosts::KnownHosts,
    http::{
        etag,
        representation::{self, Receipt, Representation, Shown},
        request::Request,
        response::Response,
    },
    identity::Caller,
};

/// Longest time for the store, with all attempts. Together with the time for looking up a key it is below the
/// function's timeout of ten seconds, so there is always a response.
pub(crate) const STORE_LIMIT: Duration = Duration::from_secs(8);

/// A request, and everything that its response depends on.
#[derive(Debug)]
pub(crate) struct Context<'a, S> {
    pub(crate) store: &'a S,
    pub(crate) config: &'a Config,
    pub(crate) clock: fn() -> SystemTime,
    pub(crate) request: &'a Request,
    pub(crate) request_id: &'a str,
    pub(crate) caller: Caller,
    /// When the request began.
    pub(crate) now: Timestamp,
    /// The start of every short URL.
    pub(crate) base_url: String,
    pub(crate) rules: TargetRules,
    /// What this process knows of the lists of hosts.
    pub(crate) hosts: &'a KnownHosts,
}

impl<S> Context<'_, S> {
    /// The short URL of a link.
    pub(crate) fn short_url(&self, link: &Link) -> String {
        representation::short_url(link, &self.base_url)
    }

    /// The JSON of a link, as far as the caller may see it.
    pub(crate) fn shown<'l>(&self, link: &'l Link, existing: bool) -> Shown<'l> {
        if self.caller.scopes.allows(Scope::Read) {
            Shown::Whole(Box::new(self.representation(link, existing)))
        } else {
            Shown::Receipt(Receipt::new(link, &self.base_url))
        }
    }

    pub(crate) fn representation<'l>(&self, link: &'l Link, existing: bool) -> Representation<'l> {
        // A link's time is that of the beginning of a request. Its write ended within the limit, and before now.
        let latest = link.updated_at.map(|begun| begun.plus(STORE_LIMIT));
        let written = latest.map(|latest| latest.min(Timestamp::from((self.clock)())));
        Representation::new(link, existing, &self.base_url, written, self.config.visible_within)
    }

    /// The response that shows one link.
    pub(crate) fn link_response(
        &self,
        outcome: &'static str,
        status: StatusCode,
        link: &Link,
        existing: bool,
    ) -> Response {
        let body = self.shown(link, existing);
        Response::json(status, outcome, &body).with(header::ETAG, etag::of(link)).about(link.slug.clone())
    }
}

/// The start of every short URL: the public address, or the one that the request came to.
pub(crate) fn base_url(config: &Config, request: &Request) -> String {
    config.base_url.clone().or_else(|| request.base_url()).unwrap_or_default()
}

/// Which targets are acceptable. A link to an address of the service, or to the one that the request came to, would be a loop.
pub(crate) fn target_rules(config: &Config, request: &Request, hosts: HostRules) -> TargetRules {
    let addresses = config.base_url.clone().into_iter().chain(request.base_url());
    TargetRules {
        own: addresses.filter_map(|address| Origin::of(&address)).chain(config.own_hosts.iter().cloned()).collect(),
        allow_private: config.allow_private_targets,
        hosts,
    }
}
