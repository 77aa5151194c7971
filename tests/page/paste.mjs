// What people type and paste where a URL is wanted.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { api, follow, until } from "./support.mjs";

// Pastes a text as the browser does: through the clipboard.
async function paste(tab, selector, words) {
  await tab.page.evaluate((text) => navigator.clipboard.writeText(text), words);
  await tab.see(selector);
  await tab.page.$eval(selector, (field) => {
    field.focus();
    field.select();
  });
  await tab.page.keyboard.press("KeyV", { commands: ["Paste"] });
}

// What the API makes of each text is in the same file.
const TEXTS = JSON.parse(readFileSync(new URL("../pasted.json", import.meta.url), "utf8"));

// Which of its answers the page gives to what is in the field.
async function outcome(tab) {
  await tab.page.keyboard.press("Enter");
  await until("there is an answer", () => tab.page.$eval("#shorten", (button) => button.ariaDisabled !== "true"));
  const seen = (selector) => tab.page.$$eval(selector, (found) => found.some((it) => it.checkVisibility()));
  if (await seen("#result")) return { stored: await tab.text("#result .target") };
  if (await seen("#create-notice button")) return { asked: await choices(tab) };
  return { refused: (await seen("#url-error")) && (await tab.text("#url-error")) };
}

const choices = (tab) => tab.page.$$eval("#create-notice button", (buttons) => buttons.map((it) => it.textContent));

async function result(tab) {
  await tab.see("#result");
  return tab.text("#result .target");
}

