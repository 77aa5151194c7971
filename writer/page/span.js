// The time that clicks are shown for: the last days, or from one date to another, in the browser's time zone.
import { $, fieldError } from "./dom.js";
import { localDate } from "./expiry.js";

// What the API answers at once.
const MAX_DAYS = 400;
const MAX_DAYS_BY_HOUR = 31;

const range = $("#clicks-range");
const unit = $("#clicks-unit");
const from = $("#clicks-from");
const to = $("#clicks-to");

let timezone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

// For a zone that the API does not know. False if there is nothing left to try.
export function useUtc() {
  const isOther = timezone !== "UTC";
  timezone = "UTC";
  return isOther;
}

// First and last date. Those of a range change at midnight.
function bounds() {
  if (range.value === "dates") return [from.value, to.value];
  const now = new Date();
  const [year, month, day] = [now.getFullYear(), now.getMonth(), now.getDate()];
  const first = range.value === "year" ? new Date(year, month - 11, 1) : new Date(year, month, day - range.value + 1);
  return [localDate(first), localDate(now)];
}

const days = ([first, last]) => (Date.parse(last) - Date.parse(first)) / 86400000 + 1;

// The parameters of the API. Null if the dates are wrong, after showing why.
export function read() {
  const chosen = bounds();
  const count = days(chosen);
  let wrong = "";
  if (Number.isNaN(count)) wrong = "Choose two dates.";
  else if (count < 1) wrong = "The last day is before the first.";
  else if (count > MAX_DAYS) wrong = `At most ${MAX_DAYS} days at once.`;
  fieldError(from, wrong);
  to.ariaInvalid = from.ariaInvalid;
  if (wrong) return null;
  return { from: chosen[0], to: chosen[1], unit: unit.value, timezone };
}

// After another time was chosen: the unit that shows it best.
function suggest() {
  $("#clicks-dates").hidden = range.value !== "dates";
  const chosen = bounds();
  if (range.value !== "dates") [from.value, to.value] = chosen;
  from.max = to.max = localDate(new Date());
  const count = days(chosen);
  $("[value=hour]", unit).disabled = count > MAX_DAYS_BY_HOUR;
  unit.value = count <= 2 ? "hour" : count <= 92 ? "day" : "month";
}

for (const control of [range, from, to]) control.addEventListener("change", suggest);
suggest();
