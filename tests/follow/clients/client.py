"""Follows each URL of standard input with the Python library that the argument names."""

import os
import socket
import sys

import httpx
import requests

resolve = socket.getaddrinfo


def resolve_here(host, *rest, **options):
    """The target's host is this machine."""
    is_target = host in (os.environ["FOLLOW_HOST"], os.environ["FOLLOW_HOST"].encode())
    return resolve("127.0.0.1" if is_target else host, *rest, **options)


socket.getaddrinfo = resolve_here
if sys.argv[1] == "requests":
    client = requests.Session()
    client.trust_env = False
else:
    client = httpx.Client(follow_redirects=True, trust_env=False)
for line in sys.stdin:
    try:
        client.get(line.strip(), timeout=20)
    except (requests.RequestException, httpx.HTTPError, httpx.InvalidURL) as error:
        print(line.strip(), repr(error), file=sys.stderr)
