// What the list is searched for.
import { $ } from "./dom.js";

const form = $("#search");
const box = $("#search-text");
const state = $("#search-state");
const everyone = $("#everyone");
let timer;

export const isOverAll = () => everyone.checked;

// The parameters of the API. After `tag:` and `host:` follows a value, in quotes if it has blanks.
export function filter() {
  const pairs = [];
  const words = box.value.replace(/(?<!\S)(tag|host):(?:"((?:[^"\\]|\\.)*)"|(\S+))/gi, (_, name, quoted, word) => {
    pairs.push([name.toLowerCase(), word ?? quoted.replace(/\\(.)/g, "$1")]);
    return "";
  });
  if (words.trim()) pairs.push(["q", words.trim()]);
  if (state.value) pairs.push(["state", state.value]);
  if (everyone.checked) pairs.push(["owner", "*"]);
  return pairs;
}

export function addTag(tag) {
  const term = `tag:${/[\s"]/.test(tag) ? `"${tag.replace(/["\\]/g, "\\$&")}"` : tag}`;
  if (!box.value.includes(term)) box.value = `${box.value} ${term}`.trim();
  box.focus();
  changed();
}

function changed() {
  clearTimeout(timer);
  document.dispatchEvent(new Event("search"));
}

box.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(changed, 300);
});
form.addEventListener("change", (event) => {
  if (event.target !== box) changed();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  changed();
});
