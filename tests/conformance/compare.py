"""Compares the outcomes of a suite, directly and through DAX, with the list of exceptions.

compare.py exceptions.txt direct.txt core.txt drop-in.txt
"""

import sys
from pathlib import Path


def passed(file):
    lines = [line.split(" ", 1) for line in Path(file).read_text().splitlines()]
    return {test for outcome, test in lines if outcome == "passed"}, len(lines)


def exceptions(file):
    """Lines `forms test  # reason`, where forms is `core`, `drop-in` or `both`."""
    listed = {"core": set(), "drop-in": set()}
    for line in Path(file).read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        entry, hash_sign, reason = line.partition("  # ")
        assert hash_sign and reason, f"an exception without a reason: {line}"
        forms, test = entry.strip().split(" ", 1)
        for form, tests in listed.items():
            if forms in (form, "both"):
                tests.add(test)
    return listed


def main():
    listed = exceptions(sys.argv[1])
    direct, total = passed(sys.argv[2])
    print(f"direct: {len(direct)} of {total} pass")
    wrong = False
    for form, file in zip(listed, sys.argv[3:], strict=True):
        through, _ = passed(file)
        missing = direct - through
        more = through - direct
        print(f"{form}: {len(through)} of {total} pass; {len(missing)} only directly, {len(more)} only through DAX")
        for test in sorted(missing - listed[form]):
            wrong = True
            print(f"  passes directly, fails through DAX ({form}): {test}")
        for test in sorted(listed[form] - missing):
            wrong = True
            print(f"  is on the list, but does not differ ({form}): {test}")
    sys.exit(wrong)


main()
