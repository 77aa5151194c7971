// What all parts of the page do with elements.

export const $ = (selector, root = document) => root.querySelector(selector);

// Makes screen readers say something. The text is emptied first, so that the same words are said again.
export function announce(text) {
  const status = $("#status");
  status.textContent = "";
  setTimeout(() => {
    status.textContent = text;
  }, 60);
}

function icon(name) {
  const svg = $("svg", $("#row").content).cloneNode(true);
  svg.firstChild.setAttribute("href", `#icon-${name}`);
  return svg;
}

export function make(name, properties, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

// A row of a table: what it is about, and its cells.
export const row = (head, cells) =>
  make("tr", {}, make("th", { scope: "row" }, ...head), ...cells.map((words) => make("td", {}, words)));

export function text(element, words) {
  element.textContent = words ?? "";
  element.hidden = !words;
}

// Shows what is wrong with a field beside it. Without words, clears the error.
export function fieldError(control, words) {
  text(document.getElementById(`${control.id}-error`), words);
  control.ariaInvalid = words ? "true" : null;
}

// Shows an error that concerns no single field, with a button where trying again may help.
export function notice(box, words, button, action) {
  box.replaceChildren();
  box.hidden = !words;
  if (!words) return;
  const paragraph = document.createElement("p");
  paragraph.setAttribute("role", "alert");
  box.append(paragraph);
  paragraph.textContent = words;
  if (button) offer(box, button, action);
}

// Adds a button, and gives it.
export function offer(box, words, action) {
  const button = make("button", { type: "button", className: "secondary" }, words);
  button.addEventListener("click", action);
  box.append(button);
  return button;
}

// Runs `work` and ignores further presses of the button meanwhile. `disabled` would drop the focus.
export async function during(button, words, work) {
  if (button.getAttribute("aria-disabled") === "true") return undefined;
  const before = button.textContent;
  button.setAttribute("aria-disabled", "true");
  button.textContent = words;
  try {
    return await work();
  } finally {
    button.removeAttribute("aria-disabled");
    button.textContent = before;
  }
}

// Has the browser keep a file.
export function saveAs(blob, name) {
  const href = URL.createObjectURL(blob);
  make("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10000);
}

// Host and slug, with the slug in bold.
export function showShort(anchor, link) {
  anchor.href = link.short_url;
  const shown = link.short_url.replace(/^https?:\/\//, "");
  const slug = document.createElement("b");
  slug.textContent = link.slug;
  anchor.replaceChildren(shown.slice(0, shown.length - link.slug.length), slug);
}

export function copyButton(button, link) {
  button.dataset.copies = link.short_url;
  button.ariaLabel = `Copy ${link.short_url}`;
  if (!button.classList.contains("done")) button.replaceChildren(icon("copy"), "Copy");
}

// Copies the link of the button, and shows on the button whether that worked.
export async function copy(button) {
  const copied = await toClipboard(button.dataset.copies, button);
  button.classList.toggle("done", copied);
  button.replaceChildren(...(copied ? [icon("done"), "Copied"] : ["Not allowed"]));
  announce(copied ? "Copied." : "The browser does not let this page copy. Select the link to copy it.");
  clearTimeout(button.timer);
  button.timer = setTimeout(() => {
    button.classList.remove("done");
    button.replaceChildren(icon("copy"), "Copy");
  }, 2500);
}

async function toClipboard(words, button) {
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch {
    // On plain http the API exists only for localhost, and it may be refused. The old way works in both cases.
    const area = document.createElement("textarea");
    area.className = "unseen";
    area.readOnly = true;
    area.value = words;
    button.after(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    button.focus();
    return copied;
  }
}
