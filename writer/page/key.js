// The API key. It is kept in this browser, and asked for only when the API refuses a request.
import { $, fieldError } from "./dom.js";

const NAME = "kurz.key";
const dialog = $("#key");
const field = $("#key-text");

let key = storage((store) => store.getItem(NAME));
let isAccepted = false;
let asking = null;
$("#key-keep").checked = Boolean(key);

// If the browser allows no storage, the key lasts as long as the page.
function storage(use) {
  try {
    return use(localStorage);
  } catch {
    return null;
  }
}
const keep = (value) => storage((store) => (value ? store.setItem(NAME, value) : store.removeItem(NAME)));
function changed() {
  $("#forget-key").hidden = !isAccepted;
  document.dispatchEvent(new Event("key"));
}

export const current = () => key;

// A key other than `refused`, which is null if none was sent. Null if the person enters none.
export function ask(refused) {
  if (key && key !== refused) return Promise.resolve(key);
  asking ??= prompt(refused).finally(() => {
    asking = null;
  });
  return asking;
}

// The API has accepted the key. Only now is it worth keeping.
export function accepted(used) {
  if (!used || used !== key || isAccepted) return;
  isAccepted = true;
  keep($("#key-keep").checked && key);
  changed();
}

export function forget() {
  key = null;
  isAccepted = false;
  keep(null);
  $("#key-keep").checked = false;
  changed();
}

function prompt(refused) {
  const wrong = refused ? "This key is not accepted. Is it complete, and still valid?" : "";
  isAccepted = false;
  // The refused key stays in the field, so that a missing letter can be added.
  field.value = refused ?? "";
  fieldError(field, wrong);
  dialog.returnValue = "";
  dialog.showModal();
  field.focus();
  return new Promise((resolve) => {
    dialog.addEventListener(
      "close",
      () => {
        const given = dialog.returnValue;
        if (given) key = given;
        field.value = "";
        show(false);
        resolve(given || null);
      },
      { once: true },
    );
  });
}

function show(isShown) {
  field.type = isShown ? "text" : "password";
  $("#key-show").checked = isShown;
}

$("form", dialog).addEventListener("submit", (event) => {
  event.preventDefault();
  const given = field.value.trim();
  // Anything else cannot be sent in a header.
  const isSendable = /^[\x21-\x7e]+$/.test(given);
  fieldError(field, isSendable ? "" : given ? "A key has only letters, digits and _." : "Paste your key here.");
  if (isSendable) dialog.close(given);
  else field.focus();
});
$("#key-show").addEventListener("change", (event) => show(event.target.checked));
