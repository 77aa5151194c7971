// The API key: asked for when it is needed, kept, refused, forgotten.
import assert from "node:assert/strict";
import { api, until } from "./support.mjs";

const stored = (tab) => tab.page.evaluate(() => localStorage.getItem("kurz.key"));

async function enter(tab, key) {
  await tab.fill("#key-text", key);
  await tab.page.keyboard.press("Enter");
}

export const cases = [
  {
    name: "key: nobody sees the field where none is needed",
    async run(tab) {
      await tab.shorten("http://landing.example/no-key");
      assert.equal(await tab.page.$eval("#key", (dialog) => dialog.open), false);
      assert.equal(await tab.page.$eval("#forget-key", (button) => button.hidden), true);
      assert.ok(tab.requests.every((request) => !request.headers().authorization));
    },
  },
  {
    name: "key: asked for, refused, asked for again with what was typed, kept over a reload",
    stack: "keyed",
    async run(tab, stack) {
      await api(stack, "POST", "links", { url: "http://landing.example/keyed", slug: "keyed" });
      await tab.see("#key[open]");
      await tab.focus("#key-text");
      await enter(tab, stack.api_key.slice(0, -1));
      await tab.see("#key-text-error");
      assert.match(await tab.text("#key-text-error"), /not accepted/);
      assert.equal(await tab.value("#key-text"), stack.api_key.slice(0, -1));
      assert.equal(await stored(tab), null);
      await tab.click("#key-keep");
      await tab.page.focus("#key-text");
      await tab.page.keyboard.press("End");
      await tab.page.keyboard.type(stack.api_key.slice(-1));
      await tab.page.keyboard.press("Enter");
      await tab.gone("#key");
      await tab.row("keyed");
      await until("the key is kept", async () => (await stored(tab)) === stack.api_key);
      await tab.goto();
      await tab.row("keyed");
      assert.equal(await tab.page.$eval("#key", (dialog) => dialog.open), false);
    },
  },
  {
    name: "key: asked for in the middle of making a link, which then goes on",
    stack: "keyed",
    async run(tab, stack) {
      await tab.see("#key[open]");
      await tab.click("#key [data-close]");
      await tab.see("#list-notice button");
      await tab.fill("#url", "http://landing.example/keyed-later");
      await tab.click("#shorten");
      await tab.see("#key[open]");
      await tab.page.keyboard.press("Escape");
      await tab.see("#create-notice button");
      assert.equal(await tab.value("#url"), "http://landing.example/keyed-later");
      await tab.click("#create-notice button");
      await tab.see("#key[open]");
      await enter(tab, "not a key");
      await tab.see("#key-text-error");
      await enter(tab, stack.api_key);
      await tab.see("#result");
      // The rest of the list comes as well.
      await tab.gone("#list-notice");
      await tab.row(await tab.text("#result .result-link b"), "active");
    },
  },
  {
    name: "key: not remembered unless wanted, shown when wanted",
    stack: "keyed",
    async run(tab, stack) {
      await tab.see("#key[open]");
      assert.equal(await tab.page.$eval("#key-keep", (box) => box.checked), false);
      await tab.click("#key-show");
      assert.equal(await tab.page.$eval("#key-text", (field) => field.type), "text");
      await enter(tab, stack.api_key);
      await tab.gone("#key");
      await tab.settled();
      await tab.see("#forget-key");
      assert.equal(await stored(tab), null);
      assert.equal(await tab.page.$eval("#key-text", (field) => field.type + field.value), "password");
      await tab.goto();
      await tab.see("#key[open]");
    },
  },
  {
    name: "key: forgotten with everything that it has shown",
    stack: "keyed",
    async run(tab, stack) {
      await tab.see("#key[open]");
      await enter(tab, stack.api_key);
      await tab.gone("#key");
      await tab.shorten("http://landing.example/secret");
      await tab.click("#forget-key");
      await tab.gone("#result");
      assert.equal((await tab.page.$$("#list li")).length, 0);
      assert.equal(await stored(tab), null);
      await tab.focus("#list-notice button");
      await tab.gone("#forget-key");
      await tab.page.keyboard.press("Enter");
      await tab.see("#key[open]");
      // An answer that was on its way when the key was forgotten is not shown any more.
      await enter(tab, stack.api_key);
      await tab.see("#forget-key");
      await tab.settled();
      await tab.page.setRequestInterception(true);
      let release;
      const released = new Promise((resolve) => {
        release = resolve;
      });
      tab.page.on("request", (request) => {
        // Not awaited: it would hold up everybody who waits for the request.
        if (request.url().includes("/links?")) released.then(() => request.continue());
        else request.continue();
      });
      const asked = tab.page.waitForRequest((request) => request.url().includes("/links?"));
      await tab.page.evaluate(() => document.dispatchEvent(new Event("key")));
      await asked;
      const answered = tab.page.waitForResponse((response) => response.url().includes("/links?"));
      await tab.click("#forget-key");
      release();
      await (await answered).text();
      await tab.settled();
      assert.equal((await tab.page.$$("#list li")).length, 0);
    },
  },
  {
    name: "key: a kept key that is not accepted any more is asked for again",
    stack: "keyed",
    prepare: (page) =>
      page.evaluateOnNewDocument(() => {
        if (!sessionStorage.getItem("set")) localStorage.setItem("kurz.key", "kurz_00000000_revoked");
        sessionStorage.setItem("set", "yes");
      }),
    async run(tab, stack) {
      await tab.see("#key-text-error");
      await enter(tab, stack.api_key);
      await tab.gone("#key");
      await until("the new key is kept", async () => (await stored(tab)) === stack.api_key);
    },
  },
];
