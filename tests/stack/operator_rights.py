"""Lets CloudFormation do only what its caller may do, and records everything that a caller other than root asks for."""

import contextvars
import json
import os
from pathlib import Path

import permissions
from conditions import BOUNDED, boundary_of
from ministack.core import iam_actions, iam_evaluator
from ministack.services.cloudformation import stacks

CONTROL = Path(os.environ["CONTROL"])
# The access key of the request that started an operation; the operation's task inherits it.
CALLER = contextvars.ContextVar("caller", default="")
_recorded = set()


def step():
    """What the rehearsal is doing now."""
    try:
        return (CONTROL / "step").read_text().strip()
    except OSError:
        return "start"


def record(action, resource, context):
    line = json.dumps({"step": step(), "action": action, "resource": resource, "context": context}, sort_keys=True)
    if line not in _recorded:
        _recorded.add(line)
        with (CONTROL / "requests").open("a") as file:
            file.write(line + "\n")


def _is_person(arn):
    return ":user/" in arn


def enforce(key, action, service, region, known=iam_evaluator.enforce, **more):
    CALLER.set(key)
    iam_evaluator.pin_request_origin("127.0.0.1", True)  # The bucket insists on TLS, which the emulator does without.
    principal = iam_evaluator.resolve_principal(key or "", permissions.ACCOUNT)
    if _is_person(getattr(principal, "arn", "")):
        record(action, more.get("resource_arn", "*"), more.get("service_context") or {})
    return known(key, action, service, region, **more)


def _principal():
    principal = iam_evaluator.resolve_principal(CALLER.get(), permissions.ACCOUNT)
    if isinstance(principal, iam_evaluator.AuthError):
        raise ValueError(f"{principal.message} ({principal.code})")
    return principal


def allowed(principal, action, resource, context):
    context = {key.lower(): value for key, value in context.items()}
    request = iam_evaluator.EvalContext(
        principal_arn=principal.arn,
        principal_type=principal.type,
        principal_account=principal.account,
        action=action,
        resource_arn=resource,
        region=permissions.REGION,
        service_context=context,
        principal_keys=principal.keys,
    )
    return iam_evaluator.evaluate(request, principal.policies, *principal.limits).decision == "Allow"


def check(kind, operation, name, properties):
    """Raises what CloudFormation reports if its caller lacks a right."""
    if not CALLER.get():
        return
    principal = _principal()
    if principal.policies is None:  # root
        return
    boundary = properties.get("PermissionsBoundary")
    if kind == "AWS::IAM::Policy":
        boundary = boundary_of(properties["Roles"][0])
    elif kind == "AWS::IAM::RolePolicy":
        boundary = boundary_of(properties["RoleName"])
    elif kind == "AWS::IAM::Role" and operation == "delete":
        boundary = boundary_of(name)
    for action, resource, keys in permissions.requests(kind, operation, name, properties, boundary):
        is_bounded = action.removeprefix("iam:") in BOUNDED
        context = keys if is_bounded or "iam:PermissionsBoundary" not in keys else {}
        record(action, resource, context)
        if not allowed(principal, action, resource, context):
            denial = iam_actions.identity_denial_message(action, principal.arn, resource, False)
            raise ValueError(f"{denial} (HandlerErrorCode: AccessDenied)")


def generated_name(kind, stack, logical_id):
    """A name as CloudFormation generates it. Those of secrets and dashboards do not begin with the stack's."""
    without_stack = kind in ("AWS::SecretsManager::Secret", "AWS::CloudWatch::Dashboard")
    return f"{logical_id}-4X9QZ" if without_stack else f"{stack}-{logical_id}-4X9QZ"


def _name(kind, stack, logical_id, physical_id):
    without_stack = kind in ("AWS::SecretsManager::Secret", "AWS::CloudWatch::Dashboard")
    return generated_name(kind, stack, logical_id) if without_stack or not physical_id else physical_id


def ask_for_every_resource():
    """Wraps the three places where CloudFormation handles a resource."""
    provision, update, delete = stacks._provision_resource, stacks._update_resource, stacks._delete_resource

    def checked_provision(kind, logical_id, properties, stack):
        check(kind, "create", generated_name(kind, stack, logical_id), properties)
        return provision(kind, logical_id, properties, stack)

    def checked_update(kind, physical_id, old, new, *more):
        if old != new:
            stack, logical_id = more[:2]
            check(kind, "update", _name(kind, stack, logical_id, physical_id), new)
        return update(kind, physical_id, old, new, *more)

    def checked_delete(kind, physical_id, properties, stack=None, logical_id=None):
        check(kind, "delete", _name(kind, stack, logical_id, physical_id), properties)
        return delete(kind, physical_id, properties, stack, logical_id)

    stacks._provision_resource, stacks._update_resource = checked_provision, checked_update
    stacks._delete_resource = checked_delete
    iam_evaluator.enforce = enforce
