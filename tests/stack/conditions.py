"""Condition keys that ministack does not know, as the Service Authorization Reference describes them."""

import json
import re

from ministack.core import iam_actions
from ministack.services import dynamodb, iam

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


def queried(request):
    """What the condition of a query sets equal."""
    names, values = request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {})
    pairs = re.findall(r"(#?\w+)\s*=\s*(:\w+)", request["KeyConditionExpression"])
    return {names.get(name, name): values[value] for name, value in pairs if value in values}


def leading(table, key):
    """The value of the hash key, as text. A request names the attributes of a key in any order."""
    schema = (dynamodb._tables.get(table) or {}).get("KeySchema", [])
    name = next((part["AttributeName"] for part in schema if part["KeyType"] == "HASH"), None)
    value = key.get(name) or next(iter(key.values()))
    return str(next(iter(value.values())))


def dynamodb_context(body, known=iam_actions.dynamodb_service_context):
    """The condition keys of a request to DynamoDB. ministack knows its attributes for reads of one item only."""
    context = known(body)
    request = json.loads(body or b"{}")
    names = request.get("ExpressionAttributeNames", {})
    attributes = set(context.get("dynamodb:Attributes", []))
    for parameter in ("Key", "Item", "AttributeUpdates", "Expected"):
        attributes.update(request.get(parameter, {}))
    for parameter in ("UpdateExpression", "ConditionExpression"):
        attributes |= attributes_in(request.get(parameter, ""), names)
    keys = [(request.get("TableName"), request["Key"])] if "Key" in request else []
    if "Item" in request:
        keys.append((request.get("TableName"), request["Item"]))
    if "KeyConditionExpression" in request:
        keys.append((request["TableName"], queried(request)))
    for table, part in (request.get("RequestItems") or {}).items():
        if isinstance(part, dict):
            batch = known(json.dumps(part).encode())
            context["dynamodb:Select"] = batch["dynamodb:Select"]
            attributes.update(batch.get("dynamodb:Attributes", []), *part.get("Keys", []))
            keys += [(table, key) for key in part.get("Keys", [])]
    if attributes:
        context["dynamodb:Attributes"] = sorted(attributes)
    if keys:
        context["dynamodb:LeadingKeys"] = [leading(table, key) for table, key in keys]
    context["dynamodb:ReturnValues"] = request.get("ReturnValues", "NONE")
    return context


# The actions that a condition on the permissions boundary can restrict; UpdateAssumeRolePolicy, for one, it cannot.
BOUNDED = {
    "CreateRole",
    "PutRolePolicy",
    "DeleteRolePolicy",
    "AttachRolePolicy",
    "DetachRolePolicy",
    "PutRolePermissionsBoundary",
    "DeleteRolePermissionsBoundary",
}


def _first(params, name):
    value = params.get(name) or ""
    return value[0] if isinstance(value, list) else value


def boundary_of(role):
    """The permissions boundary of a role that exists."""
    return (iam._roles.get(role) or {}).get("PermissionsBoundary") or ""


def request_context(service, action, body, params, known=iam_actions.request_tag_context):
    """The condition keys of a request to IAM, beside those of its tags."""
    context = known(service, action, body, params)
    verb = action.split(":")[-1]
    if service == "iam" and verb in BOUNDED:
        boundary = _first(params, "PermissionsBoundary") or boundary_of(_first(params, "RoleName"))
        if verb == "CreateRole":
            boundary = _first(params, "PermissionsBoundary")
        if boundary:
            context["iam:PermissionsBoundary"] = boundary
    if service == "iam" and verb == "CreateServiceLinkedRole":
        context["iam:AWSServiceName"] = _first(params, "AWSServiceName")
    return context


def resource_arn(service, *request, known=iam_actions.extract_resource_arn):
    """The resource of a request. A restored table is the one that is made."""
    if service == "dynamodb":
        body, (region, account) = request[3], request[-2:]
        target = json.loads(body or b"{}").get("TargetTableName")
        if target:
            return f"arn:aws:dynamodb:{region}:{account}:table/{target}"
    return known(service, *request)


def teach():
    iam_actions.extract_resource_arn = resource_arn
    iam_actions.dynamodb_service_context = dynamodb_context
    iam_actions.request_tag_context = request_context
