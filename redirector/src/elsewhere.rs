//! Requests that CloudFront has answered from its cache, read from its log as the redirector would have read them.

use links::{
    Slug,
    clicks::{Browser, Device, Os},
};

use crate::{
    event::{Agent, Reduced as _, ReferrerHost},
    path::Named,
};

/// What is known about a request for a link that was answered elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnsweredElsewhere {
    /// The link.
    pub slug: Slug,
    /// The host of the referring page; empty if there is none.
    pub referrer: String,
    /// The device, if it can be told, the system and the browser of a person; `None` if a program has sent the request.
    pub person: Option<(Option<Device>, Os, Browser)>,
}

impl AnsweredElsewhere {
    /// From the path, decoded once and without its first slash, and the headers `User-Agent` and `Referer`, which are empty
    /// if there were none. `None` if the path is not that of a link or asks where a link leads.
    pub fn read(path: &str, user_agent: &str, referer: &str) -> Option<Self> {
        let named = Named::of(path);
        let slug = named.slug.filter(|_| !named.is_preview)?;
        let person = Agent::of(user_agent).person;
        Some(Self {
            slug,
            referrer: ReferrerHost::of(referer).0,
            person: person.map(|person| (person.device, person.os, person.browser)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAFARI: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1";

    #[test]
    fn a_request_is_read_as_the_redirector_would_have_read_it() {
        let read = AnsweredElsewhere::read("Launch/", SAFARI, "https://www.Example.com/page").unwrap();
        assert_eq!((read.slug.as_str(), read.referrer.as_str()), ("launch", "example.com"));
        assert_eq!(read.person, Some((Some(Device::Mobile), Os::Ios, Browser::Safari)));
        let read = AnsweredElsewhere::read("launch", "curl/8", "").unwrap();
        assert_eq!((read.referrer.as_str(), read.person), ("", None));
        for path in ["", "robots.txt", "launch+", "api/v1"] {
            assert_eq!(AnsweredElsewhere::read(path, SAFARI, ""), None, "{path}");
        }
    }
}
