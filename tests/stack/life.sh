#!/usr/bin/env bash
# The whole life of a stack, with everything that docs/operating.md tells an operator to do: much longer than run.sh, and
# run by hand. Links are created and followed during every change.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

boundary='PermissionsBoundary = "arn:aws:iam::000000000000:policy/kurz-boundary"'
cat >"$scratch/infra.toml" <<TOML
[stage.life.parameters]
$boundary
DaxMode = "none"
DebugHeaders = 1
CacheTtlSeconds = 1
[stage.heir.parameters]
$boundary
DaxMode = "none"
TOML
step() { printf '\n== %s\n' "$*"; }
stage() { expect "$1" "$2" --stage life "${@:3}"; }

step "a first deploy that fails leaves nothing"
stage 0 "bucket kurz-artifacts" bootstrap --yes
stage 0 "does not exist yet" doctor
stage 0 "CREATE_COMPLETE" deploy --yes --profile "$profile"
binaries="$(built_functions)"
deploy=(deploy --binaries "$binaries" --yes --allow-replacement)
stage 0 "is deleted" destroy --yes --delete-data
for resource in LinksTable WriterRole WriterLive DefaultStage; do
  echo "$resource" >"$CONTROL/fail"
  stage 2 "first cause: $resource" "${deploy[@]}"
  rm "$CONTROL/fail"
done
stage 0 "why it failed" "${deploy[@]}"
same "$(act leftovers kurz-life-Links | wc -w)" 1 "one table of links, however often it failed"

url="$(reachable life)"
table="$(output TableName life)"
keys="$(output KeysTableName life)"
writer="$(output WriterFunction life)"
key() { sed -n 's/^ *\(kurz_[0-9a-z]*_[0-9a-z]*\)$/\1/p' "$scratch/said"; }
stage 0 "It is shown only once" keys create --owner ann
KURZ_API_KEY="$(key)"
export KURZ_API_KEY
stage 0 "follow it" smoke --url "$url"
SLUG="$(act slug "$table")"
export SLUG
# alive TEXT OPTION…: a deploy during which links are created and followed.
alive() { during "$url" both 0 "${1}" --stage life "${deploy[@]}" "${@:2}"; }

step "DAX: on, another lifetime, more nodes, another type, TLS, off"
alive "UPDATE_COMPLETE" --set DaxMode=plain
alive "UPDATE_COMPLETE" --set DaxMode=plain --set DaxRecordTtlSeconds=30
alive "UPDATE_COMPLETE" --set DaxMode=plain --set DaxRecordTtlSeconds=60
alive "UPDATE_COMPLETE" --set DaxMode=plain --set DaxReplicationFactor=5
alive "UPDATE_COMPLETE" --set DaxMode=plain --set DaxNodeType=dax.r5.large
alive "UPDATE_COMPLETE" --set DaxMode=tls --set DaxNodeType=dax.r5.large
alive "UPDATE_COMPLETE"

step "a failed update, at several resources"
for resource in WriterLive RedirectorVersion WriterTraces; do
  echo "$resource" >"$CONTROL/fail"
  during "$url" both 2 "first cause" --stage life "${deploy[@]}" --set DaxMode=plain --set Tracing=true
  rm "$CONTROL/fail"
done
stage 0 "UPDATE_ROLLBACK_COMPLETE" status

step "who may write"
during "$url" redirects 0 "UPDATE_COMPLETE" --stage life "${deploy[@]}" --set WriterAuth=AWS_IAM
stage 0 "follow it" smoke --url "$url"
during "$url" redirects 0 "UPDATE_COMPLETE" --stage life "${deploy[@]}" --set WriterAuth=JWT \
  --set JwtIssuer=https://issuer.example --set JwtAudience=kurz
during "$url" redirects 0 "UPDATE_COMPLETE" --stage life "${deploy[@]}" --set WriterAuth=NONE
stage 0 "follow it" smoke --url "$url"
during "$url" redirects 0 "UPDATE_COMPLETE" --stage life "${deploy[@]}"
stage 0 "follow it" smoke --url "$url"

step "a domain, the edge, the domain at the edge, neither"
certificate="$(act certificate s.example.com)"
domain=(--set DomainName=s.example.com --set "CertificateArn=$certificate")
alive "s.example.com" "${domain[@]}"
alive "cloudfront.net" --set Cdn=true --set CdnOnly=false
alive "s.example.com" --set Cdn=true --set CdnOnly=false "${domain[@]}"
alive "UPDATE_COMPLETE"

step "a release, and back"
mkdir "$scratch/next"
cp "$binaries/redirector" "$binaries/writer" "$binaries/clicks" "$scratch/next"
printf '\0' >>"$scratch/next/writer"
previous="$(act alias "$writer")"
during "$url" both 0 "UPDATE_COMPLETE" --stage life deploy --yes --binaries "$scratch/next"
same "$(act alias "$writer")" "$((previous + 1))" "the alias moved"
act call lambda update_alias "{\"FunctionName\": \"$writer\", \"Name\": \"live\", \"FunctionVersion\": \"$previous\"}" >/dev/null
stage 0 "follow it" smoke --url "$url"
alive "UPDATE_COMPLETE" --set WriterMemory=512
alive "UPDATE_COMPLETE"

