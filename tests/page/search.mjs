// Finding links: words, tags, states, hosts, over many pages, and for administrators over all owners.
import assert from "node:assert/strict";
import { api, issueKey, until } from "./support.mjs";

const slugs = (tab) => tab.page.$$eval("#list li", (rows) => rows.map((row) => row.dataset.slug));

// The list holds exactly these links. Those of one second are in no particular order.
function listed(tab, expected) {
  return until(`the list is ${expected}`, async () => {
    const isBusy = await tab.page.$eval("#list", (list) => list.ariaBusy === "true");
    return !isBusy && JSON.stringify((await slugs(tab)).sort()) === JSON.stringify(expected.toSorted());
  });
}

let furnished;

// Once for all cases: they look at the same links.
async function furnish(stack) {
  const make = (slug, more) => api(stack, "POST", "links", { url: `http://shop.example/${slug}`, slug, ...more });
  await make("sale-poster", { tags: ["print", "Spring 2026"], note: "Der große Frühling" });
  await make("sale-mail", { tags: ["mail"], url: "http://b%C3%BCcher.example/caf%C3%A9" });
  await make("sale-old", { tags: ["print"] });
  await make("sale-gone", { tags: ["print"] });
  await api(stack, "PATCH", "links/sale-old", { state: "disabled" });
  await api(stack, "DELETE", "links/sale-gone");
}

async function searchPage(tab, stack) {
  furnished ??= furnish(stack);
  await furnished;
  await tab.goto();
  await tab.row("sale-poster");
}

