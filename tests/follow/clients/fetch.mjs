// Follows each URL of standard input with Node's `fetch`.

import dns from "node:dns";
import { createInterface } from "node:readline";

const { lookup } = dns;
// The target's host is this machine.
dns.lookup = (host, options, done) => lookup(host === process.env.FOLLOW_HOST ? "127.0.0.1" : host, options, done);

for await (const url of createInterface({ input: process.stdin })) {
  try {
    const reply = await fetch(url, { signal: AbortSignal.timeout(20_000) });
    await reply.arrayBuffer();
  } catch (error) {
    console.error(url, error, error.cause);
  }
}
