// Making links: by mouse and by keyboard, copied, opened, and what can be wrong with them.
import assert from "node:assert/strict";
import { api, follow, until } from "./support.mjs";

const LONG = `http://landing.example/long?${"parameter=0123456789&".repeat(30)}`;

async function pasted(tab) {
  await tab.fill("#url", "x");
  await tab.page.$eval("#url", (field) => field.select());
  await tab.page.keyboard.press("KeyV", { commands: ["Paste"] });
  return tab.value("#url");
}

export const cases = [
  {
    name: "create: a URL becomes a link, shown with a QR code and in the list",
    async run(tab, stack) {
      const slug = await tab.shorten("http://landing.example/first");
      assert.equal(await tab.page.$eval("#result a", (anchor) => anchor.href), `${stack.url}/${slug}`);
      await tab.row(slug, "active");
      await tab.said(`${stack.url}/${slug}`);
      await tab.focus("#copy-result");
      assert.equal(await tab.value("#url"), "");
      const image = await tab.see("#result-qr img");
      assert.ok(await image.evaluate((it) => it.decode().then(() => it.naturalWidth > 50)));
      assert.deepEqual(await follow(stack, slug), { status: 301, location: "http://landing.example/first" });
    },
  },
  {
    name: "create: the same URL again is the same link, and is said to be",
    async run(tab) {
      const slug = await tab.shorten("http://landing.example/again");
      assert.equal(await tab.text("#result-title"), "Your short link");
      await tab.fill("#url", "http://landing.example/again");
      await tab.click("#shorten");
      await until("the title tells", async () => (await tab.text("#result-title")) === "You have this link already");
      assert.equal(await tab.text("#result .result-link b"), slug);
      assert.equal((await tab.page.$$(`li[data-slug="${slug}"]`)).length, 1);
    },
  },
  {
    name: "create: alias, expiry and note",
    async run(tab, stack) {
      await tab.click("summary");
      await tab.fill("#alias", "With-Options");
      await tab.page.select("#create-expires", "86400");
      await tab.fill("#note", "for the test");
      assert.equal(await tab.shorten("http://landing.example/options"), "with-options");
      const link = await api(stack, "GET", "links/with-options");
      const days = (new Date(link.expires_at) - new Date(link.created_at)) / 86_400_000;
      assert.deepEqual([link.note, days], ["for the test", 1]);
      assert.match(await tab.text("li[data-slug=with-options]"), /for the test/);
    },
  },
  {
    name: "create: an address without its scheme is taken as https",
    async run(tab, stack) {
      const slug = await tab.shorten("landing.example/bare?a=b");
      assert.equal((await follow(stack, slug)).location, "https://landing.example/bare?a=b");
    },
  },
  {
    name: "create: a repeated attempt with options makes one link",
    async run(tab, stack) {
      const note = "twice";
      await tab.click("summary");
      await tab.fill("#note", note);
      await tab.fill("#url", "http://landing.example/repeated");
      // The answer of the first attempt is lost on its way.
      await tab.page.setRequestInterception(true);
      let lost = 0;
      tab.page.on("request", async (request) => {
        if (request.method() !== "POST" || lost) return request.continue();
        lost += 1;
        const headers = { ...request.headers() };
        await fetch(request.url(), { method: "POST", headers, body: request.postData() });
        return request.abort("connectionreset");
      });
      await tab.click("#shorten");
      await tab.click("#create-notice button");
      await tab.see("#result");
      const { links } = await api(stack, "GET", "links?limit=100");
      assert.equal(links.filter((link) => link.note === note).length, 1);
      assert.equal(lost, 1);
    },
  },
  {
    name: "copy: the link is on the clipboard, and the button says so",
    async run(tab, stack) {
      const slug = await tab.shorten("http://landing.example/copied");
      await tab.click("#copy-result");
      await until("the button tells", async () => (await tab.text("#copy-result")) === "Copied");
      await tab.said("Copied.");
      assert.equal(await tab.page.evaluate(() => navigator.clipboard.readText()), `${stack.url}/${slug}`);
      await until("the button is as before", async () => (await tab.text("#copy-result")) === "Copy");
    },
  },
  {
    name: "copy: it works without the clipboard's API, as on plain http",
    prepare: (page) =>
      page.evaluateOnNewDocument(() => {
        Object.defineProperty(Navigator.prototype, "clipboard", { value: undefined });
      }),
    async run(tab, stack) {
      const slug = await tab.shorten("http://landing.example/old-copy");
      await tab.click(tab.button(slug, "copy"));
      await until("the button tells", async () => (await tab.text(tab.button(slug, "copy"))) === "Copied");
      assert.ok(await tab.isFocused(tab.button(slug, "copy")));
      assert.equal(await pasted(tab), `${stack.url}/${slug}`);
    },
  },
  {
    name: "open: the short link opens in a new tab and lands on its target",
    async run(tab) {
      await tab.shorten("http://landing.example/there?x=1#part");
      const opened = new Promise((resolve) => {
        tab.page.once("popup", resolve);
      });
      await tab.click("#result .result-link a");
      const page = await opened;
      await until("the target is there", async () => (await page.title().catch(() => "")) === "Landed");
      assert.equal(page.url(), "http://landing.example/there?x=1#part");
      assert.equal(await page.$eval("h1", (title) => title.textContent), "landing.example/there?x=1");
      assert.equal(await page.evaluate(() => window.opener), null);
    },
  },
  {
    name: "alias: a clash is shown beside its field, and nothing typed is lost",
    async run(tab, stack) {
      await api(stack, "POST", "links", { url: "http://landing.example/theirs", slug: "clash" });
      await tab.click("summary");
      await tab.fill("#alias", "clash");
      await tab.fill("#url", "http://landing.example/mine");
      await tab.click("summary");
      await tab.click("#shorten");
      await tab.see("#alias-error");
      await tab.focus("#alias");
      const field = await tab.page.$eval("#alias", ({ value, ariaInvalid, attributes }) => [
        value,
        ariaInvalid,
        attributes["aria-describedby"].value,
      ]);
      assert.deepEqual(field, ["clash", "true", "alias-hint alias-error"]);
      assert.match(await tab.text("#alias-error"), /clash/);
      assert.equal(await tab.value("#url"), "http://landing.example/mine");
      await tab.fill("#alias", "no-clash");
      await tab.gone("#alias-error");
      await tab.page.keyboard.press("Enter");
      await tab.see("#result");
      assert.equal(await tab.text("#result .result-link b"), "no-clash");
    },
  },
  {
    name: "alias: what the service reserves or cannot read is told beside the field",
    async run(tab) {
      await tab.fill("#url", "http://landing.example/x");
      await tab.click("summary");
      for (const alias of ["admin", "a b", "no"]) {
        await tab.fill("#alias", alias);
        await tab.gone("#alias-error");
        await tab.click("#shorten");
        await tab.see("#alias-error");
        await tab.focus("#alias");
      }
    },
  },
  {
    name: "create: what is no URL is told beside the field",
    async run(tab, stack) {
      for (const url of ["", "ftp://landing.example/", "two words", `${stack.url}/itself`, "http://10.0.0.1/"]) {
        await tab.fill("#url", url);
        await tab.gone("#url-error");
        await tab.click("#shorten");
        await tab.see("#url-error");
        await tab.focus("#url");
        assert.equal(await tab.value("#url"), url);
      }
    },
  },
  {
    name: "create: an expiry that has passed or is missing is told beside the field",
    async run(tab) {
      await tab.fill("#url", "http://landing.example/expiry");
      await tab.click("summary");
      await tab.page.select("#create-expires", "date");
      for (const time of ["2020-01-01T00:00", ""]) {
        await tab.choose("#create-expiry input", time);
        await tab.click("#shorten");
        await tab.see("#create-expires-error");
        await tab.focus("#create-expiry input");
      }
    },
  },
  {
    name: "create: times are chosen and shown in the local zone",
    prepare: (page) => page.emulateTimezone("America/New_York"),
    async run(tab, stack) {
      await tab.fill("#url", "http://landing.example/zone");
      await tab.click("summary");
      await tab.page.select("#create-expires", "date");
      await tab.choose("#create-expiry input", "2031-07-04T18:30");
      await tab.click("#shorten");
      await tab.see("#result");
      const slug = await tab.text("#result .result-link b");
      assert.equal((await api(stack, "GET", `links/${slug}`)).expires_at, "2031-07-04T22:30:00Z");
      assert.match(await tab.text("#result .meta"), /Jul 4, 2031.*6:30/);
      assert.equal(await tab.text("#zone"), "America/New_York");
    },
  },
  {
    name: "keyboard: a link is made, copied, edited, deleted and restored without a mouse",
    async run(tab, stack) {
      const { keyboard } = tab.page;
      const tabTo = async (selector) => {
        for (let presses = 0; presses < 60; presses += 1) {
          await keyboard.press("Tab");
          if (await tab.page.$(`${selector}:focus`)) return;
        }
        assert.fail(`no way to ${selector} by Tab`);
      };
      await tabTo("#url");
      await keyboard.type("http://landing.example/keyboard");
      await tabTo("summary");
      await keyboard.press("Enter");
      await tabTo("#alias");
      await keyboard.type("by-keyboard");
      await keyboard.press("Enter");
      await tab.see("#result");
      await tab.focus("#copy-result");
      await keyboard.press("Enter");
      await until("it is copied", async () => (await tab.text("#copy-result")) === "Copied");
      assert.equal(await tab.page.evaluate(() => navigator.clipboard.readText()), `${stack.url}/by-keyboard`);
      await tabTo(tab.button("by-keyboard", "edit"));
      await keyboard.press("Enter");
      await tab.focus("#edit-url");
      await tabTo("#edit-note");
      await keyboard.type("typed");
      await keyboard.press("Enter");
      await tab.gone("#edit");
      await tab.focus(tab.button("by-keyboard", "edit"));
      await until("the note is there", async () => (await tab.text("li[data-slug=by-keyboard] .note")) === "typed");
      await tabTo(tab.button("by-keyboard", "delete"));
      await keyboard.press("Space");
      await tab.row("by-keyboard", "deleted");
      await tab.focus(tab.button("by-keyboard", "restore"));
      await keyboard.press("Space");
      await tab.row("by-keyboard", "active");
      await until("the focus stays in the row", () => tab.page.$("li[data-slug=by-keyboard] :focus"));
    },
  },
  {
    name: "offline: it is told, nothing typed is lost, and trying again works",
    async run(tab, stack) {
      await tab.fill("#url", "http://landing.example/offline");
      await tab.click("summary");
      await tab.fill("#alias", "was-offline");
      await tab.page.setOfflineMode(true);
      await tab.click("#shorten");
      await tab.see("#create-notice [role=alert]");
      assert.match(await tab.text("#create-notice"), /offline/);
      assert.deepEqual(
        [await tab.value("#url"), await tab.value("#alias")],
        ["http://landing.example/offline", "was-offline"],
      );
      await tab.page.setOfflineMode(false);
      await tab.click("#create-notice button");
      await tab.row("was-offline", "active");
      await tab.gone("#create-notice");
      assert.equal((await follow(stack, "was-offline")).status, 301);
    },
  },
  {
    name: "create: a long URL does not widen the page of a phone",
    prepare: (page) => page.setViewport({ width: 390, height: 844, isMobile: true, hasTouch: true }),
    async run(tab) {
      const slug = await tab.shorten(LONG);
      await tab.row(slug);
      await tab.click("summary");
      await tab.click(tab.button(slug, "edit"));
      await tab.see("#edit");
      assert.equal(await tab.value("#edit-url"), LONG);
      for (const width of [390, 320]) {
        await tab.page.setViewport({ width, height: 844, isMobile: true, hasTouch: true });
        const widths = await tab.page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
        assert.deepEqual(widths, [width, width]);
        assert.ok(await tab.page.$eval("#edit", (dialog) => dialog.scrollWidth <= dialog.clientWidth));
      }
    },
  },
];
