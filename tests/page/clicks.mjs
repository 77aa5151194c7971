// Clicks: in the rows of the list, in the view of a link and of all links, kept up to date, and read without seeing.
import assert from "node:assert/strict";
import { STATES, answer, breakdowns, pretend, series } from "./counts.mjs";
import { api, until } from "./support.mjs";

const cells = (tab, selector) =>
  tab.page.$$eval(`${selector} tr`, (rows) =>
    rows.filter((row) => row.checkVisibility()).map((row) => [...row.cells].map((cell) => cell.textContent)),
  );
const tiles = (tab) =>
  tab.page.$$eval("#clicks dd", (values) => values.map((it) => (it.checkVisibility() ? it.textContent : null)));
const shown = (tab) => until("the numbers are there", () => tab.page.$("#clicks[aria-busy=false]"));
// As when the tab is looked at again.
const wake = (tab) => tab.page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));

async function links(stack, ...slugs) {
  for (const slug of slugs) await api(stack, "POST", "links", { url: `http://landing.example/${slug}`, slug });
}

// A link's view, reached from its row.
async function view(tab, stack, slug, answers) {
  await links(stack, slug);
  const questions = await pretend(tab, stack, answers);
  await tab.goto();
  await tab.click(tab.button(slug, "clicks"));
  await tab.see("#clicks");
  await shown(tab);
  return questions;
}

