// Prints the cases that every client goes through, as JSON. Values are DynamoDB JSON, binary as base64.
//
// A case is a list of calls. Each call goes through the DAX client under test to one set of tables and straight to
// DynamoDB to an equal set; the answers must agree, and in the end the tables. `pages` follows LastEvaluatedKey.
// With `exactCapacity` every call starts with empty caches, so that reads consume what they do without.
// `skip` names clients that are known to get a case wrong by themselves, and why.

const S = (text) => ({ S: text });
const N = (text) => ({ N: String(text) });
const B = (text) => ({ B: Buffer.from(text, "latin1").toString("base64") });
const L = (...values) => ({ L: values });
const M = (map) => ({ M: map });
const ALPHABET = { S, N, B };

const tables = {};
for (const hash of "SNB") {
  tables[`Hash${hash}`] = { hash: ["pk", hash] };
  for (const range of "SNB") tables[`Hash${hash}Range${range}`] = { hash: ["pk", hash], range: ["sk", range] };
}
tables.Orders = {
  hash: ["pk", "S"],
  range: ["sk", "N"],
  gsi: {
    byStatus: { hash: ["status", "S"], range: ["amount", "N"] },
    keysOnly: { hash: ["status", "S"], projection: "KEYS_ONLY" },
    included: { hash: ["status", "S"], projection: ["note"] },
  },
  lsi: { bySize: { hash: ["pk", "S"], range: ["mass", "N"] } },
};

const cases = [];
const add = (name, calls, more = {}) => cases.push({ name, calls: Array.isArray(calls) ? calls : [calls], ...more });
const call = (operation, input, more = {}) => ({ operation, input, ...more });
const put = (TableName, Item, more = {}) => call("putItem", { TableName, Item, ...more });
const get = (TableName, Key, more = {}) => call("getItem", { TableName, Key, ...more });
const update = (TableName, Key, more = {}) => call("updateItem", { TableName, Key, ...more });
const remove = (TableName, Key, more = {}) => call("deleteItem", { TableName, Key, ...more });
const query = (TableName, more) => call("query", { TableName, ...more });
const scan = (TableName, more = {}) => call("scan", { TableName, ...more });

// ------------------------------------------------------------------ every type of attribute, and many numbers

const values = {
  "s plain": S("hello"), "s empty": S(""), "s unicode": S("grüße 🚀 \u0000 end"), "s long": S("x".repeat(70000)),
  "b": B("\x00\xff\x10"), "b empty": { B: "" }, "true": { BOOL: true }, "false": { BOOL: false }, "null": { NULL: true },
  "ss": { SS: ["a", "b", ""] }, "ns": { NS: ["1", "-2.5", "30000000000000000000"] }, "bs": { BS: [B("a").B, B("\x80").B] },
  "l empty": L(), "m empty": M({}), "l mixed": L(S("a"), N(1), L(N(2), L()), M({ x: { NULL: true } }), { BOOL: false }),
  "m nested": M({ a: M({ b: M({ c: L(S("deep")) }) }), "with.dot": N("1.5"), "ünï": B("z") }),
};
for (const number of [
  "0", "-0", "1", "-1", "23", "24", "-24", "-25", "255", "256", "-257", "65535", "65536", "4294967295", "4294967296",
  "9007199254740991", "9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
  "18446744073709551615", "18446744073709551616", "-18446744073709551616", "-18446744073709551617",
  "12345678901234567890123456789012345678", "-99999999999999999999999999999999999999",
  "3.14", "-0.5", "0.1", "1.0", "1.500", "100", "1e10", "1E-5", "-2.5e3", "0.00001", "1234567890.0123456789",
  "1234567890123456789.0123456789012345678", "1e125", "-1E125", "1e-130", "9.9999999999999999999999999999999999999E125",
]) values[`n ${number}`] = N(number);
for (const [name, v] of Object.entries(values)) {
  const key = { pk: S(`value ${name}`) };
  add(`value ${name}`, [
    put("HashS", { ...key, v }),
    get("HashS", key),
    put("HashS", { ...key, l: L(v), m: M({ v }) }, { ReturnValues: "ALL_OLD" }),
    get("HashS", key, { ConsistentRead: true }),
    remove("HashS", key, { ReturnValues: "ALL_OLD" }),
    get("HashS", key),
  ]);
}

// ------------------------------------------------------------------ every type of key

