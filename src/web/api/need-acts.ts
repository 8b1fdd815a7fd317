// What a person does from the page about agents that need one: tells them to go on, lets them go on or starts them again, or removes them.
import { createHash } from "node:crypto";
import * as v from "valibot";
import { keptBack } from "../../domain/fleet/shown/let-go.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { type AgentId, AgentIdSchema } from "../../domain/wire/agent-id.ts";
import { checkMessage } from "../../domain/wire/decode.ts";
import type { Server } from "../../server/server.ts";
import { bulkCommandId } from "./bulk-orders.ts";

/** What can be done about an agent that does not run. `serve` provides it, for it needs the agents' files. */
export interface AwayAgents {
  /**
   * Starts an agent again in its session, without a terminal. Resolves with what was done, in words: `started again …`.
   * @param by whose order it is
   * @throws CliaiError `refused` if it may still run, if it ran on another machine, or if cliai did not launch it; what a launch throws
   */
  startAgain(id: AgentId, by: string): Promise<string>;
  /**
   * Removes the agent with its queue, requests, credentials and files; the recorded history stays.
   * @throws CliaiError `agent_unknown`; `refused` if it runs
   */
  remove(id: AgentId): Promise<void>;
}

const mostAgents = 1_000;

const FormSchema = v.object({
  act: v.picklist(["go_on", "resume", "remove"], "act must be go_on, resume or remove"),
  agents: v.pipe(
    v.array(AgentIdSchema, "agents must be a list of agent ids"),
    v.minLength(1, "agents names none"),
    v.maxLength(mostAgents, `agents names more than ${mostAgents.toLocaleString("en")}`),
  ),
  /** Of `go_on`: what the agents are told. */
  text: v.optional(v.string("text must be text"), ""),
  /** Of `go_on`: names the need, so that the same words count once. */
  key: v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9]{0,40}$/, "key must be letters and digits")), ""),
});
export type NeedAct = v.InferOutput<typeof FormSchema>;

/** @throws CliaiError `message_invalid` with the field */
export function needActFromForm(form: Readonly<Record<string, unknown>>): NeedAct {
  const { agents = [] } = form;
  return checkMessage(FormSchema, { ...form, agents: [...new Set([agents].flat())] });
}

export type ActResult = { readonly agent_id: AgentId } & (
  | { readonly said: string }
  | { readonly error: ReturnType<CliaiError["toJSON"]>["error"] }
);

/** The results are in the order of the agents. @param from whose act it is @throws CliaiError `usage` for a text that no agent can be told; `refused` without `away` */
export async function actOnNeed(
  server: Pick<Server, "fleet" | "sendCommand">,
  away: AwayAgents | undefined,
  { act, agents, text, key }: NeedAct,
  from: string,
): Promise<ActResult[]> {
  const actOn = async (id: AgentId): Promise<string> => {
    if (act === "go_on") {
      const digest = createHash("sha256").update(text).digest("hex").slice(0, 12);
      const command_id = bulkCommandId(`go-on-${key}${digest}`, id);
      const { duplicate } = await server.sendCommand({
        id,
        type: "task",
        text,
        from,
        command_id,
      });
      return duplicate ? "had been told that already" : "was told";
    }
    if (act === "resume") return (await letGoOrStart(server, away, id, from)).said;
    await requireAway(away, act, id).remove(id);
    return "removed";
  };
  return await Promise.all(
    agents.map(async (agent_id): Promise<ActResult> => {
      try {
        return { agent_id, said: await actOn(agent_id) };
      } catch (error) {
        // A `usage` error concerns the whole request, so it is thrown. Other errors are the result for this agent.
        if (!(error instanceof CliaiError) || error.code === "usage") throw error;
        return { agent_id, error: error.toJSON().error };
      }
    }),
  );
}

/**
 * Tells the agent to go on if it runs and something keeps it back; else starts it again.
 * @returns what was done, in words, and the order if there is one
 * @throws CliaiError `agent_unknown`, `refused`; what a launch throws
 */
export async function letGoOrStart(
  server: Pick<Server, "fleet" | "sendCommand">,
  away: AwayAgents | undefined,
  id: AgentId,
  from: string,
): Promise<{ readonly said: string; readonly command_id?: string }> {
  const view = server.fleet.require(id);
  const why = view.axes.link.value === "online" ? keptBack(view) : undefined;
  if (why === undefined) return { said: await requireAway(away, "resume", id).startAgain(id, from) };
  const { command_id } = await server.sendCommand({ id, type: "resume", from });
  return { command_id, said: `was ${why}, and is told to go on` };
}

/** @throws CliaiError `refused` if this server neither starts nor removes agents */
export function requireAway(away: AwayAgents | undefined, act: "resume" | "remove", id: AgentId): AwayAgents {
  if (away !== undefined) return away;
  throw new CliaiError("refused", "this server starts and removes no agents", {
    hint: `in a terminal: cliai ${act === "resume" ? "resume" : "agents remove"} ${id}`,
  });
}

/** All results as sentences, one for each outcome: `ada, bob: removed.` */
export function resultsText(results: readonly ActResult[]): string {
  const outcomes = Map.groupBy(results, (result) =>
    "error" in result
      ? `${result.error.message}${result.error.hint ? ` (${result.error.hint})` : ""}`
      : result.said,
  );
  return [...outcomes]
    .map(([words, those]) => `${those.map(({ agent_id }) => agent_id).join(", ")}: ${words}.`)
    .join(" ");
}
