"""Acts as the account's administrator or as a deployed function, and does what the deploy tool never does."""

import gzip
import json
import os
import sys
from pathlib import Path

from botocore.exceptions import ClientError
from botocore.session import Session

ROOT = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
BOUNDARY = "arn:aws:iam::000000000000:policy/kurz-boundary"


def client(service, key=None):
    key = key or ROOT
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
            if error.response["Error"]["Code"] not in ("AccessDeniedException", "AccessDenied"):
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


def counting(table, counts, *functions):
    """Each function touches only its part of the counts, and `clicks` sees nothing of a link but its owner."""
    redirector, writer, clicks = (client("dynamodb", credentials_of(function)) for function in functions)
    link = client("dynamodb").scan(TableName=table)["Items"][0]["id"]
    key = {"of": link, "day": {"S": "total"}}
    salt = {"of": {"S": "!salt"}, "day": {"S": "2020-01-01"}}
    one = {":one": {"N": "1"}}

    def add(who, attribute="s00", item=key):
        return lambda: who.update_item(
            TableName=counts,
            Key=item,
            UpdateExpression="ADD #a :one",
            ExpressionAttributeNames={"#a": attribute},
            ExpressionAttributeValues=one,
        )

    def query(who, of):
        return lambda: who.query(
            TableName=counts, KeyConditionExpression="#o = :o", ExpressionAttributeNames={"#o": "of"},
            ExpressionAttributeValues={":o": of},
        )  # fmt: skip

    def links(attributes=None):
        names = {f"#{at}": name for at, name in enumerate(attributes or [])}
        projection = {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names} if names else {}
        return lambda: clicks.batch_get_item(RequestItems={table: {"Keys": [{"id": link}]} | projection})

    redirector.get_item(TableName=counts, Key=salt)
    query(writer, link)()
    links(["id", "owner"])()
    all_denied(
        {
            "redirector: counting": add(redirector),
            "redirector: an item of counts": lambda: redirector.get_item(TableName=counts, Key=key),
            "redirector: counts": query(redirector, link),
            "redirector: a salt": lambda: redirector.put_item(TableName=counts, Item=salt),
            "redirector: no salt": lambda: redirector.delete_item(TableName=counts, Key=salt),
            "writer: counting": add(writer),
            "writer: an item of counts": lambda: writer.put_item(TableName=counts, Item=key),
            "writer: no counts": lambda: writer.delete_item(TableName=counts, Key=key),
            "writer: salts": query(writer, salt["of"]),
            "clicks: a whole link": links(),
            "clicks: where a link leads": links(["id", "target"]),
            "clicks: links": lambda: clicks.scan(TableName=table),
            "clicks: a link, read": lambda: clicks.get_item(TableName=table, Key={"id": link}),
            "clicks: a link, changed": lambda: clicks.put_item(TableName=table, Item={"id": link}),
            "clicks: an item of counts": lambda: clicks.put_item(TableName=counts, Item=key),
            "clicks: no counts": lambda: clicks.delete_item(TableName=counts, Key=key),
            "clicks: counts": query(clicks, link),
        }
    )


