// The list of the caller's links.
import { $, announce, copy, copyButton, during, notice, offer, showShort, text } from "./dom.js";
import { expected, fresh, ifMatch, isAdmin, json, linkPath, may } from "./api.js";
import { date, dateTime } from "./expiry.js";
import { addTag, filter, isOverAll } from "./search.js";
import * as spark from "./spark.js";

const PAGE = 20;
// A bound: otherwise, one press of a button may read thousands of links that are deleted or do not match.
const PAGES_AT_ONCE = 5;
const RECOUNT_MS = 30000;

const list = $("#list");
const empty = $("#empty");
const more = $("#more");
const rows = new Map();

let cursor = null;
let isLoading = false;
let hasFailed = false;
// Whether the caller may not list links.
let isDenied = false;
// The cursor to retry with after a failure.
let failedAt = null;
// Whether the service counts clicks. It does until a list says otherwise.
let isCounted = true;
// Counts the lists shown so far: responses for an earlier key or search are dropped.
let round = 0;

const NONE = { total: 0, recent: [] };

const BADGES = {
  disabled: "Paused",
  deleted: "Deleted",
  expired: "Expired",
  scheduled: "Not yet",
  blocked: "Blocked",
  blocked_legal: "Blocked",
};

function stateOf(link) {
  if (link.state !== "active") return link.state;
  if (link.expires_at && new Date(link.expires_at) <= new Date()) return "expired";
  if (link.valid_from && new Date(link.valid_from) > new Date()) return "scheduled";
  return "active";
}

function describe(link, state) {
  const parts = isOverAll() ? [`By ${link.owner}`] : [];
  if (link.created_at) parts.push(`Made ${date(link.created_at)}`);
  if (state === "scheduled") parts.push(`starts ${dateTime(link.valid_from)}`);
  if (link.expires_at) parts.push(`${state === "expired" ? "ended" : "ends"} ${dateTime(link.expires_at)}`);
  return parts.join(" · ");
}

function render(row) {
  const { link, element } = row;
  const state = stateOf(link);
  const isEditable = ["active", "disabled", "expired", "scheduled"].includes(state);
  const isDeleted = state === "deleted";
  element.dataset.state = state;
  element.dataset.slug = link.slug;
  showShort($(".short a", element), link);
  text($(".badge", element), BADGES[state]);
  $(".target span", element).textContent = link.url;
  text($(".note", element), link.note);
  const tags = $(".tags", element);
  tags.replaceChildren();
  for (const tag of link.tags) {
    const button = offer(tags, tag, () => addTag(tag));
    button.className = "tag";
    button.dir = "auto";
    button.title = "Show links with this tag";
  }
  text($(".meta", element), describe(link, state));
  for (const button of element.querySelectorAll(".link-actions button")) {
    const does = button.dataset.does;
    const isOffered = {
      copy: !isDeleted,
      qr: !isDeleted,
      restore: isDeleted && may("delete"),
      delete: isEditable && may("delete"),
    };
    button.hidden = !(isOffered[does] ?? (isEditable && may("update")));
    if (does === "pause") button.textContent = state === "disabled" ? "Resume" : "Pause";
    if (does === "copy") copyButton(button, link);
    else button.ariaLabel = `${does === "qr" ? "QR code of" : button.textContent} ${link.slug}`;
  }
  spark.show($(".clicks", element), link.slug, row.clicks);
}

// Shows a link, in its row if it has one.
export function put(link, { atEnd = false } = {}) {
  let row = rows.get(link.slug);
  if (row) {
    row.link = link;
  } else {
    row = { link, clicks: isCounted ? NONE : null, element: $("#row").content.firstElementChild.cloneNode(true) };
    rows.set(link.slug, row);
    list[atEnd ? "append" : "prepend"](row.element);
  }
  // Only lists have them.
  if (link.clicks !== undefined) row.clicks = link.clicks;
  if (link.state !== "deleted") row.element.classList.remove("old");
  render(row);
  summarise();
}

function summarise() {
  const isSearch = filter().length > 0;
  const deleted = list.querySelectorAll(".old").length;
  $("#deleted-toggle").hidden = deleted === 0;
  $("#all-clicks").hidden = !isCounted || !rows.size;
  const isShown = rows.size > ($("#show-deleted").checked ? 0 : deleted);
  let words = "";
  if (isDenied) words = "You may make links here, but not see the list of them.";
  else if (isLoading && isSearch) words = cursor ? "Searching older links…" : "Searching…";
  else if (isLoading) words = rows.size ? "" : "Loading…";
  else if (!isShown && !hasFailed && isSearch) words = cursor ? "Nothing found so far." : "No link matches.";
  else if (!isShown && !hasFailed && !cursor) words = "None yet. The first one you make appears here.";
  text(empty, words);
  more.hidden = !cursor;
  if (more.ariaDisabled !== "true") more.textContent = isSearch ? "Search older links" : "Show more";
  // A form that was just used stays while its result is on the way.
  if (!isLoading) $("#search").hidden = isDenied || !(isSearch || rows.size || cursor || isAdmin());
  list.setAttribute("aria-busy", String(isLoading));
}

export function forget() {
  round += 1;
  isLoading = false;
  clear();
}

