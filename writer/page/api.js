// A client of the API. Everything that goes wrong is a Failure with a message for people.
import * as key from "./key.js";

const BASE = new URL("api/v1/", document.baseURI);
const TIMEOUT_MS = 15000;

export class Failure extends Error {
  // `again`: the label of a button that tries again, where that may help.
  constructor(code, words, { status = 0, again = "", field = "", slug = "" } = {}) {
    super(words);
    this.code = code;
    this.status = status;
    this.again = again;
    this.field = field;
    this.slug = slug;
  }
}

// What a `catch` may show to people. Anything else is a bug of this page and belongs in the console.
export function expected(error) {
  if (error instanceof Failure) return error;
  throw error;
}

// What the caller may do, as the list tells it. Unknown until then.
let scopes = null;
document.addEventListener("key", () => {
  scopes = null;
});
export const isAdmin = () => Boolean(scopes?.includes("admin"));
export const may = (scope) => !scopes || isAdmin() || scopes.includes(scope);

export const linkPath = (slug, rest = "") => `links/${encodeURIComponent(slug)}${rest}`;

// The condition for all changes of a link: nobody else has changed it since.
export const ifMatch = (link) => ({ "if-match": `"${link.version}"` });

export async function json(method, path, body, headers = {}) {
  const response = await call(method, path, {
    headers: body ? { "content-type": "application/json", ...headers } : headers,
    body: body && JSON.stringify(body),
  });
  return response.status === 204 ? null : receive(() => response.json());
}

// What has changed since the answer with that tag; null if nothing has. `isQuiet`: nobody waits for it, so nobody is asked
// for a key.
export async function fresh(path, { tag = null, isQuiet = false } = {}) {
  const headers = tag ? { "if-none-match": tag } : {};
  // The browser's cache knows nothing of keys.
  const response = await call("GET", path, { headers, isQuiet, cache: "no-store" });
  if (response.status === 304) return null;
  return { tag: response.headers.get("etag"), answer: await receive(() => response.json()) };
}

export async function blob(path) {
  const response = await call("GET", path);
  return receive(() => response.blob());
}

async function call(method, path, { headers = {}, body, isQuiet = false, cache = "default" } = {}) {
  let used = key.current();
  for (;;) {
    const authorization = used ? { authorization: `Bearer ${used}` } : {};
    const response = await receive(() =>
      fetch(new URL(path, BASE), {
        method,
        body,
        cache,
        headers: { accept: "application/json, */*;q=0.1", ...authorization, ...headers },
        signal: AbortSignal.timeout(TIMEOUT_MS),
        credentials: "omit",
      }),
    );
    if (response.status !== 401) {
      if (response.status < 500) key.accepted(used);
      scopes = response.headers.get("kurz-scopes")?.split(",") ?? scopes;
      if (response.ok || response.status === 304) return response;
      throw await refusal(response);
    }
    used = isQuiet ? null : await key.ask(used);
    if (!used) throw new Failure("key-needed", "An API key is needed.", { again: "Enter key" });
  }
}

async function receive(work) {
  try {
    return await work();
  } catch (error) {
    const again = { again: "Try again" };
    if (error.name === "TimeoutError") throw new Failure("timeout", "The service did not respond in time.", again);
    if (!navigator.onLine) throw new Failure("offline", "You are offline. Nothing you typed is lost.", again);
    throw new Failure("unreachable", "The service cannot be reached. Nothing you typed is lost.", again);
  }
}

async function refusal(response) {
  const problem = await response.json().catch(() => ({}));
  const code =
    String(problem.type ?? "")
      .split(":")
      .pop() || "unknown";
  const { status } = response;
  const again = status >= 500 || status === 429 ? "Try again" : "";
  return new Failure(code, problem.detail ?? problem.title ?? words(status), {
    status,
    again,
    field: problem.field ?? problem.parameter,
    slug: problem.slug,
  });
}

// For responses that come from a gateway in front of the service.
function words(status) {
  if (status === 403) return "This service accepts only signed requests, and this page cannot sign them.";
  if (status === 429) return "Too many requests at once. Try again in a moment.";
  return `The service responded with ${status}.`;
}
