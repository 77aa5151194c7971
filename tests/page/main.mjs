// Runs the cases one after the other, each with its own tab and profile.
import { Tab, deadline, startBrowser, startStack, startTarget } from "./support.mjs";
import { cases as clicks } from "./clicks.mjs";
import { cases as create } from "./create.mjs";
import { cases as foreign } from "./foreign.mjs";
import { cases as manage } from "./manage.mjs";
import { cases as search } from "./search.mjs";
import { cases as paste } from "./paste.mjs";
import { cases as rights } from "./rights.mjs";
import { cases as key } from "./key.mjs";
import { cases as views } from "./views.mjs";

const CASE_MS = 240_000;
// The stacks of the cases, each started for the first that wants it. `gallery` and `searched` have no links but those of
// the views and the searches.
const OPTIONS = { open: [], keyed: ["--auth", "api-key"], gallery: [], searched: [], guarded: [] };
const wanted = process.argv.slice(2);
const cases = [...create, ...paste, ...manage, ...search, ...clicks, ...rights, ...key, ...views, ...foreign].filter(
  ({ name }) => !wanted.length || wanted.some((word) => name.includes(word)),
);

const stops = [];
let passed = 0;
const failures = [];
try {
  const target = await startTarget();
  stops.push(() => target.stop());
  const stacks = {};
  const browser = await startBrowser(target);
  stops.push(() => browser.close());
  for (const { name, run, stack = "open", prepare } of cases) {
    let tab;
    const started = Date.now();
    try {
      if (!stacks[stack]) {
        const fresh = await startStack(OPTIONS[stack]);
        stacks[stack] = fresh;
        stops.push(() => fresh.stop());
      }
      await deadline(
        name,
        CASE_MS,
        (async () => {
          tab = await Tab.open(browser, stacks[stack], { prepare });
          await run(tab, stacks[stack]);
          await tab.close();
        })(),
      );
      passed += 1;
      console.log(`  ok      ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
    } catch (error) {
      failures.push(name);
      console.log(`  FAILED  ${name}\n${error.stack ?? error}`);
      if (tab?.mistakes.length) console.log(tab.mistakes.join("\n"));
      if (process.env.SCREENSHOTS) {
        const file = `${process.env.SCREENSHOTS}/failed-${name.replace(/\W+/g, "-")}.png`;
        await tab?.page.screenshot({ path: file }).catch(() => {});
      }
      await tab?.context.close().catch(() => {});
    }
  }
} finally {
  for (const stop of stops.reverse()) {
    await Promise.resolve(stop()).catch((error) => {
      failures.push("the end");
      console.log(error);
    });
  }
}
console.log(`${passed} passed, ${failures.length} failed`);
process.exitCode = failures.length === 0 && passed > 0 ? 0 : 1;
