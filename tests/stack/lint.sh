#!/usr/bin/env bash
# Lints both templates: cfn-lint for every region with DAX, checkov with argued exceptions. Then makes three
# mistakes that only a linter with the resource schemas can notice, and expects each to be noticed.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
infra="$here/../../infra"
template="$infra/template/template.yaml"
. "$here/../tools.sh"

regions=$(sed -n '/DAX_REGIONS/,/];/s/^ *"\(.*\)",$/\1/p' "$infra/src/regions.rs")
cfn_lint="$(tool cfn-lint 1.58.0)/cfn-lint"
checkov="$(tool checkov 3.3.30)/checkov"
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT

echo "cfn-lint in $(echo "$regions" | wc -w) regions"
# shellcheck disable=SC2086
"$cfn_lint" --include-checks I --template "$template" "$infra/bootstrap.yaml" --regions $regions

echo "checkov"
if ! LOG_LEVEL=ERROR "$checkov" --config-file "$here/checkov.yaml" --file "$template" \
  --file "$infra/bootstrap.yaml" 2>"$scratch/errors"; then
  cat "$scratch/errors" >&2
  exit 1
fi

# mistake NAME SED-EXPRESSION EXPECTED-RULE
mistake() {
  sed "$2" "$template" >"$scratch/$1.yaml"
  if cmp -s "$scratch/$1.yaml" "$template"; then
    echo "the mistake $1 was not made" >&2
    exit 1
  fi
  "$cfn_lint" --template "$scratch/$1.yaml" >"$scratch/found" || true
  if ! grep -q "^$3 " "$scratch/found"; then
    echo "not noticed: $1" >&2
    cat "$scratch/found" >&2
    exit 1
  fi
  echo "noticed: $1 ($3)"
}
mistake node-type 's/NodeType: !Ref DaxNodeType/NodeType: dax.t9.small/' E3672
mistake attribute 's/DaxCluster.ClusterDiscoveryEndpointURL/DaxCluster.DiscoveryUrl/' E1010
mistake action 's/Action: dynamodb:GetItem/Action: dynamodb:FetchItem/' W3037
