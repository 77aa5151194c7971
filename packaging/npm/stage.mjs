// Lays out the two npm packages of one target: the command, and the program that it runs.
//
//   node packaging/npm/stage.mjs TARGET PROGRAM FOLDER
//
// makes FOLDER/command and FOLDER/program. Version, licence and the rest come from `cargo metadata` on standard input.
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const targets = JSON.parse(readFileSync(join(here, "targets.json"), "utf8"));
const [target, program, folder] = process.argv.slice(2);
if (!targets[target]) throw new Error(`no npm package for ${target}: see targets.json`);

const { packages } = JSON.parse(readFileSync(0, "utf8"));
const crate = packages.find(({ name }) => name === "dax-server");
const shared = {
  version: crate.version,
  description: crate.description,
  license: crate.license,
  repository: { type: "git", url: `git+${crate.repository}.git`, directory: "packaging/npm" },
};
const packageOf = ({ name }) => `@kurz-rs/dax-server-${name}`;

function stage(kind, manifest, files) {
  const place = join(folder, kind);
  mkdirSync(join(place, "bin"), { recursive: true });
  writeFileSync(join(place, "package.json"), `${JSON.stringify({ ...manifest, ...shared }, null, 2)}\n`);
  for (const [from, to, executable] of files) {
    copyFileSync(from, join(place, to));
    chmodSync(join(place, to), executable ? 0o755 : 0o644);
  }
}

const licence = [join(root, "LICENSE"), "LICENSE"];
stage(
  "command",
  {
    name: "dax-server",
    keywords: crate.keywords,
    engines: { node: ">=18" },
    bin: { "dax-server": "bin/dax-server.cjs" },
    optionalDependencies: Object.fromEntries(
      Object.values(targets).map((platform) => [packageOf(platform), crate.version]),
    ),
  },
  [
    licence,
    [join(root, "dax/server/README.md"), "README.md"],
    [join(here, "dax-server.cjs"), "bin/dax-server.cjs", true],
  ],
);

const { os, cpu, libc } = targets[target];
stage(
  "program",
  {
    name: packageOf(targets[target]),
    os: [os],
    cpu: [cpu],
    ...(libc && { libc: [libc] }),
    preferUnplugged: true,
  },
  [licence, [program, "bin/dax-server", true]],
);
