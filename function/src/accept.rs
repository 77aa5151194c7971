//! The `Accept` header (RFC 9110, section 12.5.1).

/// Which kind of body a client prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preference {
    /// A page for a person.
    Html,
    /// JSON for a program.
    Json,
}

impl Preference {
    /// HTML if `accept` gives it a higher weight than JSON, as every browser does.
    pub fn of(accept: &str) -> Self {
        // A more specific range decides, whatever its weight; so keep the best range seen and its weight.
        let (mut html, mut json) = ((0_u8, 0.0_f32), (0_u8, 0.0_f32));
        for Range { media, weight } in ranges(accept) {
            let offer = |best: &mut (u8, f32), specificity| {
                if specificity > best.0 {
                    *best = (specificity, weight);
                }
            };
            match media {
                m if m.eq_ignore_ascii_case("text/html") => offer(&mut html, 3),
                m if m.eq_ignore_ascii_case("text/*") => offer(&mut html, 2),
                m if m.eq_ignore_ascii_case("application/problem+json") => offer(&mut json, 4),
                m if m.eq_ignore_ascii_case("application/json") => offer(&mut json, 3),
                m if m.eq_ignore_ascii_case("application/*") => offer(&mut json, 2),
                "*/*" => {
                    offer(&mut html, 1);
                    offer(&mut json, 1);
                }
                _ => {}
            }
        }
        if html.1 > json.1 { Self::Html } else { Self::Json }
    }
}

/// Whether `accept` asks for a media type by its full name; wildcards do not count.
pub fn names(accept: &str, media_type: &str) -> bool {
    ranges(accept).any(|range| range.media.eq_ignore_ascii_case(media_type) && range.weight > 0.0)
}

struct Range<'a> {
    media: &'a str,
    /// 1 if it is missing, 0 if it is not a number.
    weight: f32,
}

fn ranges(accept: &str) -> impl Iterator<Item = Range<'_>> {
    accept.split(',').map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default();
        let weight = parts
            .find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")))
            .map_or(1.0, |weight| weight.parse().unwrap_or(0.0));
        Range { media, weight }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_for_those_who_prefer_it() {
        let check = |accept, expected| assert_eq!(Preference::of(accept), expected, "{accept:?}");
        check("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Preference::Html);
        check("TEXT/HTML", Preference::Html);
        check("text/*", Preference::Html);
        check("*/*", Preference::Json);
        check("", Preference::Json);
        check("application/json", Preference::Json);
        check("text/html;q=0.5, application/json", Preference::Json);
        check("text/html;q=0, */*", Preference::Json);
        check("application/problem+json;q=0.1, text/html;q=0.2", Preference::Html);
        check("text/html;q=x", Preference::Json);
    }

    #[test]
    fn a_media_type_must_be_named_with_a_weight_above_zero() {
        let check = |accept: &str, expected| assert_eq!(names(accept, "application/json"), expected, "{accept:?}");
        check("application/json", true);
        check("text/plain, Application/JSON; q=0.5", true);
        check("application/json;charset=utf-8;q=0.001", true);
        for zero in ["q=0", "Q=0", "q=0.", "q=0.0", "q=0.00", "q=0.000", " q=0 "] {
            check(&format!("application/json;{zero}"), false);
            check(&format!("application/json;charset=utf-8;{zero}"), false);
        }
        check("application/json;q=x", false);
        check("application/*", false);
        check("*/*", false);
        check("", false);
    }
}
