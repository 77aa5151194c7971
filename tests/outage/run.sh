#!/usr/bin/env bash
# Breaks the network between the DAX client and a cluster in every way that a script can, and measures how long calls take:
# the DAX client's against their `total_timeout`, and those of the official Node.js client in the same outage beside it.
#
#   tests/outage/run.sh          all outages, with clusters of 1, 3 and 11 nodes and 1 and 500 callers: ten minutes
#   tests/outage/run.sh quick    a cluster of 3 nodes and 50 callers: a minute
#
# Client and cluster are in two network namespaces, and wire.py is the cable between them. Needs Linux, util-linux, iproute2,
# and either root or user namespaces; without them, nothing is tested, and the script says so. Prints "N passed, N failed",
# where a row has passed if no call of the DAX client took longer than its bound, and all is well after the outage.
set -euo pipefail

if [[ ! -w /dev/net/tun ]]; then
  echo '/dev/net/tun cannot be opened: the DAX client was not tested in outages'
  exit 0
fi
if ! unshare --net true 2>/dev/null; then
  if unshare --user --map-root-user --net true 2>/dev/null; then
    exec unshare --user --map-root-user --net "$0" "$@"
  fi
  echo 'no network namespaces on this machine: the DAX client was not tested in outages'
  exit 0
fi

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
. "$here/../tools.sh"

total=2000                        # milliseconds, total_timeout of every call
slack=1000                        # milliseconds, for a busy machine; calls that miss their bound are seconds late
before=2 out=5                    # seconds, from the start of the load to the outage, and from there to its end
seconds=12                        # and of the whole load
deadline=30                       # seconds, until the cluster answers
client=10.77.0.1 server=10.77.0.2 # in namespaces without a way out

outages=(loss delay hole one-left cut restart frozen thaw drip)
if [[ ${1:-} == quick ]]; then
  sizes=(3) crowds=(50) outages=(loss hole one-left restart frozen thaw)
else
  sizes=(1 3 11) crowds=(1 500)
fi
# Every routing and refresh has its turn.
modes=('any background' 'stay use' 'zone background' 'stay background' 'any use')

