//! What differs between AWS regions.

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

/// Why a stage with this `DaxMode` cannot be deployed to `region`; `None` if it can.
pub(crate) fn problem(dax_mode: &str, region: &str) -> Option<String> {
    let fits = dax_mode == "none" || DAX_REGIONS.contains(&region);
    (!fits).then(|| format!("DAX is not available in {region}: set DaxMode = \"none\" or choose another region"))
}

/// The domain below which a region's endpoints are.
pub(crate) fn dns_suffix(region: &str) -> &'static str {
    if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_without_dax_are_refused_unless_dax_is_off() {
        assert_eq!(problem("tls", "eu-central-1"), None);
        assert_eq!(problem("none", "eu-north-1"), None);
        assert!(problem("tls", "eu-north-1").unwrap().contains("DaxMode"));
    }
}
