"""Shortens odd URLs and has HTTP clients follow the short ones. Each request must arrive as it was meant.

FOLLOW_STACK is the readiness line of a running stack, FOLLOW_JAVA the folder with the compiled class. Prints one line
for each client, and "N passed, N failed".
"""

import http.server
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import urllib.request
from pathlib import Path
from typing import ClassVar

from targets import targets

HERE = Path(__file__).parent
# A public name, as targets must have. Each client is told that it is this machine.
HOST = "follow.example"
BULK = 100
CLIENT_SECONDS = 300


class Target(http.server.BaseHTTPRequestHandler):
    """Notes what is requested, and answers with nothing."""

    protocol_version = "HTTP/1.1"
    arrived: ClassVar[list[str]] = []

    def do_GET(self):
        """Notes the request target as it was sent."""
        self.arrived.append(self.requestline.split(" ")[1])
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        """Prints nothing."""


def shorten(stack, urls):
    """The short URL of each URL."""
    short = []
    for start in range(0, len(urls), BULK):
        body = json.dumps({"links": [{"url": url} for url in urls[start : start + BULK]]}).encode()
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(f"{stack['url']}/api/v1/links:bulk", body, headers)
        with urllib.request.urlopen(request) as reply:
            results = json.load(reply)["results"]
        for url, result in zip(urls[start : start + BULK], results, strict=True):
            if "link" not in result:
                sys.exit(f"{url} is refused: {result['problem']['detail']}")
            short.append(result["link"]["short_url"])
    return short


def unreserved(target):
    """The target as `requests` sends it: without needless escapes and a last semicolon."""

    def decoded(match):
        character = chr(int(match[1], 16))
        return character if re.fullmatch(r"[A-Za-z0-9._~-]", character) else match[0].upper()

    return re.sub("%([0-9A-Fa-f]{2})", decoded, re.sub(r";(?=\?|$)", "", target))


def main():
    """Tries every client."""
    stack = json.loads(os.environ["FOLLOW_STACK"])
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Target)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = str(server.server_port)
    cases = list(targets())
    typed = [f"http://{HOST}:{port}/{number}{rest}" for number, (rest, _) in enumerate(cases)]
    expected = [f"/{number}{rest}" for number, (_, rest) in enumerate(cases)]
    print(f"  {len(cases)} targets")
    with tempfile.TemporaryDirectory() as work:
        names = Path(work, "hosts")
        names.write_text(f"127.0.0.1 {HOST}\n127.0.0.1 localhost\n")
        java = ["java", "-cp", os.environ["FOLLOW_JAVA"], f"-Djdk.net.hosts.file={names}"]
        clients = {
            "curl": ["bash", HERE / "clients/curl.sh"],
            "requests": [sys.executable, HERE / "clients/client.py", "requests"],
            "httpx": [sys.executable, HERE / "clients/client.py", "httpx"],
            "fetch": ["node", HERE / "clients/fetch.mjs"],
            "java.net.http": [*java, "Follow"],
        }
        urls = "\n".join(shorten(stack, typed)) + "\n"
        passed = failed = 0
        for name, command in clients.items():
            Target.arrived.clear()
            told = [unreserved(target) for target in expected] if name == "requests" else expected
            environment = {**os.environ, "FOLLOW_HOST": HOST, "FOLLOW_PORT": port}
            run = subprocess.run(
                command,
                input=urls,
                env=environment,
                capture_output=True,
                text=True,
                timeout=CLIENT_SECONDS,
                check=False,
            )
            arrived = set(Target.arrived)
            lost = [(url, target) for url, target in zip(typed, told, strict=True) if target not in arrived]
            print(f"  {name}: {len(cases) - len(lost)} arrived, {len(lost)} did not")
            for url, target in lost[:20]:
                number = target.split("/")[1].split("?")[0]
                instead = [other for other in Target.arrived if re.match(rf"/{number}([/?]|$)", other)]
                print(f"    {url}: not as {target}, but {instead or 'not at all'}", file=sys.stderr)
            if lost:
                print(run.stderr[-2_000:], file=sys.stderr)
            passed += len(cases) - len(lost)
            failed += len(lost)
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
