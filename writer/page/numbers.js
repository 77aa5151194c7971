// Numbers as people read them.

const whole = new Intl.NumberFormat();
const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumSignificantDigits: 3 });
const percent = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 0 });

export const exactly = (number) => whole.format(number);
export const shortly = (number) => (number < 10000 ? whole : compact).format(number);
export const share = (part, all) =>
  part && part / all < 0.01 ? `<${percent.format(0.01)}` : percent.format(part / all);
export const several = (number, one, write = exactly) => `${write(number)} ${one}${number === 1 ? "" : "s"}`;
