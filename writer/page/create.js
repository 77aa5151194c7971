// The form that makes links, and the link that it has made.
import { $, announce, copy, copyButton, during, fieldError, notice, offer, showShort, text } from "./dom.js";
import { expected, json, linkPath } from "./api.js";
import { Expiry, dateTime } from "./expiry.js";
import { keepLines, meanings, trimmed, withScheme } from "./paste.js";
import * as list from "./list.js";
import * as qr from "./qr.js";

const form = $("#create");
const url = $("#url");
const alias = $("#alias");
const note = $("#note");
const options = $("#options");
const result = $("#result");
const expiry = new Expiry($("#create-expiry"), "create-expires");

const FIELDS = { url, slug: alias, note, expires_at: expiry, ttl_seconds: expiry };

let made = null;
let attempt = { body: "", key: "" };

// The ways out when the alias is taken by a link of the caller's own. Each ends with another attempt, or with the dialog.
const WAYS = {
  "link-deleted": ["Restore it", (slug) => json("POST", linkPath(slug, "/restore"))],
  "link-disabled": ["Resume it", (slug) => json("PATCH", linkPath(slug), { state: "active" })],
  "link-early": ["Start it now", (slug) => json("PATCH", linkPath(slug), { valid_from: null })],
  "link-expired": ["Change its expiry", edit],
  "options-differ": ["Edit it", edit],
};

async function edit(slug) {
  const detail = await json("GET", linkPath(slug));
  document.dispatchEvent(new CustomEvent("edit", { detail }));
  return null;
}

function newLink() {
  const expires = expiry.read();
  const target = trimmed(url.value);
  if (!target) fieldError(url, "Paste the URL to shorten.");
  if (!target || !expires) {
    if (target) options.open = true;
    (target ? expiry : url).focus();
    return null;
  }
  const choices = meanings(target);
  if (choices.length) {
    ask(choices);
    return null;
  }
  const slug = trimmed(alias.value);
  const words = note.value.trim();
  return { url: withScheme(target), ...(slug && { slug }), ...expires, ...(words && { note: words }) };
}

// There is white space in what was typed. Only its author knows why.
function ask(choices) {
  const box = $("#create-notice");
  notice(box, "This is more than one URL, or one with a blank. Which one do you mean?");
  for (const [words, chosen] of choices) {
    const choose = () => {
      url.value = chosen;
      form.requestSubmit();
    };
    offer(box, `${words}: ${chosen}`, choose).classList.add("choice");
  }
  $("button", box).focus();
}

// A plain URL, or one with an alias, gets the same link however often it is sent. Anything else needs an idempotency
// key, which stays the same as long as the request does.
function safeToRepeat(body) {
  if (body.slug || Object.keys(body).length === 1) return {};
  const words = JSON.stringify(body);
  if (attempt.body !== words) {
    const random = crypto.getRandomValues(new Uint8Array(16));
    attempt = { body: words, key: random.join("-") };
  }
  return { "idempotency-key": attempt.key };
}

async function submit() {
  for (const control of [url, alias, note]) fieldError(control, "");
  notice($("#create-notice"), "");
  const body = newLink();
  if (!body) return;
  try {
    const link = await json("POST", "links", body, safeToRepeat(body));
    attempt = { body: "", key: "" };
    form.reset();
    expiry.set(null);
    options.open = false;
    // Callers who may not read links learn no more than the short URL.
    const isWhole = "url" in link;
    show(isWhole ? link : { ...link, url: body.url });
    if (isWhole) list.put(link);
    announce(`${$("#result-title").textContent}: ${link.short_url}`);
    $("#copy-result").focus({ preventScroll: true });
    result.scrollIntoView({ block: "nearest" });
  } catch (error) {
    refuse(expected(error));
  }
}

function refuse(failure) {
  const [words, way] = WAYS[failure.code] ?? [];
  const out = async () => {
    try {
      if (await way(failure.slug)) form.requestSubmit();
    } catch (error) {
      refuse(expected(error));
    }
  };
  const control = way ? null : FIELDS[failure.field];
  if (!control) {
    const box = $("#create-notice");
    notice(box, failure.message, words ?? failure.again, way ? out : () => form.requestSubmit());
    if (way) $("button", box).focus();
    return;
  }
  if (control === expiry) expiry.error(failure.message);
  else fieldError(control, failure.message);
  if (control !== url) options.open = true;
  control.focus();
}

function show(link) {
  made = link;
  result.hidden = false;
  $("#result-title").textContent = link.existing ? "You have this link already" : "Your short link";
  showShort($(".result-link a"), link);
  text($(".target", result), link.url);
  text($(".meta", result), link.expires_at && `Expires ${dateTime(link.expires_at)}`);
  copyButton($("#copy-result"), link);
  for (const part of [$("#result-qr"), $("#download-result")]) part.hidden = !link.state;
  if (link.state && $("#result-qr").dataset.slug !== link.slug) qr.draw($("#result-qr"), link);
}

// A link that was changed or deleted should not stay here unchanged.
export function update(link) {
  if (made?.slug !== link.slug) return;
  if (link.state === "deleted") clear();
  else show({ ...link, existing: false });
}

export function clear() {
  made = null;
  result.hidden = true;
  qr.clear($("#result-qr"));
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  during($("#shorten"), "Shortening…", submit);
});
for (const control of [url, alias, note]) {
  control.addEventListener("input", () => fieldError(control, ""));
}
$("#copy-result").addEventListener("click", (event) => copy(event.currentTarget));
$("#download-result").addEventListener("click", () => qr.download(made));
keepLines(url);
$("#alias-prefix").textContent = `${location.host}/`;

// A bookmarklet may open the page with a URL. It is only filled in, since any site can do that. After #, it stays out of
// the logs of servers.
for (const given of [location.hash.slice(1), location.search]) {
  const address = new URLSearchParams(given).get("url");
  if (!address) continue;
  url.value = trimmed(address);
  url.focus();
  history.replaceState(null, "", location.pathname);
}
