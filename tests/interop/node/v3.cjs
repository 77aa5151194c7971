// npm @amazon-dax-sdk/client-dax, for version 3 of the AWS SDK.
"use strict";
const { createRequire } = require("node:module");
const { main } = require("./driver.cjs");

const load = createRequire(`${process.env.INTEROP_MODULES}/`);
const { Dax } = load("@amazon-dax-sdk/client-dax");
const { DynamoDB } = load("@aws-sdk/client-dynamodb");
const { dax, dynamodb, control } = JSON.parse(process.env.INTEROP_CLUSTER);

const options = {
  region: "us-east-1",
  credentials: { accessKeyId: "AKIDINTEROP", secretAccessKey: process.env.INTEROP_SECRET ?? "secret" },
  maxAttempts: 1,
};
const viaDax = new Dax({ ...options, maxRetries: 0, endpoints: dax });
const direct = new DynamoDB({ ...options, endpoint: dynamodb });

main(
  "node-v3",
  (operation, input) => viaDax[operation](input),
  (operation, input) => direct[operation](input),
  control,
);
