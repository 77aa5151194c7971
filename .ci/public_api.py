"""Lists the public API of dax-client and compares the list with the committed one.

.ci/public_api.py           compares
.ci/public_api.py --update  writes dax/client/public-api.txt

Whatever a user can name is in the list: types, traits, methods, fields, variants, and which traits a type implements.
It is read from rustdoc's JSON, which is unstable; the pinned toolchain writes it with RUSTC_BOOTSTRAP.
"""

import difflib
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LISTING = ROOT / "dax/client/public-api.txt"
# What `derive` and the compiler write for nearly every type.
UNLISTED_TRAITS = {"Debug", "StructuralPartialEq"}


def rustdoc() -> dict:
    """The crate as a user sees it: default features, no hidden items."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    command = ["cargo", "rustdoc", "--quiet", "--package", "dax-client", "--lib"]
    command += ["--", "-Z", "unstable-options", "--output-format", "json"]
    subprocess.run(command, cwd=ROOT, check=True, env={**os.environ, "RUSTC_BOOTSTRAP": "1"})
    return json.loads((target / "doc/dax_client.json").read_text())


class Lister:
    def __init__(self, crate: dict):
        self.index = crate["index"]
        self.lines: list[str] = []
        self.items = 0
        self.module(self.item(crate["root"]), "")

    def item(self, number: int) -> dict | None:
        return self.index.get(str(number))

    def add(self, line: str, *, counts: bool = True) -> None:
        self.lines.append(line)
        self.items += counts

    def module(self, module: dict, path: str) -> None:
        for number in module["inner"]["module"]["items"]:
            item = self.item(number)
            if "use" in item["inner"]:
                use = item["inner"]["use"]
                definition = self.item(use["id"])
                if definition is None:
                    self.add(f"use {use['source']}")
                else:
                    self.definition(definition, path + use["name"])
            else:
                self.definition(item, path + item["name"])

    def definition(self, item: dict, path: str) -> None:
        ((kind, inner),) = item["inner"].items()
        self.add(f"{kind.replace('_', ' ')} {path}")
        if kind == "module":
            self.module(item, f"{path}::")
        elif kind == "struct":
            fields = inner["kind"].get("plain", {}).get("fields", []) if isinstance(inner["kind"], dict) else []
            self.members("field", fields, path)
        elif kind == "enum":
            self.members("variant", inner["variants"], path)
        elif kind == "trait":
            for number in inner["items"]:
                self.add(f"  fn {path}::{self.item(number)['name']}")
        self.implementations(inner.get("impls", []) if isinstance(inner, dict) else [], path)

    def members(self, kind: str, numbers: list[int], path: str) -> None:
        for member in filter(None, map(self.item, numbers)):
            self.add(f"  {kind} {path}::{member['name']}", counts=False)

    def implementations(self, numbers: list[int], path: str) -> None:
        traits = []
        for implementation in filter(None, map(self.item, numbers)):
            inner = implementation["inner"]["impl"]
            if inner["is_synthetic"] or inner["blanket_impl"]:
                continue
            if inner["trait"] is None:
                for item in filter(None, map(self.item, inner["items"])):
                    if item["visibility"] == "public":
                        self.add(f"  fn {path}::{item['name']}")
            else:
                traits.append(inner["trait"]["path"].rsplit("::", 1)[-1])
        for trait in sorted(set(traits) - UNLISTED_TRAITS):
            self.add(f"  impl {trait} for {path}", counts=False)


def main() -> int:
    lister = Lister(rustdoc())
    text = "\n".join([f"# {lister.items} items; written by .ci/public_api.py --update", *lister.lines]) + "\n"
    if "--update" in sys.argv:
        LISTING.write_text(text)
        return 0
    committed = LISTING.read_text()
    if committed == text:
        return 0
    diff = difflib.unified_diff(committed.splitlines(), text.splitlines(), str(LISTING), "the code", lineterm="")
    print("\n".join(diff))
    print("The public API of dax-client changed. If that is meant, run `python3 .ci/public_api.py --update`.")
    return 1


if __name__ == "__main__":
    sys.exit(main())
