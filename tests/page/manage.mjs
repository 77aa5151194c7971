// Links that are there: changed, paused, ended, deleted, restored, listed.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { api, follow, until } from "./support.mjs";

// A link that only this case knows, and a list that has it.
async function given(tab, stack, slug, more = {}) {
  await api(stack, "POST", "links", { url: `http://landing.example/${slug}`, slug, ...more });
  await tab.goto();
  await tab.row(slug);
}

const two = (number) => String(number).padStart(2, "0");

export const cases = [
  {
    name: "edit: target, expiry and note change, and the link leads to the new target",
    async run(tab, stack) {
      await given(tab, stack, "edited");
      await tab.click(tab.button("edited", "edit"));
      await tab.fill("#edit-url", "http://landing.example/new");
      await tab.fill("#edit-note", "changed");
      await tab.page.select("#edit-expires", "604800");
      await tab.page.keyboard.press("Tab");
      await tab.click("#edit button[type=submit]");
      await tab.gone("#edit");
      await tab.said("Saved.");
      await tab.focus(tab.button("edited", "edit"));
      assert.match(await tab.text("li[data-slug=edited]"), /landing\.example\/new.*changed.*ends/s);
      const link = await api(stack, "GET", "links/edited");
      assert.deepEqual([link.url, link.note, link.version], ["http://landing.example/new", "changed", 2]);
      assert.ok(Math.abs(new Date(link.expires_at) - Date.now() - 604_800_000) < 300_000, link.expires_at);
      assert.equal((await follow(stack, "edited")).location, "http://landing.example/new");
      await tab.click(tab.button("edited", "edit"));
      await tab.page.select("#edit-expires", "");
      await tab.click("#edit button[type=submit]");
      await tab.gone("#edit");
      assert.equal((await api(stack, "GET", "links/edited")).expires_at, null);
    },
  },
  {
    name: "edit: what is wrong is told beside its field, and Escape changes nothing",
    async run(tab, stack) {
      await given(tab, stack, "not-edited");
      await tab.click(tab.button("not-edited", "edit"));
      for (const url of ["", "javascript:alert(1)"]) {
        await tab.fill("#edit-url", url);
        await tab.page.keyboard.press("Enter");
        await tab.see("#edit-url-error");
        await tab.focus("#edit-url");
        assert.equal(await tab.value("#edit-url"), url);
      }
      await tab.page.keyboard.press("Escape");
      await tab.gone("#edit");
      assert.equal((await api(stack, "GET", "links/not-edited")).version, 1);
    },
  },
  {
    name: "edit: a change by someone else is told, kept apart from what was typed, and not overwritten unseen",
    async run(tab, stack) {
      await given(tab, stack, "contested", { note: "old" });
      await tab.click(tab.button("contested", "edit"));
      await tab.fill("#edit-url", "http://landing.example/mine");
      await api(stack, "PATCH", "links/contested", { url: "http://landing.example/theirs", note: "theirs" });
      await tab.click("#edit button[type=submit]");
      await tab.see("#edit-notice [role=alert]");
      assert.match(await tab.text("#edit-notice"), /changed elsewhere/);
      assert.deepEqual(
        [await tab.value("#edit-url"), await tab.value("#edit-note")],
        ["http://landing.example/mine", "theirs"],
      );
      assert.match(await tab.text("#edit-url-hint"), /http:\/\/landing\.example\/theirs/);
      assert.match(await tab.text("li[data-slug=contested] .target"), /theirs/);
      assert.equal((await api(stack, "GET", "links/contested")).url, "http://landing.example/theirs");
      await tab.click("#edit button[type=submit]");
      await tab.gone("#edit");
      const link = await api(stack, "GET", "links/contested");
      assert.deepEqual([link.url, link.note], ["http://landing.example/mine", "theirs"]);
    },
  },
  {
    name: "edit: offline it is told, and saving again works",
    async run(tab, stack) {
      await given(tab, stack, "edited-offline");
      await tab.click(tab.button("edited-offline", "edit"));
      await tab.fill("#edit-note", "kept");
      await tab.page.setOfflineMode(true);
      await tab.click("#edit button[type=submit]");
      await tab.see("#edit-notice [role=alert]");
      await tab.page.setOfflineMode(false);
      await tab.click("#edit-notice button");
      await tab.gone("#edit");
      assert.equal((await api(stack, "GET", "links/edited-offline")).note, "kept");
    },
  },
  {
    name: "expire: a link ends when it was told to, in the list and for visitors",
    async run(tab, stack) {
      await given(tab, stack, "ending");
      await tab.click(tab.button("ending", "edit"));
      await tab.page.select("#edit-expires", "date");
      // The chooser has minutes; for the test it gets seconds.
      const end = new Date(Math.ceil(Date.now() / 1000) * 1000 + 10_000);
      await tab.choose(
        "#edit-expiry input",
        `${end.getFullYear()}-${two(end.getMonth() + 1)}-${two(end.getDate())}` +
          `T${two(end.getHours())}:${two(end.getMinutes())}:${two(end.getSeconds())}`,
      );
      await tab.click("#edit button[type=submit]");
      await tab.gone("#edit");
      await tab.row("ending", "expired");
      assert.match(await tab.text("li[data-slug=ending] .badge"), /Expired/);
      await until("visitors are told", async () => (await follow(stack, "ending")).status === 410);
    },
  },
  {
    name: "pause: a paused link is not found until it is resumed",
    async run(tab, stack) {
      await given(tab, stack, "pausing");
      await tab.click(tab.button("pausing", "pause"));
      await tab.row("pausing", "disabled");
      assert.equal(await tab.text(tab.button("pausing", "pause")), "Resume");
      await tab.said("Paused");
      await until("it is not found", async () => (await follow(stack, "pausing")).status === 404);
      await tab.click(tab.button("pausing", "pause"));
      await tab.row("pausing", "active");
      await until("it is found again", async () => (await follow(stack, "pausing")).status === 301);
    },
  },
  {
    name: "pause: over a change by someone else the row is read again and tells",
    async run(tab, stack) {
      await given(tab, stack, "raced");
      await api(stack, "PATCH", "links/raced", { note: "newer" });
      await tab.click(tab.button("raced", "pause"));
      await tab.see("li[data-slug=raced] .error");
      assert.match(await tab.text("li[data-slug=raced] .note"), /newer/);
      await tab.click(tab.button("raced", "pause"));
      await tab.row("raced", "disabled");
      await tab.gone("li[data-slug=raced] .error");
    },
  },
  {
    name: "delete: a deleted link is gone for visitors, is hidden, and can be restored",
    async run(tab, stack) {
      await given(tab, stack, "deleting");
      await tab.click(tab.button("deleting", "delete"));
      await tab.row("deleting", "deleted");
      await tab.said("30 days");
      await tab.focus(tab.button("deleting", "restore"));
      await until("it is gone", async () => (await follow(stack, "deleting")).status === 410);
      await tab.goto();
      await tab.gone("li[data-slug=deleting]");
      await tab.click("#show-deleted");
      await tab.click(tab.button("deleting", "restore"));
      await tab.row("deleting", "active");
      await until("it is back", async () => (await follow(stack, "deleting")).status === 301);
      // With nothing deleted there is nothing to show.
      await tab.gone("#deleted-toggle");
    },
  },
  {
    name: "delete: the link that was just made goes with its card",
    async run(tab) {
      const slug = await tab.shorten("http://landing.example/short-lived");
      await tab.click(tab.button(slug, "delete"));
      await tab.row(slug, "deleted");
      await tab.gone("#result");
    },
  },
  {
    name: "list: newest first, page by page, and what fails can be tried again",
    async run(tab, stack) {
      for (let number = 0; number < 25; number += 1) {
        await api(stack, "POST", "links", { url: `http://landing.example/many/${number}`, slug: `many-${number}` });
      }
      await tab.goto();
      await tab.row("many-24");
      assert.equal((await tab.page.$$("#list li")).length, 20);
      assert.equal(await tab.page.$eval("#list li", (row) => row.dataset.slug.replace(/\d+/, "")), "many-");
      await tab.page.setOfflineMode(true);
      await tab.click("#more");
      await tab.see("#list-notice [role=alert]");
      await tab.page.setOfflineMode(false);
      // Being online again is enough.
      await tab.row("many-0");
      await tab.gone("#list-notice");
    },
  },
  {
    name: "list: more goes on where the new links begin",
    async run(tab, stack) {
      for (let number = 0; number < 21; number += 1) {
        await api(stack, "POST", "links", { url: `http://landing.example/more/${number}`, slug: `more-${number}` });
      }
      await tab.goto();
      const before = (await tab.page.$$("#list li")).length;
      await tab.click("#more");
      await until("the first new link has the focus", () => tab.page.$(`#list li:nth-child(${before + 1}) a:focus`));
    },
  },
  {
    name: "list: what a gateway in front of the service answers is told in words",
    async run(tab) {
      const answers = [
        [403, "Forbidden", /cannot sign/],
        [429, "Too Many Requests", /moment/],
        [500, "Oops", /500/],
      ];
      await tab.page.setRequestInterception(true);
      let status;
      let message;
      tab.page.on("request", (request) => {
        if (!request.url().includes("/links?")) return request.continue();
        return request.respond({ status, contentType: "application/json", body: JSON.stringify({ message }) });
      });
      for (const [code, words, expected] of answers) {
        [status, message] = [code, words];
        await tab.goto();
        await tab.see("#list-notice [role=alert]");
        assert.match(await tab.text("#list-notice p"), expected);
        assert.equal((await tab.page.$("#list-notice button")) !== null, code !== 403);
      }
    },
  },
  {
    name: "qr: shown as a picture, downloaded as PNG",
    async run(tab, stack) {
      await given(tab, stack, "pictured");
      await tab.click(tab.button("pictured", "qr"));
      const image = await tab.see("#qr img");
      assert.ok(await image.evaluate((it) => it.decode().then(() => it.naturalWidth === it.naturalHeight)));
      assert.equal(await image.evaluate((it) => it.alt), `QR code of ${stack.url}/pictured`);
      const folder = await mkdtemp(join(tmpdir(), "kurz-page-"));
      try {
        const session = await tab.page.createCDPSession();
        await session.send("Browser.setDownloadBehavior", {
          behavior: "allow",
          downloadPath: folder,
          browserContextId: tab.context.id,
        });
        await tab.click("#download-qr");
        const file = await until("the file is there", () => readFile(join(folder, "pictured.png")).catch(() => null));
        assert.equal(file.subarray(1, 4).toString(), "PNG");
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
      await tab.page.keyboard.press("Escape");
      await tab.gone("#qr");
      await tab.focus(tab.button("pictured", "qr"));
    },
  },
];
