// The agents of the fleet as one peer sees them: a micro service for each agent, on the connection in that peer's account.
import { ackPiece, type Piece, serviceErrorOf } from "../domain/agent-protocol/pieces.ts";
import {
  agentProtocolSubject,
  agentProtocolVersion,
  agentsService,
  beatIntervalS,
  ourToken,
  queryInboxPrefix,
  sizeWord,
} from "../domain/agent-protocol/protocol-names.ts";
import { readPrompt } from "../domain/agent-protocol/read-prompt.ts";
import type { AgentView } from "../domain/fleet/agent-view.ts";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { Bus } from "../nats/bus.ts";
import { type MicroRequest, type MicroService, startMicroService } from "../nats/micro-service.ts";
import { maxPayloadBytes } from "../nats/payload.ts";
import type { AgentQueues } from "./agent-queues.ts";
import { type PromptRunOptions, runPrompt } from "./run-prompt.ts";

export interface PeerSeat {
  /** Announces these agents, and no others. */
  show(agents: readonly AgentView[]): Promise<void>;
  /** Publishes the heartbeat of each agent. */
  beat(): void;
  /** Ends all services. Prompts that are not over get an error at once, also those that wait for their turn. */
  stop(): Promise<void>;
}

export interface PeerSeatOptions
  extends Pick<PromptRunOptions, "by" | "mayPermit" | "server" | "saveAttachments" | "log"> {
  /** The connection of the fleet's account. */
  readonly fleetBus: Bus;
  /** The connection in the peer's account. */
  readonly peerBus: Bus;
  readonly owner: string;
  readonly version: string;
  readonly queues: AgentQueues;
  /** Whether the agent can read files of this machine. */
  readonly takesFiles: (agent: AgentView) => boolean;
  readonly now: () => Date;
}

/** Callers give up after 60 s without a message. */
const ackAgainMs = 20_000;

interface Shown {
  readonly service: MicroService;
  readonly takesFiles: boolean;
}

export function createPeerSeat(options: PeerSeatOptions): PeerSeat {
  const { peerBus, owner, version, takesFiles, log } = options;
  const shown = new Map<AgentId, Shown>();
  const over = new AbortController();
  const open = new Set<Promise<void>>();

  const begin = async (agent: AgentView) => {
    const id = agent.agent_id;
    const takes = takesFiles(agent);
    const metadata = { max_payload: sizeWord(maxPayloadBytes), attachments_ok: String(takes) };
    const onPrompt = (request: MicroRequest) => {
      const answering = answerPrompt(id, takes, request, options, over.signal).finally(() =>
        open.delete(answering),
      );
      open.add(answering);
    };
    const service = await startMicroService(peerBus, {
      ...{ name: agentsService, version, queue: agentsService, log },
      description: `the agent ${id} of cliai`,
      metadata: {
        ...{ agent: ourToken, owner, session: id, protocol_version: agentProtocolVersion },
        profile: agent.config_name,
      },
      endpoints: [
        {
          ...{ name: "prompt", subject: agentProtocolSubject("prompt", owner, id), metadata },
          onRequest: onPrompt,
        },
        {
          ...{ name: "status", subject: agentProtocolSubject("status", owner, id) },
          onRequest: (request) => request.send(beatOf(id, shown.get(id)?.service.id ?? "", options)),
        },
      ],
    });
    shown.set(id, { service, takesFiles: takes });
    beat(id);
  };
  const end = async (id: AgentId) => {
    const { service } = shown.get(id) ?? {};
    shown.delete(id);
    await service?.stop();
  };
  const beat = (id: AgentId) => {
    const { service } = shown.get(id) ?? {};
    if (service === undefined || !peerBus.isConnected()) return;
    peerBus.publish(agentProtocolSubject("hb", owner, id), beatOf(id, service.id, options));
  };
  return {
    async show(agents) {
      const wanted = new Map(agents.map((agent) => [agent.agent_id, agent]));
      for (const [id, { service, takesFiles: took }] of [...shown]) {
        const agent = wanted.get(id);
        if (agent === undefined || takesFiles(agent) !== took || service.hasEnded()) await end(id);
      }
      for (const agent of wanted.values()) if (!shown.has(agent.agent_id)) await begin(agent);
    },
    beat() {
      for (const id of shown.keys()) beat(id);
    },
    async stop() {
      over.abort();
      // The errors have to be sent before the connection is closed.
      await Promise.allSettled(open);
      await Promise.allSettled([...shown.keys()].map(end));
    },
  };
}

/** What a heartbeat says, and the endpoint `status`. */
function beatOf(id: AgentId, instanceId: string, { owner, server, queues, now }: PeerSeatOptions): object {
  const agent = server.fleet.get(id);
  return {
    ...{ agent: ourToken, owner, session: id, instance_id: instanceId },
    ts: now()
      .toISOString()
      .replace(/\.\d+Z$/, "Z"),
    ...{ interval_s: beatIntervalS, protocol_version: agentProtocolVersion },
    status: agent?.status ?? "unknown",
    busy: agent?.axes.activity.value === "working" || queues.count(id) > 0,
  };
}

/** Never throws. */
async function answerPrompt(
  id: AgentId,
  takesFiles: boolean,
  request: MicroRequest,
  options: PeerSeatOptions,
  signal: AbortSignal,
): Promise<void> {
  const { by, mayPermit, server, fleetBus, peerBus, queues, saveAttachments, now, log } = options;
  const guarded = (act: () => void) => {
    try {
      act();
    } catch (error) {
      log.warn(`the answer to a prompt of ${by} to ${id} cannot be sent: ${messageOf(error)}`);
    }
  };
  const send = (piece: Piece) => guarded(() => request.send(piece));
  let again: ReturnType<typeof setInterval> | undefined;
  try {
    const prompt = readPrompt(request.data);
    if (prompt.attachments.length > 0 && !takesFiles) {
      throw new CliaiError(
        "message_invalid",
        `${id} takes no attachments: it is on another machine than serve`,
      );
    }
    send(ackPiece);
    again = setInterval(() => send(ackPiece), ackAgainMs);
    const run = { id, by, mayPermit, server, bus: fleetBus, saveAttachments, signal, now, log };
    const act = () =>
      runPrompt(prompt, {
        ...run,
        onText: (text) => send({ type: "response", data: text }),
        onStep: (state) => send({ type: "status", data: state }),
        ask: (text, onAnswer) => {
          const query = crypto.randomUUID();
          const reply_subject = `${queryInboxPrefix}.${query}`;
          const stop = peerBus.subscribe(reply_subject, ({ data }) => onAnswer(data));
          send({ type: "query", data: { id: query, reply_subject, prompt: text } });
          return stop;
        },
      });
    const failure = await queues.run(id, act, signal);
    if (failure !== undefined) guarded(() => request.fail(failure.code, failure.text));
  } catch (error) {
    const { code, text } = serviceErrorOf(error);
    guarded(() => request.fail(code, text));
  } finally {
    clearInterval(again);
    guarded(() => request.end());
  }
}
