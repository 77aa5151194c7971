"""Log lines on their way to the function that counts clicks, as CloudWatch Logs and Lambda are documented.

ministack stores a subscription to a Kinesis stream and delivers nothing; and it asks nobody for the right to deliver.
"""

import gzip
import json
import time

from ministack.core.arn import parse_arn
from ministack.services import cloudwatch_logs, kinesis, lambda_svc
from ministack.services.cloudformation import provisioners
from strict import may, violation, wrap

# Ids of log events are numbers of 56 digits that grow.
_last_id = 0


def event_id(timestamp):
    global _last_id  # noqa: PLW0603 # a counter
    _last_id += 1
    return f"{timestamp:028d}{_last_id:028d}"


def message(group, stream, subscription, events):
    """What a destination gets, before it is compressed."""
    return {
        "messageType": "DATA_MESSAGE",
        "owner": provisioners.get_account_id(),
        "logGroup": group,
        "logStream": stream,
        "subscriptionFilters": [subscription["filterName"]],
        "logEvents": [
            {"id": event_id(event["timestamp"]), "timestamp": event["timestamp"], "message": event["message"]}
            for event in events
        ],
    }


def may_invoke(function, group):
    """Whether the policy of the function lets the log group invoke it."""
    statements = (lambda_svc._functions.get(function) or {}).get("policy", {}).get("Statement", [])
    source = f":log-group:{group}:*"
    return any(
        statement.get("Principal", {}).get("Service") == "logs.amazonaws.com" and source in json.dumps(statement)
        for statement in statements
    )


def fan_out(group, stream, events, known=cloudwatch_logs._fanout_to_subscription_filters):
    """Delivers the matching events to every destination, with the rights that the stack has given."""
    subscriptions = (cloudwatch_logs._log_groups.get(group) or {}).get("subscriptionFilters") or {}
    for subscription in subscriptions.values():
        pattern, destination = subscription["filterPattern"], subscription["destinationArn"]
        matching = [
            event for event in events if cloudwatch_logs._subscription_pattern_matches(pattern, event["message"])
        ]
        if not matching:
            continue
        if ":function:" in destination:
            function = destination.split(":function:")[1].split(":")[0]
            if not may_invoke(function, group):
                violation(f"nothing lets {group} invoke {function}")
            continue
        role = subscription["roleArn"].split("/")[-1]
        if not may(role, "kinesis:PutRecord", destination):
            violation(f"{role} may not put into {destination}")
            continue
        data = json.dumps(message(group, stream, subscription, matching)).encode()
        kinesis.put_record_internal(destination, stream, gzip.compress(data))
    return known(group, stream, events)


@wrap("AWS::Lambda::EventSourceMapping", "create")
def create_mapping(known, logical_id, properties, stack):
    """Refuses a mapping whose function may not read its source, with Lambda's words."""
    function = parse_arn(properties["FunctionName"]).resource.split(":")[1]
    role = lambda_svc._functions[function]["config"]["Role"].split("/")[-1]
    source = properties["EventSourceArn"]
    for action in ("GetRecords", "GetShardIterator", "DescribeStream", "ListShards", "DescribeStreamSummary"):
        if not may(role, f"kinesis:{action}", source):
            raise ValueError(
                f"Cannot access stream {source}. Please ensure the role can perform the {action} Action on it"
            )
    return known(logical_id, properties, stack)


@wrap("AWS::Logs::SubscriptionFilter", "create")
def create_subscription(known, logical_id, properties, stack):
    """Tries the way, as CloudWatch Logs does."""
    destination, role = properties["DestinationArn"], properties.get("RoleArn", "").split("/")[-1]
    if ":kinesis:" in destination:
        if not may(role, "kinesis:PutRecord", destination):
            raise ValueError("Could not deliver test message to specified Kinesis stream")
        test = {"messageType": "CONTROL_MESSAGE", "owner": "CloudwatchLogs", "logGroup": "", "logStream": ""}
        test |= {"subscriptionFilters": [], "logEvents": [{"id": "", "timestamp": int(time.time() * 1000)}]}
        test["logEvents"][0]["message"] = "CWL CONTROL MESSAGE: Checking health of destination Kinesis stream."
        kinesis.put_record_internal(destination, "", gzip.compress(json.dumps(test).encode()))
    return known(logical_id, properties, stack)


def deliver():
    cloudwatch_logs._fanout_to_subscription_filters = fan_out
