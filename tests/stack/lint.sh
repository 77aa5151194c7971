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

# mistake NAME SED-EXPRESSION: makes it in a copy. All are made in one, because a run takes long.
cp "$template" "$scratch/mistaken.yaml"
mistake() {
  sed "$2" "$scratch/mistaken.yaml" >"$scratch/next.yaml"
  if cmp -s "$scratch/next.yaml" "$scratch/mistaken.yaml"; then
    echo "the mistake $1 was not made" >&2
    exit 1
  fi
  mv "$scratch/next.yaml" "$scratch/mistaken.yaml"
}
# noticed RULE TEXT: a line of what was found begins with the rule and has the text.
noticed() {
  if ! grep -q "^$1 .*$2" "$scratch/found"; then
    echo "not noticed: $1, $2" >&2
    cat "$scratch/found" >&2
    exit 1
  fi
  echo "noticed: $2 ($1)"
}
mistake node-type 's/NodeType: !Ref DaxNodeType/NodeType: dax.t9.small/'
mistake attribute 's/DaxCluster.ClusterDiscoveryEndpointURL/DaxCluster.DiscoveryUrl/'
mistake action 's/Action: dynamodb:GetItem/Action: dynamodb:FetchItem/'

# Each runs on one core, the regions for minutes, so they run at once.
"$cfn_lint" --template "$scratch/mistaken.yaml" >"$scratch/found" 2>&1 &
mistaken=$!
LOG_LEVEL=ERROR "$checkov" --config-file "$here/checkov.yaml" --file "$template" --file "$infra/bootstrap.yaml" \
  >"$scratch/checkov" 2>&1 &
checked=$!

echo "cfn-lint in $(echo "$regions" | wc -w) regions"
# in_regions: those on standard input.
in_regions() {
  mapfile -t those
  "$cfn_lint" --include-checks I --template "$template" "$infra/bootstrap.yaml" --regions "${those[@]}"
}
sed -n 'n;p' <<<"$regions" | in_regions >"$scratch/half" 2>&1 &
half=$!
sed -n 'p;n' <<<"$regions" | in_regions
wait "$half" || {
  cat "$scratch/half" >&2
  exit 1
}

echo "checkov"
wait "$checked" || {
  cat "$scratch/checkov" >&2
  exit 1
}

# cfn-lint fails, because it finds them.
wait "$mistaken" || true
noticed E3672 dax.t9.small
noticed E1010 DiscoveryUrl
noticed W3037 fetchitem
