// Prints the lists as lines: a word, a tab, the agent. The word is `bot`, `person`, or the kind of a person's device.

import { readFileSync } from "node:fs";
import { join } from "node:path";

const read = (path) => JSON.parse(readFileSync(join(process.argv[2], path), "utf8"));

const bots = read("crawler-user-agents/crawler-user-agents.json").flatMap((crawler) => crawler.instances);
const people = new Map();
for (const list of ["index", "desktop", "mobile"]) {
  for (const agent of read(`top-user-agents/src/${list}.json`)) people.set(agent, "person");
}
for (const { userAgent, deviceCategory } of read("user-agents/dist/user-agents.json")) {
  // An iPad that says it is a Macintosh has told so by other means than its agent.
  if (people.get(userAgent) !== "desktop") people.set(userAgent, deviceCategory);
}

for (const agent of bots) console.log(`bot\t${agent}`);
for (const [agent, word] of people) console.log(`${word}\t${agent}`);
