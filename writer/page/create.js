// The form that makes links, and the link that it has made.
import { $, announce, copy, copyButton, during, fieldError, notice, showShort, text } from "./dom.js";
import { expected, json } from "./api.js";
import { Expiry, dateTime } from "./expiry.js";
import * as list from "./list.js";
import * as qr from "./qr.js";

const form = $("#create");
const url = $("#url");
const alias = $("#alias");
const note = $("#note");
const options = $("#options");
const result = $("#result");
const expiry = new Expiry($("#create-expiry"), "create-expires");

// The field that a problem is about.
const FIELDS = {
  "empty-body": url,
  "invalid-url": url,
  "url-too-long": url,
  "self-loop": url,
  "private-target": url,
  "slug-taken": alias,
  "reserved-slug": alias,
  "invalid-slug": alias,
};
const BY_NAME = { url, slug: alias, note, expires_at: expiry, ttl_seconds: expiry };

let made = null;
let attempt = { body: "", key: "" };

// People paste what the address bar shows, and it may lack the scheme.
function withScheme(typed) {
  return /^[^\s/:?#@]+\.[^\s/:?#@]+(:\d+)?([/?#]|$)/.test(typed) ? `https://${typed}` : typed;
}

function newLink() {
  const expires = expiry.read();
  const target = url.value.trim();
  if (!target) fieldError(url, "Paste the URL to shorten.");
  if (!target || !expires) {
    if (target) options.open = true;
    (target ? expiry : url).focus();
    return null;
  }
  const slug = alias.value.trim();
  const words = note.value.trim();
  return { url: withScheme(target), ...(slug && { slug }), ...expires, ...(words && { note: words }) };
}

// A plain URL, or one with an alias, gets the same link however often it is sent. Anything else needs an idempotency
// key, which stays the same as long as the request does.
function safeToRepeat(body) {
  if (body.slug || Object.keys(body).length === 1) return {};
  const words = JSON.stringify(body);
  if (attempt.body !== words) {
    const random = crypto.getRandomValues(new Uint8Array(16));
    attempt = { body: words, key: Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("") };
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
    show(link);
    list.put(link);
    announce(`${$("#result-title").textContent}: ${link.short_url}`);
    $("#copy-result").focus({ preventScroll: true });
    result.scrollIntoView({ block: "nearest" });
  } catch (error) {
    refuse(expected(error));
  }
}

function refuse(failure) {
  const control = BY_NAME[failure.field] ?? FIELDS[failure.code];
  if (!control) {
    notice($("#create-notice"), failure.message, failure.again, () => form.requestSubmit());
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
  if ($("#result-qr").dataset.slug !== link.slug) qr.draw($("#result-qr"), link);
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
$("#alias-prefix").textContent = `${location.host}/`;
