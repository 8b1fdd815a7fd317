// The requests that agents have made, open and ended ones, as far as they are kept.
import * as v from "valibot";
import { type AgentRequest, isOpen } from "../../../domain/requests.ts";
import { parseAgentId } from "../../../domain/wire/agent-id.ts";
import { checkMessage } from "../../../domain/wire/decode.ts";
import type { RequestReading } from "../../../server/server-desks.ts";
import type { AskedReport } from "./costs-report.ts";

export const requestStates = ["open", "ended", "all"] as const;
const StateSchema = v.picklist(requestStates, `state must be one of ${requestStates.join(", ")}`);

/**
 * Reads `state` (default `open`) and `agent` from the address. An empty one counts as not given.
 * @returns the open ones first, the oldest of them first; then the ended ones, the newest of them first
 * @throws CliaiError `message_invalid`, `agent_id_invalid`
 */
export function makeRequestsReport(
  requests: Pick<RequestReading, "open" | "all">,
  { asked }: Pick<AskedReport, "asked">,
): readonly AgentRequest[] {
  const state = checkMessage(StateSchema, asked("state")?.trim() || "open");
  const agent = asked("agent")?.trim() || undefined;
  const id = agent === undefined ? undefined : parseAgentId(agent);
  const ended = state === "open" ? [] : requests.all().filter((request) => !isOpen(request));
  return [...(state === "ended" ? [] : requests.open()), ...ended.sort(newestFirst)].filter(
    ({ agent_id }) => id === undefined || agent_id === id,
  );
}

function newestFirst(one: AgentRequest, other: AgentRequest): number {
  return (other.ended_at ?? other.asked_at).localeCompare(one.ended_at ?? one.asked_at);
}
