// Connects the parts of the page.
import { $, announce, notice } from "./dom.js";
import { isAdmin, may } from "./api.js";
import { zone } from "./expiry.js";
import * as key from "./key.js";
import * as clicks from "./clicks.js";
import * as create from "./create.js";
import * as edit from "./edit.js";
import * as list from "./list.js";
import * as qr from "./qr.js";

document.addEventListener("edit", (event) => edit.open(event.detail));
document.addEventListener("qr", (event) => qr.open(event.detail));
document.addEventListener("clicks", (event) => clicks.open(event.detail));
document.addEventListener("clicks-closed", list.recount);
$("#all-clicks").addEventListener("click", () => clicks.open(null));
document.addEventListener("link", (event) => {
  list.put(event.detail);
  create.update(event.detail);
});

document.addEventListener("search", list.search);
// Only what the caller may do is offered.
document.addEventListener("listed", () => {
  $("#create").hidden = !may("create");
  $("#create-denied").hidden = may("create");
  $("#everyone-toggle").hidden = !isAdmin();
});

// Another key may have other links.
document.addEventListener("key", () => {
  if (!key.current()) return;
  list.load();
  clicks.reload();
});
window.addEventListener("online", list.retry);

$("#forget-key").addEventListener("click", () => {
  key.forget();
  clicks.leave();
  create.clear();
  $("#search").reset();
  list.forget();
  notice($("#list-notice"), "This browser has forgotten the key.", "Enter key", () => list.load());
  $("#list-notice button").focus();
  announce("This browser has forgotten the key.");
});

for (const button of document.querySelectorAll("dialog [data-close]")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}

$("#zone").textContent = zone();
list.load();
clicks.route();
