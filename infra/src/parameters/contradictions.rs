//! Values that are valid by themselves and cannot work together, or not in the stage's region.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use anyhow::{Context as _, Result};

use crate::regions::partition;

/// The longest domain name, and its longest label.
///
/// Source: RFC 1035, section 2.3.4.
const DOMAIN_LENGTH: usize = 253;
const LABEL_LENGTH: usize = 63;

/// What the template's `Rules` would refuse, and what only AWS would, late.
///
/// # Errors
/// Only if the template of this build is not valid.
pub(super) fn found(values: &BTreeMap<String, String>) -> Result<Vec<String>> {
    let document = template::parse(template::DEPLOYED).context("infra/template/template.yaml")?;
    let mut found = template::broken_rules(&document, values)?;
    let text = |name: &str| values.get(name).map(String::as_str).unwrap_or_default();
    let number = |name: &str| text(name).parse::<u64>().unwrap_or_default();
    let (reserved, provisioned) = (number("RedirectorReservedConcurrency"), number("RedirectorProvisionedConcurrency"));
    if reserved > 0 && provisioned > reserved {
        found.push(format!(
            "RedirectorProvisionedConcurrency = {provisioned} is more than RedirectorReservedConcurrency = {reserved}"
        ));
    }
    if text("WriterAuth") == "JWT" && text("JwtAudience").split(',').any(|audience| audience.trim().is_empty()) {
        found.push("WriterAuth = JWT requires JwtAudience, without empty items".to_owned());
    }
    let domain = text("DomainName");
    if !domain.is_empty() && !is_domain(domain) {
        found.push(format!(
            "DomainName = {domain:?} is not a domain name such as s.example.com, without scheme and port"
        ));
    }
    let mail = text("AlarmEmail");
    if !mail.is_empty() && !is_mail(mail) {
        found.push(format!("AlarmEmail = {mail:?} is not an e-mail address"));
    }
    if !is_network(text("VpcCidr")) {
        found.push(format!("VpcCidr = {:?} is not the first address of a network with its length", text("VpcCidr")));
    }
    Ok(found)
}

/// Resources of other regions and partitions than the parameters must name.
pub(crate) fn misplaced(values: &BTreeMap<String, String>, region: &str) -> Vec<String> {
    let text = |name: &str| values.get(name).map(String::as_str).unwrap_or_default();
    let partition = partition(region);
    let has_cdn = text("Cdn") == "true";
    let certificate_region = if has_cdn { partition.cdn_region } else { Some(region) };
    let expected = [
        ("CertificateArn", "acm", certificate_region, "certificate/"),
        ("WebAclArn", "wafv2", partition.cdn_region, "global/webacl/"),
        ("SlugSecretArn", "secretsmanager", Some(region), "secret:"),
        ("PermissionsBoundary", "iam", Some(""), "policy/"),
    ];
    let mut found = Vec::new();
    for (name, service, place, resource) in expected {
        let Some(place) = place.filter(|_| !text(name).is_empty()) else {
            continue;
        };
        let mut parts = text(name).splitn(6, ':');
        let is_right = parts.next() == Some("arn")
            && parts.next() == Some(partition.id)
            && parts.next() == Some(service)
            && parts.next() == Some(place)
            && parts.next().is_some()
            && parts.next().is_some_and(|id| id.starts_with(resource));
        if !is_right {
            let form = format!("arn:{}:{service}:{place}:ACCOUNT:{resource}…", partition.id);
            let why = if has_cdn && name == "CertificateArn" { ", because CloudFront uses it" } else { "" };
            found.push(format!("{name} = {:?} must be {form}{why}", text(name)));
        }
    }
    found
}

/// A name of at least two labels, in ASCII and lower case, as certificates and API Gateway have them.
fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=LABEL_LENGTH).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= DOMAIN_LENGTH
        && text.contains('.')
        && text.split('.').all(is_label)
        && text.rsplit('.').next().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_lowercase()))
}

fn is_mail(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(local, domain)| !local.is_empty() && is_domain(&domain.to_lowercase()))
        && !text.contains(char::is_whitespace)
}

