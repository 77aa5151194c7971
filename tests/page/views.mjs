// Every view, on a desktop and a phone, in light and dark: accessible, and photographed if asked for. And the size.
import assert from "node:assert/strict";
import { join } from "node:path";
import { STATES, pretend } from "./counts.mjs";
import { api, until } from "./support.mjs";

const MAX_BYTES = 90_000;
const SIZES = {
  desktop: { width: 1280, height: 800 },
  phone: { width: 390, height: 844, isMobile: true, hasTouch: true },
};

async function look(tab, name, view) {
  await tab.axe();
  if (!process.env.SCREENSHOTS) return;
  const fullPage = !(await tab.page.$("dialog[open]"));
  if (fullPage) await tab.page.evaluate(() => window.scrollTo(0, 0));
  await tab.page.screenshot({ path: join(process.env.SCREENSHOTS, `${view}-${name}.png`), fullPage });
}

// A list as people have it. Once for all looks: the stack is the same.
async function furnish(stack) {
  const links = [
    { slug: "sale", url: "https://landing.example/sale", expires_at: Math.ceil(Date.now() / 1000) + 10 },
    { slug: "old-thing", url: "https://landing.example/gone" },
    {
      slug: "brochure",
      note: "Printed on the autumn flyer",
      tags: ["print", "autumn 2026", "حملة"],
      url:
        "https://landing.example/en/catalogue/2026/autumn/" +
        "brochure.pdf?utm_source=print&utm_medium=flyer&utm_campaign=autumn-2026&session=9f8b7c6d5e4f3a2b1c0d",
    },
    { slug: "handbook", url: "https://docs.landing.example/team/handbook", note: "Until the handbook is public" },
    { slug: "launch", url: "https://landing.example/launch?ref=a", ttl_seconds: 518_400 },
    { slug: "soon", url: "https://landing.example/soon", valid_from: "2036-01-01T00:00:00Z" },
  ];
  for (const link of links) await api(stack, "POST", "links", link);
  await api(stack, "DELETE", "links/old-thing");
  await api(stack, "PATCH", "links/handbook", { state: "disabled" });
}

let furnished;

async function views(tab, stack, name) {
  furnished ??= furnish(stack);
  await furnished;
  await tab.goto();
  await tab.row("sale", "expired");
  await look(tab, name, "home");
  await tab.click("#show-deleted");
  await tab.row("old-thing");
  await look(tab, name, "deleted");
  await tab.click("#show-deleted");
  await tab.fill("#search-text", "tag:print flyer");
  await tab.gone("li[data-slug=launch]");
  await look(tab, name, "found");
  await tab.fill("#search-text", "nowhere");
  await tab.gone("li[data-slug=brochure]");
  await look(tab, name, "not-found");
  await tab.fill("#search-text", " ");
  await tab.row("launch");
  await tab.fill("#url", "https://landing.example/one https://landing.example/two");
  await tab.click("#shorten");
  await tab.see("#create-notice button");
  await look(tab, name, "two-urls");
  await tab.click("summary");
  await tab.fill("#alias", "launch");
  await tab.page.select("#create-expires", "date");
  await tab.fill("#url", "https://landing.example/a/longer/path?with=parameters");
  await tab.click("#shorten");
  await tab.see("#alias-error");
  await look(tab, name, "clash");
  await tab.fill("#alias", `autumn-${name}`);
  await tab.click("#shorten");
  await tab.see("#result-qr img");
  await look(tab, name, "made");
  await tab.click(tab.button("brochure", "edit"));
  await tab.see("#edit");
  await look(tab, name, "edit");
  await tab.page.keyboard.press("Escape");
  await tab.gone("#edit");
  await tab.click(tab.button("launch", "qr"));
  await tab.see("#qr img");
  await look(tab, name, "qr");
  await tab.page.keyboard.press("Escape");
  await tab.gone("#qr");
  await tab.page.setOfflineMode(true);
  await tab.fill("#url", "https://landing.example/offline");
  await tab.click("#shorten");
  await tab.see("#create-notice");
  await look(tab, name, "offline");
  await tab.page.setOfflineMode(false);
}

// With no click, a few, and very many.
async function clickViews(tab, stack, name) {
  furnished ??= furnish(stack);
  await furnished;
  await pretend(tab, stack);
  await tab.goto();
  await tab.see("li[data-slug=launch] .clicks svg");
  await tab.page.$eval("li[data-slug=brochure]", (row) => row.scrollIntoView());
  await tab.see("li[data-slug=brochure] .clicks svg");
  await look(tab, name, "clicks-list");
  for (const slug of Object.keys(STATES)) {
    await tab.click(slug ? tab.button(slug, "clicks") : "#all-clicks");
    await tab.page.waitForSelector("#clicks[aria-busy=false]", { visible: true });
    await look(tab, name, `clicks-${slug || "all"}`);
    if (slug === "brochure") {
      await tab.click("#clicks-bots");
      await tab.click("#clicks summary");
      await tab.click("#clicks-by section:first-child button");
      await tab.page.select("#clicks-range", "dates");
      await look(tab, name, "clicks-open");
    }
    await tab.click("#clicks-close");
    await tab.see("#list");
  }
}

async function keyViews(tab, stack, name) {
  await tab.see("#key[open]");
  await look(tab, name, "key");
  await tab.fill("#key-text", "kurz_wrong");
  await tab.page.keyboard.press("Enter");
  await tab.see("#key-text-error");
  await look(tab, name, "key-refused");
  await tab.click("#key [data-close]");
  await tab.see("#list-notice");
  await look(tab, name, "locked");
  await tab.click("#list-notice button");
  await tab.fill("#key-text", stack.api_key);
  await tab.page.keyboard.press("Enter");
  await tab.see("#forget-key");
  await tab.settled();
  await look(tab, name, "with-key");
}

const LOOKS = Object.keys(SIZES).flatMap((size) =>
  ["light", "dark"].map((scheme) => ({
    name: `${size}-${scheme}`,
    async prepare(page) {
      await page.setViewport(SIZES[size]);
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    },
  })),
);

export const cases = [
  {
    name: "size: all files together are small, and none is asked for that is not there",
    async run(tab) {
      const files = tab.requests.filter((request) => !request.url().includes("/api/v1/"));
      // The icon is asked for last, and nothing waits for it.
      await until("every request is answered", () => files.every((request) => request.response()));
      const sizes = await Promise.all(
        files.map(async (request) => {
          assert.equal(request.response().status(), 200, request.url());
          return (await request.response().buffer()).length;
        }),
      );
      const bytes = sizes.reduce((sum, size) => sum + size, 0);
      assert.ok(files.length > 8 && bytes < MAX_BYTES, `${bytes} bytes in ${files.length} files`);
      console.log(`          ${bytes} bytes in ${files.length} files`);
    },
  },
  ...LOOKS.map(({ name, prepare }) => ({
    name: `view: ${name}`,
    prepare,
    stack: "gallery",
    run: (tab, stack) => views(tab, stack, name),
  })),
  ...LOOKS.map(({ name, prepare }) => ({
    name: `view of clicks: ${name}`,
    prepare,
    stack: "gallery",
    run: (tab, stack) => clickViews(tab, stack, name),
  })),
  ...LOOKS.map(({ name, prepare }) => ({
    name: `view with a key: ${name}`,
    prepare,
    stack: "keyed",
    run: (tab, stack) => keyViews(tab, stack, name),
  })),
];
