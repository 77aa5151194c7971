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

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.classList.add("icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

export function text(element, words) {
  element.textContent = words ?? "";
  element.hidden = !words;
}

// Shows what is wrong with a field beside it. Without words, clears the error.
export function fieldError(control, words) {
  text(document.getElementById(`${control.id}-error`), words);
  if (words) control.setAttribute("aria-invalid", "true");
  else control.removeAttribute("aria-invalid");
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
  if (!button) return;
  const again = document.createElement("button");
  again.type = "button";
  again.className = "secondary";
  again.textContent = button;
  again.addEventListener("click", action);
  box.append(again);
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
  button.setAttribute("aria-label", `Copy ${link.short_url}`);
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
