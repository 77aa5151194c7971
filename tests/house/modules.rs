//! The modules of a library or program: what each defines, and what it imports.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use syn::visit::Visit;
use syn::{Attribute, Item, ItemMod, Meta, UseTree, Visibility};

use crate::references::{Collector, Mention};

/// A module, be it a file or inline.
#[derive(Debug, Default)]
pub(crate) struct Module {
    pub(crate) name: String,
    pub(crate) file: PathBuf,
    pub(crate) parent: Option<usize>,
    pub(crate) children: BTreeMap<String, usize>,
    /// Names that are defined here.
    pub(crate) defined: BTreeSet<String>,
    pub(crate) imports: Vec<Import>,
    /// The paths in its code.
    pub(crate) mentions: Vec<Mention>,
}

/// One name of a `use`.
#[derive(Clone, Debug)]
pub(crate) struct Import {
    pub(crate) path: Vec<String>,
    /// `None` for a glob.
    pub(crate) name: Option<String>,
    pub(crate) is_exported: bool,
    pub(crate) line: usize,
}

/// A library or program.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) name: String,
    /// The root comes first.
    pub(crate) modules: Vec<Module>,
}

impl Tree {
    /// Reads the root file and all files that it leads to.
    pub(crate) fn read(name: &str, root: &Path) -> Self {
        let mut tree = Self { name: name.to_owned(), modules: Vec::new() };
        let module = Module { name: "crate".to_owned(), file: root.to_path_buf(), ..Module::default() };
        tree.read_file(module, root.parent().unwrap());
        tree
    }

    /// Reads the module's file; the files of its children are in `folder`.
    fn read_file(&mut self, module: Module, folder: &Path) {
        let source = std::fs::read_to_string(&module.file).unwrap();
        let parsed = syn::parse_file(&source).unwrap_or_else(|error| panic!("{}: {error}", module.file.display()));
        self.add(module, parsed.items, folder);
    }

    fn add(&mut self, module: Module, items: Vec<Item>, folder: &Path) {
        let index = self.modules.len();
        self.modules.push(module);
        let mut collector = Collector::default();
        for item in items.into_iter().filter(|item| !is_for_tests(attributes(item))) {
            if let Item::Mod(child) = item {
                let next = self.modules.len();
                self.modules[index].children.insert(child.ident.to_string(), next);
                self.add_child(index, child, folder);
            } else {
                self.modules[index].defined.extend(name_of(&item));
                collector.visit_item(&item);
            }
        }
        let module = &mut self.modules[index];
        (module.imports, module.mentions) = (collector.imports, collector.mentions);
    }

    fn add_child(&mut self, parent: usize, item: ItemMod, folder: &Path) {
        let name = item.ident.to_string();
        let inner = folder.join(&name);
        let file = self.modules[parent].file.clone();
        let mut child = Module { name, file, parent: Some(parent), ..Module::default() };
        if let Some((_, items)) = item.content {
            return self.add(child, items, &inner);
        }
        let candidates = match named_path(&item.attrs) {
            Some(path) => vec![child.file.parent().unwrap().join(path)],
            None => vec![inner.with_extension("rs"), inner.join("mod.rs")],
        };
        let found = candidates.into_iter().find(|path| path.exists());
        child.file = found.unwrap_or_else(|| panic!("{}: no file for mod {}", child.file.display(), child.name));
        self.read_file(child, &inner);
    }
}

/// The names that a `use` brings in.
pub(crate) fn flatten(tree: &UseTree, visibility: &Visibility, prefix: &[String], into: &mut Vec<Import>) {
    let is_exported = !matches!(visibility, Visibility::Inherited);
    let mut add = |ident: &syn::Ident, name: Option<String>| {
        let mut path = prefix.to_vec();
        if ident != "self" || prefix.is_empty() {
            path.push(ident.to_string());
        }
        let name = name.or_else(|| path.last().cloned());
        into.push(Import { path, name, is_exported, line: ident.span().start().line });
    };
    match tree {
        UseTree::Name(leaf) => add(&leaf.ident, None),
        UseTree::Rename(leaf) => add(&leaf.ident, Some(leaf.rename.to_string())),
        UseTree::Glob(leaf) => {
            let line = leaf.star_token.spans[0].start().line;
            into.push(Import { path: prefix.to_vec(), name: None, is_exported, line });
        }
        UseTree::Path(inner) => {
            let prefix = [prefix, &[inner.ident.to_string()]].concat();
            flatten(&inner.tree, visibility, &prefix, into);
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, visibility, prefix, into)),
    }
}

/// Whether the attributes have an item compiled for tests only.
pub(crate) fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => {
            let condition = list.tokens.to_string();
            condition == "test" || (condition.starts_with("all (") && condition.contains("test"))
        }
        _ => false,
    })
}

/// The attributes of an item.
pub(crate) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn name_of(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

fn named_path(attributes: &[Attribute]) -> Option<String> {
    let attribute = attributes.iter().find(|attribute| attribute.path().is_ident("path"))?;
    let Meta::NameValue(pair) = &attribute.meta else { return None };
    let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(path), .. }) = &pair.value else { return None };
    Some(path.value())
}
