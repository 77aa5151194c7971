"""ministack with the seven resource types and the condition keys of our template that it lacks.

Inline policies of a role take effect. The other resources do nothing but exist: the cluster's endpoint is that of a DAX cluster started elsewhere (`DAX_URL`), and
the largest node type fails, so that a rollback can be seen. ministack evaluates conditions, but knows the attributes of
a DynamoDB request for reads only.
"""

import json
import os
import re
import uuid

from ministack.app import main
from ministack.core import iam_actions
from ministack.services import iam
from ministack.services.cloudformation import provisioners

REFUSED_NODE_TYPE = "dax.r5.4xlarge"


def resource(prefix, attributes=lambda physical_id: {}):
    def create(logical_id, properties, stack):
        if properties.get("NodeType") == REFUSED_NODE_TYPE:
            raise ValueError("There is not enough capacity for dax.r5.4xlarge (InsufficientClusterCapacityFault)")
        physical_id = f"{prefix}-{uuid.uuid4().hex[:12]}"
        return physical_id, attributes(physical_id)

    def update(physical_id, old, new, stack):
        create(None, new, stack)
        return physical_id, attributes(physical_id)

    return {"create": create, "update": update, "delete": lambda physical_id, properties: None}


def cluster(physical_id):
    url = os.environ.get("DAX_URL", "dax://127.0.0.1:8111")
    return {
        "Arn": f"arn:aws:dax:us-east-1:000000000000:cache/{physical_id}",
        "ClusterDiscoveryEndpointURL": url,
        "ClusterDiscoveryEndpoint": url.split("//")[1],
    }


def put_role_policy(logical_id, properties, stack):
    """An AWS::IAM::RolePolicy. Its name and role make its id, so another name is a replacement, as in CloudFormation."""
    document = json.dumps(properties["PolicyDocument"])
    name, role = properties["PolicyName"], properties["RoleName"]
    status, _, body = iam._put_role_policy({"RoleName": role, "PolicyName": name, "PolicyDocument": document})
    if status >= 400:
        raise ValueError(f"{logical_id}: {body!r}")
    return f"{name}|{role}", {}


def delete_role_policy(physical_id, properties):
    name, role = physical_id.split("|")
    iam._delete_role_policy({"RoleName": role, "PolicyName": name})


NO_ATTRIBUTES = {
    "SET",
    "REMOVE",
    "ADD",
    "DELETE",
    "AND",
    "OR",
    "NOT",
    "BETWEEN",
    "IN",
    "if_not_exists",
    "list_append",
    "attribute_exists",
    "attribute_not_exists",
    "attribute_type",
    "begins_with",
    "contains",
    "size",
}


def attributes_in(expression, names):
    """The attributes that an expression names, without what is nested in them."""
    words = re.findall(r"(?<![\w:.])#?[A-Za-z_]\w*", expression)
    return {names.get(word, word) for word in words if word not in NO_ATTRIBUTES}


def dynamodb_context(body, known=iam_actions.dynamodb_service_context):
    """The condition keys of a request, as the Service Authorization Reference for DynamoDB describes them."""
    context = known(body)
    request = json.loads(body or b"{}")
    names = request.get("ExpressionAttributeNames", {})
    attributes = set(context.get("dynamodb:Attributes", []))
    for parameter in ("Key", "Item", "AttributeUpdates", "Expected"):
        attributes.update(request.get(parameter, {}))
    for parameter in ("UpdateExpression", "ConditionExpression"):
        attributes |= attributes_in(request.get(parameter, ""), names)
    if attributes:
        context["dynamodb:Attributes"] = sorted(attributes)
    key = list(request.get("Key", {}).values())
    if key:
        context["dynamodb:LeadingKeys"] = [str(value) for value in key[0].values()]
    context["dynamodb:ReturnValues"] = request.get("ReturnValues", "NONE")
    return context


iam_actions.dynamodb_service_context = dynamodb_context
provisioners._RESOURCE_HANDLERS.update(
    {
        "AWS::DAX::Cluster": resource("dax", cluster),
        "AWS::DAX::ParameterGroup": resource("parameters"),
        "AWS::DAX::SubnetGroup": resource("subnets"),
        "AWS::EC2::FlowLog": resource("fl", lambda physical_id: {"Id": physical_id}),
        "AWS::EC2::SecurityGroupEgress": resource("sgr", lambda physical_id: {"Id": physical_id}),
        "AWS::EC2::SecurityGroupIngress": resource("sgr", lambda physical_id: {"Id": physical_id}),
        "AWS::IAM::RolePolicy": {
            "create": put_role_policy,
            "update": lambda physical_id, old, new, stack: put_role_policy(physical_id, new, stack),
            "delete": delete_role_policy,
        },
    }
)

main()
