//! How long CloudFormation usually takes.
//!
//! Source: times collected by the authors of rain and alchemy; Lambda guide on VPC network interfaces (September 2026).
//! Nothing here was measured by this project.

use super::change::{Change, Kind};

/// Types whose creation takes minutes, with the shortest and the longest usual time in minutes. Those of different types add
/// up, because each waits for the one before: the functions for the cluster, the distribution for the API.
const CREATION: [(&str, u64, u64); 3] =
    [("AWS::DAX::Cluster", 8, 20), ("AWS::Lambda::Function", 1, 3), ("AWS::CloudFront::Distribution", 3, 8)];
/// Everything else together.
const REST: (u64, u64) = (1, 3);

/// How long a slow resource usually takes.
pub(crate) fn of_resource(resource_type: &str, is_deletion: bool) -> Option<&'static str> {
    match resource_type {
        "AWS::DAX::Cluster" => Some("8 m or more"),
        "AWS::CloudFront::Distribution" => Some("4 m"),
        "AWS::Lambda::Function" if !is_deletion => Some("1 m"),
        "AWS::Lambda::Function" | "AWS::EC2::SecurityGroup" | "AWS::EC2::Subnet" if is_deletion => {
            Some("20 m, until Lambda releases its network interfaces")
        }
        _ => None,
    }
}

/// The shortest and the longest usual time for these changes, in minutes.
pub(crate) fn of_changes(changes: &[Change]) -> (u64, u64) {
    let is_slow = |change: &Change, kind: &str| {
        let is_new = matches!(change.kind, Kind::Add | Kind::Replace | Kind::MayReplace | Kind::Remove);
        change.resource_type == kind
            && (is_new || kind == "AWS::Lambda::Function" || kind.starts_with("AWS::CloudFront"))
    };
    let slow = CREATION.iter().filter(|(kind, ..)| changes.iter().any(|change| is_slow(change, kind)));
    slow.fold(REST, |(least, most), (_, shortest, longest)| (least + shortest, most + longest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_resources_of_different_types_add_up() {
        use Kind::{Add, Modify, Replace};
        for (changes, expected) in [
            (&[("AWS::IAM::Role", Add)][..], (1, 3)),
            (&[("AWS::Lambda::Function", Add), ("AWS::Lambda::Function", Add)], (2, 6)),
            (&[("AWS::DAX::Cluster", Add), ("AWS::Lambda::Function", Add)], (10, 26)),
            (&[("AWS::DAX::Cluster", Modify)], (1, 3)),
            (&[("AWS::DAX::Cluster", Replace)], (9, 23)),
            (&[("AWS::CloudFront::Distribution", Modify)], (4, 11)),
        ] {
            let changes = changes.iter().map(|(resource_type, kind)| Change {
                resource_type: (*resource_type).to_owned(),
                kind: *kind,
                ..Change::default()
            });
            assert_eq!(of_changes(&changes.collect::<Vec<_>>()), expected);
        }
    }
}
