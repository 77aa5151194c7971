//! Network interfaces that Lambda left behind. A security group cannot be deleted while one belongs to it.

use anyhow::Result;

use super::{Session, Stack, resources};
use crate::aws::signed::{code, elements};

/// Deletes the interfaces of the stack's security groups that are attached to nothing, and returns how many. Lambda deletes
/// them itself with the function's role, unless that has been deleted before; then nobody does.
///
/// # Errors
/// If EC2 refuses to list or delete them.
pub(crate) async fn release(session: &Session, stack: &Stack) -> Result<usize> {
    let groups = resources::ids(session, stack, "AWS::EC2::SecurityGroup").await?;
    if groups.is_empty() {
        return Ok(0);
    }
    let ec2 = &session.aws.signed;
    let listed = ec2.query("ec2", &describe(&groups)).await?;
    let mut deleted = 0;
    for interface in interfaces(&listed) {
        let request = format!("Action=DeleteNetworkInterface&Version=2016-11-15&NetworkInterfaceId={interface}");
        match ec2.query("ec2", &request).await {
            Ok(_) => {
                deleted += 1;
                session
                    .terminal
                    .line(format_args!("  deleted the network interface {interface}, which Lambda had left"));
            }
            Err(error) if code(&error) == Some("InvalidNetworkInterfaceID.NotFound") => {}
            Err(error) => return Err(error.context(format!("cannot delete the network interface {interface}"))),
        }
    }
    Ok(deleted)
}

fn describe(groups: &[String]) -> String {
    let mut request = "Action=DescribeNetworkInterfaces&Version=2016-11-15\
                       &Filter.1.Name=status&Filter.1.Value.1=available&Filter.2.Name=group-id"
        .to_owned();
    for (number, group) in (1..).zip(groups) {
        request.push_str(&format!("&Filter.2.Value.{number}={group}"));
    }
    request
}

/// Ids of a list of interfaces. An attached one names its id twice.
fn interfaces(xml: &str) -> Vec<&str> {
    let mut found = elements(xml, "networkInterfaceId");
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unattached_interfaces_of_the_groups_are_asked_for() {
        let request = describe(&["sg-1".to_owned(), "sg-2".to_owned()]);
        assert!(request.contains("Filter.1.Name=status&Filter.1.Value.1=available"), "{request}");
        assert!(request.ends_with("Filter.2.Name=group-id&Filter.2.Value.1=sg-1&Filter.2.Value.2=sg-2"), "{request}");
        let xml = "<s><item><networkInterfaceId>eni-2</networkInterfaceId></item>\
                   <item><networkInterfaceId>eni-1</networkInterfaceId><x><networkInterfaceId>eni-1</networkInterfaceId></x></item></s>";
        assert_eq!(interfaces(xml), ["eni-1", "eni-2"]);
    }
}
