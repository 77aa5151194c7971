// A page of another site, in the same browser as the developer's: what it can do to the ports of a running stack.
import assert from "node:assert/strict";
import { api, until } from "./support.mjs";

const TARGET = "DynamoDB_20120810.";
const SIGNED = {
  "x-amz-date": "20260101T000000Z",
  authorization:
    "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=00",
};
const AMZ = { "content-type": "application/x-amz-json-1.0", ...SIGNED };
const TEXT = { "content-type": "text/plain" };
const EVIL = "https://evil.example/";

const EVENT = JSON.stringify({
  version: "2.0",
  routeKey: "$default",
  rawPath: "/api/v1/links/mine",
  headers: {},
  requestContext: { http: { method: "DELETE", path: "/api/v1/links/mine" }, domainName: "localhost" },
});
const KEY = JSON.stringify({
  TableName: "keys",
  Item: { hash: { S: "evil" }, scopes: { S: "admin" } },
});
// What each would change or tell: method, path, headers, body.
const REQUESTS = [
  ["POST", "/", TEXT, EVIL],
  ["GET", "/api/v1/links", {}],
  ["PATCH", "/api/v1/links/mine", { "content-type": "application/json" }, JSON.stringify({ url: EVIL })],
  ["DELETE", "/api/v1/links/mine", {}],
  ["POST", "/", { ...AMZ, "x-amz-target": `${TARGET}PutItem` }, KEY],
  ["POST", "/", { ...AMZ, "x-amz-target": `${TARGET}Scan` }, JSON.stringify({ TableName: "keys" })],
  ["POST", "/2015-03-31/functions/writer/invocations", TEXT, EVENT],
  ["POST", "/faults", TEXT, JSON.stringify({ action: { type: "close" } })],
  ["POST", "/nodes/0/freeze", TEXT, ""],
  ["GET", "/status", {}],
  ["GET", "/2018-06-01/runtime/invocation/next", {}],
];

// What programs see of the stack, to compare.
async function state({ dynamodb, control }) {
  const scan = async (table) => {
    const headers = { ...AMZ, "x-amz-target": `${TARGET}Scan` };
    const response = await fetch(dynamodb, { method: "POST", headers, body: JSON.stringify({ TableName: table }) });
    assert.equal(response.status, 200);
    return (await response.json()).Items;
  };
  const { faults, nodes } = await (await fetch(`${control}/status`)).json();
  return { links: await scan("links"), keys: await scan("keys"), faults, frozen: nodes.map(({ frozen }) => frozen) };
}

// Runs in the foreign page: all requests in both modes. Gives those that told it anything.
async function attack(origin, requests) {
  const told = [];
  for (const [method, path, headers, body] of requests) {
    for (const mode of ["cors", "no-cors"]) {
      try {
        const signal = AbortSignal.timeout(10_000);
        const response = await fetch(origin + path, { method, headers, body, mode, signal });
        if (response.type !== "opaque") told.push(`${mode} ${method} ${origin}${path}: ${response.status}`);
      } catch {
        // Refused by the browser or the port, as it should be.
      }
    }
  }
  // Images, scripts and frames need no permission either.
  for (const [name, attribute] of [
    ["img", "src"],
    ["script", "src"],
    ["iframe", "src"],
  ]) {
    const element = document.createElement(name);
    element[attribute] = `${origin}/2018-06-01/runtime/invocation/next`;
    document.body.append(element);
  }
  return told;
}

// Runs in the foreign page: a form, sent as a form is, into a frame.
function submit(origin) {
  const frame = document.createElement("iframe");
  frame.name = `frame-${Math.random()}`;
  const form = document.createElement("form");
  Object.assign(form, { action: `${origin}/`, method: "POST", target: frame.name });
  const field = document.createElement("input");
  Object.assign(field, { name: "url", value: "https://evil.example/form" });
  form.append(field);
  document.body.append(frame, form);
  form.submit();
  return new Promise((resolve) => {
    frame.addEventListener("load", resolve, { once: true });
    setTimeout(resolve, 3_000);
  });
}

async function foreign({ page }, stack) {
  await api(stack, "POST", "links", { url: "https://example.com/mine", slug: "mine" });
  const before = await state(stack);
  const dax = stack.dax.map((url) => url.replace("dax://", "http://"));
  const ports = [stack.url, stack.dynamodb, stack.lambda, stack.control, ...dax];
  const browser = page.browser();
  const context = await browser.createBrowserContext();
  try {
    const evil = await context.newPage();
    await evil.goto("http://evil.example/");
    for (const origin of ports.flatMap((url) => [url, url.replace("localhost", "127.0.0.1")])) {
      assert.deepEqual(await evil.evaluate(attack, origin, REQUESTS), [], `${origin} told a foreign page something`);
      await evil.evaluate(submit, origin);
    }
    // A person may follow a link from there all the same.
    await evil.goto("http://evil.example/");
    await evil.evaluate((url) => {
      document.body.innerHTML = `<a href="${url}">a short link</a>`;
    }, `${stack.url}/mine+`);
    await Promise.all([evil.waitForNavigation(), evil.click("a")]);
    assert.equal(new URL(evil.url()).origin, stack.url);
    await until("the preview is there", () => evil.evaluate(() => document.body.textContent.includes("example.com")));
  } finally {
    await context.close();
  }
  assert.deepEqual(await state(stack), before);
}

export const cases = [
  { name: "a page of another site gets nothing and changes nothing", run: foreign, stack: "guarded" },
];
