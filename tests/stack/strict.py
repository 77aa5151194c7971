"""Where ministack is kinder than AWS: what AWS's documentation refuses is refused, and what takes time takes time.

What is wrong without an answer saying so is written to the file `violations`: a function whose role lost a right that
its running code needs, a request that another reading of API Gateway's rules would route elsewhere.
"""

import asyncio
import datetime
import heapq
import json
import os
import re
from pathlib import Path

from ministack.core import iam_evaluator
from ministack.services import apigateway, cloudwatch_logs, dynamodb, ec2, iam, lambda_svc
from ministack.services.cloudformation import provisioners, stacks
from operator_rights import step

CONTROL = Path(os.environ["CONTROL"])
HANDLERS = provisioners._RESOURCE_HANDLERS


def violation(text):
    with (CONTROL / "violations").open("a") as file:
        file.write(f"{step()}: {text}\n")


def wrap(kind, operation):
    """Decorates the replacement of one handler of a type; it gets the handler that it replaces first."""

    def decorate(replacement):
        known = HANDLERS[kind][operation]
        HANDLERS[kind][operation] = lambda *arguments, **more: replacement(known, *arguments, **more)
        return replacement

    return decorate


# --- what is refused -----------------------------------------------------------------------------


@wrap("AWS::DynamoDB::Table", "delete")
def delete_table(known, physical_id, properties):
    if (dynamodb._tables.get(physical_id) or {}).get("DeletionProtectionEnabled"):
        raise ValueError(f"Resource cannot be deleted as it is currently protected against deletion: {physical_id}")
    return known(physical_id, properties)


# Names that an account (or an account and region) can have once.
NAMES = {
    "AWS::CloudFront::CachePolicy": lambda properties: properties["CachePolicyConfig"]["Name"],
    "AWS::CloudFront::OriginRequestPolicy": lambda properties: properties["OriginRequestPolicyConfig"]["Name"],
    "AWS::CloudFront::RealtimeLogConfig": lambda properties: properties["Name"],
    "AWS::CloudFront::ResponseHeadersPolicy": lambda properties: properties["ResponseHeadersPolicyConfig"]["Name"],
    "AWS::CloudFront::Function": lambda properties: properties.get("Name"),
    "AWS::CloudWatch::Dashboard": lambda properties: properties.get("DashboardName"),
    "AWS::DAX::ParameterGroup": lambda properties: properties.get("ParameterGroupName"),
    "AWS::DAX::SubnetGroup": lambda properties: properties.get("SubnetGroupName"),
}
_taken = set()


def name_once(kind, name_of):
    """A name is of the account, or of its region if the service is regional."""

    def key(properties):
        region = "" if "CloudFront" in kind or "Dashboard" in kind else provisioners.get_region()
        return kind, region, name_of(properties)

    @wrap(kind, "create")
    def create(known, logical_id, properties, stack):
        if key(properties)[2] and key(properties) in _taken:
            raise ValueError(f"{kind} with the name {key(properties)[2]} already exists")
        created = known(logical_id, properties, stack)
        _taken.add(key(properties))
        return created

    @wrap(kind, "delete")
    def delete(known, physical_id, properties):
        _taken.discard(key(properties))
        return known(physical_id, properties)


# --- network interfaces --------------------------------------------------------------------------

# Lambda makes and deletes the interfaces of a function with the rights of its role: once that is gone, they stay, and
# keep their security groups.
_groups_of_role = {}


@wrap("AWS::Lambda::Function", "create")
def create_function(known, logical_id, properties, stack):
    created = known(logical_id, properties, stack)
    role = properties["Role"].split("/")[-1]
    _groups_of_role.setdefault(role, set()).update(properties.get("VpcConfig", {}).get("SecurityGroupIds", []))
    return created


def leave_interface(group):
    subnet = next(iter(ec2._subnets))
    ec2._create_network_interface(
        {"SubnetId": [subnet], "SecurityGroupId.1": [group], "Description": ["AWS Lambda VPC ENI-kurz"]}
    )


@wrap("AWS::IAM::Role", "delete")
def delete_role(known, physical_id, properties):
    for group in _groups_of_role.pop(physical_id, ()):
        if group in ec2._security_groups:
            leave_interface(group)
    return known(physical_id, properties)


@wrap("AWS::EC2::SecurityGroup", "delete")
def delete_group(known, physical_id, properties):
    if (CONTROL / "late-interfaces").exists():
        (CONTROL / "late-interfaces").unlink()
        leave_interface(physical_id)
    for interface in ec2._network_interfaces.values():
        if any(group["GroupId"] == physical_id for group in interface["Groups"]):
            raise ValueError(f"resource {physical_id} has a dependent object (Status Code: 400)")
    return known(physical_id, properties)


@wrap("AWS::IAM::Role", "create")
def create_role(known, logical_id, properties, stack):
    created = known(logical_id, properties, stack)
    iam._roles[created[0]]["PermissionsBoundary"] = properties.get("PermissionsBoundary")
    return created


