// Decides which inputs a standing rule may cover, and writes such an input so that equal ones are equal texts. Pure.
import type { AgentRequest } from "../requests.ts";
import { readPermissionInput } from "../text/permission-input.ts";

/** In characters. A longer input is decided each time. */
const longestInput = 20_000;

/** How deep objects and lists may stand in each other. */
const deepestInput = 20;

/**
 * The tools that run a command of a shell, and whose field `description` is words about it for people. Their models word it anew for each
 * call, so a rule leaves it out. In any other tool's input, each field counts.
 */
const shellTools: readonly string[] = ["Bash", "bash", "shell", "run_shell_command"];

/** Codex's tool for changes of files. */
const patchTool = "apply_patch";

/**
 * The exact input that a rule would cover, with its fields in one order. Undefined if the request is none that a rule may decide: it is no
 * permission, it is for a plan, its CLI would allow more than this call (its tool then has words behind its name), its input is no JSON
 * object or too long, it does not say what the call does, or it changes a file, which is hardly asked twice.
 */
export function ruleInputOf(request: Pick<AgentRequest, "kind" | "plan" | "tool" | "context">) {
  const { kind, plan, tool, context = "" } = request;
  if (kind !== "permission" || plan === true || tool === undefined || /\s/.test(tool)) return undefined;
  if (readPermissionInput(context)?.kind === "edit") return undefined;
  const input = context.length > 2 * longestInput ? undefined : parseObject(context);
  if (input === undefined || !isFlat(input, deepestInput)) return undefined;
  const { description: _, ...withoutWords } = input;
  const counts = shellTools.includes(tool) && typeof input.description === "string" ? withoutWords : input;
  if (!saysWhat(tool, counts)) return undefined;
  const text = JSON.stringify(inOrder(counts));
  return text.length > longestInput ? undefined : text;
}

/** Whether the input says what the call does. One that does not is equal for calls that do different things. */
function saysWhat(tool: string, input: Readonly<Record<string, unknown>>): boolean {
  if (input.unknown_call === true) return false;
  if (shellTools.includes(tool)) return hasContent(input.command);
  return tool === patchTool ? hasContent(input.changes) : hasContent(input);
}

function hasContent(value: unknown): boolean {
  if (typeof value === "string") return value.trim() !== "";
  if (typeof value === "object" && value !== null) return Object.values(value).some(hasContent);
  return value !== undefined && value !== null;
}

function parseObject(json: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined; // words, or a plan
  }
}

/** Whether objects and lists stand in each other at most so deep. */
function isFlat(value: unknown, most: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return most > 0 && Object.values(value).every((each) => isFlat(each, most - 1));
}

/** The same value with the fields of each object in the order of their names. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== "object" || value === null) return value;
  const names = Object.keys(value).sort();
  return Object.fromEntries(names.map((name) => [name, inOrder((value as Record<string, unknown>)[name])]));
}
