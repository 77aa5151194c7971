// npm amazon-dax-client, for version 2 of the AWS SDK.
"use strict";
const { createRequire } = require("node:module");
const { main } = require("./driver.cjs");

const load = createRequire(`${process.env.INTEROP_MODULES}/`);
process.env.AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE = "1";
const AWS = load("aws-sdk");
const AmazonDaxClient = load("amazon-dax-client");
const { dax, dynamodb, control } = JSON.parse(process.env.INTEROP_CLUSTER);

const options = {
  region: "us-east-1",
  accessKeyId: "AKIDINTEROP",
  secretAccessKey: process.env.INTEROP_SECRET ?? "secret",
  maxRetries: 0,
};
const viaDax = new AmazonDaxClient({ ...options, endpoints: dax });
const direct = new AWS.DynamoDB({ ...options, endpoint: dynamodb, convertEmptyValues: false });

main(
  "node-v2",
  (operation, input) => viaDax[operation](input).promise(),
  (operation, input) => direct[operation](input).promise(),
  control,
);
