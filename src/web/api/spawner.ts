// The `Spawner`, which launches agents for the page and the API, and the reading of a client's request to launch one.
import * as v from "valibot";
import { LaunchFlagsSchema } from "../../domain/launch-flags.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { type AgentId, AgentIdSchema } from "../../domain/wire/agent-id.ts";
import { checkMessage } from "../../domain/wire/decode.ts";
import { SessionIdSchema } from "../../domain/wire/session-id.ts";

export interface Spawner {
  /**
   * Reads the profiles from their files.
   * @param project the directory whose own profiles count as well; default: the server's directory
   */
  profiles(project?: string): Promise<readonly LaunchableProfile[]>;
  /** The other machines that may launch agents. */
  nodes(): Promise<readonly LaunchableNode[]>;
  /**
   * Launches a headless agent, and gives it its task as a command once it is connected.
   * @param waitsMs how long to wait until it is connected; default: less than an HTTP request may take. A launch that takes longer goes on
   * @throws CliaiError `message_invalid` for an unknown profile or directory; `already_running`; `failed` with the exit code and
   * the last output of an agent that did not start
   */
  spawn(request: LaunchRequest, waitsMs?: number): Promise<Spawned>;
}

export interface LaunchableNode {
  readonly name: string;
  /** Whether it is here now. */
  readonly isHere: boolean;
}

export interface LaunchableProfile {
  readonly name: string;
  readonly description?: string;
  /** Why the profile cannot be launched; absent if it can. */
  readonly problem?: string;
}

export interface Spawned {
  readonly agent_id: AgentId;
  /** The command id of the agent's task, if it has one. */
  readonly command_id?: string;
  /** Set if the agent is not connected yet. The fleet has it once it is connected, or once its launch has failed. */
  readonly starting?: true;
}

const mostTaskCharacters = 100_000;

const line = (name: string, most: number) =>
  v.pipe(
    v.string(`${name} must be text`),
    v.maxLength(most, `${name} is longer than ${most.toLocaleString("en")} characters`),
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this refuses control characters
    v.regex(/^[^\u0000-\u001f\u007f]+$/, `${name} must be one line of text without control characters`),
  );

const order = {
  profile: line("profile", 58),
  task: v.optional(
    v.pipe(
      v.string("task must be text"),
      v.check((text) => !text.includes("\u0000"), "task must not contain NUL"),
      v.check((text) => text.trim() !== "", "task must not be blank"),
      v.maxLength(
        mostTaskCharacters,
        `task is longer than ${mostTaskCharacters.toLocaleString("en")} characters`,
      ),
    ),
  ),
  project: v.optional(line("project", 4_096)),
  id: v.optional(AgentIdSchema),
  /** The node that launches it; default: the server's machine. */
  node: v.optional(line("node", 32)),
};

/** The request of `cliai spawn --detach` and `cliai resume`. Unlike the page's, it may resume a session of the agent. */
export const LaunchRequestSchema = v.object({
  ...order,
  from: line("from", 1_024),
  /** The session of the agent's CLI to resume. */
  resumes: v.optional(SessionIdSchema),
  /** Whether the flags of the agent's last launch count as well. */
  again: v.optional(v.boolean("again must be true or false")),
  /** The flags given now. They win over the profile, and over the flags of the last launch. */
  flags: v.optional(LaunchFlagsSchema),
});
export type LaunchRequest = v.InferOutput<typeof LaunchRequestSchema>;

export const SpawnBodySchema = v.strictObject(order, (issue) =>
  issue.expected === "never" ? `unknown field ${issue.received}` : "the body must be a JSON object",
);
const OrderFormSchema = v.object(order);
export type SpawnOrder = v.InferOutput<typeof OrderFormSchema>;

/** @throws CliaiError `message_invalid` with the field */
export function spawnFromJson(body: unknown): SpawnOrder {
  return checkMessage(SpawnBodySchema, body);
}

/** A field left empty counts as not given. @throws CliaiError `message_invalid` with the field */
export function spawnFromForm(form: Readonly<Record<string, unknown>>): SpawnOrder {
  return checkMessage(
    OrderFormSchema,
    Object.fromEntries(Object.entries(form).filter(([, value]) => value !== "")),
  );
}

/** @throws CliaiError `refused` if this server launches no agents */
export function requireSpawner(spawner: Spawner | undefined): Spawner {
  if (spawner !== undefined) return spawner;
  throw new CliaiError("refused", "this server launches no agents", { hint: "launch one with: cliai spawn" });
}
