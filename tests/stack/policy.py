"""The operator's policy against what the template needs and what nobody should get, and without each of its actions.

policy.py derive             every action that the schemas of the template's types list is allowed, or argued away
policy.py removed REQUESTS   for each action that a rehearsal asked for: which of its steps fails without it
"""

import json
import re
import sys
from fnmatch import fnmatchcase
from pathlib import Path

import permissions
from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document
from ministack.services.cloudformation.engine import _parse_template

INFRA = Path(__file__).resolve().parents[2] / "infra"
ROLE = f"arn:aws:iam::{permissions.ACCOUNT}:role/"
POLICY = f"arn:aws:iam::{permissions.ACCOUNT}:policy/"
BOUNDARY = f"{POLICY}kurz-boundary"
# What a managed policy may hold, without white space.
LIMIT_BYTES = 6144

# Values as CloudFormation makes them for a stack `kurz-test`.
PROPERTIES = {
    "ApiId": "a1b2c3",
    "Bucket": "kurz-artifacts-artifacts-1x",
    "Code": {"S3Bucket": "kurz-artifacts-artifacts-1x", "S3Key": "0.zip"},
    "DeliverLogsPermissionArn": f"{ROLE}kurz-test-FlowLogRole-1X",
    "DomainName": "s.example.com",
    "EndPoints": [{"KinesisStreamConfig": {"RoleArn": f"{ROLE}kurz-test-CdnLogsRole-1X"}}],
    "FunctionName": "kurz-test-Writer-1X",
    "HostedZoneId": "Z1",
    "IAMRoleARN": f"{ROLE}kurz-test-DaxRole-1X",
    "Role": f"{ROLE}kurz-test-WriterRole-1X",
    "RoleArn": f"{ROLE}kurz-test-ClicksDeliveryRole-1X",
    "RoleName": "kurz-test-WriterRole-1X",
    "Roles": ["kurz-test-WriterRole-1X"],
}

# Allowed whatever a policy says.
ALWAYS = {"sts:GetCallerIdentity"}

# (action, resource, condition keys): each would make an operator more than an operator.
ESCALATIONS = [
    ("iam:CreateRole", f"{ROLE}kurz-x", {}),
    ("iam:CreateRole", f"{ROLE}kurz-x", {"iam:PermissionsBoundary": f"{POLICY}kurz-operator"}),
    ("iam:CreateRole", f"{ROLE}x", {"iam:PermissionsBoundary": BOUNDARY}),
    ("iam:PutRolePolicy", f"{ROLE}kurz-x", {}),
    ("iam:PutRolePolicy", f"{ROLE}Admin", {}),
    ("iam:AttachRolePolicy", f"{ROLE}kurz-x", {"iam:PermissionsBoundary": BOUNDARY}),
    ("iam:DeleteRolePermissionsBoundary", f"{ROLE}kurz-x", {"iam:PermissionsBoundary": BOUNDARY}),
    (
        "iam:PutRolePermissionsBoundary",
        f"{ROLE}kurz-x",
        {"iam:PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"},
    ),
    ("iam:UpdateAssumeRolePolicy", f"{ROLE}Admin", {}),
    ("iam:CreatePolicyVersion", BOUNDARY, {}),
    ("iam:SetDefaultPolicyVersion", BOUNDARY, {}),
    ("iam:DeletePolicy", BOUNDARY, {}),
    ("iam:CreatePolicyVersion", f"{POLICY}kurz-operator", {}),
    ("iam:CreateUser", f"arn:aws:iam::{permissions.ACCOUNT}:user/kurz-x", {}),
    ("iam:CreateAccessKey", f"arn:aws:iam::{permissions.ACCOUNT}:user/admin", {}),
    ("iam:AttachUserPolicy", f"arn:aws:iam::{permissions.ACCOUNT}:user/deployer", {}),
    ("iam:PutUserPolicy", f"arn:aws:iam::{permissions.ACCOUNT}:user/deployer", {}),
    ("iam:AddUserToGroup", f"arn:aws:iam::{permissions.ACCOUNT}:group/admins", {}),
    ("iam:PassRole", f"{ROLE}Admin", {"iam:PassedToService": "lambda.amazonaws.com"}),
    ("iam:PassRole", f"{ROLE}kurz-x", {"iam:PassedToService": "ec2.amazonaws.com"}),
    ("iam:PassRole", f"{ROLE}kurz-x", {"iam:PassedToService": "cloudformation.amazonaws.com"}),
    ("iam:CreateServiceLinkedRole", f"{ROLE}aws-service-role/x", {"iam:AWSServiceName": "organizations.amazonaws.com"}),
    ("sts:AssumeRole", f"{ROLE}Admin", {}),
    ("cloudformation:UpdateStack", f"arn:aws:cloudformation:us-east-1:{permissions.ACCOUNT}:stack/other/1", {}),
    (
        "cloudformation:UpdateStack",
        f"arn:aws:cloudformation:us-east-1:{permissions.ACCOUNT}:stack/operators-of-kurz/1",
        {},
    ),
    ("lambda:UpdateFunctionCode", f"arn:aws:lambda:us-east-1:{permissions.ACCOUNT}:function:other", {}),
    (
        "lambda:CreateEventSourceMapping",
        "*",
        {"lambda:FunctionArn": f"arn:aws:lambda:us-east-1:{permissions.ACCOUNT}:function:other"},
    ),
    ("lambda:DeleteEventSourceMapping", f"arn:aws:lambda:us-east-1:{permissions.ACCOUNT}:event-source-mapping:1", {}),
    ("kinesis:GetRecords", f"arn:aws:kinesis:us-east-1:{permissions.ACCOUNT}:stream/other", {}),
    ("logs:PutSubscriptionFilter", f"arn:aws:logs:us-east-1:{permissions.ACCOUNT}:log-group:/aws/lambda/other", {}),
    ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:us-east-1:{permissions.ACCOUNT}:secret:other-1", {}),
    ("dynamodb:Scan", f"arn:aws:dynamodb:us-east-1:{permissions.ACCOUNT}:table/other", {}),
    ("dax:GetItem", f"arn:aws:dax:us-east-1:{permissions.ACCOUNT}:cache/other", {}),
    ("logs:FilterLogEvents", f"arn:aws:logs:us-east-1:{permissions.ACCOUNT}:log-group:/aws/lambda/other", {}),
    ("logs:DeleteLogGroup", f"arn:aws:logs:us-east-1:{permissions.ACCOUNT}:log-group:/aws/lambda/other", {}),
    ("s3:GetObject", "arn:aws:s3:::other/x", {}),
    ("ec2:RunInstances", "*", {}),
    ("kms:Decrypt", "*", {}),
]