step "DAX is down"
alive "UPDATE_COMPLETE" --set DaxMode=plain
kill "${started[1]}"
during "$url" redirects 0 "UPDATE_COMPLETE" --stage life "${deploy[@]}"
stage 0 "follow it" smoke --url "$url"

step "clicks: what an operator looks at, more shards, an archive, another mode"
"$python" "$here/clicks.py" "$url" "$SLUG" exact
stage 0 '"level":"' logs clicks --since 2h
stage 0 'click' logs redirector --filter click
alive "UPDATE_COMPLETE" --set ClicksShards=2
alive "UPDATE_COMPLETE" --set Clicks=direct --set ClicksArchive=true
archive="$(output ClicksArchiveBucket life)"
before="$(act archived "$archive")"
"$python" "$here/clicks.py" "$url" "$SLUG" inexact
same "$(act archived "$archive")" "$((before + 19))" "the archive has every click"
alive "UPDATE_COMPLETE" --set Clicks=none
alive "UPDATE_COMPLETE"
"$python" "$here/clicks.py" "$url" "$SLUG" exact

step "a leaked key"
stage 0 "It is shown only once" keys create --owner kiosk --scopes create --expires 30d
leaked="$(key)"
stage 0 "is revoked" keys revoke --yes "$leaked"
stage 2 "invalid-key" smoke --url "$url" --key-file - <<<"$leaked"
stage 0 "blocked" block --owner kiosk
stage 0 "" unblock --owner kiosk
stage 0 "" logs writer --since 7d

step "a phishing report"
stage 0 "" hosts forbid evil.example
stage 0 "evil.example" hosts list
stage 0 "" block --host evil.example
stage 0 "" block "$SLUG"
sleep 12 # caches
same "$(curl --silent --output /dev/null --write-out '%{http_code}' "$url/$SLUG")" 403 "a blocked link leads nowhere"
stage 0 "" unblock "$SLUG"
stage 0 "" hosts remove evil.example

step "a poisoned table"
act call lambda put_function_concurrency "{\"FunctionName\": \"$writer\", \"ReservedConcurrentExecutions\": 0}" >/dev/null
stage 0 "" export "$scratch/today.jsonl"
act call dynamodb restore_table_to_point_in_time "{\"SourceTableName\": \"$table\", \"TargetTableName\": \"kurz-life-restored\",
  \"UseLatestRestorableTime\": true}" >/dev/null
act retarget "$table" https://evil.example/
stage 0 "" export --table kurz-life-restored "$scratch/before.jsonl"
stage 0 "" import --dry-run --on-conflict replace "$scratch/before.jsonl"
stage 0 "" import --on-conflict replace "$scratch/before.jsonl"
act call lambda delete_function_concurrency "{\"FunctionName\": \"$writer\"}" >/dev/null
sleep 2
stage 0 "follow it" smoke --url "$url"
stage 0 "none: the stack is as deployed" drift

step "a stack that is stuck"
echo "WriterLive" >"$CONTROL/fail"
stage 2 "first cause" "${deploy[@]}" --set WriterMemory=1024
rm "$CONTROL/fail"
alive "UPDATE_COMPLETE" --set WriterMemory=1024

step "another stack takes the tables over"
links="$(act items "$table")"
secret="$(act secret kurz-life)"
touch "$CONTROL/late-interfaces"
stage 0 "stays, with everything in it" destroy --yes
expect 0 "CREATE_COMPLETE" --stage heir deploy --yes --binaries "$binaries" --links-table "$table" --keys-table "$keys" \
  --slug-secret-arn "$secret"
same "$(act items "$table")" "$links" "every link is there"
expect 0 "follow it" --stage heir smoke --url "$(reachable heir)"
expect 0 "is deleted" --stage heir destroy --yes
same "$(act items "$table")" "$links" "and outlives the heir"
"$python" "$here/policy.py" removed "$CONTROL/requests"

# Every command of the guide, with its options, was run above.
sed -n 's/^ *\$ \(KURZ_API_KEY=[^ ]* \)\{0,1\}infra //p' "$root/docs/operating.md" | while read -r command; do
  run="$(grep -F " ${command%% *}" "$CONTROL/commands" || true)"
  while read -r option; do
    run="$(grep -F -- "$option" <<<"$run" || true)"
  done < <(grep -oE -- '--[a-z-]+' <<<"$command" || true)
  if [ -z "$run" ]; then
    echo "FAILED: docs/operating.md: infra $command was not run" >&2
    exit 1
  fi
done
echo "a whole life"
