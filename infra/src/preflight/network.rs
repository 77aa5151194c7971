//! VPCs and availability zones.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::Finding::{self, Bad, Good, Note};
use crate::aws::Aws;
use crate::aws::signed::{element, elements};
use crate::stack::Session;

/// The default quota, for operators who may not read the account's.
///
/// Source: Service Quotas, "VPCs per Region", L-F678F1CE (November 2026, from memory).
const VPC_QUOTA: u64 = 5;
const PAGE_LIMIT: usize = 20;
/// Of EC2's API.
const EC2: &str = "Version=2016-11-15";

/// Whether the region has room for another VPC.
pub(super) async fn vpcs(aws: &Aws) -> Finding {
    let count = match count_vpcs(aws).await {
        Ok(count) => count,
        Err(error) => return Note(format!("EC2 does not list the VPCs: {error:#}")),
    };
    let asked = json!({"ServiceCode": "vpc", "QuotaCode": "L-F678F1CE"});
    let answer = aws.signed.json("servicequotas", "ServiceQuotasV20190624.GetServiceQuota", &asked).await;
    let quota = answer.ok().and_then(|answer| answer.pointer("/Quota/Value").and_then(Value::as_f64));
    judge(count, quota)
}

#[expect(clippy::cast_precision_loss, reason = "a handful of VPCs")]
fn judge(count: u64, quota: Option<f64>) -> Finding {
    let advice = "request a larger quota (L-F678F1CE of vpc), or delete a VPC";
    match quota {
        Some(quota) if count as f64 >= quota => {
            Bad(format!("the region has {count} VPCs, and may have {quota}: {advice}"))
        }
        None if count >= VPC_QUOTA => Note(format!(
            "the region has {count} VPCs. Service Quotas does not say how many it may have; by default it is {VPC_QUOTA}. \
             If the new VPC is refused: {advice}"
        )),
        _ => Good(format!("{count} VPCs in the region leave room for another")),
    }
}

async fn count_vpcs(aws: &Aws) -> Result<u64> {
    let (mut count, mut token) = (0, None::<String>);
    for _ in 0..PAGE_LIMIT {
        let next = token.map(|token| format!("&NextToken={}", escaped(&token))).unwrap_or_default();
        let page = aws.signed.query("ec2", &format!("Action=DescribeVpcs&{EC2}{next}")).await?;
        count += elements(&page, "vpcId").len() as u64;
        token = element(&page, "nextToken").filter(|token| !token.is_empty()).map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    Ok(count)
}

/// Text in a form body.
fn escaped(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// The zones for the subnets, with commas between them: those that the parameters name, or else the first ones of the region
/// that have instances like the DAX nodes; blank if EC2 does not list the zones, so that CloudFormation chooses.
///
/// Zones differ in their hardware, and the first ones of a region need not have the node type. AWS publishes no list of zones
/// with DAX; its nodes are EC2 instances, so a zone without such instances cannot have such nodes.
///
/// # Errors
/// If too few zones are suitable.
pub(crate) async fn zones(session: &Session, values: &BTreeMap<String, String>) -> Result<String> {
    let text = |name: &str| values.get(name).map(String::as_str).unwrap_or_default();
    if !text("AvailabilityZones").is_empty() {
        return Ok(text("AvailabilityZones").to_owned());
    }
    let query = format!(
        "Action=DescribeAvailabilityZones&{EC2}&Filter.1.Name=state&Filter.1.Value.1=available\
         &Filter.2.Name=zone-type&Filter.2.Value.1=availability-zone"
    );
    let listed = match session.aws.signed.query("ec2", &query).await {
        Ok(listed) => listed,
        Err(error) => {
            session.terminal.note(format_args!("CloudFormation chooses the zones, because EC2 lists none: {error:#}"));
            return Ok(String::new());
        }
    };
    let node_type = Some(text("DaxNodeType")).filter(|_| text("DaxMode") != "none");
    let offering = match node_type.and_then(|node| node.strip_prefix("dax.")) {
        Some(instance) => offering(&session.aws, instance).await,
        None => Vec::new(),
    };
    let count = if text("ThirdAz") == "true" { 3 } else { 2 };
    choose(&elements(&listed, "zoneName"), &offering, node_type.unwrap_or_default(), count)
}

/// Zones with such instances; empty if EC2 does not say.
async fn offering(aws: &Aws, instance: &str) -> Vec<String> {
    let query = format!(
        "Action=DescribeInstanceTypeOfferings&{EC2}&LocationType=availability-zone\
         &Filter.1.Name=instance-type&Filter.1.Value.1={instance}"
    );
    let answer = aws.signed.query("ec2", &query).await.unwrap_or_default();
    elements(&answer, "location").into_iter().map(str::to_owned).collect()
}

fn choose(zones: &[&str], offering: &[String], node_type: &str, count: usize) -> Result<String> {
    let mut suitable: Vec<_> = zones
        .iter()
        .copied()
        .filter(|zone| offering.is_empty() || offering.iter().any(|other| other == zone))
        .collect();
    suitable.sort_unstable();
    suitable.dedup();
    if suitable.len() < count {
        let what = if offering.is_empty() { String::new() } else { format!(" with {node_type}") };
        let names = suitable.join(", ");
        bail!(
            "the account has {} zones{what} in this region ({names}), but the stage needs {count}: set ThirdAz = false, or \
             choose another DaxNodeType or region",
            suitable.len()
        );
    }
    Ok(suitable.get(..count).unwrap_or_default().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_for_a_vpc_is_judged_by_the_quota() {
        for (count, quota, expected) in [
            (4, Some(5.0), "leave room"),
            (5, Some(5.0), "may have 5"),
            (5, Some(20.0), "leave room"),
            (4, None, "leave room"),
            (5, None, "does not say"),
        ] {
            let finding = judge(count, quota);
            let (Good(text) | Note(text) | Bad(text)) = &finding;
            assert!(text.contains(expected), "{text}");
            assert_eq!(matches!(finding, Bad(_)), expected.starts_with("may have"), "{text}");
        }
    }

    #[test]
    fn zones_without_the_node_type_are_passed_over() {
        let zones = ["us-east-1c", "us-east-1a", "us-east-1e", "us-east-1b"];
        let check = |offering: &[&str], count: usize| {
            let offering: Vec<_> = offering.iter().map(|zone| (*zone).to_owned()).collect();
            choose(&zones, &offering, "dax.r5.large", count).map_err(|error| error.to_string())
        };
        assert_eq!(check(&[], 3).unwrap(), "us-east-1a,us-east-1b,us-east-1c");
        assert_eq!(check(&["us-east-1a", "us-east-1c", "us-east-1e"], 3).unwrap(), "us-east-1a,us-east-1c,us-east-1e");
        assert_eq!(check(&["us-east-1e", "us-east-1a"], 2).unwrap(), "us-east-1a,us-east-1e");
        let error = check(&["us-east-1a", "us-east-1c"], 3).unwrap_err();
        assert!(error.contains("2 zones with dax.r5.large") && error.contains("ThirdAz = false"), "{error}");
    }

    #[test]
    fn tokens_are_escaped() {
        assert_eq!(escaped("a+/=~b"), "a%2B%2F%3D~b");
    }
}
