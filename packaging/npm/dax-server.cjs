#!/usr/bin/env node
// Runs the program of the package for this platform, which npm installed as an optional dependency.
"use strict";
const { spawn } = require("node:child_process");
const { constants } = require("node:os");

const FORWARDED = ["SIGINT", "SIGTERM", "SIGHUP"];

function libc() {
  if (process.platform !== "linux") return "";
  const { header } = process.report.getReport();
  return header.glibcVersionRuntime ? "" : "-musl";
}

function program() {
  const name = `@kurz-rs/dax-server-${process.platform}-${process.arch}${libc()}`;
  try {
    return require.resolve(`${name}/bin/dax-server`);
  } catch {
    console.error(
      `dax-server: the package ${name} is not installed. Either there is no dax-server for this platform, or npm ran ` +
        "with --omit=optional, or node_modules came from another platform: install again on this one.",
    );
    process.exit(1);
  }
}

const child = spawn(program(), process.argv.slice(2), { stdio: "inherit" });
for (const signal of FORWARDED) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(`dax-server: ${error.message}`);
  process.exit(1);
});
child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
