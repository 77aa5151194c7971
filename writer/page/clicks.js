// The view of clicks: over time and by what is known of them, for one link or for all. Its address is `#clicks=slug`, or
// `#clicks` for all links.
import { $, announce, during, make, notice, saveAs, text } from "./dom.js";
import { blob, expected, fresh, linkPath } from "./api.js";
import * as breakdown from "./breakdown.js";
import { Chart } from "./chart.js";
import { exactly, several } from "./numbers.js";
import * as span from "./span.js";

// While the view is visible. A failure doubles it, up to five minutes.
const POLL_MS = 10000;
const TITLE = document.title;

const view = $("#clicks");
const found = $("#clicks-found");
const box = $("#clicks-notice");
const chart = new Chart($(".chart", view), $("#clicks-table"));
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

// The link that is shown: "" is all of them, null is none.
let slug = null;
let shown = null;
let asked = "";
let tag = null;
// Answers to earlier questions are dropped.
let round = 0;
let failures = 0;
let timer;
// Where the reader was before.
let origin = null;

export function open(link) {
  origin = { element: document.activeElement, top: scrollY };
  location.hash = link ? `clicks=${encodeURIComponent(link.slug)}` : "clicks";
}

export function leave() {
  origin = null;
  history.replaceState(null, "", location.pathname);
  route();
}

export function route() {
  const before = slug;
  slug = new URLSearchParams(location.hash.slice(1)).get("clicks");
  if (slug === before) return;
  const isOpen = slug !== null;
  for (const part of document.querySelectorAll("main > section")) part.hidden = isOpen !== (part === view);
  document.title = isOpen ? `Clicks on ${slug || "all links"} · kurz` : TITLE;
  found.hidden = true;
  shown = null;
  if (isOpen) {
    $("b", view).textContent = slug || "all your links";
    scrollTo(0, 0);
    $("#clicks-title").focus();
    load();
    return;
  }
  round += 1;
  clearTimeout(timer);
  document.dispatchEvent(new Event("clicks-closed"));
  const element = origin?.element.isConnected ? origin.element : $("#links-title");
  element.focus({ preventScroll: true });
  scrollTo(0, origin?.top ?? 0);
  origin = null;
}

const path = (parameters) => `${slug ? linkPath(slug, "/clicks") : "clicks"}?${new URLSearchParams(parameters)}`;

// Asks for another link or another time.
function load() {
  if (slug === null || !span.read()) return;
  failures = 0;
  view.ariaBusy = "true";
  notice(box, "");
  if (!shown) text($("#clicks-empty"), "Loading…");
  read(false);
}

// Another key may show other clicks. What is on its way has been asked for with this one.
export function reload() {
  if (view.ariaBusy !== "true") load();
}

// `isQuiet`: nobody waits for it.
async function read(isQuiet) {
  const parameters = span.read();
  if (!parameters) return;
  clearTimeout(timer);
  round += 1;
  const mine = round;
  const question = path(parameters);
  if (question !== asked || !shown) tag = null;
  asked = question;
  try {
    const news = await fresh(question, { tag, isQuiet });
    if (mine !== round) return;
    if (news) {
      tag = news.tag;
      show(news.answer);
      if (!isQuiet) announce(`${several(shown.totals.clicks, "click")} in this time.`);
    }
    failures = 0;
    notice(box, "");
    $("#clicks-updated").textContent = `Updates by itself, last at ${clock.format(new Date())}.`;
  } catch (error) {
    const failure = expected(error);
    if (mine !== round) return;
    if (failure.field === "timezone" && span.useUtc()) return load();
    failures += 1;
    fail(failure, isQuiet);
    if (!failure.again) return;
  } finally {
    if (mine === round) view.ariaBusy = "false";
  }
  timer = setTimeout(poll, Math.min(POLL_MS * 2 ** failures, 300_000));
}

function fail(failure, isQuiet) {
  if (isQuiet && shown) {
    $("#clicks-updated").textContent = `${failure.message} These numbers are not up to date.`;
    return;
  }
  shown = null;
  found.hidden = true;
  text($("#clicks-empty"), "");
  notice(box, failure.message, failure.again, load);
}

function poll() {
  if (slug !== null && view.ariaBusy !== "true" && !document.hidden) read(true);
}

function show(answer) {
  const { clicks, bots, visitors } = answer.totals;
  shown = answer;
  const isEmpty = !clicks && !bots;
  const ever = answer.all_time.clicks;
  text($("#clicks-empty"), isEmpty ? `No clicks in this time${ever ? `, ${exactly(ever)} in all` : ""}.` : "");
  found.hidden = isEmpty;
  tile("clicks", clicks, exactly);
  tile("visitors", visitors, (count) => `≈\xa0${exactly(count)}`);
  tile("bots", bots, exactly);
  tile("ever", ever, exactly);
  draw();
  breakdown.show($("#clicks-by"), answer.by);
  $("#clicks-notes").replaceChildren(...explain(answer).map((words) => make("li", {}, words)));
}

function tile(name, count, write) {
  const place = $(`[data-total=${name}]`, view);
  const isKnown = typeof count === "number";
  place.parentElement.hidden = !isKnown;
  place.textContent = isKnown ? write(count) : "";
}

const draw = () => chart.show(shown, $("#clicks-bots").checked);

// What a reader has to know to take the numbers for what they are.
function explain({ exact, timezone, totals, all_time: { imported } }) {
  const notes = [];
  if (exact === false)
    notes.push("A few clicks may be counted twice: repeats in their delivery are not always noticed.");
  if (imported) notes.push(`${exactly(imported)} of all clicks were imported. When they were is not known.`);
  if (typeof totals.visitors === "number") {
    notes.push("Visitors are estimated for each day. Who comes on two days is counted twice.");
  }
  if (timezone !== "UTC") notes.push("Visitors, countries and the other lists go by days in UTC.");
  notes.push(
    "A click appears within about a minute. A browser that follows a link twice within 90 seconds may be counted once.",
  );
  return notes;
}

// Whoever came by the address alone has nothing to go back to.
$("#clicks-close").addEventListener("click", () => (origin ? history.back() : leave()));
$("#clicks-span").addEventListener("change", load);
$("#clicks-span").addEventListener("submit", (event) => event.preventDefault());
$("#clicks-bots").addEventListener("change", draw);
$("#clicks-csv").addEventListener("click", (event) =>
  during(event.currentTarget, "Downloading…", async () => {
    try {
      const file = await blob(path({ ...span.read(), format: "csv" }));
      saveAs(file, `clicks-${slug || "all"}.csv`);
      announce("Downloaded.");
    } catch (error) {
      announce(expected(error).message);
    }
  }),
);
window.addEventListener("hashchange", route);
window.addEventListener("online", poll);
document.addEventListener("visibilitychange", poll);
