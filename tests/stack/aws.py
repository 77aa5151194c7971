"""Acts as a deployed function and changes things outside the stack, which the deploy tool never does."""

import os
import sys
from pathlib import Path

from botocore.exceptions import ClientError
from botocore.session import Session


def client(service, credentials=None):
    key = credentials or {name: os.environ[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    return Session().create_client(
        service,
        region_name=os.environ["AWS_REGION"],
        endpoint_url=os.environ["AWS_ENDPOINT_URL"],
        aws_access_key_id=key["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=key["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=key.get("AWS_SESSION_TOKEN"),
    )


def credentials_of(function):
    """The temporary credentials in the environment of a function's running process."""
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            variables = dict(
                entry.split("=", 1) for entry in environment.read_text("utf-8").split("\0") if "=" in entry
            )
        except (OSError, UnicodeDecodeError):
            continue
        same = variables.get("AWS_LAMBDA_FUNCTION_NAME") == function
        if same and variables.get("AWS_ENDPOINT_URL") == os.environ["AWS_ENDPOINT_URL"]:
            return variables
    sys.exit(f"no process of {function} is running")


def all_denied(calls):
    for name, call in calls.items():
        try:
            call()
        except ClientError as error:
            if error.response["Error"]["Code"] != "AccessDeniedException":
                sys.exit(f"{name}: {error}")
            print(f"{name} is denied: {error.response['Error']['Message'][:100]}")
        else:
            sys.exit(f"{name} was allowed")


def denied(table, keys, function):
    """The redirector's role may do what it must, and is denied everything else."""
    dynamodb = client("dynamodb", credentials_of(function))
    dynamodb.get_item(TableName=table, Key={"id": {"S": "x"}})
    item = {"id": {"S": "planted"}, "target": {"S": "https://example.com"}}
    all_denied(
        {
            "PutItem": lambda: dynamodb.put_item(TableName=table, Item=item),
            "Scan": lambda: dynamodb.scan(TableName=table),
            "DeleteItem": lambda: dynamodb.delete_item(TableName=table, Key={"id": {"S": "x"}}),
            "DescribeTable": lambda: dynamodb.describe_table(TableName=table),
            "GetItem of a key": lambda: dynamodb.get_item(TableName=keys, Key={"hash": {"S": "x"}}),
            "Scan of the keys": lambda: dynamodb.scan(TableName=keys),
        }
    )


def forged(keys, function, key_id):
    """The writer's role may note the use of a key, and can neither make nor change one."""
    mine = client("dynamodb")
    dynamodb = client("dynamodb", credentials_of(function))
    item = next(item for item in mine.scan(TableName=keys)["Items"] if item.get("key_id") == {"S": key_id})
    key = {"hash": item["hash"]}
    new = {"hash": {"S": "0" * 64}}
    day = {":day": {"N": "86400"}}
    admin = {":admin": {"L": [{"S": "admin"}]}}

    def update(expression, values=None, target=key, **more):
        values = {"ExpressionAttributeValues": values} if values else {}
        return lambda: dynamodb.update_item(TableName=keys, Key=target, UpdateExpression=expression, **values, **more)

    dynamodb.get_item(TableName=keys, Key=key)
    update("SET #attribute = :day", day, ExpressionAttributeNames={"#attribute": "last_used_on"})()
    if mine.get_item(TableName=keys, Key=key)["Item"] != item | {"last_used_on": day[":day"]}:
        sys.exit("the use of the key was not noted, or something else was")
    put = {"Put": {"TableName": keys, "Item": item}}
    all_denied(
        {
            "PutItem of a key": lambda: dynamodb.put_item(TableName=keys, Item=new | {"scopes": admin[":admin"]}),
            "BatchWriteItem of a key": lambda: dynamodb.batch_write_item(
                RequestItems={keys: [{"PutRequest": {"Item": new}}]}
            ),
            "TransactWriteItems of a key": lambda: dynamodb.transact_write_items(TransactItems=[put]),
            "DeleteItem of a key": lambda: dynamodb.delete_item(TableName=keys, Key=key),
            "Scan of the keys": lambda: dynamodb.scan(TableName=keys),
            "a forged key": update("SET scopes = :admin", admin, new),
            "another scope": update("SET scopes = :admin", admin),
            "another scope, beside a use": update("SET last_used_on = :day, scopes = :admin", day | admin),
            "a scope under an alias": update("SET #s = :admin", admin, ExpressionAttributeNames={"#s": "scopes"}),
            "a scope in the list": update("SET scopes[0] = :admin", {":admin": {"S": "admin"}}),
            "no revocation": update("REMOVE revoked_at"),
            "no expiry": update("REMOVE expires_at"),
            "no rate": update("REMOVE rate"),
            "another owner": update("SET #o = :o", {":o": {"S": "x"}}, ExpressionAttributeNames={"#o": "owner"}),
            "a guess at the owner": update(
                "SET last_used_on = :day",
                day | {":o": {"S": "x"}},
                ConditionExpression="#o = :o",
                ExpressionAttributeNames={"#o": "owner"},
            ),
            "the old form": lambda: dynamodb.update_item(
                TableName=keys, Key=key, AttributeUpdates={"scopes": {"Action": "PUT", "Value": admin[":admin"]}}
            ),
            "a look at the key": update("SET last_used_on = :day", day, ReturnValues="ALL_OLD"),
        }
    )
    if mine.get_item(TableName=keys, Key=key)["Item"] != item | {"last_used_on": day[":day"]}:
        sys.exit("the key was changed")
    if "Item" in mine.get_item(TableName=keys, Key=new):
        sys.exit("a key was forged")


def memory(function, megabytes):
    client("lambda").update_function_configuration(FunctionName=function, MemorySize=int(megabytes))


def alias(function):
    print(client("lambda").get_alias(FunctionName=function, Name="live")["FunctionVersion"])


def items(table):
    print(client("dynamodb").scan(TableName=table)["Count"])


def count(table, text):
    """Items of the table in which the text occurs."""
    print(sum(text in str(item) for item in client("dynamodb").scan(TableName=table)["Items"]))


def slug(table):
    print(client("dynamodb").scan(TableName=table)["Items"][0]["id"]["S"])


globals()[sys.argv[1]](*sys.argv[2:])
