// The name of a node: the word for a machine, which also stands in subjects.
import { isTokenName } from "../access/token-scopes.ts";

export const nodeNameRule = "a name has up to 32 letters, digits, - and _, and begins with a letter or digit";

export function isNodeName(text: string): boolean {
  return isTokenName(text);
}

/** A name made of the host's name, without its domain; `node` if nothing of it can be in a name. */
export function nodeNameOf(hostname: string): string {
  const [label = ""] = hostname.split(".");
  const name = label
    .replaceAll(/[^A-Za-z0-9_-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, 32);
  return isNodeName(name) ? name : "node";
}
