//! The query of a request. Each parameter is taken by name; parameters that were not taken are unknown, and refused.

use super::problem::{Problem, RequestProblem};

/// The parameters of a query.
#[derive(Debug)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Parses a query string.
    pub(crate) fn parse(raw: &str) -> Self {
        let pairs = url::form_urlencoded::parse(raw.as_bytes());
        Self(pairs.into_owned().collect())
    }

    /// The value of a parameter, which may occur once.
    pub(crate) fn text(&mut self, parameter: &str) -> Result<Option<String>, Problem> {
        let mut values = self.texts(parameter);
        let value = values.pop();
        if values.is_empty() { Ok(value) } else { Err(refused(parameter, "given only once")) }
    }

    /// The values of a parameter that may occur several times.
    pub(crate) fn texts(&mut self, parameter: &str) -> Vec<String> {
        self.0.extract_if(.., |(name, _)| name == parameter).map(|(_, value)| value).collect()
    }

    /// The value of a parameter that `parse` understands.
    pub(crate) fn parsed<T>(
        &mut self,
        parameter: &str,
        parse: impl FnOnce(&str) -> Option<T>,
        expected: &'static str,
    ) -> Result<Option<T>, Problem> {
        let text = self.text(parameter)?;
        text.map(|text| parse(&text).ok_or_else(|| refused(parameter, expected))).transpose()
    }

    /// A whole number within `range`.
    pub(crate) fn number(
        &mut self,
        parameter: &str,
        default: usize,
        range: std::ops::RangeInclusive<usize>,
        expected: &'static str,
    ) -> Result<usize, Problem> {
        let number =
            self.parsed(parameter, |text| text.parse().ok().filter(|number| range.contains(number)), expected)?;
        Ok(number.unwrap_or(default))
    }

    /// Refuses parameters that were not taken: a misspelt one must not be ignored. Names that begin with `x_` are free.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        match self.0.into_iter().find(|(name, _)| !name.starts_with("x_")) {
            None => Ok(()),
            Some((parameter, _)) => Err(refused(&parameter, "left out: this call has no such parameter")),
        }
    }
}

/// The problem of a parameter that is not what is expected.
pub(crate) fn refused(parameter: &str, expected: &'static str) -> Problem {
    RequestProblem::InvalidParameter { parameter: parameter.to_owned(), expected }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_taken_by_name() {
        let mut query = Query::parse("limit=5&cursor=a%20b&tag=x&x_mine=1&tag=");
        assert_eq!(query.number("limit", 1, 1..=9, "").unwrap(), 5);
        assert_eq!(query.text("cursor").unwrap().as_deref(), Some("a b"));
        assert_eq!(query.text("cursor").unwrap(), None);
        assert_eq!(query.texts("tag"), ["x", ""]);
        assert!(query.finish().is_ok());
    }

    #[test]
    fn bad_values_and_unknown_parameters_are_refused() {
        for text in ["n=0", "n=10", "n=a", "n=", "n=-1"] {
            assert!(Query::parse(text).number("n", 1, 1..=9, "").is_err(), "{text}");
        }
        assert!(Query::parse("limt=5").finish().is_err());
        assert!(Query::parse("cursor=a&cursor=a").text("cursor").is_err());
        assert!(Query::parse("limit=5&limit=7").number("limit", 1, 1..=9, "").is_err());
    }
}
