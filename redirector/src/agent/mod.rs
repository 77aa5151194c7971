//! Who sent a request: a person with a browser, or a program.
//!
//! A browser's agent has a fixed beginning and names the engine that draws the page. Programs either do not, or add a mark
//! of their own, since crawlers are expected to say who they are. The same words say what device a browser runs on.
//! `tests/agents/run.sh` counts how often this is wrong.

mod device;

use links::clicks::{Browser, Device, Os};
use siphasher::sip::SipHasher13;

use self::device::Words;

/// How the agents of browsers begin.
const BEGINNINGS: [&[u8]; 2] = [b"Mozilla/5.0 (", b"Opera/9.80 ("];

/// Somebody who uses a browser, as far as its agent says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Person {
    /// The kind of device, if it can be told.
    pub(crate) device: Option<Device>,
    pub(crate) os: Os,
    pub(crate) browser: Browser,
    /// Stands for the whole agent in a visitor code, and is in memory only.
    pub(crate) digest: u64,
}

impl Person {
    /// The person who is likely to have sent a request with this `User-Agent`. Programs that send a browser's agent
    /// unchanged are taken for people.
    pub(crate) fn of(user_agent: &str) -> Option<Self> {
        let bytes = user_agent.as_bytes();
        let mut rest = BEGINNINGS.iter().find_map(|beginning| bytes.strip_prefix(*beginning))?;
        let mut has_engine = false;
        let mut words = Words::default();
        loop {
            let end = rest.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            match Word::of(word, after) {
                Word::Engine => has_engine = true,
                Word::Crawler => return None,
                Word::Other => {}
            }
            words.note(word);
            let Some((_, next)) = after.split_first() else { break };
            rest = next;
        }
        has_engine.then(|| Self {
            device: words.device(),
            os: words.os(),
            browser: words.browser(),
            digest: SipHasher13::new().hash(bytes),
        })
    }
}

/// What a word of an agent says.
#[derive(Debug, PartialEq, Eq)]
enum Word {
    /// The name of a browser's engine.
    Engine,
    /// The mark of a program.
    Crawler,
    Other,
}

impl Word {
    /// Most words are told apart by their first and last letters.
    fn of(word: &[u8], after: &[u8]) -> Self {
        let (Some(first), Some(last)) = (word.first(), word.last()) else {
            // A plus sign that ends no word stands before an address: `(+https://…)`.
            return if after.first() == Some(&b'+') { Self::Crawler } else { Self::Other };
        };
        let is = |name: &[u8]| word.eq_ignore_ascii_case(name);
        let begins = |name: &[u8]| word.get(..name.len()).is_some_and(|text| text.eq_ignore_ascii_case(name));
        let begins_crawler = || match first | 0x20 {
            b'c' => begins(b"crawl") || is(b"compatible") && !after.starts_with(b"; MSIE"),
            b'f' => is(b"facebookexternalhit"),
            b'g' => is(b"google") && after.first() == Some(&b'-'),
            b'h' => is(b"http") || is(b"https") || begins(b"headlesschrome"),
            b'l' => is(b"lighthouse"),
            b'p' => is(b"playwright") || is(b"phantomjs"),
            b's' => begins(b"slurp") || is(b"selenium"),
            _ => false,
        };
        match first | 0x20 {
            b'a' if is(b"applewebkit") => Self::Engine,
            b'g' if is(b"gecko") => Self::Engine,
            b'p' if is(b"presto") => Self::Engine,
            b't' if is(b"trident") => Self::Engine,
            _ if begins_crawler() || ends_crawler(word, *last) => Self::Crawler,
            _ => Self::Other,
        }
    }
}