/// Whether the text is an IPv4 network in CIDR notation whose address has no bits set behind the prefix.
fn is_network(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else {
        return false;
    };
    match (address.parse::<Ipv4Addr>(), length.parse::<u32>()) {
        (Ok(address), Ok(length @ 1..=32)) => u32::from(address).trailing_zeros() >= 32 - length,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{definitions, resolve};
    use super::*;

    fn given(values: &[(&str, &str)]) -> BTreeMap<String, String> {
        values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn check_refused(values: &[(&str, &str)], expected: &str) {
        let message = resolve(&definitions().unwrap(), &given(values)).unwrap_err().to_string();
        assert!(message.contains(expected), "{values:?}: {message}");
    }

    const CERTIFICATE: (&str, &str) =
        ("CertificateArn", "arn:aws:acm:us-east-1:111122223333:certificate/9c2a63e1-93b2-47ab-8a0e-2f1b7c4f7a11");

    #[test]
    fn values_that_do_not_fit_together_are_refused() {
        for (values, expected) in [
            (&[("WriterAuth", "JWT")][..], "JwtIssuer"),
            (&[("WriterAuth", "JWT"), ("JwtIssuer", "https://id.example"), ("JwtAudience", ",")], "JwtAudience"),
            (&[("DomainName", "s.example")], "CertificateArn"),
            (&[("WebAclArn", "arn:aws:wafv2:us-east-1:111122223333:global/webacl/a/b")], "Cdn"),
            (&[("HostedZoneId", "Z0123456789ABC")], "HostedZoneId requires DomainName"),
            (&[("Clicks", "none"), ("ClicksArchive", "true")], "ClicksArchive"),
            (&[("DomainName", "https://s.example"), CERTIFICATE], "DomainName"),
            (&[("DomainName", "s.example:8080"), CERTIFICATE], "DomainName"),
            (&[("DomainName", "-s.example"), CERTIFICATE], "DomainName"),
            (&[("DomainName", "192.168.0.1"), CERTIFICATE], "DomainName"),
            (&[("AlarmEmail", "nobody")], "AlarmEmail"),
            (&[("VpcCidr", "10.42.1.0/20")], "VpcCidr"),
            (&[("VpcCidr", "300.42.0.0/20")], "VpcCidr"),
            (
                &[("RedirectorReservedConcurrency", "2"), ("RedirectorProvisionedConcurrency", "3")],
                "more than RedirectorReservedConcurrency",
            ),
        ] {
            check_refused(values, expected);
        }
    }

    #[test]
    fn values_that_fit_are_taken() {
        for values in [
            &[("WriterAuth", "JWT"), ("JwtIssuer", "https://id.example"), ("JwtAudience", "a, b")][..],
            &[("DomainName", "s.xn--bcher-kva.example"), CERTIFICATE, ("HostedZoneId", "Z0123456789ABC")],
            &[("RedirectorReservedConcurrency", "3"), ("RedirectorProvisionedConcurrency", "3")],
            &[("AlarmEmail", "on.call+kurz@Ops.example.com"), ("VpcCidr", "172.16.0.0/16")],
        ] {
            resolve(&definitions().unwrap(), &given(values)).unwrap();
        }
    }

    #[test]
    fn resources_of_another_place_are_named() {
        let eu = "arn:aws:acm:eu-west-1:111122223333:certificate/1";
        let secret = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:kurz-AbCdEf";
        for (values, region, expected) in [
            (&[("CertificateArn", eu)][..], "eu-west-1", None),
            (&[("CertificateArn", eu)], "us-east-1", Some("acm:us-east-1")),
            (&[("CertificateArn", eu), ("Cdn", "true")], "eu-west-1", Some("because CloudFront uses it")),
            (&[CERTIFICATE, ("Cdn", "true")], "eu-west-1", None),
            (&[("CertificateArn", "x")], "us-east-1", Some("CertificateArn")),
            (&[("WebAclArn", "arn:aws:wafv2:us-east-1:1:regional/webacl/a/b")], "us-east-1", Some("global/webacl/")),
            (&[("WebAclArn", "arn:aws:wafv2:us-east-1:1:global/webacl/a/b")], "eu-west-1", None),
            (&[("SlugSecretArn", secret)], "eu-west-1", None),
            (&[("SlugSecretArn", secret)], "eu-west-2", Some("secretsmanager:eu-west-2")),
            (&[("PermissionsBoundary", "arn:aws:iam::111122223333:policy/team/kurz")], "eu-west-1", None),
            (&[("PermissionsBoundary", "arn:aws:iam::111122223333:role/kurz")], "eu-west-1", Some("policy/")),
            (&[("PermissionsBoundary", "arn:aws:iam::111122223333:policy/kurz")], "cn-north-1", Some("arn:aws-cn:iam")),
        ] {
            let found = misplaced(&given(values), region).join("; ");
            match expected {
                Some(text) => assert!(found.contains(text), "{values:?}: {found}"),
                None => assert_eq!(found, "", "{values:?}"),
            }
        }
    }
}
