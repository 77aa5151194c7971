// The list of the caller's links.
import { $, announce, copy, copyButton, during, notice, showShort, text } from "./dom.js";
import { expected, ifMatch, json, linkPath } from "./api.js";
import { date, dateTime } from "./expiry.js";

const PAGE = 20;
// A bound: thousands of deleted links in a row would otherwise all be fetched for one press of a button.
const PAGES_AT_ONCE = 5;

const list = $("#list");
const empty = $("#empty");
const more = $("#more");
const rows = new Map();

let cursor = null;
let isLoading = false;
let hasFailed = false;
// The cursor to retry with after a failure.
let failedAt = null;
// Counts the keys used so far: responses to requests with an earlier key are dropped.
let round = 0;

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
  const parts = [];
  if (link.created_at) parts.push(`Made ${date(link.created_at)}`);
  if (state === "scheduled") parts.push(`starts ${dateTime(link.valid_from)}`);
  if (link.expires_at) parts.push(`${state === "expired" ? "ended" : "ends"} ${dateTime(link.expires_at)}`);
  return parts.join(" · ");
}

function render(row) {
  const { link, element } = row;
  const state = stateOf(link);
  const isEditable = ["active", "disabled", "expired", "scheduled"].includes(state);
  element.dataset.state = state;
  element.dataset.slug = link.slug;
  showShort($(".short a", element), link);
  text($(".badge", element), BADGES[state]);
  $(".target span", element).textContent = link.url;
  text($(".note", element), link.note);
  text($(".meta", element), describe(link, state));
  for (const button of element.querySelectorAll("button")) {
    const does = button.dataset.does;
    const isOffered = { copy: state !== "deleted", qr: state !== "deleted", restore: state === "deleted" };
    button.hidden = !(isOffered[does] ?? isEditable);
    if (does === "copy") copyButton(button, link);
    else button.setAttribute("aria-label", `${words(does, state)} ${link.slug}`);
    if (does === "pause") button.textContent = words(does, state);
  }
}

const words = (does, state) =>
  does === "pause" && state === "disabled"
    ? "Resume"
    : { qr: "QR code of", edit: "Edit", pause: "Pause", delete: "Delete", restore: "Restore" }[does];

// Shows a link, in its row if it has one.
export function put(link, { atEnd = false } = {}) {
  let row = rows.get(link.slug);
  if (row) {
    row.link = link;
  } else {
    row = { link, element: $("#row").content.firstElementChild.cloneNode(true) };
    rows.set(link.slug, row);
    list[atEnd ? "append" : "prepend"](row.element);
  }
  if (link.state !== "deleted") row.element.classList.remove("old");
  render(row);
  summarise();
}

function summarise() {
  const deleted = list.querySelectorAll(".old").length;
  $("#deleted-toggle").hidden = deleted === 0;
  const isShown = rows.size > ($("#show-deleted").checked ? 0 : deleted);
  text(
    empty,
    isLoading && !rows.size
      ? "Loading…"
      : isShown || isLoading || hasFailed || cursor
        ? ""
        : "None yet. The first one you make appears here.",
  );
  more.hidden = !cursor;
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

// Reads the first page again.
export const load = () => (isLoading ? undefined : pages(null));

// Continues where reading failed.
export const retry = () => (hasFailed && !isLoading ? pages(failedAt) : undefined);

async function pages(from) {
  const known = new Set(rows.keys());
  const asked = round;
  isLoading = true;
  hasFailed = false;
  notice($("#list-notice"), "");
  summarise();
  try {
    let isEnough = false;
    for (let page = 0; page < PAGES_AT_ONCE && !isEnough; page += 1) {
      const query = new URLSearchParams({ limit: PAGE, ...(from && { cursor: from }) });
      const found = await json("GET", `links?${query}`);
      if (asked !== round) return undefined;
      if (!from) clear();
      for (const link of found.links) {
        put(link, { atEnd: true });
        if (link.state === "deleted") rows.get(link.slug).element.classList.add("old");
      }
      from = cursor = found.next_cursor;
      isEnough = !cursor || found.links.some((link) => link.state !== "deleted");
    }
  } catch (error) {
    const failure = expected(error);
    if (asked !== round) return undefined;
    hasFailed = true;
    failedAt = from;
    notice($("#list-notice"), failure.message, failure.again, retry);
  } finally {
    if (asked === round) {
      isLoading = false;
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
  const button = event.target.closest("button");
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
// Links expire while the page is open. Only rows whose state changed are redrawn, so that no text loses its selection.
setInterval(
  () =>
    rows.forEach((row) => {
      if (stateOf(row.link) !== row.element.dataset.state) render(row);
    }),
  5000,
);
