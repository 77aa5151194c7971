//! Resources that cannot be replaced or removed without loss.

use super::Kind;

/// What replacing or removing a resource of this type loses: data, a warm cache or every connection.
pub(super) fn loss(resource_type: &str, kind: Kind) -> Option<&'static str> {
    match resource_type {
        "AWS::DynamoDB::Table" if kind == Kind::Remove => Some("the table stays, with its items, outside the stack"),
        "AWS::DAX::Cluster" if kind == Kind::Remove => {
            Some("redirects read the table; a new cluster starts with a cold cache")
        }
        "AWS::DynamoDB::Table" => Some("the new table is empty; the old one stays, outside the stack"),
        "AWS::DAX::Cluster" => {
            Some("a new cluster with a cold cache is built before the old one goes; both are billed")
        }
        "AWS::Kinesis::Stream" => Some("clicks of the last minutes that are not counted yet are lost"),
        "AWS::S3::Bucket" => Some("the archive stays, with everything in it, outside the stack"),
        "AWS::EC2::VPC" => Some("everything inside the network is rebuilt with it"),
        "AWS::SecretsManager::Secret" => Some("the same URL gets a new slug from now on; old links keep working"),
        "AWS::ApiGatewayV2::Api" => Some("the API gets a new address; short links under the old one stop working"),
        _ => None,
    }
}