def substituted(value):
    """A value of operator.yaml with its parameters' defaults."""
    if isinstance(value, dict) and set(value) == {"Fn::Sub"}:
        known = {
            "AWS::Partition": "aws",
            "AWS::AccountId": permissions.ACCOUNT,
            "Prefix": "kurz-",
            "ExistingTable": "kurz-*",
        }
        return re.sub(r"\$\{([^}]+)\}", lambda name: known[name[1]], value["Fn::Sub"])
    if isinstance(value, dict):
        return BOUNDARY if value == {"Ref": "Boundary"} else {key: substituted(inner) for key, inner in value.items()}
    return [substituted(inner) for inner in value] if isinstance(value, list) else value


def document(resource):
    template = _parse_template((INFRA / "operator.yaml").read_text())
    return substituted(template["Resources"][resource]["Properties"]["PolicyDocument"])


def is_allowed(policy, action, resource, context, without=None):
    """Whether the policy allows a request, after one of its actions was taken off."""
    statements = parse_policy_document(policy)
    if without:
        denial = {"Effect": "Deny", "Action": without, "Resource": "*"}
        statements = statements + parse_policy_document({"Version": "2012-10-17", "Statement": denial})
    context = {key.lower(): value for key, value in context.items()}
    arn = f"arn:aws:iam::{permissions.ACCOUNT}:user/deployer"
    request = EvalContext(
        arn, "User", permissions.ACCOUNT, action, resource, permissions.REGION, service_context=context
    )
    return evaluate(request, [statements]).decision == "Allow"


def resources():
    for file in ("template/template.yaml", "bootstrap.yaml"):
        yield from _parse_template((INFRA / file).read_text())["Resources"].items()


def needed():
    """(logical id, request) for every resource of both templates."""
    for logical_id, resource in resources():
        kind = resource["Type"]
        own = resource.get("Properties", {})
        without_stack = kind in ("AWS::SecretsManager::Secret", "AWS::CloudWatch::Dashboard")
        name = f"{logical_id}-1X" if without_stack else f"kurz-test-{logical_id}-1X"
        properties = PROPERTIES | ({"LogGroupName": group_name(own)} if "LogGroupName" in own else {})
        for operation in ("create", "update", "delete"):
            for request in permissions.requests(kind, operation, name, properties, BOUNDARY):
                yield logical_id, request


def group_name(properties):
    """A name that the template gives; one that refers to another group is of our stack."""
    pattern = properties["LogGroupName"].get("Fn::Sub", "kurz-test-group")
    pattern = pattern[0] if isinstance(pattern, list) else pattern
    return pattern.replace("${AWS::StackName}", "kurz-test")


def derive():
    policy = document("Operator")
    problems = []
    for name in ("Operator", "Boundary"):
        size = len(json.dumps(document(name), separators=(",", ":")))
        print(f"{name}: {size} of {LIMIT_BYTES} bytes")
        if size > LIMIT_BYTES:
            problems.append(f"{name} is too large for a managed policy")
    asked = set()
    for logical_id, (action, resource, context) in needed():
        asked.add(action)
        if not is_allowed(policy, action, resource, context):
            problems.append(f"{logical_id} needs {action} on {resource}")
    kinds = {resource["Type"] for _, resource in resources()}
    listed = {
        (kind, action)
        for kind in kinds
        for what in ("create", "update", "delete")
        for action in permissions.listed(kind, what)
    }
    for of, pattern, reason in permissions.NOT_NEEDED:
        argued = [action for kind, action in listed if fnmatchcase(kind, of) and fnmatchcase(action, pattern)]
        if not argued:
            problems.append(f"nothing asks for {pattern} any more ({reason})")
    problems += [
        f"allowed: {action} on {resource} {context}"
        for action, resource, context in ESCALATIONS
        if is_allowed(policy, action, resource, context)
    ]
    print(f"{len(asked)} actions of {len(kinds)} types are allowed, {len(ESCALATIONS)} others are not")
    return problems


def removed(requests):
    """Each action that the rehearsal used, and the first step that fails without it."""
    policy = document("Operator")
    lines = [json.loads(line) for line in Path(requests).read_text().splitlines()]
    lines = [line for line in lines if line["step"].startswith("infra") and line["action"] not in ALWAYS]
    problems = []
    actions = sorted({line["action"] for line in lines})
    for action in actions:
        denied = [
            line for line in lines if not is_allowed(policy, line["action"], line["resource"], line["context"], action)
        ]
        first = denied[0]
        if first["action"] != action:
            problems.append(f"without {action}, {first['action']} on {first['resource']} is denied as well")
        else:
            print(f"without {action:<46} fails: {first['step']}")
    print(f"{len(actions)} actions")
    return problems


sys.exit("\n".join({"derive": derive, "removed": removed}[sys.argv[1]](*sys.argv[2:])) or 0)
