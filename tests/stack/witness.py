"""Has the template made by a second emulator, moto, as far as it can, and compares what exists with what was meant.

moto knows fewer types of resources than ministack and shares no code with it. What it lacks is listed here, and that
list is checked: when moto learns a type, this fails until the type is taken off.
"""

import io
import json
import os
import re
import sys
import zipfile
from pathlib import Path

import boto3
import yaml
from moto.cloudformation.parsing import clean_json  # noqa: F401 # the parser imports the models of all types
from moto.core.common_models import CloudFormationModel

INFRA = Path(__file__).resolve().parents[2] / "infra"
STACK = "kurz-witness"
# The types that moto cannot make. References to such a resource are replaced by a name.
LACKING = {
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::ApiMapping",
    "AWS::ApiGatewayV2::Authorizer",
    "AWS::ApiGatewayV2::DomainName",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
    "AWS::ApiGatewayV2::Stage",
    "AWS::CloudFront::CachePolicy",
    "AWS::CloudFront::Distribution",
    "AWS::CloudFront::OriginRequestPolicy",
    "AWS::CloudFront::RealtimeLogConfig",
    "AWS::CloudFront::ResponseHeadersPolicy",
    "AWS::CloudWatch::Alarm",
    "AWS::DAX::Cluster",
    "AWS::DAX::ParameterGroup",
    "AWS::DAX::SubnetGroup",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::IAM::RolePolicy",
    "AWS::Lambda::Alias",
    "AWS::Logs::MetricFilter",
    "AWS::Logs::SubscriptionFilter",
    "AWS::SecretsManager::Secret",
}
# Nor does it know `Fn::Cidr`. It takes no notice of `Rules` and `DeletionPolicy`, deletes a VPC before what is in it,
# and returns no outputs of a stack that a change set made from a `TemplateURL`, so `infra` cannot work with it.


class Loader(yaml.SafeLoader):
    """Reads the short forms of the intrinsic functions."""


