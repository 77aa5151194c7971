"""What CloudFormation asks of its caller for each resource, from the schemas of the resource types.

CloudFormation calls the services with the rights of whoever executes a change set. Each type's schema lists the actions
that its handlers may call, for every property that the type has. The list here takes off what our properties do not
reach, each time with the reason.
"""

import functools
import json
import os
from fnmatch import fnmatchcase
from pathlib import Path

REGION = "us-east-1"
ACCOUNT = "000000000000"

# (type, action, why it is not needed). Every entry must be an action that the operator's policy does not allow.
NOT_NEEDED = [
    ("*", "kms:*", "nothing is encrypted with a customer's key"),
    ("AWS::ApiGatewayV2::*", "iam:PassRole", "API Gateway may call the functions by their own policies"),
    ("AWS::ApiGatewayV2::*", "s3:*", "no imported API and no trust store"),
    ("AWS::CloudFront::Distribution", "cloudfront:*ConnectionGroup", "the distribution has one tenant"),
    ("AWS::CloudFront::Distribution", "cloudfront:GetVpcOrigin", "the origin is public"),
    ("AWS::CloudFront::Distribution", "cloudfront:UpdateDistributionWithStagingConfig", "no staging distribution"),
    ("AWS::DynamoDB::Table", "iam:CreateServiceLinkedRole", "no replica in another region"),
    ("AWS::DynamoDB::Table", "kinesis:*", "no stream to Kinesis"),
    ("AWS::DynamoDB::Table", "logs:*", "no import from S3"),
    ("AWS::DynamoDB::Table", "s3:*", "no import from S3"),
    ("AWS::EC2::FlowLog", "autoscaling:*", "the log is of a VPC"),
    ("AWS::EC2::FlowLog", "iam:CreateServiceLinkedRole", "the log has its own role"),
    ("AWS::EC2::FlowLog", "s3:*", "the log goes to CloudWatch"),
    ("AWS::EC2::Subnet", "ec2:*SubnetCidrBlock", "no IPv6"),
    ("AWS::EC2::VPC", "ec2:CreateVpcEncryptionControl", "no encryption control"),
    ("AWS::EC2::VPC", "ec2:ModifyVpcTenancy", "default tenancy"),
    ("AWS::EC2::VPCEndpoint", "vpc-lattice:*", "a gateway endpoint"),
    ("AWS::EC2::VPCEndpoint", "vpce:*", "a gateway endpoint"),
    ("AWS::IAM::*", "iam:*GroupPolicy", "policies belong to roles only"),
    ("AWS::IAM::*", "iam:*UserPolicy", "policies belong to roles only"),
    ("AWS::IAM::Role", "iam:AttachRolePolicy", "no managed policies"),
    ("AWS::IAM::Role", "iam:DetachRolePolicy", "no managed policies"),
    ("AWS::IAM::Role", "iam:DeleteRolePermissionsBoundary", "the boundary is what keeps an operator from more"),
    ("AWS::Lambda::Alias", "codedeploy:*", "the alias moves at once"),
    ("AWS::Lambda::Function", "elasticfilesystem:*", "no file system"),
    ("AWS::Lambda::Function", "s3files:*", "no file system"),
    ("AWS::Logs::LogGroup", "firehose:*", "no delivery to Firehose"),
    ("AWS::Logs::LogGroup", "s3:*", "no delivery to S3"),
    ("AWS::S3::Bucket", "iam:PassRole", "no replication"),
    ("AWS::S3::Bucket", "s3tables:*", "no metadata tables"),
    ("AWS::SNS::Topic", "iam:*", "no log of deliveries"),
]

# The registry has no handlers of this type. Its actions are those of the API that its properties reach.
UNREGISTERED = {
    "AWS::DAX::Cluster": {
        "create": ["dax:CreateCluster", "dax:DescribeClusters", "dax:TagResource", "iam:PassRole"],
        "read": ["dax:DescribeClusters", "dax:ListTags", "dax:DescribeParameters"],
        "update": [
            *("dax:UpdateCluster", "dax:IncreaseReplicationFactor", "dax:DecreaseReplicationFactor"),
            *("dax:DescribeClusters", "dax:TagResource", "dax:UntagResource"),
        ],
        "delete": ["dax:DeleteCluster", "dax:DescribeClusters"],
    }
}

# Actions that IAM checks without a resource.
WITHOUT_RESOURCE = [
    *("cloudwatch:DescribeAlarms", "logs:DescribeLogGroups", "logs:*LogDelivery", "logs:*LogDeliveries"),
    *("logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DeleteResourcePolicy"),
    *("route53:GetChange", "route53:ListHostedZones", "secretsmanager:GetRandomPassword", "sns:Unsubscribe"),
    *("cloudfront:*", "dax:*", "ec2:*"),
]

# Where the properties of a type name the role to pass, and the service that gets it.
PASSED = {
    "AWS::CloudFront::RealtimeLogConfig": (
        ("EndPoints", 0, "KinesisStreamConfig", "RoleArn"),
        "cloudfront.amazonaws.com",
    ),
    "AWS::DAX::Cluster": (("IAMRoleARN",), "dax.amazonaws.com"),
    "AWS::EC2::FlowLog": (("DeliverLogsPermissionArn",), "vpc-flow-logs.amazonaws.com"),
    "AWS::Lambda::Function": (("Role",), "lambda.amazonaws.com"),
    "AWS::Logs::SubscriptionFilter": (("RoleArn",), "logs.amazonaws.com"),
}


