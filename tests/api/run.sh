#!/usr/bin/env bash
# Holds the API against its own description: Schemathesis makes thousands of requests out of the OpenAPI document that a
# running stack serves, and looks at every answer: no 5xx, no status, media type, header or field that is not described.
#
#   tests/api/run.sh
#
# Needs Python 3.11 and a Rust toolchain. Schemathesis is installed by tests/tools.sh. LOCAL_BIN names a `local` program
# that is built already. TEST_SEED (default 1) makes other requests, EXAMPLES (default 100) more of them for each call. Prints "N passed, N failed", in requests.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../tools.sh"
run_deadline=900 # seconds, for all requests

schemathesis=$(tool schemathesis 4.32.5)/schemathesis
build_local
work=$(mktemp -d)
start_local "$work" --auth api-key
member() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$work/ready" "$1"; }
url=$(member url)

# One worker: hypothesis, which makes the requests up, is not made for threads.
status=0
(
  cd "$work"
  timeout "$run_deadline" "$schemathesis" --config-file "$here/schemathesis.toml" run "$url/api/v1/openapi.json" \
    --url "$url" --header "Authorization: Bearer $(member api_key)" --workers 1 --seed "${TEST_SEED:-1}" \
    --max-examples "${EXAMPLES:-100}" --continue-on-failure --suppress-health-check all --no-color \
    --report ndjson --report-ndjson-path "$work/events" >"$work/out" 2>&1
) || status=$?
if [[ $status -ne 0 ]]; then
  sed 's/^/    /' "$work/out" | head -c 20000
  grep -v '^$' "$work/log" | tail -n 20 >&2 || true
fi
# "  4321 generated, 4320 passed, 1 found 1 unique failures, 2 skipped"
total=$(sed -n 's/^ *\([0-9][0-9]*\) generated.*/\1/p' "$work/out")
failed=$(sed -n 's/^ *[0-9]* generated, .*[^0-9]*\([0-9][0-9]*\) found .*/\1/p' "$work/out")
echo "$((${total:-0} - ${failed:-0})) passed, ${failed:-0} failed"
exit "$status"
