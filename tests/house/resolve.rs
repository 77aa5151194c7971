//! Which module defines a name.

use crate::modules::{Import, Module, Tree};

/// The libraries and programs of one package.
#[derive(Debug)]
pub(crate) struct Trees(pub(crate) Vec<Tree>);

/// A module of a tree, by their indexes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) tree: usize,
    pub(crate) module: usize,
}

/// What a path leads to.
#[derive(Clone, Copy, Debug)]
enum Found {
    Module,
    ItemIn(Place),
}

/// Re-exports that follow one another; more would be a cycle of globs.
const MAX_STEPS: u32 = 12;

impl Trees {
    /// All places that a module's code could mean.
    pub(crate) fn places(&self) -> impl Iterator<Item = Place> {
        let trees = self.0.iter().enumerate();
        trees.flat_map(|(tree, modules)| (0..modules.modules.len()).map(move |module| Place { tree, module }))
    }

    /// The module at a place.
    pub(crate) fn module(&self, place: Place) -> &Module {
        &self.0[place.tree].modules[place.module]
    }

    /// Calls `see(place, definition, line, path)` for each path in the code of `place` that names an item of this package,
    /// which `definition` defines. Re-exporting something from below is not a use of it.
    pub(crate) fn for_each_mention(&self, mut see: impl FnMut(Place, Place, usize, &[String])) {
        for place in self.places() {
            let module = self.module(place);
            for import in module.imports.iter().filter(|import| import.name.is_some()) {
                if let Some(definition) = self.definition(place, &import.path)
                    && !(import.is_exported && self.child_above(definition, place).is_some())
                {
                    see(place, definition, import.line, &import.path);
                }
            }
            for mention in &module.mentions {
                if let Some(definition) = self.definition(place, &mention.path) {
                    see(place, definition, mention.line, &mention.path);
                }
            }
        }
    }

    /// The innermost module that holds both places, and the names of its two children that hold one each. `None` if one
    /// place holds the other, or if they are of different programs.
    pub(crate) fn where_they_part(&self, one: Place, other: Place) -> Option<(Place, &str, &str)> {
        let mut parent = one;
        while self.child_above(other, parent).is_none() {
            if parent == other {
                return None;
            }
            parent.module = self.module(parent).parent.filter(|_| one.tree == other.tree)?;
        }
        Some((parent, self.child_above(one, parent)?, self.child_above(other, parent)?))
    }

    /// The name of the child of `parent` that holds `inner`.
    fn child_above(&self, inner: Place, parent: Place) -> Option<&str> {
        let tree = &self.0[inner.tree];
        let mut module = inner.module;
        while let Some(above) = tree.modules[module].parent {
            if (Place { module: above, ..inner }) == parent {
                return Some(&tree.modules[module].name);
            }
            module = above;
        }
        None
    }

    /// The module that defines the item which `path` names in `place`; `None` for modules and for names from outside.
    fn definition(&self, place: Place, path: &[String]) -> Option<Place> {
        match self.resolve(place, path, MAX_STEPS)? {
            Found::ItemIn(place) => Some(place),
            Found::Module => None,
        }
    }

    fn resolve(&self, place: Place, path: &[String], steps: u32) -> Option<Found> {
        let steps = steps.checked_sub(1)?;
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => self.walk(Place { module: 0, ..place }, rest, steps),
            "self" => self.walk(place, rest, steps),
            "super" => {
                let parent = Place { module: self.module(place).parent?, ..place };
                if rest.first().is_some_and(|next| next == "super") {
                    self.resolve(parent, rest, steps)
                } else {
                    self.walk(parent, rest, steps)
                }
            }
            name => self.look_up(place, name, rest, steps).or_else(|| {
                let tree = self.0.iter().position(|tree| tree.name == name)?;
                self.walk(Place { tree, module: 0 }, rest, steps)
            }),
        }
    }

    fn walk(&self, place: Place, path: &[String], steps: u32) -> Option<Found> {
        match path.split_first() {
            None => Some(Found::Module),
            Some((name, rest)) => self.look_up(place, name, rest, steps),
        }
    }

    fn look_up(&self, place: Place, name: &str, rest: &[String], steps: u32) -> Option<Found> {
        let module = self.module(place);
        let is_defined = module.defined.contains(name);
        if let Some(&child) = module.children.get(name)
            && !(is_defined && rest.is_empty())
        {
            return self.walk(Place { module: child, ..place }, rest, steps);
        }
        if is_defined {
            return Some(Found::ItemIn(place));
        }
        let named = module.imports.iter().filter(|import| import.name.as_deref() == Some(name));
        let globs = module.imports.iter().filter(|import| import.name.is_none());
        named.filter_map(|import| self.through(place, import, rest, steps)).next().or_else(|| {
            globs.filter_map(|import| self.through(place, import, &[&[name.to_owned()], rest].concat(), steps)).next()
        })
    }

    fn through(&self, place: Place, import: &Import, rest: &[String], steps: u32) -> Option<Found> {
        // `use name;`, where `name` is a crate from outside, leads back to this very import.
        let is_circle = import.path.first() == import.name.as_ref();
        let path = [&import.path, rest].concat();
        if is_circle { None } else { self.resolve(place, &path, steps) }
    }
}
