// What the cases share: the stacks, the browser, the page with everything that goes wrong on it, waiting.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(`${process.env.PAGE_MODULES}/package.json`);
const puppeteer = (await import(require.resolve("puppeteer-core"))).default;
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

// Longer than anything takes on a busy machine; only a failure waits this long.
const PATIENCE_MS = 45_000;
// Until a stack has built the functions and answers.
const BUILD_MS = 900_000;

export function deadline(what, milliseconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`still waiting for ${what}`)), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// Waits until `look` gives something that is true, and gives it back.
export async function until(what, look) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (Date.now() > end) throw new Error(`still waiting until ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
}

// Where links lead: a site that the browser finds under any name ending in `.example`.
export async function startTarget() {
  const server = http.createServer((request, response) => {
    response.writeHead(200, { "content-type": "text/html" });
    response.end(`<!doctype html><title>Landed</title><h1>${request.headers.host}${request.url}</h1>`);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { port: server.address().port, stop: () => server.close() };
}

// The product, on free ports and in memory.
export async function startStack(options = []) {
  const ports = ["--port", "--dax-port", "--dynamodb-port", "--lambda-port"].flatMap((name) => [name, "0"]);
  const child = spawn(process.env.LOCAL_BIN, ["--json", ...ports, ...options], { stdio: ["ignore", "pipe", "pipe"] });
  const said = [];
  child.stderr.on("data", (data) => said.push(data));
  const ended = once(child, "exit");
  const line = once(createInterface(child.stdout), "line");
  const failed = ended.then(([code]) => {
    throw new Error(`local ended with ${code}:\n${Buffer.concat(said)}`);
  });
  failed.catch(() => {});
  const stop = () => {
    child.kill("SIGINT");
    return deadline("the end of local", PATIENCE_MS, ended);
  };
  try {
    const [ready] = await deadline("the stack", BUILD_MS, Promise.race([line, failed]));
    return { ...JSON.parse(ready), stop };
  } catch (error) {
    child.kill("SIGINT");
    throw error;
  }
}

export function startBrowser(target) {
  return puppeteer.launch({
    executablePath: process.env.CHROMIUM,
    // Root, as in a container, has no sandbox. No name is looked up but those of the test: what the page would load
    // from elsewhere, it would not get.
    args: [
      "--no-sandbox",
      "--disable-dev-shm-usage",
      "--lang=en-US",
      `--host-resolver-rules=MAP *.example 127.0.0.1:${target.port}, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1`,
    ],
    protocolTimeout: 4 * PATIENCE_MS,
    timeout: 2 * PATIENCE_MS,
  });
}

// The API, as a program uses it, to set the scene and to look behind it.
export async function api(stack, method, path, body, headers = {}) {
  const authorization = stack.api_key ? { authorization: `Bearer ${stack.api_key}` } : {};
  const response = await fetch(`${stack.url}/api/v1/${path}`, {
    method,
    body: body && JSON.stringify(body),
    headers: { ...(body && { "content-type": "application/json" }), ...authorization, ...headers },
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${response.ok ? "" : await response.text()}`);
  return response.status === 204 ? null : response.json();
}

