// Prints the lists as lines: `bot` or `person`, a tab, the agent.

import { readFileSync } from "node:fs";
import { join } from "node:path";

const read = (path) => JSON.parse(readFileSync(join(process.argv[2], path), "utf8"));

const bots = read("crawler-user-agents/crawler-user-agents.json").flatMap((crawler) => crawler.instances);
const people = new Set(read("user-agents/dist/user-agents.json").map((agent) => agent.userAgent));
for (const list of ["index", "desktop", "mobile"]) {
  for (const agent of read(`top-user-agents/src/${list}.json`)) people.add(agent);
}

const print = (kind, agents) => {
  for (const agent of agents) console.log(`${kind}\t${agent}`);
};
print("bot", bots);
print("person", people);
