// Times as people read and choose them, in their own time zone.
import { $, fieldError, text } from "./dom.js";

const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone ?? "local time";
export const date = (time) => day.format(new Date(time));
export const dateTime = (time) => moment.format(new Date(time));

// The value of a datetime-local input.
const local = (time) => new Date(time - time.getTimezoneOffset() * 60000).toISOString().slice(0, 16);

export const localDate = (time) => local(time).slice(0, 10);

const rfc3339 = (time) => time.toISOString().replace(/\.\d+Z$/, "Z");

// The field that chooses when a link ends.
export class Expiry {
  constructor(box, id) {
    box.append($("#expiry").content.cloneNode(true));
    this.select = $("select", box);
    this.input = $("input", box);
    this.hint = $(".hint", box);
    this.select.id = id;
    $("label", box).htmlFor = id;
    this.hint.id = `${id}-hint`;
    $(".error", box).id = `${id}-error`;
    for (const control of [this.select, this.input]) {
      control.setAttribute("aria-describedby", `${id}-hint ${id}-error`);
    }
    this.select.addEventListener("change", () => this.#chosen());
    this.set(null);
  }

  // `time`: RFC 3339 or null.
  set(time) {
    this.select.value = time ? "date" : "";
    this.input.value = time ? local(new Date(time)) : "";
    this.before = this.#state();
    this.error("");
    this.suggest("");
    this.#chosen();
  }

  get isChanged() {
    return this.#state() !== this.before;
  }

  suggest(words) {
    text(this.hint, words);
  }

  error(words) {
    fieldError(this.select, words);
    this.input.ariaInvalid = words ? "true" : null;
  }

  focus() {
    (this.input.hidden ? this.select : this.input).focus();
  }

  // `{}`, `{ttl_seconds}` or `{expires_at}`. Null if the choice is wrong, after showing why.
  read() {
    this.error("");
    const choice = this.select.value;
    if (choice === "") return {};
    if (choice !== "date") return { ttl_seconds: Number(choice) };
    const time = new Date(this.input.value);
    const wrong = Number.isNaN(time.getTime())
      ? "Choose a date and a time."
      : time <= new Date()
        ? "This time has passed."
        : "";
    this.error(wrong);
    return wrong ? null : { expires_at: rfc3339(time) };
  }

  #state() {
    return `${this.select.value} ${this.select.value === "date" ? this.input.value : ""}`;
  }

  #chosen() {
    const isDate = this.select.value === "date";
    this.input.hidden = !isDate;
    this.error("");
    if (!isDate) return;
    this.input.min = local(new Date());
    if (!this.input.value) {
      const tomorrow = new Date();
      tomorrow.setDate(tomorrow.getDate() + 1);
      tomorrow.setMinutes(0);
      this.input.value = local(tomorrow);
    }
  }
}
