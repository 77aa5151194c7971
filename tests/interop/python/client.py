"""PyPI amazon-dax-client: runs the cases through it and straight on DynamoDB, and compares."""

import base64
import json
import os
import signal
import sys
import time
import urllib.request
from decimal import Context, Decimal
from pathlib import Path

import boto3
import botocore.config
import botocore.session
from amazondax import AmazonDaxClient
from botocore.exceptions import ClientError

CLIENT = "python"
DAX, DIRECT = "daxx", "ddbx"
WRITES = {"putItem", "updateItem", "deleteItem", "batchWriteItem", "transactWriteItems"}
METHODS = {
    "putItem": "put_item",
    "getItem": "get_item",
    "updateItem": "update_item",
    "deleteItem": "delete_item",
    "batchGetItem": "batch_get_item",
    "batchWriteItem": "batch_write_item",
    "query": "query",
    "scan": "scan",
    "transactGetItems": "transact_get_items",
    "transactWriteItems": "transact_write_items",
}
CALL_DEADLINE_SECONDS = 10
ROUTE_DEADLINE_SECONDS = 60
ROUTE_POLL_SECONDS = 0.02


def from_json(value):
    """Base64 in DynamoDB JSON to bytes."""
    if isinstance(value, list):
        return [from_json(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    result = {}
    for key, inner in value.items():
        if key == "B" and isinstance(inner, str):
            result[key] = base64.b64decode(inner)
        elif key == "BS" and isinstance(inner, list):
            result[key] = [base64.b64decode(text) for text in inner]
        else:
            result[key] = from_json(inner)
    return result


def on_side(prefix, value, key=None):
    """The tables of one side: HashS becomes daxx-HashS."""
    if isinstance(value, list):
        return [on_side(prefix, inner) for inner in value]
    if not isinstance(value, dict):
        return f"{prefix}-{value}" if key == "TableName" else value
    rename = (lambda name: f"{prefix}-{name}") if key == "RequestItems" else (lambda name: name)
    return {rename(name): on_side(prefix, inner, name) for name, inner in value.items()}


def canonical_number(text):
    """A number without the choices that clients make in writing it."""
    number = Context(prec=50).create_decimal(text)
    return "0" if number == 0 else str(number.normalize(Context(prec=50)))


def plain(name):
    return name.replace(f"{DAX}-", "").replace(f"{DIRECT}-", "")


def meaning(value, key=None):
    """What is left of an answer when only its meaning counts."""
    if isinstance(value, (bytes, bytearray)) or hasattr(value, "value"):
        return "base64:" + base64.b64encode(bytes(getattr(value, "value", value))).decode()
    if isinstance(value, str):
        return canonical_number(value) if key == "N" else plain(value)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, (list, tuple)):
        rows = [meaning(inner, "N" if key == "NS" else None) for inner in value]
        unordered = key in ("SS", "NS", "BS", "ConsumedCapacity", "table rows")
        return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True)) if unordered else rows
    if not isinstance(value, dict):
        return value
    result = {}
    for name, inner in value.items():
        if name == "ResponseMetadata" or inner is None:
            continue
        if name in ("UnprocessedKeys", "UnprocessedItems", "ItemCollectionMetrics") and not inner:
            continue
        result[plain(name)] = meaning(inner, "table rows" if key == "Responses" else name)
    return result


def failure(error):
    reasons = None
    if isinstance(error, ClientError):
        reasons = error.response.get("CancellationReasons")
        # The DAX client hands out what it received: code, message and encoded item of each, in one list.
        flat = getattr(error, "cancellation_reasons", None) or []
        reasons = reasons or [{"Code": code, "Item": item} for code, item in zip(flat[0::3], flat[2::3], strict=True)]
        code = error.response["Error"]["Code"]
    else:
        code = type(error).__name__
    if reasons:
        reasons = [{"Code": reason.get("Code") or "None", "Item": bool(reason.get("Item"))} for reason in reasons]
    return meaning({"error": code, "reasons": reasons or None})


def run(side, operation, given):
    """One call, or a whole walk through pages."""
    first = dict(given)
    pages = first.pop("pages", None)
    answers, following = [], first
    for _ in range(50):
        signal.alarm(CALL_DEADLINE_SECONDS)
        try:
            answer = getattr(side, METHODS[operation])(**following)
        except Exception as error:  # clients raise all sorts
            answers.append(failure(error))
            break
        finally:
            signal.alarm(0)
        answers.append(meaning(answer))
        if not pages or not answer.get("LastEvaluatedKey"):
            break
        following = {**first, "ExclusiveStartKey": answer["LastEvaluatedKey"]}
    return answers


