"""Creates links and follows them until it is told to stop, then says what failed. One line of JSON on standard output.

traffic.py URL [redirects]     with `redirects`, follows one link only. The key is in KURZ_API_KEY
"""

import http.client
import json
import os
import signal
import sys
import time
import urllib.parse

PAUSE = 0.05
TIMEOUT = 15
state = {"creates": 0, "redirects": 0, "failures": []}
running = True


def stop(*_):
    global running  # noqa: PLW0603 # a signal handler
    running = False


def request(url, method, path, body=None):
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=TIMEOUT)
    headers = {"content-type": "text/plain"}
    if body and os.environ.get("KURZ_API_KEY"):
        headers["authorization"] = f"Bearer {os.environ['KURZ_API_KEY']}"
    if os.environ.get("TRAFFIC_HEADER"):
        name, value = os.environ["TRAFFIC_HEADER"].split(": ", 1)
        headers[name] = value
    try:
        connection.request(method, url.path + path, body, headers)
        response = connection.getresponse()
        return response.status, response.read().decode(errors="replace")[:200]
    except OSError as error:
        return 0, repr(error)
    finally:
        connection.close()


def expect(what, statuses, answer):
    if answer[0] in statuses:
        state[what] += 1
        return True
    state["failures"].append(f"{time.strftime('%H:%M:%S')} {what}: {answer[0]} {answer[1]}")
    return False


def main(base, what=""):
    url = urllib.parse.urlsplit(base)
    run = f"{os.getpid()}-{time.time():.0f}"
    slug = os.environ.get("SLUG", "")
    number = 0
    while running:
        number += 1
        if what != "redirects":
            answer = request(url, "POST", "/", f"https://example.com/during/{run}/{number}")
            if expect("creates", (200, 201), answer):
                slug = answer[1].strip()
        if slug:
            expect("redirects", (301, 302, 307, 308), request(url, "GET", f"/{slug}"))
        time.sleep(PAUSE)
    print(json.dumps(state | {"failures": state["failures"][:10], "failed": len(state["failures"])}))


signal.signal(signal.SIGTERM, stop)
main(*sys.argv[1:])