/// Whether a word is the name of a program by its end. Cubot makes telephones.
fn ends_crawler(word: &[u8], last: u8) -> bool {
    let ends = |name: &[u8]| {
        word.len()
            .checked_sub(name.len())
            .and_then(|start| word.get(start..))
            .is_some_and(|e| e.eq_ignore_ascii_case(name))
    };
    match last | 0x20 {
        b'l' => ends(b"crawl"),
        b'n' => ends(b"scan"),
        b'r' => ends(b"spider") || ends(b"crawler") || ends(b"monitor") || ends(b"scanner"),
        b's' => ends(b"bots") || ends(b"synthetics"),
        b't' => ends(b"bot") && !word.eq_ignore_ascii_case(b"cubot"),
        b'w' => ends(b"preview"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    fn check(agent: &str, expected: bool) {
        assert_eq!(Person::of(agent).is_some(), expected, "{agent:?}");
    }

    #[test]
    fn browsers_are_peoples() {
        for agent in [
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
            "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
            "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.1; Trident/6.0)",
            "Mozilla/5.0 (Linux; Android 11; CUBOT_X30) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/91.0 Mobile Safari/537.36",
            "Mozilla/5.0 (Linux; Android 9; Galaxy S10+ Build/1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/91.0 Safari/537.36",
            "Opera/9.80 (J2ME/MIDP; Opera Mini/9.80; U; en) Presto/2.5.25 Version/10.54",
        ] {
            check(agent, true);
        }
    }

    #[test]
    fn programs_are_not() {
        for agent in [
            "",
            "ü bo",
            "curl/8.5.0",
            "okhttp/4.12.0",
            "Java/17.0.2",
            "Go-http-client/2.0",
            "WhatsApp/2.23.20.0",
            "facebookexternalhit/1.1",
            "http.rb/5.1.1 (Mastodon/4.2.0; +https://mastodon.example/)",
            "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0)",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/120.0.0.0",
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2) Chrome/119.0 Safari/537.36",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0 Safari/537.36",
            "Mozilla/5.0 (Macintosh) AppleWebKit/601.2.4 (KHTML, like Gecko) Safari/601.2.4 facebookexternalhit/1.1 Facebot",
            "Mozilla/5.0 (Linux) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/95.0 Mobile Safari/537.36 Chrome-Lighthouse",
            "Mozilla/5.0 (Linux; Android 6.0.1) AppleWebKit/537.36 (compatible; Google-InspectionTool/1.0;)",
            "Mozilla/5.0 (Linux) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/108.0 Safari/537.36 SkypeUriPreview",
            "Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0 Safari/537.36 DatadogSynthetics",
            "Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0 Safari/537.36 (see https://example.com)",
        ] {
            check(agent, false);
        }
    }

    /// Lines with a word, a tab and an agent. The word is `bot`, `person`, or the kind of a person's device.
    /// `tests/agents/run.sh` names a file with the whole lists.
    #[test]
    fn public_lists_agree() {
        let sample = include_str!("../../tests/agents.txt").to_owned();
        let lines = std::env::var_os("AGENTS").map_or(sample, |path| std::fs::read_to_string(path).unwrap());
        let (mut missed, mut refused, mut mistaken) = (Tally::default(), Tally::default(), Tally::default());
        for line in lines.lines().filter(|line| !line.starts_with('#')) {
            let (expected, agent) = line.split_once('\t').unwrap();
            let person = Person::of(agent);
            match Device::from_name(expected) {
                _ if expected == "bot" => missed.add(agent, person.is_some()),
                None => refused.add(agent, person.is_none()),
                Some(device) => {
                    refused.add(agent, person.is_none());
                    mistaken.add(agent, person.is_some_and(|person| person.device != Some(device)));
                }
            }
        }
        println!("programs missed {missed}, people refused {refused}, devices mistaken {mistaken}");
        assert!(missed.count > 100 && missed.is_within(50), "missed: {:#?}", missed.wrong);
        assert!(refused.count > 80 && refused.is_within(5), "refused: {:#?}", refused.wrong);
        assert!(mistaken.count > 50 && mistaken.is_within(10), "mistaken: {:#?}", mistaken.wrong);
    }

    /// How many agents of how many were judged wrongly.
    #[derive(Default)]
    struct Tally<'a> {
        count: usize,
        wrong: Vec<&'a str>,
    }

    impl<'a> Tally<'a> {
        fn add(&mut self, agent: &'a str, is_wrong: bool) {
            self.count += 1;
            self.wrong.extend(is_wrong.then_some(agent));
        }

        fn is_within(&self, per_thousand: usize) -> bool {
            self.wrong.len() * 1_000 <= self.count * per_thousand
        }
    }

    impl fmt::Display for Tally<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{} of {}", self.wrong.len(), self.count)
        }
    }
}
