#!/usr/bin/env bash
# Deploys the stack for real, with the real functions, into an emulator of AWS on this machine that enforces the roles:
# from nothing to a working short link, through failure, recovery and drift, to nothing again.
#
#   PROFILE=lambda tests/stack/run.sh      with the functions as shipped; the default, dev, is quicker to build
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
root="$(cd "$here/../.." && pwd)"
. "$here/../tools.sh"

python="$(tool ministack 1.5.33)/python"
profile="${PROFILE:-dev}"
scratch="$(mktemp -d)"
free_port() { "$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
port="$(free_port)"
dax_port="$(free_port)"

unset AWS_PROFILE AWS_SESSION_TOKEN
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true
export AWS_ENDPOINT_URL="http://127.0.0.1:$port" CI=true

# Starts the emulator with a configuration that does not depend on the user's.
cd "$scratch"
mkdir objects
AUTH=true BIND_HOST=127.0.0.1 GATEWAY_PORT="$port" S3_DATA_DIR="$scratch/objects" \
  AWS_ENDPOINT_URL_DYNAMODB="$AWS_ENDPOINT_URL" AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null \
  DAX_URL="dax://127.0.0.1:$dax_port" \
  "$python" "$here/emulator.py" >emulator.log 2>&1 &
started=($!)
stop() {
  kill "${started[@]}" 2>/dev/null || true
  wait "${started[@]}" 2>/dev/null || true
  rm -rf "$scratch"
}
trap stop EXIT
for _ in $(seq 100); do
  curl --silent --output /dev/null "$AWS_ENDPOINT_URL" && break
  if ! kill -0 "${started[0]}"; then
    cat emulator.log >&2
    exit 1
  fi
  sleep 0.2
done

cat >infra.toml <<TOML
[stage.test.parameters]
DaxMode = "none"
DeletionProtection = true
DebugHeaders = 1
[stage.test.tags]
purpose = "test"
[stage.broken.parameters]
WriterAuth = "AWS_IAM"
DaxMode = "plain"
DaxNodeType = "dax.r5.4xlarge"
DeletionProtection = false
CacheEntries = 0
DebugHeaders = 1
[stage.protected]
termination_protection = true
[stage.protected.parameters]
DaxMode = "none"
TOML

cd "$root"
# built PACKAGE: builds it and prints the path of its executable.
built() { cargo build --quiet --package "$1" --message-format json | sed -n 's,.*"executable":"\([^"]*/'"$1"'\)".*,\1,p' | tail -1; }
infra="$(built infra)"

# The cluster behind the emulated DAX resources: our own, in front of the emulator's DynamoDB.
"$(built local)" dax --dynamodb "$AWS_ENDPOINT_URL" --port "$dax_port" --control-port 0 >"$scratch/dax.log" 2>&1 &
started+=($!)

# expect EXIT-CODE TEXT COMMAND…: runs infra, and checks its exit code and that it prints TEXT.
expect() {
  local code="$1" text="$2" actual=0
  shift 2
  "$infra" --config "$scratch/infra.toml" "$@" >"$scratch/said" 2>&1 || actual=$?
  if [ "$actual" != "$code" ] || ! grep -qF -- "$text" "$scratch/said"; then
    cat "$scratch/said" >&2
    echo "FAILED: infra $*: exit $actual instead of $code, or \"$text\" was not said" >&2
    exit 1
  fi
  printf 'ok  %-3s %-58s %s\n' "$code" "$text" "infra $*"
}
output() { "$infra" --config "$scratch/infra.toml" --stage "${2:-test}" outputs | awk -v name="$1" '$1 == name { print $2 }'; }
act() { "$python" "$here/aws.py" "$@"; }
same() {
  if [ "$1" != "$2" ]; then
    echo "FAILED: $3: $1 instead of $2" >&2
    exit 1
  fi
  echo "ok      $3"
}
deploy=(deploy --profile "$profile" --yes)

expect 1 "run \`infra bootstrap\` once" --stage test doctor
expect 1 "run \`infra bootstrap\` once" --stage test "${deploy[@]}"
expect 0 "bucket kurz-artifacts" --stage test bootstrap --yes
expect 0 "bucket kurz-artifacts" --stage test bootstrap --yes
expect 0 "does not exist yet" --stage test doctor
expect 1 "no terminal to ask on" --stage test deploy --profile "$profile"
expect 0 "removing it" --stage test "${deploy[@]}"
same "$(grep -cF "nobody can create links yet" "$scratch/said")" 1 "the first deploy says how to create a key"
expect 0 "UPDATE_COMPLETE" --stage test status   # the tables got their protection
# From here on cargo is not called again. Both packages are named, as when they were packaged: building one alone would
# unite other features and make another binary.
binaries="$(dirname "$(cargo build --quiet --profile "$profile" --package redirector --package writer --message-format json \
  | sed -n 's,.*"executable":"\([^"]*/redirector\)".*,\1,p' | tail -1)")"
deploy=(deploy --binaries "$binaries" --yes)

# The host in the URL exists only inside the emulator; this is the same API by path.
reachable() { echo "$AWS_ENDPOINT_URL/_aws/execute-api/$(output ApiEndpoint "$1" | sed 's,http://\([a-z0-9]*\).*,\1,')/\$default"; }
url="$(reachable test)"
table="$(output TableName)"
redirector="$(output RedirectorFunction)"
keys="$(output KeysTableName)"
key() { sed -n 's/^ *\(kurz_[0-9a-z]*_[0-9a-z]*\)$/\1/p' "$scratch/said"; }
expect 0 "There are no keys" --stage test keys list
expect 2 "the writer requires a key or token" --stage test smoke --url "$url"
expect 1 "is not a scope" --stage test keys create --owner smoke --scopes write
expect 1 "stands for everybody" --stage test keys create --owner anonymous
expect 1 "must be in the future" --stage test keys create --owner smoke --expires 2020-01-01
expect 0 "It is shown only once" --stage test keys create --owner smoke --scopes create --label "run.sh"
KURZ_API_KEY="$(key)"
export KURZ_API_KEY
expect 0 "a stranger cannot create" --stage test smoke --url "$url"
expect 0 "$(date -u +%F)  $(date -u +%F)  -           -           - " --stage test keys list
expect 0 "It is shown only once" --stage test keys create --owner smoke --scopes read
key >"$scratch/reader.key"
expect 2 "insufficient-scope" --stage test smoke --url "$url" --key-file "$scratch/reader.key"
expect 0 "It is shown only once" --stage test keys create --owner smoke
revoked="$(key)"
expect 1 "no terminal to ask on" --stage test keys revoke "$revoked"
expect 0 "is revoked" --stage test keys revoke --yes "$revoked"
expect 0 "was revoked before" --stage test keys revoke --yes "${revoked:5:8}"
expect 1 "there is no key" --stage test keys revoke --yes 00000000
expect 2 "invalid-key" --stage test smoke --url "$url" --key-file - <<<"$revoked"
same "$(act items "$keys")" 3 "the table holds the keys"
same "$(act count "$keys" "$KURZ_API_KEY")" 0 "and none of them in clear"
same "$(act items "$table")" 1 "the table holds the one link"
act denied "$table" "$keys" "$redirector"
act forged "$keys" "$(output WriterFunction)" "${revoked:5:8}"
same "$(act items "$table")" 1 "and nothing that the redirector planted"

expect 0 "nothing to change" --stage test "${deploy[@]}"
before="$(act alias "$redirector")"
expect 0 "RedirectorMemory: 256 -> 512" --stage test plan --binaries "$binaries" --set RedirectorMemory=512
# shellcheck disable=SC2016 # the backquotes are `infra`'s
planned="$(sed -n 's/.*--change-set \(kurz-[^`]*\)`.*/\1/p' "$scratch/said")"
expect 0 "UPDATE_COMPLETE" --stage test deploy --yes --change-set "$planned"
same "$(act alias "$redirector")" "$((before + 1))" "the alias moved to the next version"
expect 0 "follow it" --stage test smoke --url "$url"

expect 1 "--allow-replacement" --stage test "${deploy[@]}" --set RedirectorMemory=512 --set DaxMode=plain --set DaxNodeType=dax.r5.4xlarge
expect 2 "first cause: DaxCluster" --stage test "${deploy[@]}" --allow-replacement --set RedirectorMemory=512 --set DaxMode=plain --set DaxNodeType=dax.r5.4xlarge
expect 0 "UPDATE_ROLLBACK_COMPLETE" --stage test status
expect 0 "UPDATE_COMPLETE" --stage test "${deploy[@]}" --set RedirectorMemory=384
expect 0 "follow it" --stage test smoke --url "$url"

expect 2 "first cause: DaxCluster" --stage broken "${deploy[@]}"
expect 0 "ROLLBACK_COMPLETE" --stage broken status
expect 0 "why it failed: DaxCluster" --stage broken "${deploy[@]}" --set DaxNodeType=dax.t3.small
expect 0 "dax://" --stage broken outputs
expect 0 "follow it" --stage broken smoke --url "$(reachable broken)"
slug="$(act slug "$(output TableName broken)")"
tier="$(curl --silent --head "$(reachable broken)/$slug" | tr -d '\r' | sed -n 's/^x-cache: //Ip')"
same "$tier" dax "the redirector's answer came from the DAX cluster"
expect 1 "is not a parameter, did you mean" --stage broken "${deploy[@]}" --set daxmode=none

expect 0 "none: the stack is as deployed" --stage test drift
act memory "$redirector" 1024
expect 2 "MemorySize" --stage test drift

expect 0 "termination protection is on" --stage protected "${deploy[@]}"
expect 3 "--unprotect" --stage protected destroy --yes
expect 0 "is deleted" --stage protected destroy --yes --unprotect --delete-data

expect 0 "stays, with everything in it" --stage test destroy --yes
same "$(act items "$table")" 1 "the links are still there"
same "$(act items "$keys")" 3 "and the keys"
expect 0 "does not exist" --stage test destroy --yes
expect 0 "is deleted" --stage broken destroy --yes --delete-data
echo "all of it"
