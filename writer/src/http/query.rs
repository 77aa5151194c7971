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

    /// The value of a parameter. If it occurs twice, the last one counts.
    pub(crate) fn text(&mut self, parameter: &str) -> Option<String> {
        let mut last = None;
        self.0.retain(|(name, value)| {
            let is_it = name == parameter;
            if is_it {
                last = Some(value.clone());
            }
            !is_it
        });
        last
    }

    /// A whole number within `range`.
    pub(crate) fn number(
        &mut self,
        parameter: &str,
        default: usize,
        range: std::ops::RangeInclusive<usize>,
        expected: &'static str,
    ) -> Result<usize, Problem> {
        let Some(text) = self.text(parameter) else {
            return Ok(default);
        };
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| RequestProblem::InvalidParameter { parameter: parameter.to_owned(), expected }.into())
    }

    /// Refuses parameters that were not taken: a misspelt one must not be ignored. Names that begin with `x_` are free.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        match self.0.into_iter().find(|(name, _)| !name.starts_with("x_")) {
            None => Ok(()),
            Some((parameter, _)) => {
                let expected = "left out: this call has no such parameter";
                Err(RequestProblem::InvalidParameter { parameter, expected }.into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_taken_by_name() {
        let mut query = Query::parse("limit=5&cursor=a%20b&limit=7&x_mine=1");
        assert_eq!(query.number("limit", 1, 1..=9, "").unwrap(), 7);
        assert_eq!(query.text("cursor").as_deref(), Some("a b"));
        assert_eq!(query.text("cursor"), None);
        assert!(query.finish().is_ok());
    }

    #[test]
    fn bad_values_and_unknown_parameters_are_refused() {
        for text in ["n=0", "n=10", "n=a", "n=", "n=-1"] {
            assert!(Query::parse(text).number("n", 1, 1..=9, "").is_err(), "{text}");
        }
        assert!(Query::parse("limt=5").finish().is_err());
    }
}