def operator(template):
    """Creates the stack of policies, as the account's administrator, and a user with the operator's policy only."""
    cloudformation, iam = client("cloudformation"), client("iam")
    cloudformation.create_stack(
        StackName="operators-of-kurz",
        TemplateBody=Path(template).read_text(),
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName="operators-of-kurz", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    iam.create_user(UserName="deployer")
    iam.attach_user_policy(UserName="deployer", PolicyArn=BOUNDARY.replace("boundary", "operator"))
    key = iam.create_access_key(UserName="deployer")["AccessKey"]
    print(key["AccessKeyId"], key["SecretAccessKey"])


def without(action=None):
    """Takes one action from the operator, or, without an argument, gives it back."""
    iam = client("iam")
    if action is None:
        iam.delete_user_policy(UserName="deployer", PolicyName="without")
        return
    denial = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": action, "Resource": "*"}]}
    iam.put_user_policy(UserName="deployer", PolicyName="without", PolicyDocument=json.dumps(denial))


def administrator(links):
    """With the operator's rights, tries to become an administrator."""
    mine = {name: os.environ[name] for name in ROOT}
    iam, roots = client("iam", mine), client("iam")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": ["arn:aws:iam::000000000000:user/deployer", "arn:aws:iam::000000000000:root"]},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    everything = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    )
    admin = "arn:aws:iam::aws:policy/AdministratorAccess"
    roots.create_role(RoleName="Admin", AssumeRolePolicyDocument=json.dumps(trust | {"Statement": []}))
    new = {"RoleName": "kurz-x", "AssumeRolePolicyDocument": json.dumps(trust)}
    all_denied(
        {
            "a role without a boundary": lambda: iam.create_role(**new),
            "a role with another boundary": lambda: iam.create_role(**new, PermissionsBoundary=admin),
            "a role with another name": lambda: iam.create_role(
                **(new | {"RoleName": "x"}), PermissionsBoundary=BOUNDARY
            ),
            "a wider boundary": lambda: iam.create_policy_version(
                PolicyArn=BOUNDARY, PolicyDocument=everything, SetAsDefault=True
            ),
            "a user": lambda: iam.create_user(UserName="kurz-x"),
            "a key of a user": lambda: iam.create_access_key(UserName="deployer"),
            "more for itself": lambda: iam.attach_user_policy(UserName="deployer", PolicyArn=admin),
            "everything for itself": lambda: iam.put_user_policy(
                UserName="deployer", PolicyName="x", PolicyDocument=everything
            ),
            "the trust of an administrator": lambda: iam.update_assume_role_policy(
                RoleName="Admin", PolicyDocument=json.dumps(trust)
            ),
        }
    )
    # What an operator may do: a role within the boundary, which allows itself everything.
    role = iam.create_role(**new, PermissionsBoundary=BOUNDARY)["Role"]["Arn"]
    iam.put_role_policy(RoleName="kurz-x", PolicyName="everything", PolicyDocument=everything)
    all_denied(
        {
            "the role without its boundary": lambda: iam.delete_role_permissions_boundary(RoleName="kurz-x"),
            "another boundary of the role": lambda: iam.put_role_permissions_boundary(
                RoleName="kurz-x", PermissionsBoundary=admin
            ),
            "a managed policy of the role": lambda: iam.attach_role_policy(RoleName="kurz-x", PolicyArn=admin),
        }
    )
    # The role trusts the operator, so that it can be assumed; an administrator lets it be, to see what it can do.
    session = client("sts").assume_role(RoleArn=role, RoleSessionName="attempt")["Credentials"]
    assumed = {
        "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
        "AWS_SESSION_TOKEN": session["SessionToken"],
    }
    client("dynamodb", assumed).describe_table(TableName=links)
    secrets, root_tables = client("secretsmanager"), client("dynamodb")
    secrets.create_secret(Name="other", SecretString="x")
    root_tables.create_table(
        TableName="other",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    all_denied(
        {
            "a user, by the role": lambda: client("iam", assumed).create_user(UserName="kurz-x"),
            "a secret of others, by the role": lambda: client("secretsmanager", assumed).get_secret_value(
                SecretId="other"
            ),
            "a secret of others": lambda: client("secretsmanager", mine).get_secret_value(SecretId="other"),
            "a table of others, by the role": lambda: client("dynamodb", assumed).scan(TableName="other"),
            "a table of others": lambda: client("dynamodb", mine).scan(TableName="other"),
        }
    )
    iam.delete_role_policy(RoleName="kurz-x", PolicyName="everything")
    iam.delete_role(RoleName="kurz-x")


def outage(function, action=None):
    """Takes the links from a function's role; without an action, gives them back."""
    role = client("lambda").get_function_configuration(FunctionName=function)["Role"].split("/")[-1]
    if action is None:
        client("iam").delete_role_policy(RoleName=role, PolicyName="outage")
        return
    denial = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": action, "Resource": "*"}]}
    client("iam").put_role_policy(RoleName=role, PolicyName="outage", PolicyDocument=json.dumps(denial))


def call(service, operation, arguments="{}"):
    """One call of the operator, as with the AWS CLI; prints the answer."""
    key = {name: os.environ[name] for name in ROOT}
    answer = getattr(client(service, key), operation)(**json.loads(arguments))
    answer.pop("ResponseMetadata", None)
    print(json.dumps(answer, default=str))


def retarget(table, target):
    """Lets every link lead elsewhere, past the service, as somebody who got into the account would."""
    mine = client("dynamodb")
    for item in mine.scan(TableName=table)["Items"]:
        name = "target" if "target" in item else "url"
        mine.put_item(TableName=table, Item=item | {name: {"S": target}})


def secret(stack):
    """The ARN of a stack's slug secret."""
    resources = client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
    name = next(r["PhysicalResourceId"] for r in resources if r["LogicalResourceId"] == "SlugSecret")
    print(client("secretsmanager").describe_secret(SecretId=name)["ARN"])


def leftovers(prefix):
    """Prints what a stack left behind, except for log groups of the service."""
    names = [*client("dynamodb").list_tables()["TableNames"]]
    names += [role["RoleName"] for role in client("iam").list_roles()["Roles"]]
    names += [function["FunctionName"] for function in client("lambda").list_functions()["Functions"]]
    names += [group["GroupName"] for group in client("ec2").describe_security_groups()["SecurityGroups"]]
    print(" ".join(name for name in names if name.startswith(prefix)) or "nothing")


def certificate(domain):
    print(client("acm").request_certificate(DomainName=domain)["CertificateArn"])


def memory(function, megabytes):
    client("lambda").update_function_configuration(FunctionName=function, MemorySize=int(megabytes))


def alias(function):
    print(client("lambda").get_alias(FunctionName=function, Name="live")["FunctionVersion"])


def items(table):
    print(client("dynamodb").scan(TableName=table)["Count"])


def count(table, text):
    """Items of the table in which the text occurs."""
    print(sum(text in str(item) for item in client("dynamodb").scan(TableName=table)["Items"]))


def archived(bucket):
    """How many clicks are in the archive."""
    s3, lines = client("s3"), 0
    for found in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        lines += len(gzip.decompress(s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read()).splitlines())
    print(lines)


def slug(table):
    print(client("dynamodb").scan(TableName=table)["Items"][0]["id"]["S"])


globals()[sys.argv[1]](*sys.argv[2:])