const keys = {
  S: ["a", "ü🚀", "a b", "x".repeat(300)],
  N: ["0", "1", "-1", "10", "100", "3.14", "-3.14", "1e61", "-1E62", "1e-64", "12345678901234567890123456789012345678", "1.0", "0.001"],
  B: ["a", "\x00\x01\xff", "longer than twenty-three bytes"],
};
for (const [name, table] of Object.entries(tables).filter(([name]) => name.startsWith("Hash"))) {
  const [, hashType] = table.hash;
  const rangeType = table.range?.[1];
  const hashes = keys[hashType].map((text) => ALPHABET[hashType](text));
  const ranges = rangeType ? keys[rangeType].map((text) => ALPHABET[rangeType](text)) : [undefined];
  const pairs = rangeType
    ? [...ranges.map((sk) => [hashes[0], sk]), ...hashes.slice(1).map((pk) => [pk, ranges[1]])]
    : hashes.map((pk) => [pk]);
  const key = ([pk, sk]) => (sk ? { pk, sk } : { pk });
  for (const pair of pairs) {
    const text = JSON.stringify(pair).slice(0, 60);
    add(`key ${name} ${text}`, [
      put(name, { ...key(pair), v: S(text) }),
      get(name, key(pair)),
      update(name, key(pair), { UpdateExpression: "SET w = :w", ExpressionAttributeValues: { ":w": N(1) }, ReturnValues: "ALL_NEW" }),
      get(name, key(pair)),
    ]);
  }
  add(`key ${name} query`, [
    query(name, { KeyConditionExpression: "pk = :p", ExpressionAttributeValues: { ":p": hashes[0] } }),
    query(name, { KeyConditionExpression: "pk = :p", ExpressionAttributeValues: { ":p": hashes[0] }, Limit: 1, pages: 1 }),
    scan(name, { Limit: 2, pages: 1 }),
    remove(name, key(pairs[0]), { ReturnValues: "ALL_OLD" }),
    get(name, key(pairs[0])),
    scan(name),
  ]);
}
add("a number in many forms is one key", [
  put("HashN", { pk: N("7.0"), v: S("a") }),
  get("HashN", { pk: N("7") }),
  get("HashN", { pk: N("0.7e1") }),
  put("HashSRangeN", { pk: S("forms"), sk: N("1.50"), v: S("a") }),
  get("HashSRangeN", { pk: S("forms"), sk: N("1.5") }),
  get("HashSRangeN", { pk: S("forms"), sk: N("15e-1") }),
  remove("HashSRangeN", { pk: S("forms"), sk: N("1.500") }, { ReturnValues: "ALL_OLD" }),
  get("HashSRangeN", { pk: S("forms"), sk: N("1.50") }),
]);

// ------------------------------------------------------------------ conditions

