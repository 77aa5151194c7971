// What people type and paste where a URL is wanted.

// White space, and characters without a shape. The API trims the same.
const UNSEEN = "[\\s\\xad\\u061c\\u180e\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f\\ufeff]+";
const ENDS = new RegExp(`^${UNSEEN}|${UNSEEN}$`, "g");
export const trimmed = (text) => text.replace(ENDS, "");

// A host and what may follow it, without a scheme.
const BARE = /^(localhost|[^\s/:?#@[\]]+\.[^\s/:?#@[\]]+|\[[\da-f:.]+\])(?::(\d{1,5}))?(?![^/?#])/i;
// As in address bars: nobody has a certificate for these, and what listens on a port of its own rarely has one.
const PLAIN = /^(localhost|[\d.]+|\[.*|.*\.(local|localhost|lan|internal|home\.arpa|test))$/i;

// The address bar hides the scheme, and people copy what it shows.
export function withScheme(typed) {
  const [, host, port] = BARE.exec(typed) ?? [];
  if (!host) return typed;
  return `${PLAIN.test(host) || (port && !/^8?443$/.test(port)) ? "http" : "https"}://${typed}`;
}

// What a text with white space inside may mean: pairs of a description and a URL. None if there is nothing to ask.
export function meanings(text) {
  const parts = text.split(/\s+/);
  if (parts.length < 2) return [];
  const isUrl = (part) => /^https?:\/\//i.test(part);
  const found = [...new Set(parts.filter(isUrl))].slice(0, 5).map((url) => ["Only", url]);
  if (!(isUrl(parts[0]) || BARE.test(parts[0])) || parts.slice(1).some(isUrl)) return found;
  return [
    ["Joined", parts.join("")],
    ["With the blank", parts.join("%20")],
    ...(found.length ? found : [["Only", parts[0]]]),
  ];
}

// An input would swallow line ends, and two URLs would become one.
export function keepLines(input) {
  input.addEventListener("paste", (event) => {
    const text = trimmed(event.clipboardData.getData("text"));
    if (!/[\r\n]/.test(text)) return;
    event.preventDefault();
    document.execCommand("insertText", false, text.replace(/\s*[\r\n]+\s*/g, " "));
  });
}