export const cases = [
  {
    name: "paste: two URLs are asked about, and none is shortened before",
    async run(tab, stack) {
      const [a, b] = ["http://landing.example/paste-a", "http://landing.example/paste-b"];
      for (const between of [" ", "\n", "\r\n", "\n\n  ", "\t"]) {
        await tab.goto();
        const before = tab.requests.filter((request) => request.method() === "POST").length;
        await paste(tab, "#url", `${a}${between}${b}`);
        await tab.click("#shorten");
        await tab.see("#create-notice [role=alert]");
        assert.deepEqual(await choices(tab), [`Only: ${a}`, `Only: ${b}`], JSON.stringify(between));
        assert.equal(tab.requests.filter((request) => request.method() === "POST").length, before);
      }
      await tab.axe();
      // The first choice has the focus.
      await tab.focus("#create-notice button");
      await tab.page.keyboard.press("Tab");
      await tab.page.keyboard.press("Enter");
      assert.equal(await result(tab), b);
      await tab.gone("#create-notice");
      const { links } = await api(stack, "GET", "links?q=landing.example/paste-");
      assert.equal(links.length, 1);
    },
  },
  {
    name: "paste: a wrapped URL is joined, or keeps its blank, as its author says",
    async run(tab) {
      const wrapped = "http://landing.example/wrapped-\nline";
      const expected = ["http://landing.example/wrapped-line", "http://landing.example/wrapped-%20line"];
      for (const [choice, target] of expected.entries()) {
        await tab.goto();
        await paste(tab, "#url", wrapped);
        await tab.page.keyboard.press("Enter");
        await tab.see("#create-notice button");
        assert.deepEqual(await choices(tab), [
          `Joined: ${expected[0]}`,
          `With the blank: ${expected[1]}`,
          "Only: http://landing.example/wrapped-",
        ]);
        await tab.click(`#create-notice button:nth-of-type(${choice + 1})`);
        assert.equal(await result(tab), target);
      }
    },
  },
  {
    name: "paste: words around a URL are asked about",
    async run(tab) {
      await paste(tab, "#url", "Look at this: http://landing.example/look via @someone");
      await tab.click("#shorten");
      await tab.see("#create-notice button");
      assert.deepEqual(await choices(tab), ["Only: http://landing.example/look"]);
      await tab.page.keyboard.press("Enter");
      assert.equal(await result(tab), "http://landing.example/look");
    },
  },
  {
    name: "paste: what cannot be seen around a URL is trimmed",
    async run(tab) {
      const unseen = [
        "\u200b",
        "\u00a0",
        "\ufeff",
        "\u200e",
        "\u2028",
        "\u3000",
        "\u2060",
        "\u202e",
        "\u2066",
        "\n",
        "\t",
      ];
      for (const [index, character] of unseen.entries()) {
        await tab.goto();
        const url = `http://landing.example/unseen-${index}`;
        await paste(tab, "#url", `${character}${url}${character} `);
        await tab.page.keyboard.press("Enter");
        assert.equal(await result(tab), url, JSON.stringify(character));
      }
    },
  },
  {
    name: "paste: every text that the API takes or refuses is stored, asked about or refused",
    async run(tab) {
      for (const { name, text, stored } of TEXTS) {
        await tab.page.$eval("#result", (result) => {
          result.hidden = true;
        });
        await paste(tab, "#url", text);
        const answer = await outcome(tab);
        if (stored) assert.deepEqual(answer, { stored }, name);
        else assert.ok(answer.asked?.length || answer.refused, `${name}: ${JSON.stringify(answer)}`);
      }
    },
  },
  {
    name: "paste: the dialog for changes does not take white space unasked either",
    async run(tab, stack) {
      await api(stack, "POST", "links", { url: "http://landing.example/pasted", slug: "pasted" });
      await tab.goto();
      await tab.click(tab.button("pasted", "edit"));
      await paste(tab, "#edit-url", "http://landing.example/one\nhttp://landing.example/two");
      await tab.click("#edit button[type=submit]");
      await tab.see("#edit-url-error");
      assert.match(await tab.text("#edit-url-error"), /white space/);
      await paste(tab, "#edit-url", "\u200bhttp://landing.example/one\n");
      await tab.click("#edit button[type=submit]");
      await tab.gone("#edit");
      assert.equal((await api(stack, "GET", "links/pasted")).url, "http://landing.example/one");
    },
  },
  {
    name: "typed: an address without its scheme gets the one that such hosts speak",
    async run(tab) {
      // The API refuses private targets; what it was asked for tells.
      for (const [typed, expected] of [
        ["landing.example/typed", "https://landing.example/typed"],
        ["landing.example:443/typed", "https://landing.example:443/typed"],
        ["landing.example:8123/typed", "http://landing.example:8123/typed"],
        ["homeassistant.local:8123/lovelace", "http://homeassistant.local:8123/lovelace"],
        ["nas.lan", "http://nas.lan"],
        ["localhost:8080/a", "http://localhost:8080/a"],
        ["192.0.2.1/a", "http://192.0.2.1/a"],
        ["[2001:db8::1]:8080", "http://[2001:db8::1]:8080"],
        ["bücher.example?q=1", "https://bücher.example?q=1"],
        ["mailto:ann@landing.example", "mailto:ann@landing.example"],
        ["tel:123", "tel:123"],
        ["word", "word"],
      ]) {
        await tab.fill("#url", typed);
        const sent = tab.page.waitForRequest((request) => request.method() === "POST");
        await tab.page.keyboard.press("Enter");
        assert.equal(JSON.parse((await sent).postData()).url, expected, typed);
        await until("it is answered", () => tab.page.$eval("#shorten", (button) => button.ariaDisabled !== "true"));
      }
    },
  },
  {
    name: "prefilled: ?url= and #url= fill the field and send nothing",
    async run(tab, stack) {
      const url = "http://landing.example/from?a=b&c=d#e";
      for (const start of ["?url=", "#url=", "?x=1&url=", "#a=b&url="]) {
        await tab.page.goto("about:blank");
        await tab.page.goto(`${stack.url}/${start}${encodeURIComponent(url)}`);
        await tab.settled();
        assert.equal(await tab.value("#url"), url, start);
        await tab.focus("#url");
        assert.equal(tab.page.url(), `${stack.url}/`);
      }
      assert.equal(tab.requests.filter((request) => request.method() === "POST").length, 0);
      await tab.page.keyboard.press("Enter");
      await tab.see("#result");
      assert.equal((await follow(stack, await tab.text("#result .result-link b"))).location, url);
      await tab.page.goto(`${stack.url}/?url=${encodeURIComponent("javascript:alert(1)")}`);
      await tab.page.keyboard.press("Enter");
      await tab.see("#url-error");
    },
  },
  {
    name: "direction: a note from right to left is shown from right to left",
    async run(tab, stack) {
      const note = "رابط الحملة (2026)!";
      await api(stack, "POST", "links", { url: "http://landing.example/rtl", slug: "rtl", note, tags: ["حملة"] });
      await tab.goto();
      await tab.row("rtl");
      const directions = await tab.page.$$eval("li[data-slug=rtl] .note, li[data-slug=rtl] .tag", (elements) =>
        elements.map((element) => getComputedStyle(element).direction),
      );
      assert.deepEqual(directions, ["rtl", "rtl"]);
      await tab.click("summary");
      await tab.fill("#note", note);
      assert.equal(await tab.page.$eval("#note", (field) => getComputedStyle(field).direction), "rtl");
      const autos = await tab.page.$$eval("#url, #edit-url, #edit-note, .target span", (elements) =>
        elements.every((element) => element.dir === "auto"),
      );
      assert.ok(autos);
      assert.equal(await tab.page.$eval("#alias", (field) => field.getAttribute("autocorrect")), "off");
    },
  },
];