@functools.cache
def _types():
    return json.loads((Path(os.environ["CFN_SCHEMAS"]) / "providers/us-east-1.json").read_text())


@functools.cache
def schema(kind):
    """The schema of a type, as the registry of CloudFormation in us-east-1 had it when cfn-lint was released."""
    return json.loads((Path(os.environ["CFN_SCHEMAS"]) / f"resources/{_types()[kind]}.json").read_text())


def create_only(kind):
    """The properties of a type that cannot change without a replacement."""
    return {pointer.split("/")[2] for pointer in schema(kind).get("createOnlyProperties", [])}


def is_needed(kind, action):
    return not any(fnmatchcase(kind, of) and fnmatchcase(action, not_this) for of, not_this, _ in NOT_NEEDED)


@functools.cache
def listed(kind, operation):
    """The actions that the handler for `operation` may call, for any property. What it changes it also reads."""
    handlers = UNREGISTERED.get(kind) or {
        name: handler["permissions"] for name, handler in schema(kind)["handlers"].items()
    }
    also = [] if operation == "delete" else handlers.get("read", [])
    return sorted({*handlers.get(operation, []), *also})


def requests(kind, operation, name, properties, boundary=None):
    """(action, resource, condition keys) of everything that CloudFormation asks for when it handles one resource.

    `name` is the physical id or, before there is one, a name as CloudFormation generates it.
    """
    for action in listed(kind, operation):
        if is_needed(kind, action):
            for resource in _resources(kind, action, name, properties):
                yield action, resource, _context(kind, action, boundary, properties)


def _context(kind, action, boundary, properties):
    if action == "iam:PassRole":
        return {"iam:PassedToService": PASSED[kind][1]}
    if action == "iam:CreateServiceLinkedRole":
        return {"iam:AWSServiceName": "dax.amazonaws.com"}
    if action.startswith("lambda:") and action.endswith("EventSourceMapping"):
        return {"lambda:FunctionArn": _function(kind, "", properties)}
    if action.startswith("iam:") and boundary:
        return {"iam:PermissionsBoundary": boundary}
    return {}


def _arn(service, resource, region=REGION):
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{resource}"


def _lambda(kind, action, name, properties):
    if kind == "AWS::Lambda::EventSourceMapping":
        return _arn("lambda", f"event-source-mapping:{name}")
    return _function(kind, name, properties)


def _passed(kind, properties):
    """The role to pass; a subscription of a function has none."""
    value = properties
    for step in PASSED[kind][0]:
        value = value.get(step) if isinstance(value, dict) else value[step]
    return [value] if value else []


def _function(kind, name, properties):
    named = name if kind == "AWS::Lambda::Function" else str(properties.get("FunctionName", name))
    return named if named.startswith("arn:") else _arn("lambda", f"function:{named}")


def _roles(kind, name, properties):
    named = {"AWS::IAM::Role": [name], "AWS::IAM::RolePolicy": [properties.get("RoleName")]}
    names = named.get(kind) or properties.get("Roles", [])
    return [_arn("iam", f"role/{role}", "") for role in names]


def _cloudwatch(kind, name):
    if kind == "AWS::CloudWatch::Dashboard":
        return _arn("cloudwatch", f"dashboard/{name}", "")
    return _arn("cloudwatch", f"alarm:{name}")


def _s3(kind, name, properties):
    if kind == "AWS::Lambda::Function":
        return f"arn:aws:s3:::{properties['Code']['S3Bucket']}/{properties['Code']['S3Key']}"
    return f"arn:aws:s3:::{properties.get('Bucket', name)}"


def _api(kind, name, properties):
    if kind in ("AWS::ApiGatewayV2::DomainName", "AWS::ApiGatewayV2::ApiMapping"):
        return f"arn:aws:apigateway:{REGION}::/domainnames/{properties.get('DomainName', name)}"
    return f"arn:aws:apigateway:{REGION}::/apis/{properties.get('ApiId', name)}"


def _resources(kind, action, name, properties):
    service = action.split(":")[0]
    if any(fnmatchcase(action, pattern) for pattern in WITHOUT_RESOURCE):
        return ["*"]
    if action == "iam:PassRole":
        return _passed(kind, properties)
    if action == "iam:CreateServiceLinkedRole":
        return [_arn("iam", "role/aws-service-role/dax.amazonaws.com/AWSServiceRoleForDAX", "")]
    one = {
        "apigateway": lambda: _api(kind, name, properties),
        "cloudwatch": lambda: _cloudwatch(kind, name),
        "dynamodb": lambda: _arn("dynamodb", f"table/{name}"),
        "kinesis": lambda: _arn("kinesis", f"stream/{name}"),
        "lambda": lambda: _lambda(kind, action, name, properties),
        "logs": lambda: _arn("logs", f"log-group:{properties.get('LogGroupName', name)}"),
        "route53": lambda: f"arn:aws:route53:::hostedzone/{properties.get('HostedZoneId', 'Z0')}",
        "s3": lambda: _s3(kind, name, properties),
        "secretsmanager": lambda: name if name.startswith("arn:") else _arn("secretsmanager", f"secret:{name}"),
        "sns": lambda: name if name.startswith("arn:") else _arn("sns", name),
    }
    return _roles(kind, name, properties) if service == "iam" else [one[service]()]
