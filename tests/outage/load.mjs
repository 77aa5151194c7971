// What dax/client/examples/load.rs does, with the official client: npm @amazon-dax-sdk/client-dax.
//
//   node load.mjs ENDPOINT TABLE CALLERS SECONDS TOTAL_MS [IDLE_FROM IDLE_UNTIL]
//
// The client has no limit on a whole call; three attempts of a third each come closest. Calls that have not ended within
// GRACE_MS after the last one began are counted as unfinished.
import { createRequire } from "node:module";

const load = createRequire(`${process.env.INTEROP_MODULES}/`);
const { Dax } = load("@amazon-dax-sdk/client-dax");

const CALLS_PER_SECOND = 100;
const KEYS = 20;
const GRACE_MS = 5_000;

const [endpoint, TableName, ...numbers] = process.argv.slice(2);
const [callers, seconds, total, idleFrom = 0, idleUntil = 0] = numbers.map(Number);
const dax = new Dax({
  region: "us-east-1",
  credentials: { accessKeyId: "local", secretAccessKey: "local" },
  endpoint,
  maxRetries: 2,
  connectTimeout: Math.floor(total / 4),
  requestTimeout: Math.floor(total / 3),
});
// An error that the client throws outside of any call would end the process.
let stray = 0;
process.on("uncaughtException", () => (stray += 1));
process.on("unhandledRejection", () => (stray += 1));

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, Math.max(0, milliseconds)));
const started = performance.now();
const end = started + seconds * 1000;
const apart = (1000 * callers) / CALLS_PER_SECOND;
const text = { S: "x".repeat(200) };
const errors = {};
const successes = [];
const open = new Map();
let calls = 0;
let slowest = 0;
let failedLate = 0;

async function caller(number) {
  await pause((apart * (number % 97)) / 97);
  for (let round = 0; ; round += 1) {
    const second = (performance.now() - started) / 1000;
    if (second >= idleFrom && second < idleUntil) await pause(started + idleUntil * 1000 - performance.now());
    const begun = performance.now();
    if (begun >= end) break;
    const id = { S: `k${(number + round) % KEYS}` };
    calls += 1;
    open.set(number, begun);
    try {
      if (round % 10 === 0) await dax.putItem({ TableName, Item: { id, text } });
      else await dax.getItem({ TableName, Key: { id } });
      successes.push(performance.now() - started);
    } catch (error) {
      const name = error.code ?? error.name ?? "Error";
      errors[name] = (errors[name] ?? 0) + 1;
      failedLate += begun + 1000 > end;
    }
    open.delete(number);
    slowest = Math.max(slowest, performance.now() - begun);
    await pause(begun + apart - performance.now());
  }
}

const all = Promise.all(Array.from({ length: callers }, (_, number) => caller(number)));
await Promise.race([all, pause(seconds * 1000 + GRACE_MS)]);
for (const begun of open.values()) slowest = Math.max(slowest, performance.now() - begun);
successes.sort((a, b) => a - b);
let last = 0;
let gap = 0;
for (const success of [...successes, seconds * 1000]) {
  gap = Math.max(gap, success - last);
  last = success;
}
const failed = Object.values(errors).reduce((sum, count) => sum + count, 0);
console.log(
  JSON.stringify({
    calls,
    failed,
    errors,
    failed_late: failedLate,
    slowest_ms: Math.round(slowest),
    gap_ms: Math.round(gap),
    unfinished: open.size,
    stray,
  }),
);
process.exit(0);
