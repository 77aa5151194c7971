//! Names that occur again and again, each kept once.

use std::{borrow::Borrow, collections::HashMap, hash::Hash};

/// Names and their positions.
#[derive(Debug)]
pub(crate) struct Names<T> {
    positions: HashMap<T, u32>,
    names: Vec<T>,
}

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self { positions: HashMap::new(), names: Vec::new() }
    }
}

impl<T: Borrow<str> + Clone + Eq + Hash> Names<T> {
    /// The position of a text; `None` if `parse` does not take it.
    pub(crate) fn position(&mut self, text: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<u32> {
        if let Some(position) = self.positions.get(text) {
            return Some(*position);
        }
        let name = parse(text)?;
        // Parsing may have changed it.
        if let Some(position) = self.positions.get(name.borrow()) {
            return Some(*position);
        }
        let position = u32::try_from(self.names.len()).ok()?;
        self.names.push(name.clone());
        self.positions.insert(name, position);
        Some(position)
    }

    /// The name at a position.
    pub(crate) fn name(&self, position: u32) -> Option<&T> {
        self.names.get(usize::try_from(position).ok()?)
    }

    /// All of them, in the order of their positions.
    pub(crate) fn all(&self) -> &[T] {
        &self.names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_once() {
        let mut names = Names::<Box<str>>::default();
        let mut position = |text: &str| names.position(text, |text| (text != "?").then(|| text.to_lowercase().into()));
        assert_eq!(["a", "B", "b", "A", "?"].map(&mut position), [Some(0), Some(1), Some(1), Some(0), None]);
        assert_eq!(names.all(), ["a".into(), "b".into()] as [Box<str>; 2]);
        assert_eq!((names.name(1).map(AsRef::as_ref), names.name(2)), (Some("b"), None));
    }
}
