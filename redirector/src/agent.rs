//! Who sent a request: a person with a browser, or a program.
//!
//! A browser's agent has a fixed beginning and names the engine that draws the page. Programs either do not, or add a mark
//! of their own, since crawlers are expected to say who they are. `tests/agents/run.sh` counts how often this is wrong.

/// How the agents of browsers begin.
const BEGINNINGS: [&[u8]; 2] = [b"Mozilla/5.0 (", b"Opera/9.80 ("];

/// Whether a person is likely to have sent a request with this `User-Agent`. Programs that send a browser's agent unchanged
/// are taken for people.
pub(crate) fn is_person(user_agent: &str) -> bool {
    let bytes = user_agent.as_bytes();
    let Some(mut rest) = BEGINNINGS.iter().find_map(|beginning| bytes.strip_prefix(*beginning)) else {
        return false;
    };
    let mut has_engine = false;
    loop {
        let end = rest.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        match Word::of(word, after) {
            Word::Engine => has_engine = true,
            Word::Crawler => return false,
            Word::Other => {}
        }
        match after.split_first() {
            Some((_, next)) => rest = next,
            None => return has_engine,
        }
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
    use super::*;

    fn check(agent: &str, expected: bool) {
        assert_eq!(is_person(agent), expected, "{agent:?}");
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

    /// Lines `bot` or `person`, a tab and an agent. `tests/agents/run.sh` names a file with the whole lists.
    #[test]
    fn public_lists_agree() {
        let sample = include_str!("../tests/agents.txt").to_owned();
        let lines = std::env::var_os("AGENTS").map_or(sample, |path| std::fs::read_to_string(path).unwrap());
        let mut wrong = [Vec::new(), Vec::new()];
        let mut count = [0_usize; 2];
        for line in lines.lines().filter(|line| !line.starts_with('#')) {
            let (expected, agent) = line.split_once('\t').unwrap();
            let person = usize::from(expected == "person");
            count[person] += 1;
            if is_person(agent) != (person == 1) {
                wrong[person].push(agent);
            }
        }
        let [missed, refused] = &wrong;
        println!("{} of {} programs missed, {} of {} people refused", missed.len(), count[0], refused.len(), count[1]);
        assert!(count[0] > 100 && missed.len() * 100 <= count[0] * 5, "missed: {missed:#?}");
        assert!(count[1] > 80 && refused.len() * 1_000 <= count[1] * 5, "refused: {refused:#?}");
    }
}