const subject = {
  pk: S("subject"), n: N(5), s: S("hello"), b: B("\x01\x02\x03"), t: { BOOL: true }, z: { NULL: true },
  l: L(N(1), S("two"), M({ x: N(3) })), m: M({ k: N(9), "dotted.name": S("d") }), ss: { SS: ["a", "b"] }, ns: { NS: ["1", "2"] },
  bs: { BS: [B("a").B] }, grid: L(L(N(1), N(2)), L(N(3), N(4))), twin: N(5),
};
const V = { ":five": N(5), ":four": N(4), ":six": N(6), ":h": S("hel"), ":hello": S("hello"), ":N": S("N"), ":a": S("a"), ":q": S("q"), ":b": B("\x01"), ":nine": N(9), ":d": S("d"), ":zero": N(0), ":ns": { NS: ["2", "1"] }, ":one": N(1), ":two": N(2), ":true": { BOOL: true }, ":null": { NULL: true }, ":L": S("L") };
const used = (text) => {
  const pick = (all, pattern) => {
    const found = new Set(text.match(pattern) ?? []);
    const entries = Object.entries(all).filter(([name]) => found.has(name));
    return entries.length ? Object.fromEntries(entries) : undefined;
  };
  return { ExpressionAttributeNames: pick({ "#n": "n", "#dot": "dotted.name", "#m": "m", "#status": "status" }, /#\w+/g), ExpressionAttributeValues: pick(V, /:\w+/g) };
};
const conditions = [
  "n = :five", "n = :four", "n <> :four", "n <> :five", "n < :six", "n < :five", "n <= :five", "n <= :four", "n > :four", "n > :five", "n >= :five",
  "n >= :six", "n = twin", ":five = n", "s = :hello", "b > :b", "t = :true", "z = :null", "ns = :ns", "n BETWEEN :four AND :six", "n BETWEEN :six AND :nine",
  "s BETWEEN :h AND :hello", "n IN (:four, :five)", "n IN (:four, :six)", "n IN (:five)", "attribute_exists(n)", "attribute_exists(nope)", "attribute_not_exists(nope)",
  "attribute_not_exists(n)", "attribute_exists(l[2].x)", "attribute_exists(#m.#dot)", "attribute_type(n, :N)", "attribute_type(s, :N)", "attribute_type(l, :L)",
  "begins_with(s, :h)", "begins_with(s, :q)", "begins_with(b, :b)", "contains(s, :h)", "contains(ss, :a)", "contains(ss, :q)", "contains(l, :one)", "contains(ns, :two)",
  "size(s) = :five", "size(l) > :two", "size(ss) = :two", "size(m) < :one", "size(b) BETWEEN :one AND :four", "size(s) IN (:one, :five)", "NOT n = :four", "NOT n = :five",
  "n = :five AND s = :hello", "n = :five AND s = :q", "n = :four OR s = :hello", "n = :four OR s = :q", "n = :four OR s = :hello AND t = :true",
  "(n = :four OR s = :hello) AND t = :true", "NOT (n = :four OR s = :q)", "NOT (n = :five AND s = :hello)", "n = :five AND s = :hello AND t = :true AND attribute_exists(l)",
  "n = :four OR n = :six OR n = :five", "NOT (NOT n = :five)", "m.k = :nine", "#m.#dot = :d", "l[0] = :one", "l[2].x > :two", "grid[1][0] > :two", "nope = :one",
  "#n = :five", "n IN (twin, :one)", "(n = :five) AND (s = :hello)", "attribute_exists(n) and not attribute_exists(nope)", "size(nope) > :zero",
];
const subjectKey = { pk: subject.pk };
conditions.forEach((condition) => {
  add(`condition ${condition}`, [
    put("HashS", subject),
    put("HashS", { ...subject, changed: S(condition) }, { ConditionExpression: condition, ...used(condition) }),
    get("HashS", subjectKey),
  ]);
});
add("condition on update and delete", [
  put("HashS", subject),
  update("HashS", subjectKey, { UpdateExpression: "SET n = :six", ConditionExpression: "n = :five", ...used(":six n = :five") }),
  update("HashS", subjectKey, { UpdateExpression: "SET n = :six", ConditionExpression: "n = :five", ...used(":six n = :five") }),
  get("HashS", subjectKey),
  remove("HashS", subjectKey, { ConditionExpression: "n = :five", ...used("n = :five") }),
  get("HashS", subjectKey),
  remove("HashS", subjectKey, { ConditionExpression: "n = :six", ...used("n = :six"), ReturnValues: "ALL_OLD" }),
  get("HashS", subjectKey),
  put("HashS", subject, { ConditionExpression: "attribute_not_exists(pk)" }),
  put("HashS", subject, { ConditionExpression: "attribute_not_exists(pk)" }),
]);

// ------------------------------------------------------------------ updates

const updates = [
  "SET n = :six", "SET fresh = :hello", "SET n = n + :one", "SET n = n - :two", "SET n = :six - :two", "SET n = if_not_exists(n, :zero)", "SET fresh = if_not_exists(fresh, :zero) + :one",
  "SET l = list_append(l, :L2)", "SET l = list_append(:L2, l)", "SET l[1] = :hello", "SET l[9] = :one", "SET m.k = :one", "SET m.#fresh = :one", "SET #m.#dot = :one", "SET l[2].x = :two",
  "SET n = :one, s = :a, fresh = :q", "SET twin = n", "SET fresh = list_append(if_not_exists(fresh, :E), :L2)", "REMOVE n", "REMOVE l[0]", "REMOVE l[0], l[1]", "REMOVE m.k", "REMOVE nope",
  "ADD n :five", "ADD fresh :five", "ADD ss :SS", "ADD ns :ns", "ADD m.k :one", "DELETE ss :SS", "DELETE ns :ns", "SET n = :one REMOVE s ADD twin :five DELETE ss :SS", "REMOVE s SET n = :one",
  "SET grid[0][1] = :nine", "SET s = :a REMOVE grid[1]", "SET n = n",
];
const updateValues = { ...V, ":L2": L(S("x"), N(2)), ":E": L(), ":SS": { SS: ["a", "c"] } };
for (const expression of updates) {
  const names = { "#m": "m", "#dot": "dotted.name", "#fresh": "fresh" };
  const pick = (all, pattern) => {
    const found = new Set(expression.match(pattern) ?? []);
    const entries = Object.entries(all).filter(([name]) => found.has(name));
    return entries.length ? Object.fromEntries(entries) : undefined;
  };
  const input = { UpdateExpression: expression, ExpressionAttributeNames: pick(names, /#\w+/g), ExpressionAttributeValues: pick(updateValues, /:\w+/g) };
  // Which attributes UPDATED_* reports for nested paths is DynamoDB's business; both sides ask the same one.
  for (const ReturnValues of [undefined, "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"]) {
    add(`update ${expression} ${ReturnValues ?? ""}`, [
      put("HashS", subject),
      get("HashS", subjectKey),
      update("HashS", subjectKey, { ...input, ReturnValues }),
      get("HashS", subjectKey),
    ]);
  }
}
add("update makes an item", [
  update("HashS", { pk: S("made") }, { UpdateExpression: "SET v = :one", ExpressionAttributeValues: { ":one": N(1) }, ReturnValues: "ALL_OLD" }),
  get("HashS", { pk: S("made") }),
  update("HashS", { pk: S("made 2") }),
  get("HashS", { pk: S("made 2") }),
]);

// ------------------------------------------------------------------ projections

const projections = [
  "n", "n, s", "pk", "pk, n", "m.k", "#m.#dot", "l[0]", "l[1],l[0]", "l[2].x", "m", "nope", "n, nope, s", "grid[1]", "m.k, l[0], n", "l", "n,s,b,t,z,ss,ns,bs",
];
const nestedLists = ["grid[0][1]", "grid[1][0], n"];
const JS_LIST_HOLES = { "node-v2": "leaves holes in lists of lists", "node-v3": "leaves holes in lists of lists" };
for (const expression of [...projections, ...nestedLists]) {
  const projection = { ProjectionExpression: expression, ...used(expression) };
  // The embedded DynamoDB adds the key to what a transaction projects, unlike AWS: asked for, it is right either way.
  const withKey = expression.includes("pk") ? projection : { ...projection, ProjectionExpression: `${expression}, pk` };
  const more = nestedLists.includes(expression) ? { skip: JS_LIST_HOLES } : {};
  add(`projection ${expression}`, [
    put("HashS", subject),
    get("HashS", subjectKey, projection),
    get("HashS", subjectKey, { ...projection, ConsistentRead: true }),
    call("batchGetItem", { RequestItems: { HashS: { Keys: [subjectKey, { pk: S("nobody") }], ...projection } } }),
    query("HashS", { KeyConditionExpression: "pk = :p", ...projection, ExpressionAttributeValues: { ":p": subject.pk } }),
    call("transactGetItems", { TransactItems: [{ Get: { TableName: "HashS", Key: subjectKey, ...withKey } }, { Get: { TableName: "HashS", Key: { pk: S("nobody") } } }] }),
  ], more);
}

// ------------------------------------------------------------------ queries and scans

const orders = [];
for (let i = 1; i <= 12; i += 1) {
  orders.push({ pk: S(i <= 8 ? "q" : "r"), sk: N(i), status: S(i % 3 ? "open" : "done"), amount: N(i * 10 - 35), mass: N((i * 7) % 5), note: S(`note ${i}`), tags: L(S(`t${i}`), N(i)) });
}
add("orders", [
  call("batchWriteItem", { RequestItems: { Orders: orders.map((Item) => ({ PutRequest: { Item } })) } }),
]);
const q = { ":p": S("q") };
const keyConditions = [
  ["pk = :p", q], ["pk = :p AND sk = :s", { ...q, ":s": N(3) }], ["pk = :p AND sk < :s", { ...q, ":s": N(3) }], ["pk = :p AND sk <= :s", { ...q, ":s": N(3) }],
  ["pk = :p AND sk > :s", { ...q, ":s": N(3) }], ["pk = :p AND sk >= :s", { ...q, ":s": N("3.0") }], ["pk = :p AND sk BETWEEN :s AND :t", { ...q, ":s": N(2), ":t": N(5) }],
  ["sk > :s AND pk = :p", { ...q, ":s": N(6) }], ["pk = :p", { ":p": S("nobody") }],
];
for (const [KeyConditionExpression, ExpressionAttributeValues] of keyConditions) {
  const input = { KeyConditionExpression, ExpressionAttributeValues };
  add(`query ${KeyConditionExpression} ${JSON.stringify(ExpressionAttributeValues)}`, [
    query("Orders", input),
    query("Orders", { ...input, ScanIndexForward: false }),
    query("Orders", { ...input, ConsistentRead: true }),
    query("Orders", { ...input, Select: "COUNT" }),
    query("Orders", { ...input, Limit: 2, pages: 1 }),
    query("Orders", { ...input, Limit: 3, ScanIndexForward: false, pages: 1 }),
    query("Orders", { ...input, ReturnConsumedCapacity: "TOTAL" }),
    query("Orders", { ...input, ReturnConsumedCapacity: "INDEXES" }),
    query("Orders", { ...input, ProjectionExpression: "note, tags[0]" }),
    query("Orders", { ...input, FilterExpression: "amount > :f", ExpressionAttributeValues: { ...ExpressionAttributeValues, ":f": N(-10) }, pages: 1, Limit: 3 }),
  ], { exactCapacity: true });
}
add("query begins_with", [
  ...["S", "B"].map((type) => query(`HashSRange${type}`, { KeyConditionExpression: "pk = :p AND begins_with(sk, :s)", ExpressionAttributeValues: { ":p": S("a"), ":s": ALPHABET[type]("a") } })),
]);
const open = { ":o": S("open") };
for (const IndexName of ["byStatus", "keysOnly", "included"]) {
  const input = { IndexName, KeyConditionExpression: "#s = :o", ExpressionAttributeNames: { "#s": "status" }, ExpressionAttributeValues: open };
  const calls = [
    query("Orders", input),
    query("Orders", { ...input, Limit: 3, pages: 1 }),
    query("Orders", { ...input, Select: "COUNT" }),
    query("Orders", { ...input, Select: "ALL_PROJECTED_ATTRIBUTES" }),
    query("Orders", { ...input, ReturnConsumedCapacity: "INDEXES" }),
    query("Orders", { ...input, ProjectionExpression: "pk, sk" }),
    scan("Orders", { IndexName }),
    scan("Orders", { IndexName, Limit: 4, pages: 1 }),
  ];
  if (IndexName === "byStatus") {
    calls.push(query("Orders", { ...input, Select: "ALL_ATTRIBUTES" }));
    calls.push(query("Orders", { ...input, KeyConditionExpression: "#s = :o AND amount BETWEEN :a AND :b", ExpressionAttributeValues: { ...open, ":a": N(-20), ":b": N(60) }, ScanIndexForward: false }));
    calls.push(query("Orders", { ...input, ConsistentRead: true }));
  }
  add(`index ${IndexName}`, calls, { exactCapacity: true });
}
add("index bySize", [
  query("Orders", { IndexName: "bySize", KeyConditionExpression: "pk = :p AND mass >= :z", ExpressionAttributeValues: { ...q, ":z": N(1) } }),
  query("Orders", { IndexName: "bySize", KeyConditionExpression: "pk = :p", ExpressionAttributeValues: q, Limit: 2, pages: 1 }),
  query("Orders", { IndexName: "bySize", KeyConditionExpression: "pk = :p", ExpressionAttributeValues: q, ConsistentRead: true, ReturnConsumedCapacity: "INDEXES" }),
], { exactCapacity: true });
add("scans", [
  scan("Orders"),
  scan("Orders", { Limit: 5, pages: 1 }),
  scan("Orders", { ConsistentRead: true, ReturnConsumedCapacity: "TOTAL" }),
  scan("Orders", { Select: "COUNT" }),
  scan("Orders", { TotalSegments: 3, Segment: 0 }),
  scan("Orders", { TotalSegments: 3, Segment: 2, Limit: 2, pages: 1 }),
  scan("Orders", { FilterExpression: "begins_with(note, :n) AND NOT mass = :z", ExpressionAttributeValues: { ":n": S("note 1"), ":z": N(0) } }),
  scan("Orders", { ProjectionExpression: "pk, tags[1], tags[0]" }),
  scan("Orders", { FilterExpression: "contains(tags, :t)", ProjectionExpression: "#s, note", ExpressionAttributeNames: { "#s": "status" }, ExpressionAttributeValues: { ":t": S("t4") } }),
  scan("Orders", { FilterExpression: "attribute_exists(nope)", Limit: 5, pages: 1 }),
], { exactCapacity: true });

// ------------------------------------------------------------------ batches

const many = (count, from = 0) => Array.from({ length: count }, (_, i) => ({ pk: S(`batch ${from + i}`), v: N(i), data: S("d".repeat(i)) }));
add("batches", [
  call("batchWriteItem", { RequestItems: { HashS: many(25).map((Item) => ({ PutRequest: { Item } })) } }),
  call("batchGetItem", { RequestItems: { HashS: { Keys: many(40).map(({ pk }) => ({ pk })) } } }),
  call("batchGetItem", { RequestItems: { HashS: { Keys: many(40).map(({ pk }) => ({ pk })), ConsistentRead: true } }, ReturnConsumedCapacity: "TOTAL" }),
  call("batchWriteItem", { RequestItems: { HashS: [{ DeleteRequest: { Key: { pk: S("batch 1") } } }, { PutRequest: { Item: { pk: S("batch 2") } } }], HashSRangeN: [{ PutRequest: { Item: { pk: S("b"), sk: N("1.5"), v: S("x") } } }, { DeleteRequest: { Key: { pk: S("b"), sk: N(9) } } }] }, ReturnConsumedCapacity: "INDEXES", ReturnItemCollectionMetrics: "SIZE" }),
  call("batchGetItem", { RequestItems: { HashS: { Keys: many(4).map(({ pk }) => ({ pk })) }, HashSRangeN: { Keys: [{ pk: S("b"), sk: N("1.50") }, { pk: S("b"), sk: N(9) }], ProjectionExpression: "v, sk" } }, ReturnConsumedCapacity: "INDEXES" }),
], { exactCapacity: true });

// ------------------------------------------------------------------ transactions

const t = (n) => ({ pk: S(`transaction ${n}`) });
add("transactions", [
  call("transactWriteItems", { TransactItems: [{ Put: { TableName: "HashS", Item: { ...t(1), v: N(1) } } }, { Put: { TableName: "HashS", Item: t(2), ConditionExpression: "attribute_not_exists(pk)" } }, { Put: { TableName: "HashSRangeN", Item: { pk: S("t"), sk: N("-7.5"), v: S("x") } } }], ReturnConsumedCapacity: "TOTAL" }),
  get("HashS", t(1)),
  get("HashS", t(2)),
  call("transactWriteItems", { TransactItems: [{ Update: { TableName: "HashS", Key: t(1), UpdateExpression: "SET v = v + :o", ConditionExpression: "v = :o", ExpressionAttributeValues: { ":o": N(1) } } }, { Delete: { TableName: "HashS", Key: t(2) } }, { ConditionCheck: { TableName: "HashSRangeN", Key: { pk: S("t"), sk: N("-7.50") }, ConditionExpression: "attribute_exists(v)" } }] }),
  get("HashS", t(1)),
  get("HashS", t(2)),
  call("transactGetItems", { TransactItems: [{ Get: { TableName: "HashS", Key: t(1) } }, { Get: { TableName: "HashS", Key: t(2) } }, { Get: { TableName: "HashSRangeN", Key: { pk: S("t"), sk: N("-7.5") } } }], ReturnConsumedCapacity: "TOTAL" }),
  call("transactWriteItems", { TransactItems: [{ Put: { TableName: "HashS", Item: { ...t(1), v: N(99) } } }, { Update: { TableName: "HashSRangeN", Key: { pk: S("t"), sk: N("-7.5") }, UpdateExpression: "SET v = :x", ConditionExpression: "v = :x", ExpressionAttributeValues: { ":x": S("other") }, ReturnValuesOnConditionCheckFailure: "ALL_OLD" } }, { ConditionCheck: { TableName: "HashS", Key: t(3), ConditionExpression: "attribute_exists(pk)" } }] }),
  get("HashS", t(1)),
  get("HashSRangeN", { pk: S("t"), sk: N("-7.5") }),
]);
add("transaction token", [
  call("transactWriteItems", { TransactItems: [{ Update: { TableName: "HashS", Key: t(4), UpdateExpression: "ADD v :o", ExpressionAttributeValues: { ":o": N(1) } } }], ClientRequestToken: "token-1" }),
  call("transactWriteItems", { TransactItems: [{ Update: { TableName: "HashS", Key: t(4), UpdateExpression: "ADD v :o", ExpressionAttributeValues: { ":o": N(1) } } }], ClientRequestToken: "token-1" }),
  get("HashS", t(4)),
  call("transactWriteItems", { TransactItems: [{ Update: { TableName: "HashS", Key: t(4), UpdateExpression: "ADD v :o", ExpressionAttributeValues: { ":o": N(2) } } }], ClientRequestToken: "token-1" }),
  get("HashS", t(4)),
], { perSide: ["ClientRequestToken"] });

// ------------------------------------------------------------------ capacity and metrics

for (const ReturnConsumedCapacity of ["NONE", "TOTAL", "INDEXES"]) {
  const order = { pk: S("capacity"), sk: N(1) };
  add(`capacity ${ReturnConsumedCapacity}`, [
    put("Orders", { ...order, status: S("open"), amount: N(1), mass: N(1) }, { ReturnConsumedCapacity, ReturnItemCollectionMetrics: "SIZE" }),
    get("Orders", order, { ReturnConsumedCapacity }),
    get("Orders", order, { ReturnConsumedCapacity, ConsistentRead: true }),
    get("Orders", { ...order, sk: N(2) }, { ReturnConsumedCapacity }),
    update("Orders", order, { UpdateExpression: "SET amount = :a", ExpressionAttributeValues: { ":a": N(2) }, ReturnConsumedCapacity, ReturnItemCollectionMetrics: "SIZE" }),
    remove("Orders", order, { ReturnConsumedCapacity, ReturnItemCollectionMetrics: "SIZE" }),
  ], { exactCapacity: true });
}

// ------------------------------------------------------------------ errors

const bad = [
  ["no such table", get("Nowhere", { pk: S("a") })],
  ["no such table, put", put("Nowhere", { pk: S("a") })],
  ["no such table, query", query("Nowhere", { KeyConditionExpression: "pk = :p", ExpressionAttributeValues: q })],
  ["no such index", query("Orders", { IndexName: "nope", KeyConditionExpression: "pk = :p", ExpressionAttributeValues: q })],
  ["key of another type", get("HashS", { pk: N(1) })],
  ["missing key", put("HashS", { v: N(1) })],
  ["arithmetic on a missing attribute", update("HashS", { pk: S("e") }, { UpdateExpression: "SET n = zz + :o", ExpressionAttributeValues: { ":o": N(1) } })],
  ["add to a string", [put("HashS", { pk: S("e"), s: S("x") }), update("HashS", { pk: S("e") }, { UpdateExpression: "ADD s :o", ExpressionAttributeValues: { ":o": N(1) } })]],
  ["update of the key", update("HashS", { pk: S("e") }, { UpdateExpression: "SET pk = :o", ExpressionAttributeValues: { ":o": N(1) } })],
  ["overlapping paths", get("HashS", { pk: S("e") }, { ProjectionExpression: "m, m.k" })],
  ["same path twice in an update", update("HashS", { pk: S("e") }, { UpdateExpression: "SET n = :o, n = :o", ExpressionAttributeValues: { ":o": N(1) } })],
  ["query without the hash key", query("Orders", { KeyConditionExpression: "sk = :s", ExpressionAttributeValues: { ":s": N(1) } })],
  ["filter on a key", query("Orders", { KeyConditionExpression: "pk = :p", FilterExpression: "sk > :p", ExpressionAttributeValues: q })],
  ["strong read of a global index", query("Orders", { IndexName: "byStatus", ConsistentRead: true, KeyConditionExpression: "#s = :o", ExpressionAttributeNames: { "#s": "status" }, ExpressionAttributeValues: open })],
  ["the same item twice in a transaction", call("transactWriteItems", { TransactItems: [{ Put: { TableName: "HashS", Item: t(8) } }, { Delete: { TableName: "HashS", Key: t(8) } }] })],
  ["segment out of range", scan("Orders", { Segment: 3, TotalSegments: 2 })],
  ["item too large", put("HashS", { pk: S("large"), v: S("x".repeat(410 * 1024)) })],
  ["empty set", put("HashS", { pk: S("e"), v: { SS: [] } })],
];
for (const [name, calls] of bad) add(`error: ${name}`, calls);

// A pattern on the command line picks cases by name.
const wanted = new RegExp(process.argv[2] ?? "");
process.stdout.write(JSON.stringify({ tables, cases: cases.filter(({ name }) => wanted.test(name)) }));
