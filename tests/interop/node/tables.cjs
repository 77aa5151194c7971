// Creates the tables of both sides, or compares what is in them.
"use strict";
const fs = require("node:fs");
const { createRequire } = require("node:module");
const { SIDES, meaning } = require("./driver.cjs");

const load = createRequire(`${process.env.INTEROP_MODULES}/`);
const { DynamoDB } = load("@aws-sdk/client-dynamodb");
const { dynamodb } = JSON.parse(process.env.INTEROP_CLUSTER);
const client = new DynamoDB({
  region: "us-east-1",
  endpoint: dynamodb,
  credentials: { accessKeyId: "AKIDINTEROP", secretAccessKey: "secret" },
});

const schema = ({ hash, range }) => [
  { AttributeName: hash[0], KeyType: "HASH" },
  ...(range ? [{ AttributeName: range[0], KeyType: "RANGE" }] : []),
];

function projection(wanted) {
  if (Array.isArray(wanted)) return { ProjectionType: "INCLUDE", NonKeyAttributes: wanted };
  return { ProjectionType: wanted ?? "ALL" };
}

function indexes(all) {
  const list = Object.entries(all ?? {}).map(([IndexName, index]) => ({
    IndexName,
    KeySchema: schema(index),
    Projection: projection(index.projection),
  }));
  return list.length ? list : undefined;
}

function definition(TableName, table) {
  const keyed = [table, ...Object.values(table.gsi ?? {}), ...Object.values(table.lsi ?? {})];
  const types = new Map(keyed.flatMap(({ hash, range }) => [hash, range].filter(Boolean)));
  return {
    TableName,
    KeySchema: schema(table),
    AttributeDefinitions: [...types].map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })),
    GlobalSecondaryIndexes: indexes(table.gsi),
    LocalSecondaryIndexes: indexes(table.lsi),
    BillingMode: "PAY_PER_REQUEST",
  };
}

async function everything(TableName) {
  const items = [];
  let ExclusiveStartKey;
  do {
    const page = await client.scan({ TableName, ExclusiveStartKey, ConsistentRead: true });
    items.push(...page.Items.map((item) => JSON.stringify(meaning(item))));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
  return items.sort().join("\n");
}

async function main(action) {
  const { tables } = JSON.parse(fs.readFileSync(process.env.INTEROP_CASES, "utf8"));
  let different = 0;
  for (const [name, table] of Object.entries(tables)) {
    const [dax, direct] = Object.values(SIDES).map((side) => `${side}-${name}`);
    if (action === "create") {
      for (const TableName of [dax, direct]) await client.createTable(definition(TableName, table));
    } else if (action === "drop") {
      for (const TableName of [dax, direct]) await client.deleteTable({ TableName });
    } else if ((await everything(dax)) !== (await everything(direct))) {
      console.error(`FAILED: table ${name} differs from what the same calls made without DAX`);
      different += 1;
    }
  }
  process.exit(different ? 1 : 0);
}

main(process.argv[2]);