def intrinsic(loader, tag, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if tag == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {tag if tag in ("Ref", "Condition") else f"Fn::{tag}": value}


Loader.add_multi_constructor("!", intrinsic)


def made_types():
    """The types of which moto has a model."""
    pending, types = list(CloudFormationModel.__subclasses__()), set()
    while pending:
        model = pending.pop()
        pending += model.__subclasses__()
        types.add(model.cloudformation_type())
    return types


def without(value, lacking):
    """A part of the template in which every reference to a resource of `lacking` is a name."""
    if isinstance(value, list):
        return [without(inner, lacking) for inner in value]
    if not isinstance(value, dict):
        return value
    if "Fn::Cidr" in str(value.get("Fn::Select", "")):
        return f"10.42.{value['Fn::Select'][0]}.0/24"
    named = value.get("Ref") or value.get("Fn::GetAtt", [None])[0]
    if named in lacking:
        # The function stands for its alias.
        return {"Ref": named.removesuffix("Live")} if named.endswith("Live") else named
    if "Fn::Sub" in value:
        pattern, *variables = _list(value["Fn::Sub"])
        pattern = re.sub(rf"\$\{{({'|'.join(lacking)})(\.[\w.]+)?\}}", r"\1", pattern)
        return {"Fn::Sub": [pattern, without(variables[0], lacking)] if variables else pattern}
    depends = (
        {"DependsOn": [name for name in _list(value["DependsOn"]) if name not in lacking]}
        if "DependsOn" in value
        else {}
    )
    return {key: without(inner, lacking) for key, inner in value.items()} | depends


def _list(value):
    return value if isinstance(value, list) else [value]


def reduced(text):
    template = yaml.load(text, Loader)  # a SafeLoader
    lacking = {name for name, resource in template["Resources"].items() if resource["Type"] in LACKING}
    kept = {name: resource for name, resource in template["Resources"].items() if name not in lacking}
    outputs = {name: output for name, output in template["Outputs"].items() if "Fn::If" not in str(output)}
    template = without(template | {"Resources": kept, "Outputs": outputs}, lacking)
    template.pop("Rules", None)
    template.pop("Metadata", None)
    return template, lacking


def client(service):
    return boto3.client(service, region_name="us-east-1", endpoint_url=os.environ["AWS_ENDPOINT_URL"])


def zipped(bucket):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("bootstrap", "#!/bin/sh")
    client("s3").put_object(Bucket=bucket, Key="0.zip", Body=file.getvalue())


def create(template, bucket):
    cloudformation = client("cloudformation")
    for name in ("SlugSecret", "OriginSecret"):
        client("secretsmanager").create_secret(Name=name, SecretString="x" * 32)
    values = {
        "ArtifactBucket": bucket,
        "RedirectorKey": "0.zip",
        "WriterKey": "0.zip",
        "ClicksKey": "0.zip",
        "ReleaseId": "1",
        "DaxMode": "none",
        "DeletionProtection": "false",
    }
    values |= dict.fromkeys(("RedirectorSha256", "WriterSha256", "ClicksSha256"), "0" * 44)
    cloudformation.create_change_set(
        StackName=STACK,
        ChangeSetName="first",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps(template),
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
    )
    cloudformation.execute_change_set(StackName=STACK, ChangeSetName="first")
    stack = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
    resources = cloudformation.list_stack_resources(StackName=STACK)["StackResourceSummaries"]
    return stack, {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for resource in resources
        if "LogicalResourceId" in resource
    }


def same(actual, expected, what):
    if actual != expected:
        sys.exit(f"{what}: {actual} instead of {expected}")
    print(f"ok  {what}")


def compare(template, made):
    dynamodb, iam, functions = client("dynamodb"), client("iam"), client("lambda")
    for name in ("LinksTable", "KeysTable", "ClicksTable"):
        meant = template["Resources"][name]["Properties"]
        table = dynamodb.describe_table(TableName=made[name])["Table"]
        same(table["KeySchema"], meant["KeySchema"], f"the key of {name}")
        same(table["BillingModeSummary"]["BillingMode"], meant["BillingMode"], f"the billing of {name}")
        indexes = {index["IndexName"]: index["KeySchema"] for index in table.get("GlobalSecondaryIndexes", [])}
        expected = {index["IndexName"]: index["KeySchema"] for index in meant.get("GlobalSecondaryIndexes", [])}
        same(indexes, expected, f"the indexes of {name}")
    for name in ("RedirectorRole", "WriterRole", "ClicksRole"):
        meant = template["Resources"][name]["Properties"]
        role = iam.get_role(RoleName=made[name])["Role"]
        trusted = meant["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]
        same(role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"], trusted, f"whom {name} trusts")
        policies = set(iam.list_role_policies(RoleName=made[name])["PolicyNames"])
        inline = {policy["PolicyName"] for policy in meant.get("Policies", [])}
        same(inline <= policies, True, f"the policies in {name}")
    for name in ("Redirector", "Writer", "ClicksFunction"):
        meant = template["Resources"][name]["Properties"]
        function = functions.get_function_configuration(FunctionName=made[name])
        same(function["Runtime"], meant["Runtime"], f"the runtime of {name}")
        same(function["Timeout"], meant["Timeout"], f"the time limit of {name}")
        meant, made_of_it = meant["Environment"]["Variables"], set(function["Environment"]["Variables"])
        always = {key for key, value in meant.items() if "Fn::If" not in str(value)}
        same((always - made_of_it, made_of_it - set(meant)), (set(), set()), f"the variables of {name}")


def main():
    text = (INFRA / "template/template.yaml").read_text()
    known = made_types()
    learned = sorted(LACKING & known)
    if learned:
        sys.exit(f"moto has learned {learned}: take them off the list")
    template, lacking = reduced(text)
    bucket = "kurz-artifacts-1x"
    client("s3").create_bucket(Bucket=bucket)
    zipped(bucket)
    stack, made = create(template, bucket)
    same(stack["StackStatus"], "CREATE_COMPLETE", "the stack")
    compare(template, made)
    print(f"{len(made)} resources were made; moto cannot make {len(lacking)} others, of {len(LACKING)} types")


main()
