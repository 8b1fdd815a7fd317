// This room decides what a token of the HTTP API allows.
//
// What a named token allows. The operator's own token allows everything, and has no name.
import type { AgentId } from "../wire/agent-id.ts";

/**
 * `read`: all that can be read. `answer`: answers requests. `command`: gives orders, writes to agents, tags and launches them, and runs the
 * checks. `type`: types at agents' terminals, and sees what it types at.
 * `metrics`: reads `/metrics` alone. `mcp`: uses `/mcp/operator`.
 */
export const tokenScopes = ["read", "answer", "command", "type", "metrics", "mcp"] as const;
export type TokenScope = (typeof tokenScopes)[number];

/** A named token, without the token itself. */
export interface NamedToken {
  readonly name: string;
  readonly scopes: readonly TokenScope[];
  readonly created_at: string;
  readonly expires_at?: string | undefined;
  /** The agent whose token it is: then it allows this agent its own tools at {@link agentMcpPath}, and nothing else. */
  readonly agent?: AgentId | undefined;
  /** Whether it was made for a browser by a pairing code: then it counts only as that browser's cookie, and also for the forms of the pages. */
  readonly browser?: boolean | undefined;
}

/** What a browser that was signed in by a pairing code may do. It cannot type at terminals, for that allows an agent everything. */
export const pairedScopes: readonly TokenScope[] = ["read", "answer", "command"];

/** Where agents use their tools over HTTP. */
export const agentMcpPath = "/mcp";
/** Where the operator's assistants use theirs. */
export const operatorMcpPath = "/mcp/operator";

/** Where a page tells that a person has it in front of them. */
export const inFrontPath = "/in-front";
/** Where the links of notices lead by which their recipients answer. */
export const answerPath = "/answer";

const namePattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/;

export function isTokenName(text: string): boolean {
  return namePattern.test(text);
}

const reading: readonly string[] = ["GET", "HEAD"];

/**
 * The scopes of which a named token needs one for this request; none if only the operator's own token allows it. What is not named here, such
 * as the forms of the pages, no program with a named token may use.
 * @param isBrowser whether the token is the cookie of a paired browser, which uses the forms
 */
export function scopesFor(method: string, path: string, isBrowser = false): readonly TokenScope[] {
  if (path === "/mcp" || path.startsWith("/mcp/")) return ["mcp"];
  if (reading.includes(method)) return scopesToRead(path);
  if (method !== "POST") return [];
  if (/^\/api\/requests\/[^/]+\/answer$/.test(path)) return ["answer"];
  if (/^\/api\/agents\/[^/]+\/(keys|keyboard)$/.test(path)) return ["type"];
  if (isOrder(path)) return ["command"];
  return isBrowser ? scopesForForm(path) : [];
}

const orderPaths: readonly string[] = ["/api/agents", "/api/commands", "/api/messages", "/api/system/checks"];

function isOrder(path: string): boolean {
  const ofOne = /^\/api\/(agents\/[^/]+\/(commands|resume|tags)|commands\/[^/]+\/cancel)$/;
  return orderPaths.includes(path) || ofOne.test(path);
}

/** Each stream of a seat at a terminal takes one of the viewers that its host serves, so it is for those who type. */
function scopesToRead(path: string): readonly TokenScope[] {
  if (path === "/metrics") return ["metrics", "read"];
  return /^\/(api\/agents\/[^/]+\/typing|agents\/[^/]+\/terminal\/type)$/.test(path) ? ["type"] : ["read"];
}

const commandForms: readonly string[] = ["/bulk", "/messages", "/needs", "/spawn", "/system/checks"];

function scopesForForm(path: string): readonly TokenScope[] {
  // Who answers need not be told elsewhere of what they see; who only reads, such as a screen on the wall, keeps nobody from being told.
  if (/^\/inbox\/[^/]+$/.test(path) || path === inFrontPath) return ["answer"];
  if (/^\/phone\/push(\/off)?$/.test(path)) return ["read"];
  return commandForms.includes(path) || /^\/agents\/[^/]+\/(commands|changes\/comment)$/.test(path)
    ? ["command"]
    : [];
}

/** How a named token is called where orders and answers say whose they are. No agent's id can look like this. */
export function signatureOf({ name }: Pick<NamedToken, "name">): string {
  return `${name} (token)`;
}

/** How the operator is called there, who has the operator's own token. @param where they acted: `page`, `api` */
export function signatureOfOperator(name: string, where: string): string {
  return `${name} (${where})`;
}
