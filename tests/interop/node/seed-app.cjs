// The application that kurz grew out of, written anew from the description of what it does: one function for both
// methods, a table with hash key `id` and the URL in `target`, DAX if DAX_ENDPOINT is set and DynamoDB if not.
"use strict";
const { createHash } = require("node:crypto");
const { createRequire } = require("node:module");

const load = createRequire(`${process.env.INTEROP_MODULES}/`);
process.env.AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE = "1";
const AWS = load("aws-sdk");
const AmazonDaxClient = load("amazon-dax-client");

const TableName = process.env.DDB_TABLE;
/** Made by the first request, and kept for those that follow. */
let dynamodb;

function connect() {
  const region = process.env.AWS_REGION;
  if (process.env.DAX_ENDPOINT) return new AmazonDaxClient({ endpoints: [process.env.DAX_ENDPOINT], region });
  const local = process.env.DDB_LOCAL ? { endpoint: "http://localhost:8000" } : {};
  return new AWS.DynamoDB({ region, ...local });
}

const text = (statusCode, body, headers = {}) => ({
  statusCode,
  headers: { "Content-Type": "text/plain", ...headers },
  body,
});
const json = (statusCode, value) => ({
  statusCode,
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(value),
});

async function follow(id) {
  const { Item } = await dynamodb.getItem({ TableName, Key: { id: { S: id } } }).promise();
  if (!Item) return text(404, "404 Not Found");
  return text(301, Item.target.S, { Location: Item.target.S });
}

/** 40 bits in digits of five; leading zeros are not written. */
function slug(source) {
  return createHash("md5").update(source).digest().readUIntBE(0, 5).toString(32);
}

async function create(url, salt) {
  const id = slug(salt === undefined ? url : `${salt}$${url}`);
  try {
    await dynamodb
      .putItem({
        TableName,
        Item: { id: { S: id }, target: { S: url } },
        ConditionExpression: "attribute_not_exists(id) OR target = :url",
        ExpressionAttributeValues: { ":url": { S: url } },
      })
      .promise();
  } catch (error) {
    if (error.code !== "ConditionalCheckFailedException") throw error;
    return create(url, id); // Another URL has it.
  }
  return id;
}

/** Takes an event of an HTTP API, payload format 2.0. */
exports.handler = async ({ requestContext, pathParameters, body, isBase64Encoded }) => {
  try {
    dynamodb ??= connect();
    const { method } = requestContext.http;
    if (method === "GET") return await follow(pathParameters.id);
    if (method === "POST" && body)
      return text(200, await create(isBase64Encoded ? Buffer.from(body, "base64").toString() : body));
    return json(400, { error: "Missing or invalid HTTP Method" });
  } catch (error) {
    return json(500, { error: String(error) });
  }
};
