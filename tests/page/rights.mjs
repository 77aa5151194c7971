// What a caller may not do is not offered; and the ways out when an alias is taken by a link of the caller's own.
import assert from "node:assert/strict";
import { api, follow, issueKey, until } from "./support.mjs";

async function enter(tab, key) {
  await tab.see("#key[open]");
  await tab.fill("#key-text", key);
  await tab.page.keyboard.press("Enter");
  await tab.gone("#key");
  await tab.settled();
}

// Asks for an alias that an ended or different link of the caller's own has.
async function ask(tab, slug, { note = "" } = {}) {
  await tab.goto();
  await tab.click("summary");
  await tab.fill("#url", `http://landing.example/${slug}`);
  await tab.fill("#alias", slug);
  if (note) await tab.fill("#note", note);
  await tab.click("#shorten");
  await tab.see("#create-notice [role=alert]");
  await tab.focus("#create-notice button");
  return tab.text("#create-notice button");
}

export const cases = [
  {
    name: "rights: who may only make links sees the short link, and no list",
    stack: "keyed",
    async run(tab, stack) {
      await enter(tab, await issueKey(stack, "maker", ["create"]));
      assert.match(await tab.text("#empty"), /may make links here, but not see/);
      await tab.gone("#search");
      const slug = await tab.shorten("http://landing.example/made-blind");
      assert.equal(await tab.text("#result .target"), "http://landing.example/made-blind");
      await tab.gone("#result-qr");
      await tab.gone("#download-result");
      assert.equal((await tab.page.$$("#list li")).length, 0);
      assert.match(await tab.text("#empty"), /may make links here, but not see/);
      await tab.axe();
      await tab.click("#copy-result");
      await until("it is copied", async () => (await tab.text("#copy-result")) === "Copied");
      assert.equal((await follow(stack, slug)).location, "http://landing.example/made-blind");
    },
  },
  {
    name: "rights: who may only read links is offered neither the form nor changes",
    stack: "keyed",
    async run(tab, stack) {
      const both = await issueKey(stack, "reader", ["create"]);
      await api({ ...stack, api_key: both }, "POST", "links", {
        url: "http://landing.example/read",
        slug: "only-read",
      });
      await enter(tab, await issueKey(stack, "reader", ["read"]));
      await tab.row("only-read", "active");
      await tab.see("#create-denied");
      await tab.gone("#create");
      const offered = await tab.page.$$eval("li[data-slug=only-read] .link-actions button", (buttons) =>
        buttons.filter((button) => !button.hidden).map((button) => button.dataset.does),
      );
      assert.deepEqual(offered, ["copy", "qr"]);
      await tab.axe();
      // Another key may do more.
      await tab.click("#forget-key");
      await tab.click("#list-notice button");
      await enter(tab, both);
      await tab.see("#create");
      await tab.gone("#create-denied");
    },
  },
  {
    name: "way out: a deleted link of one's own is restored under its alias",
    async run(tab, stack) {
      await api(stack, "POST", "links", { url: "http://landing.example/way-deleted", slug: "way-deleted" });
      await api(stack, "DELETE", "links/way-deleted");
      assert.equal(await ask(tab, "way-deleted"), "Restore it");
      await tab.axe();
      await tab.page.keyboard.press("Enter");
      await tab.see("#result");
      assert.equal(await tab.text("#result .result-link b"), "way-deleted");
      await tab.row("way-deleted", "active");
    },
  },
  {
    name: "way out: a paused link of one's own is resumed, one that is not yet valid is started",
    async run(tab, stack) {
      await api(stack, "POST", "links", { url: "http://landing.example/way-paused", slug: "way-paused" });
      await api(stack, "PATCH", "links/way-paused", { state: "disabled" });
      const start = { slug: "way-early", valid_from: "2036-01-01T00:00:00Z" };
      await api(stack, "POST", "links", { url: "http://landing.example/way-early", ...start });
      assert.equal(await ask(tab, "way-paused"), "Resume it");
      await tab.page.keyboard.press("Enter");
      await tab.row("way-paused", "active");
      assert.equal(await ask(tab, "way-early"), "Start it now");
      await tab.page.keyboard.press("Enter");
      await tab.row("way-early", "active");
    },
  },
  {
    name: "way out: an expired link of one's own gets another expiry, other options are edited",
    async run(tab, stack) {
      await api(stack, "POST", "links", {
        url: "http://landing.example/way-expired",
        slug: "way-expired",
        expires_at: new Date(Math.ceil(Date.now() / 1000) * 1000 + 4_000).toISOString().replace(".000", ""),
      });
      await until("it has expired", async () => (await follow(stack, "way-expired")).status === 410);
      assert.equal(await ask(tab, "way-expired"), "Change its expiry");
      await tab.page.keyboard.press("Enter");
      await tab.see("#edit");
      await tab.page.select("#edit-expires", "");
      await tab.click("#edit button[type=submit]");
      await tab.gone("#edit");
      assert.equal((await api(stack, "GET", "links/way-expired")).expires_at, null);
      await api(stack, "POST", "links", {
        url: "http://landing.example/way-differs",
        slug: "way-differs",
        note: "old",
      });
      assert.equal(await ask(tab, "way-differs", { note: "new" }), "Edit it");
      await tab.page.keyboard.press("Enter");
      await tab.see("#edit");
      assert.equal(await tab.value("#edit-note"), "old");
      assert.equal(await tab.value("#note"), "new");
    },
  },
];
