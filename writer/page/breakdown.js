// Where clicks come from and what with: a table for each kind, with a bar in every row.
import { make, row } from "./dom.js";
import { exactly, share } from "./numbers.js";

const FEW = 6;
const REST = "~";
const regions = new Intl.DisplayNames("en", { type: "region" });

const NAMES = {
  mobile: "Phone",
  ios: "iOS",
  macos: "macOS",
  chromeos: "ChromeOS",
  samsung: "Samsung Internet",
  ie: "Internet Explorer",
  "in-app": "Inside an app",
};
const named = (value) => NAMES[value] ?? value.charAt(0).toUpperCase() + value.slice(1);

// Kinds: title, name of a value, name of none.
const KINDS = {
  country: ["Countries", (value) => regions.of(value), "Unknown"],
  referrer: ["Referrers", (value) => value, "None, as from apps and typed links"],
  device: ["Devices", named, "Unknown"],
  os: ["Systems", named, "Unknown"],
  browser: ["Browsers", named, "Unknown"],
};

const tables = {};
const whole = new Set();

export function show(box, by) {
  for (const kind of Object.keys(KINDS)) {
    tables[kind] ??= build(box, kind);
    fill(kind, by[kind] ?? []);
  }
}

function build(box, kind) {
  const [title] = KINDS[kind];
  const heads = [title, "Clicks", "Share"].map((words) => make("th", { scope: "col" }, words));
  const body = make("tbody");
  const table = make(
    "table",
    { ariaLabel: `Clicks by ${title.toLowerCase()}` },
    make("thead", {}, make("tr", {}, ...heads)),
    body,
  );
  const more = make("button", { type: "button", className: "quiet" });
  const section = make("section", {}, table, more);
  more.addEventListener("click", () => {
    if (!whole.delete(kind)) whole.add(kind);
    cut(tables[kind], kind);
  });
  box.append(section);
  return { section, body, more };
}

function fill(kind, values) {
  const [, name, none] = KINDS[kind];
  const { section, body } = tables[kind];
  const all = values.reduce((sum, { clicks }) => sum + clicks, 0);
  const most = Math.max(...values.map(({ clicks }) => clicks));
  section.hidden = !all;
  const rows = values.map(({ value, clicks }) => {
    const bar = make("i");
    bar.style.width = `${(100 * clicks) / most}%`;
    const words = value === REST ? "All others" : value ? name(value) : none;
    return row([make("bdi", {}, words), bar], [exactly(clicks), share(clicks, all)]);
  });
  body.replaceChildren(...rows);
  cut(tables[kind], kind);
}

// Long tables show the first rows until all are wanted.
function cut({ body, more }, kind) {
  const isWhole = whole.has(kind);
  for (const row of body.rows) row.hidden = !isWhole && row.sectionRowIndex >= FEW;
  more.hidden = body.rows.length <= FEW;
  more.textContent = isWhole ? "Show fewer" : `Show all ${body.rows.length}`;
  more.ariaLabel = `${more.textContent}: ${KINDS[kind][0]}`;
  more.ariaExpanded = String(isWhole);
}
