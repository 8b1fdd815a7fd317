// Who sends a request: the operator, by the token or a session, or a program or paired browser with a named token, which may do only what its
// scopes allow.
import type { Context } from "hono";
import {
  agentMcpPath,
  type NamedToken,
  scopesFor,
  signatureOf,
  signatureOfOperator,
} from "../../domain/access/token-scopes.ts";
import { CliaiError } from "../../domain/text/errors.ts";

const key = "caller";
const operatorKey = "operator";

/** Undefined for the operator, who may do everything. */
export type Caller = NamedToken | undefined;

interface KnownCaller {
  readonly named: NamedToken;
  /** Whether the token still counts: it may be revoked, or expire. @throws CliaiError if that cannot be looked up */
  readonly isGood: () => boolean;
}

export function setCaller(c: Context, caller: KnownCaller): void {
  c.set(key, caller);
}

export function callerOf(c: Context): Caller {
  return (c.get(key) as KnownCaller | undefined)?.named;
}

const lookEveryMs = 1_000;

/**
 * For an answer that goes on: calls `end` when whoever asked may see nothing more, because the operator's token or the named token has been
 * replaced, revoked, or has expired. Returns the function that stops that; undefined if everybody is let in.
 */
export function whenVoid(c: Context, access: Rotated | undefined): Rotated["onRotated"] | undefined {
  const caller = c.get(key) as KnownCaller | undefined;
  if (caller === undefined) return access?.onRotated;
  return (end) => {
    const timer = setInterval(() => {
      if (!isStillGood(caller)) end();
    }, lookEveryMs);
    return () => clearInterval(timer);
  };
}

/** Returns a function that tells whether whoever sends this request is still let in. */
export function goodnessOf(c: Context): () => boolean {
  const caller = c.get(key) as KnownCaller | undefined;
  return () => caller === undefined || isStillGood(caller);
}

/** A token that cannot be looked up, because the folder cannot be read, is none. Here, nobody would catch that error, and it would end `serve`. */
function isStillGood({ isGood }: KnownCaller): boolean {
  try {
    return isGood();
  } catch {
    return false;
  }
}

interface Rotated {
  readonly onRotated: (listener: () => void) => () => void;
}

/** Says what the operator is called, for all that follows of the request. */
export function setOperator(c: Context, name: string): void {
  c.set(operatorKey, name);
}

/** Whose an order or an answer is: the name of the token, or of the operator. @param where it was sent: `page`, `api` */
export function signedBy(c: Context, where: string): string {
  const caller = callerOf(c);
  return caller === undefined
    ? signatureOfOperator(c.get(operatorKey) as string, where)
    : signatureOf(caller);
}

/** @throws CliaiError `refused` if the token does not allow this request */
export function requireScope({ method, path }: Context["req"], named: NamedToken): void {
  const { name, scopes, browser, agent } = named;
  if (agent !== undefined) {
    if (path === agentMcpPath) return;
    throw new CliaiError(
      "refused",
      `the token "${name}" may not ${method} ${path}: it is the agent ${agent}'s`,
      {
        hint: `an agent's token opens ${agentMcpPath} and nothing else`,
      },
    );
  }
  const wanted = scopesFor(method, path, browser);
  if (wanted.some((scope) => scopes.includes(scope))) return;
  const has = scopes.length === 0 ? "no scope" : `the scope ${scopes.join(", ")}`;
  throw new CliaiError("refused", `the token "${name}" may not ${method} ${path}: it has ${has}`, {
    hint:
      wanted.length === 0
        ? "only the operator's own token may do that: cliai token"
        : `make one that may: cliai token add NAME --scope ${wanted.join(" or ")}`,
  });
}