function clear() {
  rows.clear();
  list.replaceChildren();
  cursor = null;
  hasFailed = false;
  notice($("#list-notice"), "");
  summarise();
}

// Reads the list that is searched for now. What an earlier search finds is not shown any more.
export function search() {
  round += 1;
  cursor = null;
  return pages(null);
}

// Reads the first page again.
export const load = () => (isLoading ? undefined : pages(null));

// Continues where reading failed.
export const retry = () => (hasFailed && !isLoading ? pages(failedAt) : undefined);

function pagePath(wanted, from) {
  const query = [["limit", PAGE], ["clicks", "true"], ...wanted, ...(from ? [["cursor", from]] : [])];
  return `links?${new URLSearchParams(query)}`;
}

async function pages(from) {
  const known = new Set(rows.keys());
  const asked = round;
  isLoading = true;
  hasFailed = isDenied = false;
  notice($("#list-notice"), "");
  summarise();
  const wanted = filter();
  try {
    let isEnough = false;
    for (let page = 0; page < PAGES_AT_ONCE && !isEnough; page += 1) {
      const found = await json("GET", pagePath(wanted, from));
      if (asked !== round) return undefined;
      if (found.links.length) isCounted = found.links.some(({ clicks }) => clicks);
      if (!from) clear();
      for (const link of found.links) {
        put(link, { atEnd: true });
        if (link.state === "deleted" && !wanted.length) rows.get(link.slug).element.classList.add("old");
      }
      from = cursor = found.next_cursor;
      isEnough = !cursor || found.links.some((link) => wanted.length || link.state !== "deleted");
    }
    if (wanted.length) announce(`${rows.size || "No"} links found${cursor ? " so far" : ""}.`);
  } catch (error) {
    const failure = expected(error);
    if (asked !== round) return undefined;
    if (failure.code === "insufficient-scope") {
      clear();
      isDenied = true;
      return undefined;
    }
    hasFailed = true;
    failedAt = from;
    notice($("#list-notice"), failure.message, failure.again, retry);
  } finally {
    if (asked === round) {
      isLoading = false;
      document.dispatchEvent(new Event("listed"));
      summarise();
    }
  }
  return [...rows.values()].find((row) => !known.has(row.link.slug) && row.element.checkVisibility());
}

// What the buttons of a row do. Each returns the message to announce.
const ACTIONS = {
  async pause(row) {
    const state = row.link.state === "disabled" ? "active" : "disabled";
    row.link = await json("PATCH", linkPath(row.link.slug), { state }, ifMatch(row.link));
    return state === "active" ? "Resumed." : "Paused. Visitors get “not found” until you resume it.";
  },
  async delete(row) {
    await json("DELETE", linkPath(row.link.slug));
    row.link = { ...row.link, state: "deleted" };
    return "Deleted. It can be restored for 30 days.";
  },
  async restore(row) {
    row.link = await json("POST", linkPath(row.link.slug, "/restore"));
    return "Restored.";
  },
};

async function act(row, button) {
  const place = $(".error", row.element);
  text(place, "");
  try {
    const said = await during(button, "…", () => ACTIONS[button.dataset.does](row));
    if (said === undefined) return;
    announce(said);
  } catch (error) {
    const failure = expected(error);
    const isConflict = failure.status === 412;
    if (isConflict) row.link = await json("GET", linkPath(row.link.slug)).catch(() => row.link);
    text(place, isConflict ? "It was changed elsewhere; this is the new version. Try again." : failure.message);
    announce(place.textContent);
  }
  put(row.link);
  document.dispatchEvent(new CustomEvent("link", { detail: row.link }));
  // The pressed button may be gone. The first visible one undoes the action.
  if (button.hidden) $("button:not([hidden])", row.element)?.focus();
}

list.addEventListener("click", (event) => {
  const button = event.target.closest("[data-does]");
  if (!button) return;
  const row = rows.get(button.closest("li").dataset.slug);
  const does = button.dataset.does;
  if (does === "copy") copy(button);
  else if (does in ACTIONS) act(row, button);
  else document.dispatchEvent(new CustomEvent(does, { detail: row.link }));
});
more.addEventListener("click", () =>
  during(more, "Loading…", async () => {
    const first = await pages(cursor);
    // The button moves or disappears, so the focus goes to the first new link.
    if (first) $("a", first.element).focus();
  }),
);
$("#show-deleted").addEventListener("change", (event) => {
  list.classList.toggle("with-deleted", event.target.checked);
  summarise();
});

// Clicks go on while the page is open: those of the newest links are counted again.
export async function recount() {
  if (isLoading || document.hidden || !isCounted || !rows.size || !list.checkVisibility()) return;
  const asked = round;
  try {
    const { answer } = await fresh(pagePath(filter()), { isQuiet: true });
    if (asked !== round) return;
    for (const { slug, clicks } of answer.links) {
      const row = rows.get(slug);
      if (!row || !clicks) continue;
      row.clicks = clicks;
      spark.show($(".clicks", row.element), slug, clicks);
    }
  } catch (error) {
    expected(error);
  }
}
setInterval(recount, RECOUNT_MS);

// Links expire while the page is open. Only rows whose state changed are redrawn, so that no text loses its selection.
setInterval(() => {
  for (const row of rows.values()) if (stateOf(row.link) !== row.element.dataset.state) render(row);
}, 5000);
