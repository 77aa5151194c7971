"""One row of the table: what both clients saw in an outage. Without arguments, the head of the table.

row.py OUTAGE NODES CALLERS MODE BOUND_MS OURS THEIRS
"""

import json
import sys
from pathlib import Path

WIDTHS = (10, 5, 7, 16, 7, 7, 8, 7, 6, 7, 7, 8, 7, 10)
HEAD = ("outage", "nodes", "callers", "mode", "calls", "failed", "slowest", "bound", "late")
THEIR_HEAD = ("| calls", "failed", "slowest", "late", "unfinished")


def show(cells):
    print(" ".join(str(cell).rjust(width) for cell, width in zip(cells, WIDTHS, strict=True)), flush=True)


def read(file):
    """What a client reported in its last line, or nothing if it broke."""
    lines = Path(file).read_text().splitlines()
    return json.loads(lines[-1]) if lines else None


def main(arguments):
    *where, bound, ours, theirs = arguments
    ours, theirs = read(ours), read(theirs)
    if ours is None:
        show((*where, "broken", *[""] * 9))
        return 1
    beside = ("| broken", "", "", "", "")
    if theirs:
        beside = [theirs[name] for name in ("calls", "failed", "slowest_ms", "failed_late", "unfinished")]
    mine = [ours[name] for name in ("calls", "failed", "slowest_ms")]
    show((*where, *mine, bound, ours["failed_late"], *beside))
    is_good = ours["slowest_ms"] <= int(bound) and ours["failed_late"] == 0 and ours["calls"] > 0
    if not is_good:
        print(f"  FAILED: {ours['errors']}, no success for {ours['gap_ms']} ms, by second {ours['answered_by_second']}")
    return 0 if is_good else 1


if sys.argv[1:]:
    sys.exit(main(sys.argv[1:]))
print("all times in ms; late: calls that failed in the last second, after the outage; right: the official client")
show((*HEAD, *THEIR_HEAD))
