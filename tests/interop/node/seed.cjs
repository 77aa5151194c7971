// The original application and kurz on one table, through one DAX cluster: each follows the links of the other.
// The argument, `seed` or `kurz`, says who is first to create.
"use strict";
const assert = require("node:assert/strict");
const { setTimeout: pause } = require("node:timers/promises");

const { url: kurzUrl, dax, dynamodb, table } = JSON.parse(process.env.INTEROP_STACK);
Object.assign(process.env, {
  DAX_ENDPOINT: dax[0],
  DDB_TABLE: table,
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "local",
  AWS_SECRET_ACCESS_KEY: "local",
});
const { createRequire } = require("node:module");
const { handler } = require("./seed-app.cjs");

const AWS = createRequire(`${process.env.INTEROP_MODULES}/`)("aws-sdk");
const direct = new AWS.DynamoDB({ endpoint: dynamodb, region: "us-east-1" });

const DEADLINE_MS = 15000;
/** How long kurz may believe that there is no such link, and some time for this machine. */
const ABSENCE_MS = 4000;

/** The original application: its function is called as Lambda would. */
const seed = {
  name: "the seed",
  async create(url, encoded = true) {
    const body = encoded ? Buffer.from(url).toString("base64") : url;
    const answer = await handler({ requestContext: { http: { method: "POST" } }, body, isBase64Encoded: encoded });
    assert.equal(answer.statusCode, 200, answer.body);
    return answer.body;
  },
  async follow(id) {
    const { statusCode, headers, body } = await handler({
      requestContext: { http: { method: "GET" } },
      pathParameters: { id },
    });
    return { status: statusCode, location: headers.Location, body };
  },
};

/** kurz: over HTTP, through the gateway and the two functions. */
const kurz = {
  name: "kurz",
  async create(url, encoded = true) {
    // API Gateway passes a form's media type on in base64, and plain text as it is.
    const type = encoded ? "application/x-www-form-urlencoded" : "text/plain";
    const answer = await request("/", { method: "POST", body: url, headers: { "Content-Type": type } });
    assert.equal(answer.status, 200, answer.body);
    return answer.body;
  },
  follow: (id) => request(`/${id}`, {}),
};

async function request(path, options) {
  const answer = await fetch(kurzUrl + path, {
    redirect: "manual",
    signal: AbortSignal.timeout(DEADLINE_MS),
    ...options,
  });
  return { status: answer.status, location: answer.headers.get("location") ?? undefined, body: await answer.text() };
}

const [first, second] = process.argv[2] === "kurz" ? [kurz, seed] : [seed, kurz];

async function leadsTo(id, url) {
  for (const side of [second, first]) {
    const { status, location, body } = await side.follow(id);
    assert.deepEqual({ status, location, body }, { status: 301, location: url, body: url }, `${side.name}: ${id}`);
  }
}

async function stored(id) {
  const { Item } = await direct.getItem({ TableName: table, Key: { id: { S: id } }, ConsistentRead: true }).promise();
  return Item;
}

const cases = {
  async "a link of one is followed by the other"() {
    const url = "https://www.amazon.com";
    assert.equal(await first.create(url), "grqpaeet");
    await leadsTo("grqpaeet", url);
  },
  async "the same URL has the same slug whoever creates it, in base64 or as it is"() {
    const url = "https://example.com/the-same?a=1&b=%20c#fragment";
    const id = await first.create(url);
    for (const [side, encoded] of [
      [second, true],
      [second, false],
      [first, false],
      [first, true],
    ]) {
      assert.equal(await side.create(url, encoded), id, side.name);
    }
    await leadsTo(id, url);
  },
  async "two URLs of the same hash get the slugs that the seed gives them"() {
    assert.equal(await first.create("https://example.com/425790"), "47d90svq");
    assert.equal(await second.create("https://example.com/1023374"), "q1e1ft90");
    await leadsTo("47d90svq", "https://example.com/425790");
    await leadsTo("q1e1ft90", "https://example.com/1023374");
    for (const side of [first, second]) {
      assert.equal(await side.create("https://example.com/1023374"), "q1e1ft90", side.name);
      assert.equal(await side.create("https://example.com/425790"), "47d90svq", side.name);
    }
  },
  async "a slug shorter than eight characters is found"() {
    const url = "https://example.com/1139924";
    assert.equal(await first.create(url), "8c8r");
    await leadsTo("8c8r", url);
  },
  async "a slug that both looked for in vain is there once it is created"() {
    const url = "https://example.com/1176252";
    for (const side of [first, second]) assert.equal((await side.follow("3el49v5g")).status, 404, side.name);
    assert.equal(await first.create(url), "3el49v5g");
    assert.equal((await seed.follow("3el49v5g")).status, 301);
    // The environment that said 404 may go on to say so for two seconds.
    const deadline = Date.now() + ABSENCE_MS;
    while ((await kurz.follow("3el49v5g")).status === 404 && Date.now() < deadline) await pause(50);
    await leadsTo("3el49v5g", url);
  },
  async "what one has written is in the cache that the other reads"() {
    for (const [writer, reader] of [
      [first, second],
      [second, first],
    ]) {
      const url = `https://example.com/cached-for/${encodeURIComponent(reader.name)}`;
      const id = await writer.create(url);
      // Past DAX, which therefore does not hear of it.
      await direct.deleteItem({ TableName: table, Key: { id: { S: id } } }).promise();
      assert.equal(await stored(id), undefined);
      assert.equal((await reader.follow(id)).location, url, reader.name);
    }
  },
  async "what kurz keeps beside the target survives that kurz is asked again"() {
    const id = await kurz.create("https://example.com/kept");
    const before = await stored(id);
    assert.equal(before.target.S, "https://example.com/kept");
    assert.ok(Object.keys(before).length > 2, JSON.stringify(before));
    await kurz.create("https://example.com/kept");
    assert.deepEqual(await stored(id), before);
  },
};

async function main() {
  const result = { passed: 0, failed: 0, calls: 0, skipped: 0 };
  const counted = [seed, kurz].flatMap((side) => [
    [side, "create"],
    [side, "follow"],
  ]);
  for (const [side, name] of counted) {
    const call = side[name];
    side[name] = (...all) => {
      result.calls += 1;
      return call(...all);
    };
  }
  for (const [name, run] of Object.entries(cases)) {
    try {
      await run();
      result.passed += 1;
    } catch (error) {
      result.failed += 1;
      console.error(`FAILED, ${first.name} first: ${name}\n${error.stack}`);
    }
  }
  console.log(JSON.stringify(result));
  // Open connections would keep the process alive.
  process.exit(result.failed ? 1 : 0);
}

main();