def until_routed(dax, table):
    """Waits until the client can reach the cluster; every error but "no route" is final. See node/driver.cjs."""
    deadline = time.monotonic() + ROUTE_DEADLINE_SECONDS
    while (error := run(dax, "scan", {"TableName": f"{DAX}-{table}", "Limit": 1})[0].get("error")) is not None:
        if error != "NoRouteException" or time.monotonic() > deadline:
            raise RuntimeError(f"the first scan: {error}")
        time.sleep(ROUTE_POLL_SECONDS)


def without_capacity(value):
    """Answers from a cache consume no capacity."""
    if isinstance(value, list):
        return [without_capacity(inner) for inner in value]
    if isinstance(value, dict):
        return {name: without_capacity(inner) for name, inner in value.items() if name != "ConsumedCapacity"}
    return value


def input_of(prefix, case, given):
    """The input of a call on one side."""
    mine = on_side(prefix, from_json(given))
    for field in case.get("perSide", []):
        if field in mine:
            mine[field] = f"{CLIENT}-{prefix}-{mine[field]}"
    return mine


class Clients:
    """The client under test, and the one that calls DynamoDB."""

    def __init__(self, cluster):
        keys = {"aws_access_key_id": "AKIDINTEROP", "aws_secret_access_key": os.environ.get("INTEROP_SECRET", "secret")}
        # Each client checks parameters its own way before it sends anything; the servers' answers are compared.
        config = botocore.config.Config(retries={"max_attempts": 0}, parameter_validation=False)
        session = botocore.session.get_session()
        session.set_credentials(keys["aws_access_key_id"], keys["aws_secret_access_key"])
        endpoint = cluster["dynamodb"]
        self.dax = AmazonDaxClient(session, region_name="us-east-1", endpoints=cluster["dax"], config=config)
        self.direct = boto3.client("dynamodb", region_name="us-east-1", endpoint_url=endpoint, config=config, **keys)
        self.control = cluster["control"]
        self.calls = 0

    def clear_caches(self):
        urllib.request.urlopen(urllib.request.Request(self.control + "/caches/clear", method="POST")).close()

    def difference(self, case):
        """Makes all calls of a case. Returns the first difference, or None."""
        self.clear_caches()
        found = [self.difference_in_call(case, call["operation"], call["input"]) for call in case["calls"]]
        return next(filter(None, found), None)

    def difference_in_call(self, case, operation, given):
        exact_capacity = case.get("exactCapacity")
        theirs = run(self.direct, operation, input_of(DIRECT, case, given))
        if exact_capacity:
            self.clear_caches()
        uncached = exact_capacity or operation in WRITES | {"transactGetItems"} or given.get("ConsistentRead")
        difference = None
        for warm in (False,) if operation in WRITES else (False, True):
            ours = run(self.dax, operation, input_of(DAX, case, given))
            self.calls += 1
            exact = uncached and not warm
            if ours != theirs and (exact or without_capacity(ours) != without_capacity(theirs)):
                sent = json.dumps(given)[:600]
                found = {"operation": operation, "input": sent, "warm": warm, "dax": ours, "dynamodb": theirs}
                difference = difference or found
        return difference


def main():
    clients = Clients(json.loads(os.environ["INTEROP_CLUSTER"]))
    script = json.loads(Path(os.environ["INTEROP_CASES"]).read_text("utf-8"))
    result = {"client": CLIENT, "passed": 0, "failed": 0, "skipped": 0}
    until_routed(clients.dax, next(iter(script["tables"])))
    for case in script["cases"]:
        if CLIENT in case.get("skip", {}):
            result["skipped"] += 1
        elif difference := clients.difference(case):
            result["failed"] += 1
            print(f"FAILED {CLIENT}: {case['name']}\n{json.dumps(difference, indent=1)[:4000]}", file=sys.stderr)
        else:
            result["passed"] += 1
    print(json.dumps({**result, "calls": clients.calls}))
    clients.dax.close()
    sys.exit(1 if result["failed"] else 0)


def too_late(_signal, _frame):
    raise TimeoutError(f"no answer after {CALL_DEADLINE_SECONDS} s")


signal.signal(signal.SIGALRM, too_late)
main()
