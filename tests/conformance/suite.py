"""A pytest plugin: runs the DynamoDB tests of moto, a Python emulator of AWS, against an endpoint.

moto's tests ask for a fresh emulator with `mock_aws`. Here that means: an endpoint without tables. The endpoint under
test is in CONFORMANCE_ENDPOINT, the DynamoDB behind it in CONFORMANCE_DYNAMODB, its control endpoint in
CONFORMANCE_CONTROL, and outcomes go to the file CONFORMANCE_OUTCOMES as lines `outcome test`.
"""

import functools
import os
import urllib.request
from pathlib import Path

import boto3
import moto

ENDPOINT = os.environ["CONFORMANCE_ENDPOINT"]
DYNAMODB = os.environ["CONFORMANCE_DYNAMODB"]
CONTROL = os.environ["CONFORMANCE_CONTROL"]
NOWHERE = "http://127.0.0.1:9"  # other services of AWS: refused at once

os.environ.update(
    AWS_ACCESS_KEY_ID="local",
    AWS_SECRET_ACCESS_KEY="local",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_ENDPOINT_URL=NOWHERE,
    AWS_ENDPOINT_URL_DYNAMODB=ENDPOINT,
    AWS_MAX_ATTEMPTS="1",
)

behind = boto3.client("dynamodb", endpoint_url=DYNAMODB, region_name="us-east-1")


def empty():
    """Deletes all tables, and what the cluster remembers of them."""
    for page in behind.get_paginator("list_tables").paginate():
        for table in page["TableNames"]:
            behind.update_table(TableName=table, DeletionProtectionEnabled=False)
            behind.delete_table(TableName=table)
    request = urllib.request.Request(f"{CONTROL}/caches/clear", method="POST")
    urllib.request.urlopen(request).read()


class Fresh:
    """What `mock_aws()` returns: a context, and a decorator of functions and classes."""

    def __enter__(self):
        empty()
        return self

    def __exit__(self, *failure):
        return False

    start, stop = __enter__, __exit__

    def __call__(self, test):
        if isinstance(test, type):
            for name in [name for name in vars(test) if name.startswith("test")]:
                setattr(test, name, self(getattr(test, name)))
            return test

        @functools.wraps(test)
        def wrapper(*args, **kwargs):
            with self:
                return test(*args, **kwargs)

        return wrapper


def mock_aws(test=None, config=None):
    return Fresh() if test is None else Fresh()(test)


moto.mock_aws = mock_aws


def pytest_runtest_logreport(report):
    failed_before = report.when == "setup" and report.outcome != "passed"
    if report.when == "call" or failed_before:
        with Path(os.environ["CONFORMANCE_OUTCOMES"]).open("a") as outcomes:
            outcomes.write(f"{report.outcome} {report.nodeid}\n")