// Another key for a stack, put into its table as `infra keys create` does. `local` itself gives one key only.
export async function issueKey(stack, owner, scopes) {
  const random = [...randomBytes(40)].map((byte) => "0123456789abcdefghjkmnpqrstvwxyz"[byte % 32]).join("");
  const id = random.slice(0, 8);
  const key = `kurz_${id}_${random.slice(8)}`;
  const Item = {
    hash: { S: createHash("sha256").update(key).digest("hex") },
    key_id: { S: id },
    owner: { S: owner },
    scopes: { L: scopes.map((scope) => ({ S: scope })) },
    created_at: { N: "1700000000" },
  };
  const response = await fetch(stack.dynamodb, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": "DynamoDB_20120810.PutItem",
      "x-amz-date": "20260101T000000Z",
      // The endpoint wants a signature and checks none.
      authorization:
        "AWS4-HMAC-SHA256 Credential=local/20260101/eu-central-1/dynamodb/aws4_request, " +
        "SignedHeaders=host;x-amz-date, Signature=0",
    },
    body: JSON.stringify({ TableName: "keys", Item }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  assert.ok(response.ok, await response.text());
  return key;
}

export async function follow(stack, slug) {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const response = await fetch(`${stack.url}/${slug}`, { redirect: "manual", signal });
  return { status: response.status, location: response.headers.get("location") };
}

// A browser's tab with the page, noting everything that no visit may cause.
export class Tab {
  mistakes = [];
  requests = [];

  static async open(browser, stack, { prepare } = {}) {
    const tab = new Tab();
    tab.stack = stack;
    tab.context = await browser.createBrowserContext();
    await tab.context.overridePermissions(stack.url, [
      "clipboard-read",
      "clipboard-write",
      "clipboard-sanitized-write",
    ]);
    tab.page = await tab.context.newPage();
    tab.page.setDefaultTimeout(PATIENCE_MS);
    await tab.page.setViewport({ width: 1280, height: 800 });
    tab.#watch();
    await tab.page.evaluateOnNewDocument(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`);
      });
    });
    if (prepare) await prepare(tab.page);
    await tab.goto();
    return tab;
  }

  #watch() {
    this.page.on("pageerror", (error) => this.mistakes.push(String(error)));
    this.page.on("console", (message) => {
      if (!["error", "warn"].includes(message.type())) return;
      // The browser itself notes every answer of 400 and more, and being offline; the page has to deal with those.
      const isNetwork = message.text().startsWith("Failed to load resource");
      if (isNetwork && (message.location().url ?? "").startsWith(`${this.stack.url}/api/v1/`)) return;
      this.mistakes.push(`${message.type()}: ${message.text()}`);
    });
    this.page.on("request", (request) => this.requests.push(request));
  }

  async goto() {
    await this.page.goto(`${this.stack.url}/`);
    await this.settled();
  }

  // The list has been asked for and is there, or what stands instead of it.
  settled() {
    return this.page.waitForFunction(
      () =>
        document.querySelector("#list").getAttribute("aria-busy") === "false" || document.querySelector("#key").open,
    );
  }

  see(selector) {
    return this.page.waitForSelector(selector, { visible: true });
  }
  gone(selector) {
    return this.page.waitForSelector(selector, { hidden: true });
  }
  text(selector) {
    return this.page.$eval(selector, (element) => element.textContent.trim());
  }
  value(selector) {
    return this.page.$eval(selector, (element) => element.value);
  }
  isFocused(selector) {
    return this.page.$eval(selector, (element) => element === document.activeElement);
  }
  focus(selector) {
    return until(`${selector} has the focus`, () => this.isFocused(selector));
  }
  said(words) {
    return until(`"${words}" is announced`, async () => (await this.text("#status")).includes(words));
  }

  // Puts a text into a field in place of what is there.
  async fill(selector, words) {
    const field = await this.see(selector);
    await field.evaluate((element) => {
      element.focus();
      element.select?.();
    });
    await this.page.keyboard.press("Backspace");
    await field.type(words);
  }
  // As from a date picker, which types cannot reach in every locale.
  async choose(selector, value) {
    await this.page.$eval(
      selector,
      (element, chosen) => {
        element.value = chosen;
        element.dispatchEvent(new Event("input", { bubbles: true }));
        element.dispatchEvent(new Event("change", { bubbles: true }));
      },
      value,
    );
  }
  async click(selector) {
    const element = await this.see(selector);
    await element.evaluate((it) => it.scrollIntoView({ block: "center" }));
    await element.click();
  }
  button(slug, does) {
    return `li[data-slug="${slug}"] [data-does="${does}"]`;
  }
  row(slug, state) {
    return this.see(`li[data-slug="${slug}"]${state ? `[data-state="${state}"]` : ""}`);
  }

  // Makes a link by hand and gives its slug.
  async shorten(url) {
    await this.fill("#url", url);
    await this.click("#shorten");
    await this.see("#result");
    return this.text("#result .result-link b");
  }

  async axe() {
    await this.page.evaluate(AXE);
    // What is still fading in has too little contrast. An animation that another one cuts short has ended too.
    await this.page.evaluate(() => Promise.allSettled(document.getAnimations().map(({ finished }) => finished)));
    const found = await this.page.evaluate(async () => {
      const { violations } = await window.axe.run(document, { resultTypes: ["violations"] });
      return violations.map(({ id, impact, nodes }) => ({
        id,
        impact,
        at: nodes.map((node) => node.target.join(" ")),
      }));
    });
    assert.deepEqual(
      found.filter(({ impact }) => ["serious", "critical"].includes(impact)),
      [],
    );
    return found;
  }

  async close() {
    await this.context.close();
    assert.deepEqual(this.mistakes, [], "errors in the console or against the policy");
    // The browser draws its own date chooser out of `data:`; the page's policy would not let it do that itself.
    const own = ["data:", `blob:${this.stack.url}/`, `${this.stack.url}/`];
    const elsewhere = this.requests
      .map((request) => request.url())
      .filter((url) => !own.some((start) => url.startsWith(start)));
    assert.deepEqual(elsewhere, [], "requests to elsewhere");
  }
}
