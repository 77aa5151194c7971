// Runs the cases through a DAX client and straight on DynamoDB, and compares.
"use strict";
const fs = require("node:fs");
const { setTimeout: pause } = require("node:timers/promises");

const SIDES = { dax: "daxx", direct: "ddbx" };
const WRITES = new Set(["putItem", "updateItem", "deleteItem", "batchWriteItem", "transactWriteItems"]);
const CALL_DEADLINE_MS = 10000;
const ROUTE_DEADLINE_MS = 60000;
const ROUTE_POLL_MS = 20;

/** Base64 in DynamoDB JSON to buffers. */
function fromJson(value) {
  if (Array.isArray(value)) return value.map(fromJson);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (key === "B" && typeof inner === "string") return [key, Buffer.from(inner, "base64")];
      if (key === "BS" && Array.isArray(inner)) return [key, inner.map((text) => Buffer.from(text, "base64"))];
      return [key, fromJson(inner)];
    }),
  );
}

/** The tables of one side: `HashS` becomes `daxx-HashS`. */
function onSide(prefix, value, key) {
  if (Array.isArray(value)) return value.map((inner) => onSide(prefix, inner));
  if (value === null || typeof value !== "object" || Buffer.isBuffer(value)) {
    return key === "TableName" ? `${prefix}-${value}` : value;
  }
  const rename = key === "RequestItems" ? (name) => `${prefix}-${name}` : (name) => name;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [rename(name), onSide(prefix, inner, name)]));
}

/** A number without the choices that clients make in writing it. */
function canonicalNumber(text) {
  const match = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text);
  if (!match) return text;
  const [, sign, whole, fraction, exponent] = match;
  let digits = (whole + fraction).replace(/^0+/, "");
  let power = Number(exponent ?? 0) - fraction.length;
  if (digits === "") return "0";
  while (digits.endsWith("0")) {
    digits = digits.slice(0, -1);
    power += 1;
  }
  return `${sign === "-" ? "-" : ""}${digits}e${power}`;
}

const EMPTY = new Set(["UnprocessedKeys", "UnprocessedItems", "ItemCollectionMetrics"]);

/** What is left of an answer when only its meaning counts. */
function meaning(value, key) {
  if (Buffer.isBuffer(value) || value instanceof Uint8Array) return `base64:${Buffer.from(value).toString("base64")}`;
  if (typeof value === "string") {
    if (key === "N") return canonicalNumber(value);
    return value.replaceAll(`${SIDES.dax}-`, "").replaceAll(`${SIDES.direct}-`, "");
  }
  if (Array.isArray(value)) {
    const list = value.map((inner) => meaning(inner, key === "NS" ? "N" : undefined));
    return ["SS", "NS", "BS", "ConsumedCapacity", "table rows"].includes(key)
      ? list.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
      : list;
  }
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value)
    .filter(([name, inner]) => inner !== undefined && name !== "$metadata" && name !== "$response")
    .filter(([name, inner]) => !(EMPTY.has(name) && Object.keys(inner ?? {}).length === 0))
    .map(([name, inner]) => {
      const plain = name.replace(`${SIDES.dax}-`, "").replace(`${SIDES.direct}-`, "");
      return [plain, meaning(inner, key === "Responses" ? "table rows" : name)];
    });
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function failure(error) {
  const code = [error.code, error.name].find((text) => typeof text === "string" && text !== "Error");
  const reasons = error.CancellationReasons ?? error.cancellationReasons;
  return meaning({
    error: code,
    reasons: reasons?.map(({ Code, Item }) => ({
      Code: Code ?? "None",
      Item: Item && Object.keys(Item).length ? Item : undefined,
    })),
  });
}

async function bounded(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: no answer after ${CALL_DEADLINE_MS} ms`)), CALL_DEADLINE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** One call, or a whole walk through pages. */
async function run(side, operation, input) {
  const { pages, ...first } = input;
  const answers = [];
  let next = first;
  for (let page = 0; page < 50; page += 1) {
    let answer;
    try {
      answer = await bounded(side(operation, next), operation);
    } catch (error) {
      answers.push(failure(error));
      break;
    }
    answers.push(meaning(answer));
    if (!pages || !answer.LastEvaluatedKey) break;
    next = { ...first, ExclusiveStartKey: answer.LastEvaluatedKey };
  }
  return answers;
}

/**
 * Waits until the client can reach the cluster. A client first asks for the nodes, then connects to each; a call in
 * between it answers by itself, with "no route", and without retries that is all it does. Every other error is final.
 */
async function untilRouted(dax, table) {
  const deadline = Date.now() + ROUTE_DEADLINE_MS;
  for (;;) {
    try {
      await bounded(dax("scan", { TableName: `${SIDES.dax}-${table}`, Limit: 1 }), "the first scan");
      return;
    } catch (error) {
      if (failure(error).error !== "NoRouteException" || Date.now() > deadline) throw error;
    }
    await pause(ROUTE_POLL_MS);
  }
}

/** Answers from a cache consume no capacity. */
function withoutCapacity(value) {
  return JSON.parse(JSON.stringify(value, (name, inner) => (name === "ConsumedCapacity" ? undefined : inner)));
}

function compare(ours, theirs, exactCapacity) {
  const [a, b] = exactCapacity ? [ours, theirs] : [withoutCapacity(ours), withoutCapacity(theirs)];
  return JSON.stringify(a) === JSON.stringify(b);
}

async function main(client, dax, direct, control) {
  const { tables, cases } = JSON.parse(fs.readFileSync(process.env.INTEROP_CASES, "utf8"));
  const sides = {
    dax: (operation, input) => dax(operation, input),
    direct: (operation, input) => direct(operation, input),
  };
  const result = { client, passed: 0, failed: 0, skipped: 0, calls: 0 };
  await untilRouted(dax, Object.keys(tables)[0]);
  for (const { name, calls, skip, perSide, exactCapacity } of cases) {
    if (skip?.[client]) {
      result.skipped += 1;
      continue;
    }
    await fetch(`${control}/caches/clear`, { method: "POST" });
    let difference;
    for (const { operation, input } of calls) {
      const inputOf = (prefix) => {
        const mine = onSide(prefix, fromJson(input));
        for (const field of perSide ?? []) if (mine[field]) mine[field] = `${client}-${prefix}-${mine[field]}`;
        return mine;
      };
      const theirs = await run(sides.direct, operation, inputOf(SIDES.direct));
      if (exactCapacity) await fetch(`${control}/caches/clear`, { method: "POST" });
      const uncached =
        exactCapacity || WRITES.has(operation) || operation === "transactGetItems" || input.ConsistentRead;
      // Reads twice: from DynamoDB, or what earlier calls left in the cache, and then surely from the cache.
      for (const warm of WRITES.has(operation) ? [false] : [false, true]) {
        const ours = await run(sides.dax, operation, inputOf(SIDES.dax));
        result.calls += 1;
        if (!compare(ours, theirs, !warm && uncached)) {
          difference ??= { operation, input: JSON.stringify(input).slice(0, 600), warm, dax: ours, dynamodb: theirs };
        }
      }
    }
    if (difference) {
      result.failed += 1;
      console.error(`FAILED ${client}: ${name}\n${JSON.stringify(difference, null, 1).slice(0, 4000)}`);
    } else {
      result.passed += 1;
    }
  }
  console.log(JSON.stringify(result));
  // Open connections would keep the process alive.
  process.exit(result.failed ? 1 : 0);
}

module.exports = { main, meaning, SIDES };