work=$(mktemp -d)
children=()
# shellcheck disable=SC2317 # Called by the trap.
cleanup() {
  ((${#children[@]} == 0)) || kill -CONT "${children[@]}" 2>/dev/null || true
  ((${#children[@]} == 0)) || kill "${children[@]}" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

cargo build --quiet --manifest-path "$root/Cargo.toml" --workspace --bin dax-server --example load
build=${CARGO_TARGET_DIR:-$root/target}/debug
INTEROP_MODULES=$(node_modules interop-node "$here/../interop/node")
export INTEROP_MODULES

# One namespace each, which lasts as long as its process.
unshare --net sleep infinity &
there=$! && children+=("$there")
unshare --net sleep infinity &
near=$! && children+=("$near")
inside() { nsenter --net --target "$@"; }
wait_for() { # command…
  for ((tries = 0; tries < deadline * 10; tries++)); do
    ! "$@" >/dev/null 2>&1 || return 0
    sleep 0.1
  done
  echo "in vain: $*" >&2
  return 1
}
# A process has its own namespace a moment after it starts.
wait_for inside "$there" test -e /proc/self/ns/net
wait_for test "$(readlink /proc/self/ns/net)" != "$(readlink "/proc/$near/ns/net")"

mkfifo "$work/commands" "$work/acknowledged"
python3 "$here/wire.py" "$near" "$client" "$there" "$server" <"$work/commands" >"$work/acknowledged" &
children+=($!)
exec 3>"$work/commands" 4<"$work/acknowledged"
read -r -t "$deadline" -u 4 _
wire() {
  echo "$*" >&3
  read -r -t "$deadline" -u 4 _
}

# The DynamoDB behind the cluster has no outages.
nsenter --net --target "$there" "$build/dax-server" --port 0 --control-port 0 --dynamodb-port 8000 --json >"$work/ready" &
children+=($!)
wait_for test -s "$work/ready"
echo '{ "tables": { "outage": { "hash": ["id", "S"] } } }' >"$work/tables"
INTEROP_CLUSTER='{ "dynamodb": "http://127.0.0.1:8000" }' INTEROP_CASES=$work/tables \
  inside "$there" node "$here/../interop/node/tables.cjs" create
table=daxx-outage

cluster=
start_cluster() { # nodes
  : >"$work/ready"
  nsenter --net --target "$there" "$build/dax-server" --nodes "$1" --listen "$server" --port 8111 --control-port 8110 \
    --dynamodb "http://127.0.0.1:8000" --json >"$work/ready" 2>"$work/log" &
  cluster=$! && children+=("$cluster")
  wait_for test -s "$work/ready" || {
    cat "$work/log" >&2
    return 1
  }
}
stop_cluster() {
  kill -KILL "$cluster"
  wait "$cluster" 2>/dev/null || true
}
control() { # path
  inside "$there" curl --silent --fail --max-time 5 --request POST "http://127.0.0.1:8110$1" >/dev/null
}
nodes_but_first() { for ((node = 1; node < $1; node++)); do echo "$node"; done; }

# What goes wrong, and how it is put right.
break_it() { # outage, nodes
  case $1 in
    loss) wire worse 20 0.1 ;;
    delay) wire worse $((total / 2)) 0 ;;
    hole) wire hole ;;
    one-left) for node in $(nodes_but_first "$2"); do control "/nodes/$node/freeze"; done ;;
    cut) wire cut ;;
    # Connections on which nothing arrives any more, not even their end.
    restart) wire hole && stop_cluster && start_cluster "$2" && wire good ;;
    frozen) kill -STOP "$cluster" ;;
    # As Lambda does between two invocations. Meanwhile all nodes are replaced; no connection hears of it.
    thaw)
      sleep "$((total / 1000))" # until the last call has ended
      kill -STOP "${loads[@]}"
      wire hole && stop_cluster && start_cluster "$2" && wire good
      ;;
    drip) wire drip 25 ;;
  esac
}
mend_it() { # outage, nodes
  case $1 in
    one-left) for node in $(nodes_but_first "$2"); do control "/nodes/$node/thaw"; done ;;
    cut) wire plug ;;
    frozen) kill -CONT "$cluster" ;;
    thaw) kill -CONT "${loads[@]}" ;;
    *) wire good ;;
  esac
}

passed=0 failed=0
row() { # outage, nodes, callers, mode…
  local endpoint=dax://$server:8111 idle=() loads=()
  # Nobody waits for an answer while the client is frozen. When it thaws, calls are overdue.
  [[ $1 != thaw ]] || idle=("$before" "$((before + total / 1000 + 1))")
  nsenter --net --target "$near" "$build/examples/load" "$endpoint" "$table" "$3" "$seconds" "$total" "${@:4}" "${idle[@]}" \
    >"$work/ours" 2>"$work/ours.log" &
  loads+=("$!")
  nsenter --net --target "$near" node "$here/load.mjs" "$endpoint" "$table" "$3" "$seconds" "$total" "${idle[@]}" \
    >"$work/theirs" 2>"$work/theirs.log" &
  loads+=("$!") && children+=("${loads[@]}")
  sleep "$before"
  break_it "$1" "$2"
  sleep "$out"
  mend_it "$1" "$2"
  wait "${loads[@]}" || true
  if python3 "$here/row.py" "$1" "$2" "$3" "${*:4}" $((total + slack)) "$work/ours" "$work/theirs"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    cat "$work/ours.log" >&2
  fi
}

python3 "$here/row.py"
turn=0
for nodes in "${sizes[@]}"; do
  start_cluster "$nodes"
  for callers in "${crowds[@]}"; do
    for outage in "${outages[@]}"; do
      [[ $outage != one-left || $nodes -gt 1 ]] || continue
      # shellcheck disable=SC2086 # Two words.
      row "$outage" "$nodes" "$callers" ${modes[turn++ % ${#modes[@]}]}
    done
  done
  stop_cluster
done
echo "$passed passed, $failed failed"
((failed == 0 && passed > 0))