@wrap("AWS::IAM::Role", "update")
def update_role(known, physical_id, old, new, *more):
    updated = known(physical_id, old, new, *more)
    iam._roles[updated[0]]["PermissionsBoundary"] = new.get("PermissionsBoundary")
    return updated


# --- rights of running code ----------------------------------------------------------------------

_cluster_of_stack = {}
_cluster_of_version = {}


@wrap("AWS::Lambda::Version", "create")
def create_version(known, logical_id, properties, stack):
    created = known(logical_id, properties, stack)
    _cluster_of_version[created[0]] = _cluster_of_stack.get(stack)
    return created


@wrap("AWS::Lambda::Version", "update")
def update_version(known, physical_id, old, new, stack, *more):
    updated = known(physical_id, old, new, stack, *more)
    _cluster_of_version.setdefault(updated[0], _cluster_of_stack.get(stack))
    return updated


def note_cluster(stack, arn):
    _cluster_of_stack[stack] = arn


def may(role, action, resource, partition=None):
    """Whether a role may do something, with items of a table in one partition of it."""
    account = provisioners.get_account_id()
    policies = iam_evaluator._gather_role_policies(role, account)
    limits = iam_evaluator._permissions_boundary(iam._roles, role, account)
    arn = f"arn:aws:sts::{account}:assumed-role/{role}/code"
    context = {"dynamodb:leadingkeys": [partition]} if partition else {}
    request = iam_evaluator.EvalContext(
        arn, "AssumedRole", account, action, resource, provisioners.get_region(), service_context=context
    )
    return iam_evaluator.evaluate(request, policies, *limits).decision == "Allow"


def _needs(variables, cluster):
    """What code with these variables must be allowed to do, where, and in which partition."""
    table = f"arn:aws:dynamodb:{provisioners.get_region()}:{provisioners.get_account_id()}:table/"
    links, keys = table + variables["DDB_TABLE"], variables.get("KEYS_TABLE")
    if "CLICKS_KEEP_DAYS" in variables:
        yield "dynamodb:UpdateItem", table + variables["CLICKS_TABLE"], None
        return
    if variables.get("CLICKS", "none") != "none":
        counts = table + variables["CLICKS_TABLE"]
        yield ("dynamodb:Query", counts, "x") if keys else ("dynamodb:GetItem", counts, "!salt")
    if keys:
        yield "dynamodb:GetItem", table + keys, None
        yield "dynamodb:BatchGetItem", links, None
    else:
        yield "dynamodb:GetItem", links, None
    verbs = ("GetItem", "PutItem", "UpdateItem") if keys else ("GetItem",)
    for verb in verbs:
        by_dax = bool(variables.get("DAX_ENDPOINT"))
        yield f"{'dax' if by_dax else 'dynamodb'}:{verb}", cluster if by_dax else links, None


def check_running_code(after):
    """The code behind each alias may do what it does, at every moment of an update."""
    for name, function in list(lambda_svc._functions.items()):
        alias = function.get("aliases", {}).get("live")
        version = function.get("versions", {}).get((alias or {}).get("FunctionVersion"))
        if not version:
            continue
        config = version["config"]
        variables = config.get("Environment", {}).get("Variables", {})
        role = config["Role"].split("/")[-1]
        cluster = _cluster_of_version.get(
            f"{config['FunctionArn'].rsplit(':function:')[0]}:function:{name}:{config['Version']}"
        )
        if role not in iam._roles or "DDB_TABLE" not in variables:
            continue
        for action, resource, partition in _needs(variables, cluster):
            if not may(role, action, resource or "*", partition):
                violation(f"after {after}, version {config['Version']} of {name} runs without {action} on {resource}")


# --- time and order ------------------------------------------------------------------------------

# Seconds that CloudFormation takes for a resource; enough for a few requests between two steps that matter.
SECONDS = {
    "AWS::IAM::Role": 0.15,
    "AWS::IAM::Policy": 0.15,
    "AWS::IAM::RolePolicy": 0.15,
    "AWS::Lambda::Function": 0.3,
    "AWS::Lambda::Alias": 0.15,
}
_deleting = False


async def slowly(handle, *arguments):
    """Handles one resource, in the place of a worker thread."""
    kind = arguments[0]
    is_unchanged = handle is stacks._update_keeping_seed and arguments[2] == arguments[3]
    if is_unchanged:
        return handle(*arguments)
    await asyncio.sleep(SECONDS.get(kind, 0.01) * float(os.environ.get("PACE", "1")))
    handled = handle(*arguments)
    if kind.startswith(("AWS::IAM", "AWS::Lambda", "AWS::DAX")):
        check_running_code(f"{kind} {arguments[1]}")
    return handled


def needed(resource, names):
    """What a resource waits for; a reference in its metadata counts as well, which ministack does not know."""
    return stacks._extract_deps(resource, names) | stacks._extract_deps(
        {"Properties": resource.get("Metadata", {})}, names
    )


