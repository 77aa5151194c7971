"""ministack, made as strict as AWS's documentation says AWS is, with the resource types of our template that it lacks.

Those resources do nothing but exist: the cluster's endpoint is that of a DAX cluster started elsewhere (`DAX_URL`), and
the largest node type fails, so that a rollback can be seen. `strict.py` refuses what AWS refuses, `operator_rights.py`
lets CloudFormation do only what its caller may do.
"""

import json
import os
import uuid

import conditions
import permissions
from ministack.app import main
from ministack.services import iam
from ministack.services.cloudformation import changesets, engine, handlers, provisioners, stacks

REFUSED_NODE_TYPE = "dax.r5.4xlarge"


def resource(kind, prefix, attributes=lambda physical_id, stack: {}):
    """Handlers of a type that does nothing. What its schema calls create-only is replaced."""
    replaced_by = permissions.create_only(kind)

    def create(logical_id, properties, stack):
        if properties.get("NodeType") == REFUSED_NODE_TYPE:
            raise ValueError("There is not enough capacity for dax.r5.4xlarge (InsufficientClusterCapacityFault)")
        physical_id = f"{prefix}-{uuid.uuid4().hex[:12]}"
        return physical_id, attributes(physical_id, stack)

    def update(physical_id, old, new, stack, logical_id=None):
        if any(old.get(name) != new.get(name) for name in replaced_by):
            return provisioners._RESOURCE_HANDLERS[kind]["create"](logical_id, new, stack)
        return physical_id, attributes(physical_id, stack)

    delete = lambda physical_id, properties: None  # noqa: E731
    return {kind: {"create": create, "update": update, "update_with_logical_id": True, "delete": delete}}


def cluster(physical_id, stack):
    from strict import note_cluster  # noqa: PLC0415 # it wraps the handlers that are registered below

    url = os.environ.get("DAX_URL", "dax://127.0.0.1:8111")
    arn = f"arn:aws:dax:{permissions.REGION}:{permissions.ACCOUNT}:cache/{physical_id}"
    note_cluster(stack, arn)
    return {"Arn": arn, "ClusterDiscoveryEndpointURL": url, "ClusterDiscoveryEndpoint": url.split("//")[1]}


def by_arn(physical_id, stack):
    return {"Arn": f"arn:aws:cloudfront::{permissions.ACCOUNT}:realtime-log-config/{physical_id}"}


def by_id(physical_id, stack):
    return {"Id": physical_id}


def policy_of_role():
    """Handlers of an inline policy that is a resource of its own."""
    kind = "AWS::IAM::RolePolicy"

    def put(properties):
        document = json.dumps(properties["PolicyDocument"])
        iam._roles[properties["RoleName"]]["InlinePolicies"][properties["PolicyName"]] = document
        return f"{properties['PolicyName']}|{properties['RoleName']}", {}

    def delete(physical_id, properties):
        role = iam._roles.get(properties["RoleName"])
        if role:
            role["InlinePolicies"].pop(properties["PolicyName"], None)

    return {
        kind: {
            "create": lambda logical_id, properties, stack: put(properties),
            "update": lambda physical_id, old, new, stack, logical_id=None: put(new),
            "delete": delete,
        }
    }


def joined(value, values):
    """A part of the conditions with each `Fn::Join` of a list parameter computed, which ministack leaves as it is."""
    if isinstance(value, list):
        return [joined(inner, values) for inner in value]
    if not isinstance(value, dict):
        return value
    if "Fn::Join" in value:
        between, parameter = value["Fn::Join"]
        return between.join(item.strip() for item in str(values[parameter["Ref"]]["Value"]).split(","))
    return {key: joined(inner, values) for key, inner in value.items()}


def evaluate_conditions(template, values, known=engine._evaluate_conditions):
    return known(template | {"Conditions": joined(template.get("Conditions", {}), values)}, values)


for module in (engine, stacks, changesets, handlers):
    module._evaluate_conditions = evaluate_conditions


def own_log_groups():
    """Names a log group as CloudFormation does, after the stack and the resource."""
    known = provisioners._RESOURCE_HANDLERS["AWS::Logs::LogGroup"]

    def named(properties, stack, logical_id):
        return {"LogGroupName": f"{stack}-{logical_id}-4X9QZ"} | properties

    def create(logical_id, properties, stack):
        return known["create"](logical_id, named(properties, stack, logical_id), stack)

    def update(physical_id, old, new, stack, logical_id=None):
        old, new = (named(properties, stack, logical_id) for properties in (old, new))
        return known["update"](physical_id, old, new, stack, logical_id)

    return {"AWS::Logs::LogGroup": known | {"create": create, "update": update}}


def alarms_with_metric_math():
    """Takes an alarm on an expression for one on the first metric in it: ministack has no metric math."""
    known = provisioners._RESOURCE_HANDLERS["AWS::CloudWatch::Alarm"]

    def plain(properties):
        if "Metrics" not in properties:
            return properties
        first = next(metric["MetricStat"] for metric in properties["Metrics"] if "MetricStat" in metric)
        rest = {name: value for name, value in properties.items() if name != "Metrics"}
        return rest | first["Metric"] | {"Period": first["Period"], "Statistic": first["Stat"]}

    def create(logical_id, properties, stack):
        return known["create"](logical_id, plain(properties), stack)

    def update(physical_id, old, new, *more):
        return known["update"](physical_id, plain(old), plain(new), *more)

    return {"AWS::CloudWatch::Alarm": known | {"create": create, "update": update}}


for types in (
    alarms_with_metric_math(),
    own_log_groups(),
    policy_of_role(),
    resource("AWS::CloudFront::RealtimeLogConfig", "log", by_arn),
    resource("AWS::DAX::Cluster", "dax", cluster),
    resource("AWS::DAX::ParameterGroup", "parameters"),
    resource("AWS::DAX::SubnetGroup", "subnets"),
    resource("AWS::EC2::FlowLog", "fl", by_id),
    resource("AWS::EC2::SecurityGroupEgress", "sgr", by_id),
    resource("AWS::EC2::SecurityGroupIngress", "sgr", by_id),
):
    provisioners._RESOURCE_HANDLERS.update(types)

import delivery  # noqa: E402
import operator_rights  # noqa: E402
import strict  # noqa: E402 # all wrap what is registered above

conditions.teach()
operator_rights.ask_for_every_resource()
strict.enforce_everything()
delivery.deliver()
main()
