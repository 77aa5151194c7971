// The clicks of a link in its row: how many, and a small chart of the last days.
import { $ } from "./dom.js";
import { exactly, several, shortly } from "./numbers.js";

const [WIDTH, HEIGHT] = [90, 24];

// `clicks`, as a list has it, is null where nothing is known.
export function show(button, slug, clicks) {
  button.hidden = !clicks;
  if (!clicks) return;
  const { total, recent } = clicks;
  const words = total ? several(total, "click", shortly) : "No clicks yet";
  $("span", button).textContent = words;
  button.ariaLabel = `${words} on ${slug}`;
  button.title = exactly(total);
  const most = Math.max(0, ...recent);
  $("svg", button).toggleAttribute("hidden", !most);
  if (!most) return;
  const y = (count) => HEIGHT - 1.5 - (count / most) * (HEIGHT - 4);
  const line = recent.map((count, index) => `${(index * WIDTH) / (recent.length - 1)} ${y(count)}`).join("L");
  $(".line", button).setAttribute("d", `M${line}`);
  $(".area", button).setAttribute("d", `M0 ${HEIGHT}L${line}L${WIDTH} ${HEIGHT}Z`);
}