def worst_order(resources, conditions):
    """An order that the references and `DependsOn` allow: CloudFormation may take any, and the worst one tells.

    Creating and updating, a change inside a role comes as early as possible, a policy beside it as late. Deleting, in
    reverse, roles go as early as possible.
    """
    ranks = (
        {"AWS::IAM::Role": 2} if _deleting else {"AWS::IAM::Role": 0, "AWS::IAM::Policy": 2, "AWS::IAM::RolePolicy": 2}
    )
    names = set(resources)
    waiting = {name: needed(resource, names) - {name} for name, resource in resources.items()}
    dependents = {name: [other for other in names if name in waiting[other]] for name in names}
    ready = [(ranks.get(resources[name].get("Type"), 1), name) for name in names if not waiting[name]]
    heapq.heapify(ready)
    ordered = []
    while ready:
        _, name = heapq.heappop(ready)
        ordered.append(name)
        for other in dependents[name]:
            waiting[other].discard(name)
            if not waiting[other]:
                heapq.heappush(ready, (ranks.get(resources[other].get("Type"), 1), other))
    if len(ordered) != len(names):
        raise ValueError(f"Circular dependency between resources: {sorted(names - set(ordered))}")
    return ordered


async def delete_stack(*arguments, known=stacks._delete_stack_async, **more):
    global _deleting  # noqa: PLW0603 # one stack at a time
    _deleting = True
    try:
        return await known(*arguments, **more)
    finally:
        _deleting = False


def fail_on_demand():
    """Lets the resources named in the file `fail` fail."""
    provision, update = stacks._provision_resource, stacks._update_resource

    def refuse(logical_id):
        file = CONTROL / "fail"
        if file.exists() and logical_id in file.read_text().split():
            raise ValueError(f"Resource handler returned message: {logical_id} fails on demand")

    def failing_provision(kind, logical_id, *arguments):
        refuse(logical_id)
        return provision(kind, logical_id, *arguments)

    def failing_update(kind, physical_id, old, new, *more):
        if old != new:
            refuse(more[1])
        return update(kind, physical_id, old, new, *more)

    stacks._provision_resource, stacks._update_resource = failing_provision, failing_update


# --- routes --------------------------------------------------------------------------------------


def _specificity(route):
    """Of a route: is its method explicit, is its path without a greedy variable, how much of it is literal."""
    method, path = route["routeKey"].split(" ", 1)
    segments = [segment for segment in path.split("/") if segment]
    is_greedy = any(segment.endswith("+}") for segment in segments)
    literal = sum(not segment.startswith("{") for segment in segments)
    return method != "ANY", not is_greedy, literal, len(segments)


def match_route(api_id, method, path):
    """The route of a request, by both readings of «the most specific»: first by path, or first by method."""
    routes = [route for route in apigateway._routes.get(api_id, {}).values() if " " in route["routeKey"]]
    matching = [
        route
        for route in routes
        if route["routeKey"].split(" ")[0] in ("ANY", method)
        and apigateway._path_matches(route["routeKey"].split(" ", 1)[1], path)
    ]
    if not matching:
        return None
    by_method = max(matching, key=_specificity)
    by_path = max(matching, key=lambda route: (*_specificity(route)[1:], _specificity(route)[0]))
    if by_path is not by_method:
        violation(f"{method} {path} goes to {by_path['routeKey']} by path, to {by_method['routeKey']} by method")
    return by_path


# --- logs ----------------------------------------------------------------------------------------

LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def level_of(line):
    """The level that Lambda sees: that of a JSON object with a valid `timestamp`, or INFO."""
    try:
        fields = json.loads(line)
    except ValueError:
        return "INFO"
    if not isinstance(fields, dict) or not TIMESTAMP.fullmatch(str(fields.get("timestamp"))):
        return "INFO"
    datetime.datetime.fromisoformat(fields["timestamp"])
    level = str(fields.get("level")).upper()
    return level if level in LEVELS else "INFO"


def emit_logs(function, request_id, text, *outcome, known=lambda_svc._emit_lambda_logs, **more):
    """Drops the lines below the function's level, as Lambda does before they reach the log group."""
    logging = (function.get("config") or function).get("LoggingConfig") or {}
    if logging.get("LogFormat") == "JSON" and text:
        least = LEVELS.index(logging.get("ApplicationLogLevel", "INFO"))
        text = "\n".join(line for line in text.splitlines() if LEVELS.index(level_of(line)) >= least)
    return known(function, request_id, text, *outcome, **more)


def enforce_everything():
    """Call once every type has its handlers."""
    for kind, name_of in NAMES.items():
        name_once(kind, name_of)
    fail_on_demand()
    stacks._runs_on_worker_thread = lambda kind: True
    stacks.run_reentrant = slowly
    stacks._topological_sort = worst_order
    stacks._delete_stack_async = delete_stack
    apigateway._match_route = match_route
    lambda_svc._emit_lambda_logs = emit_logs
    assert cloudwatch_logs  # its handlers must be loaded before a function writes
