"""Condition keys that ministack does not know, as the Service Authorization Reference describes them."""

import json
import re

from ministack.core import iam_actions
from ministack.services import iam

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
    """The condition keys of a request to DynamoDB. ministack knows its attributes for reads only."""
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
