#!/usr/bin/env bash
# Deploys the stack for real, with the real functions, into an emulator of AWS on this machine that enforces the roles:
# from nothing to a working short link, through failure, recovery and drift, to nothing again. `life.sh` goes further.
#
#   PROFILE=lambda tests/stack/run.sh      with the functions as shipped; the default, dev, is quicker to build
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

"$python" "$here/policy.py" derive

boundary='PermissionsBoundary = "arn:aws:iam::000000000000:policy/kurz-boundary"'
cat >"$scratch/infra.toml" <<TOML
[stage.test.parameters]
$boundary
DaxMode = "none"
DeletionProtection = true
DebugHeaders = 1
[stage.test.tags]
purpose = "test"
[stage.broken.parameters]
$boundary
WriterAuth = "AWS_IAM"
Clicks = "none"
DaxMode = "plain"
DaxNodeType = "dax.r5.4xlarge"
CacheEntries = 0
DebugHeaders = 1
[stage.protected]
termination_protection = true
[stage.protected.parameters]
$boundary
DaxMode = "none"
Clicks = "direct"
ClicksArchive = true
TOML

deploy=(deploy --profile "$profile" --yes)

expect 1 "run \`infra bootstrap\` once" --stage test doctor
expect 1 "run \`infra bootstrap\` once" --stage test "${deploy[@]}"
expect 0 "bucket kurz-artifacts" --stage test bootstrap --yes
expect 0 "bucket kurz-artifacts" --stage test bootstrap --yes
expect 0 "does not exist yet" --stage test doctor
expect 1 "no terminal to ask on" --stage test deploy --profile "$profile"
expect 0 "removing it" --stage test "${deploy[@]}"
same "$(grep -cF "nobody can create links yet" "$scratch/said")" 1 "the first deploy says how to create a key"
expect 0 "UPDATE_COMPLETE" --stage test status # the tables got their protection
# From here on cargo is not called again.
binaries="$(built_functions)"
deploy=(deploy --binaries "$binaries" --yes)

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
expect 0 "It is shown only once" --stage test keys create --owner smoke --scopes create,read --label "run.sh"
KURZ_API_KEY="$(key)"
export KURZ_API_KEY
expect 0 "a click is counted" --stage test smoke --url "$url"
same "$(grep -cF "a stranger cannot create" "$scratch/said")" 1 "and a stranger cannot create"
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
counts="$(output ClicksTableName)"
act counting "$table" "$counts" "$redirector" "$(output WriterFunction)" "$(output ClicksFunction)"
"$python" "$here/clicks.py" "$url" "$(act slug "$table")" exact
expect 0 '"level":"' --stage test logs clicks
echo "an attempt to become an administrator" >"$CONTROL/step"
act administrator "$table"
act forged "$keys" "$(output WriterFunction)" "${revoked:5:8}"
same "$(act items "$table")" 1 "and nothing that the redirector planted"

expect 0 "nothing to change" --stage test "${deploy[@]}"
before="$(act alias "$redirector")"
expect 0 "RedirectorMemory: 256 -> 512" --stage test plan --binaries "$binaries" --set RedirectorMemory=512 --set LogLevel=WARN --set Clicks=direct
# shellcheck disable=SC2016 # the backquotes are `infra`'s
planned="$(sed -n 's/.*--change-set \(kurz-[^`]*\)`.*/\1/p' "$scratch/said")"
during "$url" both 0 "UPDATE_COMPLETE" --stage test deploy --yes --allow-replacement --change-set "$planned"
same "$(act alias "$redirector")" "$((before + 1))" "the alias moved to the next version"
expect 0 "follow it" --stage test smoke --url "$url"

# At WARN, clicks are still counted; what is neither a click nor a warning is not stored.
"$python" "$here/clicks.py" "$url" "$(act slug "$table")" inexact
act outage "$redirector" dynamodb:GetItem
same "$(curl --silent --output /dev/null --write-out '%{http_code}' "$url/outage")" 503 "a table that cannot be read is an outage"
act outage "$redirector"
expect 0 '"level":"' --stage test logs redirector

# Which function answers does not depend on how API Gateway ranks routes; the emulator compares two readings.
for request in GET HEAD OPTIONS POST PATCH PUT DELETE; do
  method=(--request "$request")
  [ "$request" != HEAD ] || method=(--head)
  for path in / /api/v1 /api/v1/links /api/v1/links/x /api/v1/links/x/qr /api/v1/openapi.json /assets/page.js /x /x/ /x+; do
    curl --silent --output /dev/null "${method[@]}" --max-time 20 "$url$path" || true
  done
done
expect 0 "UPDATE_COMPLETE" --stage test status

expect 1 "--allow-replacement" --stage test "${deploy[@]}" --set RedirectorMemory=512 --set DaxMode=plain --set DaxNodeType=dax.r5.4xlarge
expect 2 "first cause: DaxCluster" --stage test "${deploy[@]}" --allow-replacement --set RedirectorMemory=512 --set DaxMode=plain --set DaxNodeType=dax.r5.4xlarge
expect 0 "UPDATE_ROLLBACK_COMPLETE" --stage test status
during "$url" both 0 "UPDATE_COMPLETE" --stage test "${deploy[@]}" --allow-replacement --set DaxMode=plain
during "$url" both 0 "UPDATE_COMPLETE" --stage test "${deploy[@]}" --allow-replacement --set DaxMode=plain --set DaxNodeType=dax.t3.medium
during "$url" both 0 "UPDATE_COMPLETE" --stage test "${deploy[@]}" --allow-replacement
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
expect 0 "the archive of clicks stays" --stage protected destroy --yes --unprotect --delete-data

links="$(act items "$table")"
touch "$CONTROL/late-interfaces"
expect 0 "stays, with everything in it" --stage test destroy --yes
same "$(act items "$table")" "$links" "the links are still there"
same "$(act items "$keys")" 3 "and the keys"
expect 0 "does not exist" --stage test destroy --yes
expect 0 "is deleted" --stage broken destroy --yes --delete-data
"$python" "$here/policy.py" removed "$CONTROL/requests"
echo "all of it"
