//! The changes that a change set would make, the most serious first.

mod loss;
mod render;

pub(crate) use render::{render, render_parameters, summary};

use aws_sdk_cloudformation::types::{
    ChangeAction, Replacement, RequiresRecreation, ResourceChange, ResourceTargetDefinition,
};

/// One resource that would change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Change {
    /// Name in the template.
    pub(crate) logical_id: String,
    /// For example `AWS::IAM::Role`.
    pub(crate) resource_type: String,
    /// What would happen to it.
    pub(crate) kind: Kind,
    /// The properties that would change, where CloudFormation says which.
    pub(crate) properties: Vec<Property>,
}

/// What would happen to a resource, the most serious first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A new one is created and the old one removed.
    Replace,
    /// As [`Kind::Replace`], if a value that is not known yet turns out to differ.
    MayReplace,
    /// It is removed.
    Remove,
    /// It is changed in place.
    #[default]
    Modify,
    /// It is new.
    Add,
    /// It is imported into the stack, or another action.
    Other,
}

impl Kind {
    /// One word, also used in JSON output.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Replace => "replace",
            Self::MayReplace => "may-replace",
            Self::Remove => "remove",
            Self::Modify => "modify",
            Self::Add => "add",
            Self::Other => "other",
        }
    }
}

/// One property that would change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Property {
    /// Name or path.
    pub(crate) name: String,
    /// The current value.
    pub(crate) before: Option<String>,
    /// The new value; `None` also while it is not known yet.
    pub(crate) after: Option<String>,
    /// Whether this property causes the replacement of the resource.
    pub(crate) forces_replacement: bool,
}

impl Change {
    /// Whether permissions change.
    pub(crate) fn is_iam(&self) -> bool {
        self.resource_type.starts_with("AWS::IAM::")
            || matches!(self.resource_type.as_str(), "AWS::Lambda::Permission" | "AWS::S3::BucketPolicy")
            || self.properties.iter().any(|property| property.name.contains("AuthorizationType"))
    }

    /// What this change loses, if anything.
    pub(crate) fn loss(&self) -> Option<&'static str> {
        let removes = matches!(self.kind, Kind::Replace | Kind::MayReplace | Kind::Remove);
        if removes { loss::loss(&self.resource_type, self.kind) } else { None }
    }

    fn rank(&self) -> (bool, Kind, bool, &str) {
        (self.loss().is_none(), self.kind, !self.is_iam(), &self.logical_id)
    }
}

/// Sorts the most serious first: what loses something, then replacements and removals, permissions, the rest.
pub(crate) fn sort(changes: &mut [Change]) {
    changes.sort_by(|a, b| a.rank().cmp(&b.rank()));
}

impl From<&ResourceChange> for Change {
    fn from(change: &ResourceChange) -> Self {
        let mut properties: Vec<Property> = Vec::new();
        for target in change.details().iter().filter_map(|detail| detail.target()) {
            let property = Property::from(target);
            // CloudFormation lists a property once per reason for its change.
            if !properties.iter().any(|known| known.name == property.name) {
                properties.push(property);
            }
        }
        Self {
            logical_id: change.logical_resource_id().unwrap_or_default().to_owned(),
            resource_type: change.resource_type().unwrap_or_default().to_owned(),
            kind: Kind::from(change),
            properties,
        }
    }
}

impl From<&ResourceChange> for Kind {
    fn from(change: &ResourceChange) -> Self {
        match (change.action(), change.replacement()) {
            (_, Some(Replacement::True)) => Self::Replace,
            (_, Some(Replacement::Conditional)) => Self::MayReplace,
            (Some(ChangeAction::Add), _) => Self::Add,
            (Some(ChangeAction::Remove), _) => Self::Remove,
            (Some(ChangeAction::Modify), _) => Self::Modify,
            _ => Self::Other,
        }
    }
}

impl From<&ResourceTargetDefinition> for Property {
    fn from(target: &ResourceTargetDefinition) -> Self {
        let attribute = target.attribute().map(|attribute| attribute.as_str()).unwrap_or_default();
        let path = target.path().map(|path| path.trim_start_matches("/Properties/").replace('/', "."));
        let path = path.filter(|path| !path.is_empty());
        Self {
            name: path.or_else(|| target.name().map(str::to_owned)).unwrap_or_else(|| attribute.to_owned()),
            before: target.before_value().map(str::to_owned),
            after: target.after_value().map(str::to_owned),
            forces_replacement: matches!(target.requires_recreation(), Some(RequiresRecreation::Always)),
        }
    }
}
