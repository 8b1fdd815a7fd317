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

/** How often is looked whether the token of an agent's last request still counts. */
const lookEveryMs = 15_000;

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
  /** Whether the agent's token still counts. When it does not, the seat ends. */
  readonly isGood: () => boolean;
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
  /** Default 15000. */
  readonly lookEveryMs?: number | undefined;
  readonly now: () => Date;
  readonly log: Logger;
}

interface Seat {
  readonly side: AgentSide;
  /** Of the last request. */
  isGood: () => boolean;
  looking?: NodeJS.Timeout | undefined;
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
    clearInterval(seat.looking);
    seat.side.stopOrders();
    const stop = seat.stop && { order: seat.stop, detail: overHttp };
    const left = seat.side
      .leave({ how, stop }, hurry.signal)
      .catch((error: unknown) => log.warn(`the end of an agent over HTTP: ${messageOf(error)}`));
    ending.add(left);
    void left.then(() => ending.delete(left));
  };
  const giveUp = (id: AgentId, seat: Seat, how: string) => {
    if (seats.get(id) === seat) seats.delete(id);
    leave(seat, how);
  };
  const open = ({ id, from, isGood }: SeatRequest): Seat => {
    const side = startAgentSide(sideOptions(id, from, options), (order) => {
      if (order === undefined || seat.stop !== undefined) return;
      seat.stop = order;
      leave(seat, "stopped");
    });
    const seat: Seat = { side, isGood, calls: 0 };
    seat.looking = setInterval(() => {
      if (!seat.isGood()) giveUp(id, seat, "its token counts no longer");
    }, options.lookEveryMs ?? lookEveryMs);
    seats.set(id, seat);
    return seat;
  };
  const giveUpLater = (id: AgentId, seat: Seat) => {
    const how = `it has not called over HTTP for ${Math.round(lastsMs / 60_000)} min`;
    seat.timer = setTimeout(() => giveUp(id, seat, how), lastsMs);
  };

  return {
    begin(request) {
      const { id, messages, isGood } = request;
      const known = seats.get(id);
      const isNew = known === undefined || (known.stop !== undefined && messages.some(beginsSession));
      const seat = isNew ? open(request) : known;
      seat.isGood = isGood;
      clearTimeout(seat.timer);
      seat.calls += 1;
      for (const message of messages) seat.side.showClient(message);
      const call: ToolCaller = (...called) =>
        seat.stop === undefined ? seat.side.call(...called) : refusal(seat.stop);
      return {
        server: () => createMcpServer({ id, role: roleOf(id), version, call, progressEveryMs }),
        end() {
          seat.calls -= 1;
          const isThere = seats.get(id) === seat && seat.stop === undefined;
          if (seat.calls === 0 && isThere) giveUpLater(id, seat);
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