export const cases = [
  {
    name: "search: words find links by slug, target, note and tag, while one types",
    stack: "searched",
    async run(tab, stack) {
      await searchPage(tab, stack);
      for (const [words, expected] of [
        ["POSTER", ["sale-poster"]],
        ["grosse frühling", ["sale-poster"]],
        ["bücher", ["sale-mail"]],
        ["CAFÉ", ["sale-mail"]],
        ["shop.example print", ["sale-gone", "sale-old", "sale-poster"]],
        [`${stack.url}/sale-old`, ["sale-old"]],
        ["host:example mail", ["sale-mail"]],
        ["host:shop.example", ["sale-gone", "sale-old", "sale-poster"]],
      ]) {
        await tab.fill("#search-text", words);
        await listed(tab, expected);
      }
      await tab.said("3 links found.");
      await tab.fill("#search-text", "nowhere");
      await listed(tab, []);
      assert.equal(await tab.text("#empty"), "No link matches.");
      await tab.said("No links found.");
      assert.ok(await tab.isFocused("#search-text"));
      // Without words, everything is back, and what was deleted is hidden again.
      await tab.fill("#search-text", "x");
      await tab.page.keyboard.press("Backspace");
      await listed(tab, ["sale-gone", "sale-old", "sale-mail", "sale-poster"]);
      await tab.gone("li[data-slug=sale-gone]");
    },
  },
  {
    name: "search: a tag is a button, and filters together with words and a state",
    stack: "searched",
    async run(tab, stack) {
      await searchPage(tab, stack);
      await tab.click("li[data-slug=sale-poster] .tag:nth-child(2)");
      await listed(tab, ["sale-poster"]);
      assert.equal(await tab.value("#search-text"), 'tag:"Spring 2026"');
      await tab.focus("#search-text");
      await tab.click("li[data-slug=sale-poster] .tag:nth-child(1)");
      await listed(tab, ["sale-poster"]);
      assert.equal(await tab.value("#search-text"), 'tag:"Spring 2026" tag:print');
      await tab.fill("#search-text", "tag:print sale");
      await listed(tab, ["sale-gone", "sale-old", "sale-poster"]);
      await tab.page.select("#search-state", "disabled");
      await listed(tab, ["sale-old"]);
      await tab.page.select("#search-state", "deleted");
      await listed(tab, ["sale-gone"]);
      await tab.row("sale-gone", "deleted");
      await tab.fill("#search-text", "tag:Print");
      await listed(tab, []);
    },
  },
  {
    name: "search: by keyboard alone, and an error in it is told",
    stack: "searched",
    async run(tab, stack) {
      await searchPage(tab, stack);
      await tab.page.focus("#search-text");
      await tab.page.keyboard.type("host:no/host");
      await tab.page.keyboard.press("Enter");
      await tab.see("#list-notice [role=alert]");
      assert.match(await tab.text("#list-notice"), /host/);
      await tab.fill("#search-text", "mail");
      await tab.page.keyboard.press("Enter");
      await listed(tab, ["sale-mail"]);
      await tab.gone("#list-notice");
      await tab.page.keyboard.press("Tab");
      assert.ok(await tab.isFocused("#search-state"));
    },
  },
  {
    name: "search: older links are searched on, page by page, until there are none",
    stack: "searched",
    async run(tab, stack) {
      await searchPage(tab, stack);
      // As a long list answers: short and empty pages, each with a next one.
      const found = await api(stack, "GET", "links/sale-old");
      await tab.page.setRequestInterception(true);
      let pages = 0;
      tab.page.on("request", (request) => {
        if (!request.url().includes("q=needle")) return request.continue();
        pages += 1;
        const links = pages === 7 ? [{ ...found, slug: "needle" }] : [];
        const body = JSON.stringify({ links, next_cursor: pages < 9 ? String(pages) : null });
        return request.respond({ status: 200, contentType: "application/json", body });
      });
      await tab.fill("#search-text", "needle");
      await listed(tab, []);
      // A press reads a bounded number of pages.
      assert.equal(pages, 5);
      assert.equal(await tab.text("#empty"), "Nothing found so far.");
      assert.equal(await tab.text("#more"), "Search older links");
      await tab.click("#more");
      await listed(tab, ["needle"]);
      assert.equal(pages, 7);
      await tab.click("#more");
      await tab.gone("#more");
      assert.equal(pages, 9);
    },
  },
  {
    name: "search: what an earlier search finds is not shown any more",
    stack: "searched",
    async run(tab, stack) {
      await searchPage(tab, stack);
      await tab.page.setRequestInterception(true);
      let release;
      const released = new Promise((resolve) => {
        release = resolve;
      });
      tab.page.on("request", (request) => {
        if (request.url().includes("q=poster")) released.then(() => request.continue());
        else request.continue();
      });
      await tab.fill("#search-text", "poster");
      await tab.page.waitForRequest((request) => request.url().includes("q=poster"));
      const late = tab.page.waitForResponse((response) => response.url().includes("q=poster"));
      await tab.fill("#search-text", "mail");
      await listed(tab, ["sale-mail"]);
      release();
      await (await late).text();
      await tab.settled();
      assert.deepEqual(await slugs(tab), ["sale-mail"]);
    },
  },
  {
    name: "search: administrators can search all owners, and nobody else is offered it",
    stack: "keyed",
    async run(tab, stack) {
      const bob = await issueKey(stack, "bob", ["create", "read"]);
      await api({ ...stack, api_key: bob }, "POST", "links", { url: "http://bad.example/1", slug: "bobs-link" });
      const admin = await issueKey(stack, "desk", ["admin"]);
      await tab.see("#key[open]");
      await tab.fill("#key-text", bob);
      await tab.page.keyboard.press("Enter");
      await tab.row("bobs-link");
      assert.equal(await tab.page.$eval("#everyone-toggle", (label) => label.hidden), true);
      await tab.click("#forget-key");
      await tab.click("#list-notice button");
      await tab.fill("#key-text", admin);
      await tab.page.keyboard.press("Enter");
      await tab.see("#everyone-toggle");
      await listed(tab, []);
      await tab.click("#everyone");
      await tab.fill("#search-text", "host:bad.example");
      await listed(tab, ["bobs-link"]);
      assert.match(await tab.text("li[data-slug=bobs-link] .meta"), /By bob/);
      await tab.axe();
    },
  },
];
