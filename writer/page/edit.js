// The dialog that changes a link.
import { $, announce, during, fieldError, notice, text } from "./dom.js";
import { expected, ifMatch, json, linkPath } from "./api.js";
import { Expiry, dateTime } from "./expiry.js";
import { trimmed, withScheme } from "./paste.js";

const dialog = $("#edit");
const url = $("#edit-url");
const note = $("#edit-note");
const expiry = new Expiry($("#edit-expiry"), "edit-expires");
const box = $("#edit-notice");

const FIELDS = { url, note, expires_at: expiry, ttl_seconds: expiry };

// The link as it was when the fields were filled.
let link = null;

export function open(opened) {
  link = opened;
  $("#edit-title span").textContent = link.slug;
  url.value = link.url;
  note.value = link.note ?? "";
  expiry.set(link.expires_at);
  clear();
  dialog.showModal();
  url.focus();
}

function clear() {
  notice(box, "");
  for (const control of [url, note]) {
    fieldError(control, "");
    text($(`#${control.id}-hint`), "");
  }
  expiry.suggest("");
}

const isUrlChanged = () => trimmed(url.value) !== link.url;
const isNoteChanged = () => note.value.trim() !== (link.note ?? "");

// A merge patch of the changed fields. Null if one of them is wrong.
function patch() {
  const changes = {};
  if (isUrlChanged()) changes.url = withScheme(trimmed(url.value));
  if (isNoteChanged()) changes.note = note.value.trim() || null;
  const isEmpty = changes.url === "";
  if (isEmpty || /\s/.test(changes.url ?? "")) {
    fieldError(url, isEmpty ? "A link must lead somewhere." : "There is white space in it. Remove it, or write %20.");
    url.focus();
    return null;
  }
  if (!expiry.isChanged) return changes;
  const expires = expiry.read();
  if (!expires) expiry.focus();
  const isNever = expires && !Object.keys(expires).length;
  return expires && { ...changes, ...(isNever ? { expires_at: null } : expires) };
}

async function save() {
  notice(box, "");
  for (const control of [url, note]) fieldError(control, "");
  const changes = patch();
  if (!changes) return;
  try {
    if (Object.keys(changes).length) {
      const saved = await json("PATCH", linkPath(link.slug), changes, ifMatch(link));
      document.dispatchEvent(new CustomEvent("link", { detail: saved }));
    }
    dialog.close();
    announce("Saved.");
  } catch (error) {
    const failure = expected(error);
    if (failure.status === 412) await reload();
    else refuse(failure);
  }
}

function refuse(failure) {
  const control = FIELDS[failure.field];
  if (!control) {
    notice(box, failure.message, failure.again, () => $("form", dialog).requestSubmit());
    return;
  }
  if (control === expiry) expiry.error(failure.message);
  else fieldError(control, failure.message);
  control.focus();
}

// Someone else has changed the link. Untouched fields take the new value. Edited fields stay as typed, with the new
// value beside them, so that saving again is a decision.
async function reload() {
  let now;
  try {
    now = await json("GET", linkPath(link.slug));
  } catch (error) {
    refuse(expected(error));
    return;
  }
  clear();
  const stored = { url: isUrlChanged(), note: isNoteChanged(), expiry: expiry.isChanged };
  const hint = (isTyped, before, after, words) => (isTyped && before !== after ? `Stored meanwhile: ${words}` : "");
  text($("#edit-url-hint"), hint(stored.url, link.url, now.url, now.url));
  text($("#edit-note-hint"), hint(stored.note, link.note, now.note, now.note || "no note"));
  if (!stored.url) url.value = now.url;
  if (!stored.note) note.value = now.note ?? "";
  if (!stored.expiry) expiry.set(now.expires_at);
  const ends = now.expires_at ? dateTime(now.expires_at) : "never";
  expiry.suggest(hint(stored.expiry, link.expires_at, now.expires_at, ends));
  link = now;
  document.dispatchEvent(new CustomEvent("link", { detail: now }));
  notice(box, "This link was changed elsewhere while you were editing. Review it and save again.");
}

// A URL wraps, but has no line breaks.
url.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  $("form", dialog).requestSubmit();
});
$("form", dialog).addEventListener("submit", (event) => {
  event.preventDefault();
  during($("button[type=submit]", dialog), "Saving…", save);
});
