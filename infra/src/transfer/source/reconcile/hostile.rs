//! Links whose titles imitate every syntax that an importer reads, from a fixed seed.

use std::collections::BTreeMap;

/// A link of another shortener.
#[derive(Debug, Clone)]
pub(super) struct Foreign {
    pub(super) slug: String,
    pub(super) url: String,
    pub(super) title: String,
}

const LINKS: usize = 1_000;
const SEED: u64 = 0x6b75_727a;

const PIECES: [&str; 46] = [
    "plain",
    "a title",
    "ü",
    "日本語",
    "שלום עולם",
    "رابط",
    "👩‍👩‍👧",
    "\u{1f600}",
    " ",
    "  ",
    "\"",
    "\"\"",
    "\"quoted\"",
    "24\" screen",
    "'",
    "''",
    "`",
    ",",
    ";",
    "|",
    "\t",
    "\n",
    "\r\n",
    "\r",
    "\\",
    "\\\\",
    "\\n",
    "\\t",
    "\\N",
    "\\\"",
    "\\'",
    "C:\\new\\temp",
    "NULL",
    "\0",
    "sep=;",
    "a,b,c,d,e,f",
    "\nx,https://evil.example/,t,2020-01-01 00:00:00,::1,0\n",
    "\n\"x\",\"https://evil.example/\"\n",
    "\nx\thttps://evil.example/\tt\t2020-01-01 00:00:00\t::1\n",
    "'); INSERT INTO yourls_url VALUES ('x','https://evil.example/','','','',1);",
    "-- ",
    "/*",
    "*/",
    "#",
    "{\"slug\":\"x\"}",
    "\u{feff}",
];

/// A thousand links; the titles of the first are the pieces themselves.
pub(super) fn links() -> Vec<Foreign> {
    let mut random = fastrand::Rng::with_seed(SEED);
    let link = |number: usize| {
        let title = match PIECES.get(number) {
            Some(piece) => (*piece).to_owned(),
            None => (0..random.usize(1..7)).map(|_| PIECES[random.usize(..PIECES.len())]).collect(),
        };
        let ending = ["a/b", "?q=a\\b&c=\"d\"", "#f,g;h", "%2C'x'"][number % 4];
        Foreign { slug: format!("l{number:04}"), url: format!("https://example.com/{number}/{ending}"), title }
    };
    (0..LINKS).map(link).collect()
}

/// What has to be in the table for each slug: target and note.
pub(super) fn expected(links: &[Foreign]) -> BTreeMap<String, (String, Option<String>)> {
    let target = |url: &str| links::TargetUrl::parse(url, &links::TargetRules::default()).unwrap().to_string();
    let links = links.iter().map(|link| (link.slug.clone(), (target(&link.url), note(&link.title))));
    links.collect()
}

/// A title as a note: without the characters that no note may contain.
fn note(title: &str) -> Option<String> {
    let unfit = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    let text: String = title.chars().filter(|c| !unfit(*c)).collect();
    Some(text).filter(|text| !text.trim().is_empty())
}
