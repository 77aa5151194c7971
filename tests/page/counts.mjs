// Clicks in place of the service's own, so that the page can be seen with any number of them.
import { api } from "./support.mjs";

const DAY_MS = 86_400_000;
const sum = (series, name) => series.reduce((all, point) => all + point[name], 0);

// Days or hours up to now, each with the numbers that `count` gives for its index.
export function series(length, count, unit = "day") {
  const step = unit === "hour" ? DAY_MS / 24 : DAY_MS;
  const first = Date.UTC(2026, 9, 28);
  return Array.from({ length }, (_, index) => ({
    start: new Date(first + index * step).toISOString().replace(".000Z", "+00:00"),
    visitors: null,
    ...count(index),
  }));
}

export function answer(points, by = {}, more = {}) {
  const visitors = points.every((point) => point.visitors === null) ? null : sum(points, "visitors");
  return {
    slug: "launch",
    from: points[0].start,
    to: points.at(-1).start,
    unit: "day",
    timezone: "UTC",
    exact: true,
    totals: { clicks: sum(points, "clicks"), bots: sum(points, "bots"), visitors },
    all_time: { clicks: sum(points, "clicks"), bots: sum(points, "bots"), imported: 0 },
    series: points,
    by: { country: [], referrer: [], device: [], os: [], browser: [], ...by },
    ...more,
  };
}

// Shares of a number, in the order of the values.
const shares = (clicks, values) =>
  values.map((value, index) => ({ value, clicks: Math.max(1, Math.round(clicks / 2 ** (index + 1))) }));

export function breakdowns(clicks) {
  const countries = ["DE", "FR", "US", "IN", "BR", "", "JP", "GB", "IT", "ES"];
  const sites = [
    "",
    "t.co",
    "news.ycombinator.com",
    "a-rather-long-name.with.many.parts.of-a-domain.example",
    "bing.com",
  ];
  return {
    country: [...shares(clicks, countries), { value: "~", clicks: 3 }],
    referrer: shares(clicks, sites),
    device: shares(clicks, ["mobile", "desktop", "tablet", ""]),
    os: shares(clicks, ["android", "windows", "ios", "macos", "linux", "other"]),
    browser: shares(clicks, ["chrome", "safari", "in-app", "firefox", "samsung"]),
  };
}

const wave = (index) => 1 + Math.sin(index * 0.9) ** 2 + (index % 7 < 5 ? 1 : 0);
const day = (scale) => (index) => {
  const clicks = Math.round(scale * wave(index));
  return { clicks, bots: Math.round(clicks / 4), visitors: Math.round(clicks * 0.8) };
};

// What lists and views show for links of these names. "" is for all links.
export const STATES = {
  "": answer(
    series(30, (index) => ({ ...day(900)(index), visitors: null })),
    breakdowns(60_000),
  ),
  launch: answer(series(30, day(40)), breakdowns(2_400)),
  handbook: answer(series(30, () => ({ clicks: 0, bots: 0, visitors: 0 }))),
  soon: answer(
    series(30, (index) => (index === 27 ? { clicks: 1, bots: 2, visitors: 1 } : { clicks: 0, bots: 0, visitors: 0 })),
    {
      country: [{ value: "", clicks: 1 }],
      referrer: [{ value: "", clicks: 1 }],
      device: [{ value: "mobile", clicks: 1 }],
    },
    { exact: false, all_time: { clicks: 801, bots: 2, imported: 800 } },
  ),
  brochure: answer(
    series(30, (index) => day(index > 20 ? 2_400_000 / 2 ** (index - 20) : 3)(index)),
    breakdowns(8_000_000),
    { timezone: "Asia/Kolkata" },
  ),
};

// Answers for the service wherever clicks are asked for; `answers` may change meanwhile. Gives the questions of views so far.
export async function pretend(tab, stack, answers = STATES) {
  const questions = [];
  await tab.page.setRequestInterception(true);
  tab.page.on("request", (request) => {
    const { pathname, search, searchParams } = new URL(request.url());
    const [, slug] = /^\/api\/v1\/(?:links\/([^/]+)\/)?clicks$/.exec(pathname) ?? [null, null];
    const isList = pathname === "/api/v1/links" && request.method() === "GET";
    const isClicks = pathname.startsWith("/api/v1/") && pathname.endsWith("/clicks");
    if (!isList && !isClicks) return request.continue();
    const respond = async () => {
      if (isList) {
        searchParams.delete("clicks");
        const found = await api(stack, "GET", `links?${searchParams}`);
        for (const link of found.links) {
          const { all_time: sums, series: days } = answers[link.slug] ?? STATES.handbook;
          link.clicks = null;
          if (!sums) continue;
          const recent = days.slice(-30).map(({ clicks }) => clicks);
          link.clicks = { total: sums.clicks, bots: sums.bots, imported: sums.imported, recent };
        }
        return { status: 200, body: JSON.stringify(found) };
      }
      questions.push({ slug: slug ?? "", search, headers: request.headers() });
      const found = answers[slug ?? ""] ?? STATES.handbook;
      if (found.status) return { status: found.status, body: JSON.stringify(found) };
      const body = JSON.stringify(found);
      const etag = `"${body.length}-${found.totals.clicks}"`;
      const isKnown = request.headers()["if-none-match"] === etag;
      return isKnown ? { status: 304, headers: { etag } } : { status: 200, headers: { etag }, body };
    };
    // Not awaited: it would hold up everybody who waits for the request. The tab may be closed meanwhile.
    respond()
      .then((response) => request.respond({ contentType: "application/json", ...response }))
      .catch(() => {});
    return undefined;
  });
  return questions;
}
