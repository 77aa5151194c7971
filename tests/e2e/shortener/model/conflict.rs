//! Whether a link under a chosen slug is the one that a request asks for.

use serde_json::{Map, Value};

use super::link::Link;

impl Link {
    /// Whether it has the options that a body gives, with which a new link would be `wanted`.
    pub(super) fn has_options(&self, body: &Map<String, Value>, wanted: &Self) -> bool {
        let is_near = || match (self.expires_at, wanted.expires_at) {
            (Some(one), Some(other)) => (one - other).abs() <= 60,
            (one, other) => one == other,
        };
        body.iter().all(|(name, value)| match name.as_str() {
            "redirect" => self.redirect == wanted.redirect,
            "cache_seconds" => self.cache_seconds == wanted.cache_seconds,
            "permanent" => self.permanent == wanted.permanent,
            "forward_query" => self.forward_query == wanted.forward_query,
            "expired_url" => self.expired_url == wanted.expired_url,
            "valid_from" => self.valid_from == wanted.valid_from,
            "ttl_seconds" if !value.is_null() => is_near(),
            "ttl_seconds" | "expires_at" => self.expires_at == wanted.expires_at,
            "tags" => self.tags == wanted.tags,
            "note" => self.note == wanted.note,
            _ => true,
        })
    }

    /// Why it is not the response to a request for `wanted` under its slug.
    pub(super) fn conflict(&self, body: &Map<String, Value>, wanted: &Self, reuse: bool) -> Option<&'static str> {
        let now = wanted.created_at;
        match self.state.as_str() {
            _ if self.owner != wanted.owner => Some("slug-taken"),
            _ if self.held => Some("link-blocked"),
            "blocked" | "blocked_legal" => Some("link-blocked"),
            "deleted" => Some("link-deleted"),
            _ if self.is_expired(now) => Some("link-expired"),
            _ if self.url != wanted.url => Some("slug-taken"),
            "disabled" => Some("link-disabled"),
            _ if self.is_early(now) => Some("link-early"),
            _ if !reuse => Some("slug-taken"),
            _ if !self.has_options(body, wanted) => Some("options-differ"),
            _ => None,
        }
    }
}
