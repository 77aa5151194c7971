//! The query of a request. Each parameter is taken by name; parameters that were not taken are unknown, and refused.

use super::{
    form::pairs,
    json::is_own,
    problem::{Problem, RequestProblem},
};

/// The parameters of a query.
#[derive(Debug)]
pub(crate) struct Query {
    parameters: Vec<(String, String)>,
    /// The first parameter that is not UTF-8.
    garbled: Option<String>,
}

impl Query {
    /// Parses a query string.
    pub(crate) fn parse(raw: &str) -> Self {
        let mut garbled = None;
        let pairs = pairs(raw.as_bytes()).filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| {
            pair.decode().unwrap_or_else(|(name, value)| {
                garbled.get_or_insert_with(|| name.clone());
                (name, value)
            })
        });
        let parameters = pairs.collect();
        Self { parameters, garbled }
    }

    /// The value of a parameter, which may occur once.
    pub(crate) fn text(&mut self, parameter: &str) -> Result<Option<String>, Problem> {
        let mut values = self.texts(parameter);
        let value = values.pop();
        if values.is_empty() { Ok(value) } else { Err(refused(parameter, "given only once")) }
    }

    /// The values of a parameter that may occur several times.
    pub(crate) fn texts(&mut self, parameter: &str) -> Vec<String> {
        self.parameters.extract_if(.., |(name, _)| name == parameter).map(|(_, value)| value).collect()
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

    /// Refuses parameters that were not taken, because a misspelt one must not be ignored, and those that are not
    /// text. Names that begin with `x_` are free.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        let unknown = self.parameters.into_iter().find(|(name, _)| !is_own(name));
        let unknown = unknown.map(|(name, _)| (name, "left out: this call has no such parameter"));
        match unknown.or_else(|| self.garbled.map(|name| (name, "UTF-8"))) {
            None => Ok(()),
            Some((parameter, expected)) => Err(refused(&parameter, expected)),
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
        let mut query = Query::parse("limit=5&cursor=a%20b&tag=x&x_mine=1&tag=&x_mine=2");
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
        let mut query = Query::parse("n=%ff");
        assert!(query.text("n").is_ok() && query.finish().is_err());
        assert!(Query::parse("").finish().is_ok());
        assert!(Query::parse("&x_a=1&").finish().is_ok());
    }
}