export const cases = [
  {
    name: "clicks: a row says how many there are and draws the last days",
    async run(tab, stack) {
      await links(stack, "counted-many", "counted-one", "counted-never", "counted-unknown");
      const answers = {
        "counted-many": answer(series(30, (index) => ({ clicks: index === 3 ? 12_345 : index, bots: 0, visitors: 0 }))),
        "counted-one": answer(series(30, (index) => ({ clicks: Number(index === 29), bots: 0, visitors: 0 }))),
        "counted-unknown": {},
      };
      await pretend(tab, stack, answers);
      await tab.goto();
      const said = (slug) => tab.text(tab.button(slug, "clicks"));
      assert.deepEqual(
        [await said("counted-many"), await said("counted-one"), await said("counted-never")],
        ["12.8K clicks", "1 click", "No clicks yet"],
      );
      await tab.gone(tab.button("counted-unknown", "clicks"));
      const line = await tab.page.$eval("li[data-slug=counted-many] .line", (path) => path.getAttribute("d"));
      const heights = line
        .slice(1)
        .split("L")
        .map((point) => Number(point.split(" ")[1]));
      assert.equal(heights.length, 30);
      assert.equal(heights.indexOf(Math.min(...heights)), 3);
      await tab.gone("li[data-slug=counted-never] .clicks svg");
      // A new link has none, and a changed one keeps its own.
      const slug = await tab.shorten("http://landing.example/counted-new");
      assert.equal(await said(slug), "No clicks yet");
      await tab.click(tab.button("counted-one", "pause"));
      await tab.row("counted-one", "disabled");
      assert.equal(await said("counted-one"), "1 click");
      await tab.axe();
    },
  },
  {
    name: "clicks: the view has every number of the answer, people and bots apart",
    async run(tab, stack) {
      const points = series(30, (index) => ({ clicks: index * 50, bots: index % 3, visitors: index * 40 }));
      const counts = answer(points, breakdowns(21_750));
      await view(tab, stack, "viewed", { viewed: counts });
      assert.equal(await tab.text("#clicks-title"), "Clicks on viewed");
      await tab.said("21,750 clicks in this time.");
      assert.deepEqual(await tiles(tab), ["21,750", "≈\xa017,400", "30", "21,750"]);
      assert.match(await tab.text(".reading"), /^Most: Thu, Nov 26, 2026: 1,450 clicks, 2 bots, about 1,160 visitors$/);
      await tab.click("#clicks summary");
      const rows = await cells(tab, "#clicks-table tbody");
      assert.deepEqual(rows[1], ["Thu, Oct 29, 2026", "50", "1", "40"]);
      const numbers = rows.map((row) => row.slice(1).map((cell) => Number(cell.replaceAll(",", ""))));
      assert.deepEqual(
        numbers,
        points.map(({ clicks, bots, visitors }) => [clicks, bots, visitors]),
      );
      const [countries, referrers, ...others] = await Promise.all(
        [1, 2, 3, 4, 5].map((index) => cells(tab, `#clicks-by section:nth-child(${index}) tbody`)),
      );
      assert.equal(countries.length, 6);
      assert.deepEqual(countries[0], ["Germany", "10,875", "50%"]);
      assert.equal(countries[5][0], "Unknown");
      assert.match(referrers[0][0], /^None/);
      assert.deepEqual(
        others.map((rows) => rows[0][0]),
        ["Phone", "Android", "Chrome"],
      );
      await tab.click("#clicks-by section:first-child button");
      assert.deepEqual((await cells(tab, "#clicks-by section:first-child tbody")).at(-1), ["All others", "3", "<1%"]);
      // Bots are drawn when they are wanted.
      assert.equal(await tab.page.$("#clicks svg .bots"), null);
      await tab.click("#clicks-bots");
      await tab.page.waitForSelector("#clicks svg .bots");
      await tab.axe();
    },
  },
  {
    name: "clicks: the chart is read point by point with the keyboard",
    async run(tab, stack) {
      await view(tab, stack, "read-aloud", {
        "read-aloud": answer(series(30, (index) => ({ clicks: index, bots: 1, visitors: null }))),
      });
      await tab.page.focus(".chart input");
      const said = () => tab.page.$eval(".chart input", (slider) => slider.ariaValueText);
      assert.equal(await said(), "Thu, Nov 26, 2026: 29 clicks, 1 bot");
      await tab.page.keyboard.press("ArrowLeft");
      assert.equal(await said(), "Wed, Nov 25, 2026: 28 clicks, 1 bot");
      assert.equal(await tab.text(".reading"), await said());
      await tab.page.keyboard.press("Home");
      assert.equal(await said(), "Wed, Oct 28, 2026: 0 clicks, 1 bot");
      await tab.page.keyboard.press("ArrowRight");
      assert.equal(await said(), "Thu, Oct 29, 2026: 1 click, 1 bot");
      // News do not move the reader.
      await wake(tab);
      assert.equal(await said(), "Thu, Oct 29, 2026: 1 click, 1 bot");
      // With the mouse.
      const box = await (await tab.page.$(".chart svg")).boundingBox();
      await tab.page.mouse.move(box.x + box.width - 3, box.y + box.height / 2);
      assert.match(await tab.text(".reading"), /^Thu, Nov 26/);
      // Without visitors there are none in the table either.
      const heads = await tab.page.$$eval("#clicks-table thead th", (all) => all.filter((it) => !it.hidden).length);
      assert.deepEqual([heads, (await tiles(tab))[1]], [3, null]);
    },
  },
  {
    name: "clicks: another time asks for its first and last day and its unit",
    async run(tab, stack) {
      const questions = await view(tab, stack, "ranged", { ranged: STATES.launch });
      const asked = async (search) => {
        await until(`${search} is asked for`, () => questions.at(-1).search.includes(search));
        await shown(tab);
      };
      await asked("unit=day&timezone=");
      const date = (back) => {
        const time = new Date();
        return new Date(time.getFullYear(), time.getMonth(), time.getDate() - back, 12).toISOString().slice(0, 10);
      };
      assert.ok(questions.at(-1).search.startsWith(`?from=${date(29)}&to=${date(0)}&`), questions.at(-1).search);
      await tab.page.select("#clicks-range", "2");
      await asked(`from=${date(1)}&to=${date(0)}&unit=hour`);
      await tab.page.select("#clicks-range", "year");
      await asked(`-01&to=${date(0)}&unit=month`);
      assert.equal(await tab.page.$eval("#clicks-unit [value=hour]", (option) => option.disabled), true);
      await tab.page.select("#clicks-unit", "day");
      await asked("unit=day");
      await tab.page.select("#clicks-range", "dates");
      await tab.see("#clicks-from");
      await tab.choose("#clicks-from", "2026-01-31");
      await tab.choose("#clicks-to", "2026-02-01");
      await asked("from=2026-01-31&to=2026-02-01&unit=hour");
      const before = questions.length;
      for (const [from, words] of [
        ["2026-02-02", /before the first/],
        ["2024-02-02", /At most 400 days/],
        ["", /Choose two dates/],
      ]) {
        await tab.choose("#clicks-from", from);
        await tab.see("#clicks-from-error");
        assert.match(await tab.text("#clicks-from-error"), words);
      }
      assert.equal(questions.length, before);
      await tab.axe();
      await tab.choose("#clicks-from", "2026-01-01");
      await asked("from=2026-01-01&to=2026-02-01&unit=day");
      await tab.gone("#clicks-from-error");
    },
  },
  {
    name: "clicks: numbers go on by themselves, and only while somebody can see them",
    async run(tab, stack) {
      const count = (clicks) =>
        answer(series(30, (index) => ({ clicks: index === 29 ? clicks : 0, bots: 0, visitors: null })));
      const answers = { live: count(5) };
      const questions = await view(tab, stack, "live", answers);
      const total = (words) => until(`it says ${words}`, async () => (await tiles(tab))[0] === words);
      await total("5");
      const tag = questions.at(-1).headers["if-none-match"];
      assert.equal(tag, undefined);
      // After a while, without anybody doing anything.
      const before = questions.length;
      await until("it is asked again", () => questions.length > before);
      assert.ok(questions.at(-1).headers["if-none-match"], "only for what has changed");
      answers.live = count(6);
      await total("6");
      await tab.page.evaluate(() => Object.defineProperty(document, "hidden", { configurable: true, value: true }));
      answers.live = count(7);
      await wake(tab);
      assert.equal((await tiles(tab))[0], "6");
      await tab.page.evaluate(() => delete document.hidden);
      await wake(tab);
      await total("7");
      // What fails is said, with the numbers that are there.
      answers.live = { status: 503, title: "Busy", detail: "The service is busy." };
      await wake(tab);
      await until("it is said", async () => (await tab.text("#clicks-updated")).includes("not up to date"));
      assert.equal((await tiles(tab))[0], "7");
      answers.live = count(8);
      await wake(tab);
      await total("8");
      // The row has not been left behind.
      await tab.click("#clicks-close");
      await until("the row says so", async () => (await tab.text(tab.button("live", "clicks"))) === "8 clicks");
    },
  },
  {
    name: "clicks: the view has an address, and going back leads to where one was",
    async run(tab, stack) {
      await view(tab, stack, "addressed", { addressed: STATES.launch, "": STATES[""] });
      assert.equal(new URL(tab.page.url()).hash, "#clicks=addressed");
      await tab.gone("#list");
      await tab.focus("#clicks-title");
      await tab.page.goBack();
      await tab.gone("#clicks");
      await tab.focus(tab.button("addressed", "clicks"));
      await tab.page.goForward();
      await tab.see("#clicks-found");
      await tab.page.reload();
      await tab.see("#clicks-found");
      assert.match(await tab.page.title(), /addressed/);
      await tab.click("#clicks-close");
      await tab.see("#list");
      assert.equal(new URL(tab.page.url()).hash, "");
      await tab.click("#all-clicks");
      await tab.see("#clicks-found");
      assert.equal(await tab.text("#clicks-title"), "Clicks on all your links");
      await tab.click("#clicks-close");
      await tab.see("#list");
      await tab.focus("#all-clicks");
    },
  },
  {
    name: "clicks: none yet, a failure and a link of somebody else are said in words",
    async run(tab, stack) {
      const answers = { "said-none": STATES.handbook };
      await view(tab, stack, "said-none", answers);
      assert.equal(await tab.text("#clicks-empty"), "No clicks in this time.");
      await tab.gone("#clicks-found");
      await tab.axe();
      answers["said-none"] = { status: 503, title: "Busy", detail: "The service is busy." };
      await tab.page.select("#clicks-range", "7");
      await tab.see("#clicks-notice [role=alert]");
      assert.match(await tab.text("#clicks-notice"), /The service is busy/);
      await tab.axe();
      answers["said-none"] = STATES.soon;
      await tab.click("#clicks-notice button");
      await tab.see("#clicks-found");
      assert.match(await tab.text("#clicks-notes"), /counted twice.*800 of all clicks were imported/);
      answers["said-none"] = { status: 404, title: "Not found", detail: "There is no such link." };
      await tab.page.select("#clicks-range", "30");
      await tab.see("#clicks-notice [role=alert]");
      assert.equal(await tab.page.$("#clicks-notice button"), null);
    },
  },
  {
    name: "clicks: a time zone that the service does not know is replaced by UTC",
    async run(tab, stack) {
      await tab.page.emulateTimezone("Asia/Kolkata");
      const answers = { zoned: STATES.launch };
      const questions = await view(tab, stack, "zoned", answers);
      answers.zoned = { status: 400, type: "urn:kurz:problem:invalid-parameter", parameter: "timezone" };
      await tab.page.select("#clicks-range", "7");
      await until("UTC is asked for", () => questions.at(-1).search.endsWith("timezone=UTC"));
      assert.ok(/Asia%2F(Calcutta|Kolkata)/.test(questions.at(-2).search), questions.at(-2).search);
    },
  },
  {
    name: "clicks: a month of hours is an area, and a hundred countries are cut",
    async run(tab, stack) {
      const country = Array.from({ length: 100 }, (_, index) => ({
        value: String.fromCharCode(65 + (index % 26), 65 + Math.floor(index / 4)),
        clicks: 100 - index,
      }));
      const hours = series(744, (index) => ({ clicks: index % 24, bots: 1, visitors: null }), "hour");
      await view(tab, stack, "hourly", { hourly: answer(hours, { country }, { unit: "hour" }) });
      const shape = await tab.page.$eval("#clicks svg .people", (path) => path.getAttribute("d"));
      assert.equal(shape.split("M").length, 2);
      assert.equal(await tab.text("#clicks-by section:first-child button"), "Show all 100");
      const labels = await tab.page.$$eval("#clicks svg text", (all) => all.map((it) => it.textContent));
      assert.ok(labels.includes("Oct 28"), labels.join());
      await tab.axe();
    },
  },
  {
    name: "clicks: what visitors do is counted within moments, and bots and prefetches are told apart",
    async run(tab, stack) {
      await links(stack, "followed");
      const PERSON =
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) " +
        "Version/18.5 Mobile/15E148 Safari/604.1";
      const visit = async (headers, method = "GET") => {
        const response = await fetch(`${stack.url}/followed`, { redirect: "manual", method, headers });
        assert.equal(response.status, 301);
      };
      for (let count = 0; count < 3; count += 1) await visit({ "user-agent": PERSON, referer: "https://www.T.co/a?b" });
      await visit({ "user-agent": PERSON, purpose: "prefetch" });
      await visit({ "user-agent": PERSON }, "HEAD");
      await visit({ "user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)" });
      await tab.goto();
      await tab.click(tab.button("followed", "clicks"));
      await shown(tab);
      await until("they are counted", async () => {
        await wake(tab);
        const [clicks, , bots, ever] = await tiles(tab);
        return clicks === "3" && bots === "1" && ever === "3";
      });
      const names = await tab.page.$$eval("#clicks-by tbody th", (all) => all.map((it) => it.textContent));
      assert.deepEqual(names, ["Unknown", "t.co", "Phone", "iOS", "Safari"]);
      await tab.click("#clicks-close");
      await until("the row says so", async () => (await tab.text(tab.button("followed", "clicks"))) === "3 clicks");
    },
  },
];
