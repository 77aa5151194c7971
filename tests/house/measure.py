"""Prints how large and how documented the product code is, one line a package.

    python3 tests/house/measure.py [FOLDER...]

Product code is what is in `src`, up to the tests at the end of a file. `doc` and `plain` are comments per 100 lines of
code, `tests` lines of tests per 100 of product code, `u+e` calls of `unwrap` and `expect` per 1,000. The numbers are
heuristics: they compare two states of the code, or two projects.
"""

import math
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOMS = [
    *(
        "redirector",
        "writer",
        "links",
        "function",
        "clicks",
        "dax/protocol",
        "dax/json",
        "dax/client",
        "dax/server",
        "dax",
    ),
    *("local/lambda", "local", "infra/template", "infra"),
]
OTHER_FOLDERS = {"benches", "examples", "fuzz"}
MAX_LINES = 400

IN_FILE_TESTS = re.compile(r"^#\[cfg\(test\)\]\n(?:#\[[^\n]*\]\n)*(?:pub(?:\(\w+\))? )?mod \w+ \{", re.MULTILINE)
TEST_MODULE = re.compile(r"#\[cfg\(test\)\]\n(?:#\[[^\n]*\]\n)*(?:pub(?:\(\w+\))? )?mod (\w+);")
# Not `expect(…)?`, which is a parser's own method.
PANIC = re.compile(r"\.unwrap\(\)|\.expect\((?!.*\)\?)")
FUNCTION = re.compile(r"^(\s*)(?:pub(?:\([^)]*\))? )?(?:const )?(?:async )?(?:unsafe )?fn \w+")
PUBLIC = re.compile(r"^pub (?:(?:const|async|unsafe) )*(?:fn|struct|enum|trait|type|const|static|union) ")


@dataclass
class Room:
    sizes: list = field(default_factory=list)
    functions: list = field(default_factory=list)
    code: int = 0
    doc: int = 0
    plain: int = 0
    public: int = 0
    documented: int = 0
    tests: int = 0
    panics: int = 0

    def add_product(self, text):
        lines = text.splitlines()
        self.sizes.append(len(lines))
        self.functions += function_lengths(lines)
        for number, line in enumerate(lines):
            stripped = line.strip()
            if stripped.startswith(("///", "//!")):
                self.doc += 1
            elif stripped.startswith("//"):
                self.plain += 1
            elif stripped:
                self.code += 1
                self.panics += len(PANIC.findall(line))
            if PUBLIC.match(line):
                self.public += 1
                self.documented += is_documented(lines, number)

    def add_tests(self, text):
        stripped = (line.strip() for line in text.splitlines())
        self.tests += sum(1 for line in stripped if line and not line.startswith("//"))

    def row(self, name):
        return (
            f"| {name} | {len(self.sizes)} | {sum(self.sizes)} "
            f"| {percentile(self.sizes, 50)} / {percentile(self.sizes, 90)} "
            f"| {share(sum(size <= MAX_LINES for size in self.sizes), len(self.sizes)):.0f} % "
            f"| {percentile(self.functions, 50)} / {percentile(self.functions, 90)} "
            f"| {share(self.doc, self.code):.0f} | {share(self.plain, self.code):.1f} "
            f"| {share(self.documented, self.public):.0f} % | {share(self.tests, self.code):.0f} "
            f"| {10 * share(self.panics, self.code):.1f} |"
        )


def function_lengths(lines):
    """Lengths from signature to closing brace; formatted code closes at the indentation of `fn`."""
    lengths = []
    for start, line in enumerate(lines):
        match = FUNCTION.match(line)
        if not match:
            continue
        if line.rstrip().endswith(("}", ";")):
            if line.rstrip().endswith("}"):
                lengths.append(1)
            continue
        for end in range(start + 1, len(lines)):
            if lines[end].startswith(match[1] + "}"):
                lengths.append(end - start + 1)
                break
            if lines[end].startswith(match[1] + ")") and lines[end].endswith(";"):
                break
    return lengths


def is_documented(lines, number):
    """Whether a comment is above the item, with nothing but attributes in between."""
    while number > 0 and lines[number - 1].strip() and not lines[number - 1].startswith("}"):
        number -= 1
        if lines[number].startswith("///"):
            return True
    return False


def percentile(values, percent):
    """Between the two nearest values where it falls between them."""
    if not values:
        return 0
    place = (len(values) - 1) * percent / 100
    low, high = sorted(values)[math.floor(place)], sorted(values)[math.ceil(place)]
    return round(low + (high - low) * (place % 1))


def share(part, whole):
    return 100 * part / whole if whole else 0


def rust_files(root):
    return sorted(path for path in root.rglob("*.rs") if "target" not in path.relative_to(root).parts)


def test_modules(files):
    """The files, and folders, of modules that are compiled for tests only."""
    found = set()
    for path in files:
        folder = path.parent if path.stem in {"lib", "main", "mod"} else path.with_suffix("")
        for name in TEST_MODULE.findall(path.read_text("utf-8")):
            found |= {folder / f"{name}.rs", folder / name}
    return found


def kind_of(path, room, for_tests):
    """Product code, its tests, or neither, as benches and examples are."""
    folders = path.relative_to(room).parts[:-1]
    if "tests" in folders or for_tests & {path, *path.parents}:
        return "tests"
    return "neither" if OTHER_FOLDERS & set(folders) else "product"


def measure(root):
    rooms = [room for room in ROOMS if (root / room / "Cargo.toml").exists()]
    total = Room()
    for name in rooms:
        room = Room()
        inner = [root / other for other in rooms if other.startswith(name + "/")]
        files = [path for path in rust_files(root / name) if not any(path.is_relative_to(other) for other in inner)]
        for_tests = test_modules(files)
        for path in files:
            text, kind = path.read_text("utf-8"), kind_of(path, root / name, for_tests)
            in_file = IN_FILE_TESTS.search(text)
            tests_begin = in_file.start() if in_file else len(text)
            for each in (room, total):
                if kind == "product":
                    each.add_product(text[:tests_begin])
                    each.add_tests(text[tests_begin:])
                elif kind == "tests":
                    each.add_tests(text)
        print(room.row(name))
    print(total.row("whole"))
    longest = sorted(((len(path.read_text("utf-8").splitlines()), path) for path in rust_files(root)), reverse=True)
    print(f"\n{sum(lines for lines, _ in longest)} lines of Rust, with tests; over {MAX_LINES} lines:")
    for lines, path in longest:
        if lines > MAX_LINES:
            print(f"  {lines} {path.relative_to(root)}")


for folder in sys.argv[1:] or [Path(__file__).parents[2]]:
    print(
        "| room | files | lines | lines median / p90 | ≤400 | fn median / p90 | doc | plain | pub doc | tests | u+e |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    measure(Path(folder))
