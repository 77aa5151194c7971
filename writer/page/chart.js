// Clicks over time: bars, or areas where there are too many for bars. Drawn in pixels, anew for each width. The same
// numbers are in a slider, which reads one point after the other, and in a table.
import { $, row } from "./dom.js";
import { exactly, several, shortly } from "./numbers.js";

const MAX_BARS = 100;
const HEIGHT = 224;
const [TOP, BOTTOM, LABEL] = [10, 26, 60];

// For each unit: the labels of the axis, the full name of a point, and the label where a day begins.
const DATE = { month: "short", day: "numeric" };
const FORMS = {
  hour: [{ hour: "numeric" }, { weekday: "short", ...DATE, hour: "numeric", minute: "2-digit" }, DATE],
  day: [DATE, { weekday: "short", year: "numeric", ...DATE }, DATE],
  month: [{ month: "short" }, { month: "long", year: "numeric" }, { month: "short" }],
};

function svg(name, attributes, words = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
  element.textContent = words;
  return element;
}

// Round numbers from 0 to at least `max`, about four.
function ticks(max) {
  const least = Math.max(1, max / 4);
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((times) => times * power).find((it) => it >= least);
  return Array.from({ length: Math.ceil(Math.max(1, max) / step) + 1 }, (_, index) => index * step);
}

export class Chart {
  #series = [];
  #width = 0;

  constructor(figure, table) {
    this.figure = figure;
    this.table = table;
    this.plot = $("svg", figure);
    this.slider = $("input", figure);
    this.slider.addEventListener("input", () => this.#point(Number(this.slider.value)));
    this.slider.addEventListener("blur", () => this.#point(null));
    for (const kind of ["pointermove", "pointerdown"]) {
      this.plot.addEventListener(kind, ({ offsetX }) => {
        const index = Math.floor((offsetX - this.left) / this.slot);
        this.#point(Math.max(0, Math.min(this.#series.length - 1, index)));
      });
    }
    this.plot.addEventListener("pointerleave", () => this.#point(null));
    new ResizeObserver(() => this.#draw()).observe(figure);
  }

  show({ series, unit, timezone }, withBots) {
    this.#series = series;
    this.withBots = withBots;
    this.unit = unit;
    this.forms = FORMS[unit].map((form) => new Intl.DateTimeFormat(undefined, { ...form, timeZone: timezone }));
    const last = String(series.length - 1);
    if (this.slider.max !== last) {
      this.slider.max = last;
      this.slider.value = last;
    }
    this.#width = 0;
    this.#draw();
    this.#list();
  }

  #name(index) {
    return this.forms[1].format(new Date(this.#series[index].start));
  }

  #label({ start }) {
    const isMidnight = start.slice(11, 16) === "00:00";
    return (isMidnight ? this.forms[2] : this.forms[0]).format(new Date(start));
  }

  #words(index) {
    const { clicks, bots, visitors } = this.#series[index];
    const parts = [several(clicks, "click"), ...(bots === null ? [] : [several(bots, "bot")])];
    if (typeof visitors === "number") parts.push(`about ${several(visitors, "visitor")}`);
    return `${this.#name(index)}: ${parts.join(", ")}`;
  }

  // Reads one point, in the line above and to screen readers. Null: the highest.
  #point(index) {
    const clicks = this.#series.map((it) => it.clicks);
    const most = Math.max(...clicks);
    const peak = most ? `Most: ${this.#words(clicks.indexOf(most))}` : "No clicks by people in this time.";
    $(".reading", this.figure).textContent = index === null ? peak : this.#words(index);
    this.slider.ariaValueText = this.#words(index ?? Number(this.slider.value));
    if (index !== null) this.slider.value = index;
    this.cursor?.setAttribute("x", index === null ? -this.#width : this.left + index * this.slot);
  }

  #draw() {
    const width = this.figure.clientWidth;
    if (!width || width === this.#width || !this.#series.length) return;
    this.#width = width;
    const people = this.#series.map(({ clicks }) => clicks);
    const all = this.#series.map(({ clicks, bots }) => clicks + (this.withBots ? (bots ?? 0) : 0));
    const marks = ticks(Math.max(...all));
    const right = this.plot.clientWidth;
    const base = HEIGHT - BOTTOM;
    const y = (value) => TOP + (base - TOP) * (1 - value / marks.at(-1));
    this.left = 10 + 7.5 * Math.max(...marks.map((mark) => shortly(mark).length));
    this.slot = (right - this.left) / this.#series.length;
    this.plot.setAttribute("height", HEIGHT);
    this.cursor = svg("rect", { class: "cursor", y: TOP, height: base - TOP, width: Math.max(2, this.slot) });
    this.plot.replaceChildren(
      this.cursor,
      ...marks.flatMap((mark) => [
        svg("path", { class: "grid", d: `M${this.left} ${Math.round(y(mark)) + 0.5}H${right}` }),
        svg("text", { x: this.left - 8, y: y(mark) + 4, "text-anchor": "end" }, shortly(mark)),
      ]),
      ...this.#axis(right),
      svg("path", {
        class: "people",
        d: this.#shape(
          people.map(() => 0),
          people,
          y,
        ),
      }),
      ...(this.withBots ? [svg("path", { class: "bots", d: this.#shape(people, all, y) })] : []),
    );
    this.#point(document.activeElement === this.slider ? Number(this.slider.value) : null);
  }

  // Bars, or one area, between two rows of values.
  #shape(low, high, y) {
    const points = high.map((value, index) => {
      const bottom = y(low[index]);
      // However small, what is not zero is seen.
      const top = value > low[index] ? Math.min(y(value), bottom - 1.5) : bottom;
      return { x: this.left + (index + 0.5) * this.slot, top, bottom };
    });
    if (points.length > MAX_BARS) {
      const edges = [
        ...points.map(({ x, top }) => `${x} ${top}`),
        ...points.reverse().map(({ x, bottom }) => `${x} ${bottom}`),
      ];
      return `M${edges.join("L")}Z`;
    }
    const wide = Math.min(40, Math.max(1, this.slot * 0.72));
    return points.map(({ x, top, bottom }) => `M${x - wide / 2} ${bottom}V${top}h${wide}V${bottom}Z`).join("");
  }

  // As many labels as there is room for. Hours are named in even steps.
  #axis(right) {
    const least = LABEL / this.slot;
    const step = this.unit !== "hour" ? 1 : least > 12 ? 24 : 6;
    const every = step * Math.ceil(least / step);
    return this.#series.flatMap((point, index) => {
      const middle = this.left + (index + 0.5) * this.slot;
      if (index % every || middle + LABEL / 2 > right + 4) return [];
      const isCut = middle - LABEL / 2 < 0;
      const place = isCut ? { x: this.left, "text-anchor": "start" } : { x: middle, "text-anchor": "middle" };
      return [svg("text", { ...place, y: HEIGHT - 6 }, this.#label(point))];
    });
  }

  // The table behind the chart.
  #list() {
    const hasVisitors = this.#series.some(({ visitors }) => typeof visitors === "number");
    $("thead th:last-child", this.table).hidden = !hasVisitors;
    const rows = this.#series.map(({ clicks, bots, visitors }, index) => {
      const numbers = [clicks, bots, ...(hasVisitors ? [visitors] : [])];
      return row(
        [this.#name(index)],
        numbers.map((it) => (typeof it === "number" ? exactly(it) : "–")),
      );
    });
    $("tbody", this.table).replaceChildren(...rows);
  }
}
