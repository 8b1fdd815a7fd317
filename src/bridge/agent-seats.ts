// The agents that reach serve over HTTP, each with a seat: the same agent's side that a bridge has, but in the process of serve. HTTP has no connection
// that would tell whether an agent is still there, so a seat ends when the agent has not asked for a while; its next request opens another one.
import { isJSONRPCRequest, type JSONRPCMessage, type McpServer } from "@modelcontextprotocol/server";
import type { TakenOrder } from "../agent-link/read-order.ts";
import type { ToolCaller } from "../agent-link/tool-call.ts";
import { messageOf } from "../domain/text/errors.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { Role } from "../domain/wire/roles.ts";
import type { Logger } from "../log.ts";
import { type AgentSide, startAgentSide } from "./agent-side.ts";
import { progressEveryMs } from "./bridge.ts";
import { createMcpServer } from "./mcp-server.ts";

/** How long an agent may be silent before its seat ends. An agent may work for minutes without a call. */
export const seatLastsMs = 15 * 60_000;

const overHttp =
  "it came over HTTP: nobody ends its CLI, and its tools refuse every call until its next session";

export interface AgentSeats {
  /** Begins a request of an agent. Its `end` has to be called when the answer is over. */
  begin(request: SeatRequest): SeatedRequest;
  /** Says goodbye for all of them. */
  close(): Promise<void>;
}

export interface SeatRequest {
  readonly id: AgentId;
  /** The messages of the request; several in a batch of the older era. */
  readonly messages: readonly JSONRPCMessage[];
  /** Where it comes from, as the agent's machine is shown. */
  readonly from: string;
}

export interface SeatedRequest {
  /** Makes an MCP server with the agent's tools. */
  server(): McpServer;
  end(): void;
}

export interface AgentSeatsOptions {
  readonly natsUrl: string;
  readonly credsPathOf: (id: AgentId) => string | undefined;
  readonly roleOf: (id: AgentId) => Role;
  readonly version: string;
  readonly heartbeatIntervalS: number;
  readonly lastsMs?: number | undefined;
  readonly now: () => Date;
  readonly log: Logger;
}

interface Seat {
  readonly side: AgentSide;
  calls: number;
  timer?: NodeJS.Timeout | undefined;
  /** The stop that has ended it. Then it is kept, to refuse every call of the same session. */
  stop?: TakenOrder;
}

export function createAgentSeats(options: AgentSeatsOptions): AgentSeats {
  const { roleOf, version, log, lastsMs = seatLastsMs } = options;
  const seats = new Map<AgentId, Seat>();
  const ending = new Set<Promise<void>>();
  const hurry = new AbortController();

  const leave = (seat: Seat, how: string) => {
    clearTimeout(seat.timer);
    seat.side.stopOrders();
    const stop = seat.stop && { order: seat.stop, detail: overHttp };
    const left = seat.side
      .leave({ how, stop }, hurry.signal)
      .catch((error: unknown) => log.warn(`the end of an agent over HTTP: ${messageOf(error)}`));
    ending.add(left);
    void left.then(() => ending.delete(left));
  };
  const open = (id: AgentId, from: string): Seat => {
    const side = startAgentSide(sideOptions(id, from, options), (order) => {
      if (order === undefined || seat.stop !== undefined) return;
      seat.stop = order;
      leave(seat, "stopped");
    });
    const seat: Seat = { side, calls: 0 };
    seats.set(id, seat);
    return seat;
  };
  const giveUpLater = (id: AgentId, seat: Seat) => {
    seat.timer = setTimeout(() => {
      if (seats.get(id) === seat) seats.delete(id);
      leave(seat, `it has not called over HTTP for ${Math.round(lastsMs / 60_000)} min`);
    }, lastsMs);
  };

  return {
    begin({ id, messages, from }) {
      const known = seats.get(id);
      const isNew = known === undefined || (known.stop !== undefined && messages.some(beginsSession));
      const seat = isNew ? open(id, from) : known;
      clearTimeout(seat.timer);
      seat.calls += 1;
      for (const message of messages) seat.side.showClient(message);
      const call: ToolCaller = (name, args, signal, requestId) =>
        seat.stop === undefined ? seat.side.call(name, args, signal, requestId) : refusal(seat.stop);
      return {
        server: () => createMcpServer({ id, role: roleOf(id), version, call, progressEveryMs }),
        end() {
          seat.calls -= 1;
          if (seat.calls === 0 && seat.stop === undefined) giveUpLater(id, seat);
        },
      };
    },
    async close() {
      for (const seat of seats.values()) if (seat.stop === undefined) leave(seat, "the server has ended");
      seats.clear();
      await Promise.all(ending);
    },
  };
}

function sideOptions(
  id: AgentId,
  from: string,
  { natsUrl, credsPathOf, heartbeatIntervalS, log, now }: AgentSeatsOptions,
) {
  const unknown = "unknown";
  return {
    ...{ agentId: id, url: natsUrl, credsPath: credsPathOf(id), heartbeatIntervalS, log, now },
    facts: { config_name: unknown, project_path: unknown, host: from },
    createId: () => crypto.randomUUID(),
  };
}

/** Whether a client sends this first, in one of the protocol eras. */
function beginsSession(message: JSONRPCMessage): boolean {
  return isJSONRPCRequest(message) && ["initialize", "server/discover"].includes(message.method);
}

async function refusal({ type, from, reason }: TakenOrder) {
  const why = reason === "" ? "" : `: ${reason}`;
  return {
    isError: true,
    text: `${from} has stopped you (${type})${why}. Do nothing more, and end. Nothing was recorded.`,
  };
}
