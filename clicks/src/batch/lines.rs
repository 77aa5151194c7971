//! Clicks as lines of JSON, one file for each day.

use std::{collections::BTreeMap, io::Write as _};

use flate2::{Compression, Crc, write::GzEncoder};
use function::log::LogTime;
use jiff::{Timestamp, civil::Date};
use links::{Slug, clicks::item::REST};
use serde::Serialize;

use crate::event::line::ClickLine;

/// Lines by the day that their clicks count for.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    days: BTreeMap<Date, GzEncoder<Vec<u8>>>,
}

/// A day's file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) day: Date,
    /// Lines of JSON, gzip.
    pub(crate) content: Vec<u8>,
}

impl File {
    /// What tells it from files with other content.
    pub(crate) fn checksum(&self) -> u32 {
        let mut crc = Crc::new();
        crc.update(&self.content);
        crc.sum()
    }
}

#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    time: &'a str,
    slug: &'a str,
    bot: bool,
    referrer: &'a str,
    country: &'a str,
    device: &'a str,
    os: &'a str,
    browser: &'a str,
    visitor: Option<String>,
}

impl Lines {
    /// Adds a click.
    pub(crate) fn add(&mut self, day: Date, id: &str, happened: Timestamp, slug: &Slug, click: &ClickLine<'_>) {
        let (traits, time) = (&click.traits, LogTime::of(happened.into()));
        let line = Line {
            id,
            time: time.as_str(),
            slug: slug.as_str(),
            bot: traits.is_bot,
            referrer: click.referrer.as_deref().unwrap_or(REST),
            country: traits.country.as_ref().map_or("", |country| country.as_str()),
            device: traits.device.map_or("", |device| device.as_str()),
            os: traits.os.map_or("", |os| os.as_str()),
            browser: traits.browser.map_or("", |browser| browser.as_str()),
            visitor: traits.visitor.map(|code| code.to_string()),
        };
        let file = self.days.entry(day).or_insert_with(|| GzEncoder::new(Vec::new(), Compression::fast()));
        // Neither writing to memory nor serialising texts fails.
        let _ = serde_json::to_writer(&mut *file, &line);
        let _ = file.write_all(b"\n");
    }

    /// The files.
    pub(crate) fn finish(self) -> Vec<File> {
        let days = self.days.into_iter();
        days.filter_map(|(day, file)| Some(File { day, content: file.finish().ok()? })).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::GzDecoder;
    use std::io::Read as _;

    #[test]
    fn a_click_is_a_line_in_the_file_of_its_day() {
        let mut lines = Lines::default();
        let text = r#"{"slug":"launch","bot":false,"referrer":"t.co","click":{"country":"DE","device":"mobile","os":"ios",
            "browser":"safari","visitor":"a3f09c"}}"#;
        let click = ClickLine::read(text).unwrap().unwrap();
        let slug = "launch".parse().unwrap();
        let [day, next] = ["2026-11-26", "2026-11-27"].map(|day| day.parse().unwrap());
        lines.add(next, "2", "2026-11-27T00:00:00Z".parse().unwrap(), &slug, &click);
        lines.add(day, "1", "2026-11-26T23:59:59.5Z".parse().unwrap(), &slug, &click);
        let files = lines.finish();
        assert_eq!(files.iter().map(|file| file.day).collect::<Vec<_>>(), [day, next]);
        let mut content = String::new();
        GzDecoder::new(files[0].content.as_slice()).read_to_string(&mut content).unwrap();
        assert_eq!(
            content,
            "{\"id\":\"1\",\"time\":\"2026-11-26T23:59:59.500Z\",\"slug\":\"launch\",\"bot\":false,\"referrer\":\"t.co\",\
             \"country\":\"DE\",\"device\":\"mobile\",\"os\":\"ios\",\"browser\":\"safari\",\"visitor\":\"a3f09c\"}\n"
        );
    }
}
