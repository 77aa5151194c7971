"""Follows a link as people, programs and browsers that look ahead do, and waits until the API tells that.

clicks.py URL SLUG exact|inexact     the key, which may read, is in KURZ_API_KEY
"""

import http.client
import json
import os
import sys
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

DESKTOP = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)
# What is requested how often: method, what follows the slug, headers.
PEOPLE = [
    (9, "GET", "", {"user-agent": DESKTOP, "referer": "https://News.Example.COM:8443/a"}),
    (6, "GET", "", {"user-agent": PHONE}),
]
BOTS = [(4, "GET", "", {"user-agent": "curl/8.5.0"})]
NO_CLICKS = [
    (2, "HEAD", "", {"user-agent": DESKTOP}),
    (2, "GET", "", {"user-agent": DESKTOP, "sec-purpose": "prefetch;prerender"}),
    (2, "GET", "+", {"user-agent": DESKTOP}),
    (2, "GET", "-x7q9", {"user-agent": DESKTOP}),
]
DEADLINE = 40
AT_ONCE = 4


def request(url, method, path, headers):
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=20)
    try:
        connection.request(method, url.path + path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def counted(url, slug):
    headers = {"authorization": f"Bearer {os.environ['KURZ_API_KEY']}"}
    status, body = request(url, "GET", f"/api/v1/links/{slug}/clicks", headers)
    if status != 200:
        sys.exit(f"clicks of {slug}: {status} {body.decode(errors='replace')[:300]}")
    return json.loads(body)


def numbers(answer):
    """What should grow: people, bots, and the breakdowns that this script causes."""
    by = {
        f"{facet} {entry['value']}": entry["clicks"]
        for facet in ("device", "os", "browser", "referrer")
        for entry in answer["by"][facet]
    }
    return {"people": answer["totals"]["clicks"], "bots": answer["totals"]["bots"]} | by


def main(base, slug, exactness):
    url = urllib.parse.urlsplit(base)
    before = numbers(counted(url, slug))
    todo = [
        (url, method, f"/{slug}{more}", headers)
        for times, method, more, headers in PEOPLE + BOTS + NO_CLICKS
        for _ in range(times)
    ]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda one: request(*one), todo))
    grown = {
        "people": 15,
        "bots": 4,
        "device desktop": 9,
        "device mobile": 6,
        "os linux": 9,
        "os ios": 6,
        "browser chrome": 9,
        "browser safari": 6,
        "referrer news.example.com": 9,
        "referrer ": 6,
    }
    is_exact = exactness == "exact"
    expected = before | {name: before.get(name, 0) + number for name, number in grown.items()}
    # Without the stream, what is sent again because an answer was late counts twice.
    most = expected if is_exact else {name: number + grown.get(name, 0) for name, number in expected.items()}

    def is_right(actual):
        return actual.keys() == expected.keys() and all(
            expected[name] <= number <= most[name] for name, number in actual.items()
        )

    begun, answer = time.monotonic(), counted(url, slug)
    while not is_right(numbers(answer)) and time.monotonic() - begun < DEADLINE:
        time.sleep(0.3)
        answer = counted(url, slug)
    if not is_right(numbers(answer)):
        sys.exit(f"clicks are {numbers(answer)} instead of {expected}")
    if answer["exact"] != is_exact:
        sys.exit(f"exact is {answer['exact']}")
    took = time.monotonic() - begun
    print(f"ok      of {len(todo)} requests 15 people and 4 bots are counted, {exactness}ly, after {took:.1f} s")


main(*sys.argv[1:])
