//! What differs between AWS's partitions and regions. Every such fact that the tool knows is in this file, with source and
//! date.

/// Regions with DAX.
///
/// Source: the resource schemas of cfn-lint 1.51 (September 2026). `tests/stack/lint.sh` lints the template for each.
pub(crate) const DAX_REGIONS: [&str; 14] = [
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "sa-east-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-central-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "cn-northwest-1",
];

/// Families of DAX nodes that a region with DAX does not have.
///
/// Source: `aws_dax_cluster/nodetype_enum.json` of cfn-lint 1.51 (September 2026), which is made from AWS's price lists.
/// Which zones of a region have DAX is published nowhere; see [`crate::preflight::zones`].
const MISSING_NODE_FAMILIES: [(&str, &str); 1] = [("cn-northwest-1", "dax.r7i.")];

/// A part of AWS with accounts of its own.
///
/// Source: `endpoints.json` of botocore 1.43.106 (November 2026).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Partition {
    /// As in ARNs.
    pub(crate) id: &'static str,
    /// The domain below which the endpoints are.
    pub(crate) dns_suffix: &'static str,
    /// IAM, which is one for all regions.
    pub(crate) iam: Global,
    /// CloudFront, where there is one.
    pub(crate) cloudfront: Option<Global>,
    /// The region of CloudFront's ACM certificates and web ACLs; `None` where CloudFront does not exist, or takes certificates
    /// from IAM only and has no domain of its own, for which the template is not made.
    ///
    /// Source: CloudFront guide, "Requirements for using SSL/TLS certificates" and the guide of CloudFront in China
    /// (November 2026, from memory: the documents were not at hand).
    pub(crate) cdn_region: Option<&'static str>,
}

/// The endpoint of a service that has no regions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Global {
    /// Host name.
    pub(crate) host: &'static str,
    /// The region in signatures.
    pub(crate) region: &'static str,
}

const AWS: Partition = Partition {
    id: "aws",
    dns_suffix: "amazonaws.com",
    iam: Global { host: "iam.amazonaws.com", region: "us-east-1" },
    cloudfront: Some(Global { host: "cloudfront.amazonaws.com", region: "us-east-1" }),
    cdn_region: Some("us-east-1"),
};

const CHINA: Partition = Partition {
    id: "aws-cn",
    dns_suffix: "amazonaws.com.cn",
    iam: Global { host: "iam.cn-north-1.amazonaws.com.cn", region: "cn-north-1" },
    cloudfront: Some(Global { host: "cloudfront.cn-northwest-1.amazonaws.com.cn", region: "cn-northwest-1" }),
    cdn_region: None,
};

const US_GOV: Partition = Partition {
    id: "aws-us-gov",
    dns_suffix: "amazonaws.com",
    iam: Global { host: "iam.us-gov.amazonaws.com", region: "us-gov-west-1" },
    cloudfront: None,
    cdn_region: None,
};

/// The partition of a region. Regions of other partitions count as AWS's first.
pub(crate) fn partition(region: &str) -> &'static Partition {
    match region {
        region if region.starts_with("cn-") => &CHINA,
        region if region.starts_with("us-gov-") => &US_GOV,
        _ => &AWS,
    }
}

/// Why a stage with these parameters cannot be deployed to `region`; `None` if it can.
pub(crate) fn problem(dax_mode: &str, node_type: &str, cdn: bool, region: &str) -> Option<String> {
    if cdn && partition(region).cdn_region.is_none() {
        return Some(format!("CloudFront is not possible in {}: set Cdn = false", partition(region).id));
    }
    if dax_mode == "none" {
        return None;
    }
    if !DAX_REGIONS.contains(&region) {
        return Some(format!("DAX is not available in {region}: set DaxMode = \"none\" or choose another region"));
    }
    let lacks = |(place, family): &&(&str, &str)| *place == region && node_type.starts_with(family);
    let family = MISSING_NODE_FAMILIES.iter().find(lacks)?.1;
    Some(format!("DAX has no nodes {family}* in {region}: choose another DaxNodeType"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_region_lacks_is_refused() {
        for (mode, node, cdn, region, expected) in [
            ("tls", "dax.t3.small", true, "eu-central-1", None),
            ("none", "dax.t3.small", false, "eu-north-1", None),
            ("tls", "dax.t3.small", false, "eu-north-1", Some("DaxMode")),
            ("tls", "dax.r5.large", false, "cn-northwest-1", None),
            ("tls", "dax.r5.large", true, "cn-northwest-1", Some("Cdn = false")),
            ("tls", "dax.r7i.large", false, "cn-northwest-1", Some("DaxNodeType")),
            ("none", "dax.r7i.large", false, "cn-northwest-1", None),
            ("none", "dax.t3.small", false, "us-gov-west-1", None),
            ("none", "dax.t3.small", true, "us-gov-west-1", Some("Cdn = false")),
        ] {
            let problem = problem(mode, node, cdn, region);
            match expected {
                Some(text) => assert!(problem.as_deref().unwrap_or_default().contains(text), "{region}: {problem:?}"),
                None => assert_eq!(problem, None, "{region}"),
            }
        }
    }

    #[test]
    fn global_services_have_the_host_and_the_region_of_their_partition() {
        for (region, id, host, signed_for) in [
            ("us-east-1", "aws", "iam.amazonaws.com", "us-east-1"),
            ("eu-central-1", "aws", "iam.amazonaws.com", "us-east-1"),
            ("cn-northwest-1", "aws-cn", "iam.cn-north-1.amazonaws.com.cn", "cn-north-1"),
            ("us-gov-east-1", "aws-us-gov", "iam.us-gov.amazonaws.com", "us-gov-west-1"),
        ] {
            let partition = partition(region);
            assert_eq!((partition.id, partition.iam.host, partition.iam.region), (id, host, signed_for), "{region}");
        }
    }

    #[test]
    fn the_readme_lists_the_regions_with_dax() {
        let readme = include_str!("../README.md").split_whitespace().collect::<Vec<_>>().join(" ");
        let (last, others) = DAX_REGIONS.split_last().unwrap();
        let sentence = format!("DAX is in {} and {last}.", others.join(", "));
        assert!(readme.contains(&sentence), "{sentence}");
    }
}
