// An agent that speaks ACP as the test tells it to, and its session as the host opens it.
import { PassThrough } from "node:stream";
import type { AgentCli } from "../../../src/agents/agent-cli.ts";
import type { LiveSession, SessionPipes } from "../../../src/agents/live-session.ts";
import { createLineSplitter } from "../../../src/domain/text/lines.ts";
import { waitFor } from "../../support/wait-for.ts";
import { silentPipes } from "../silent-pipes.ts";

/** More than a pipe holds. */
const mostBufferedBytes = 1024 ** 2;

interface Heard {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly prompt?: readonly { readonly text: string }[] };
  readonly result?: unknown;
}

export interface Offered {
  readonly optionId: string;
  readonly kind: string;
  readonly name?: string;
}

export interface ScriptedAgent extends Disposable {
  readonly session: LiveSession;
  /** The texts of the prompts that it was given. */
  prompts(): readonly string[];
  /** Resolves when it has been given so many prompts. */
  prompted(count: number): Promise<void>;
  update(told: object): void;
  /** Asks for a permission. Resolves with the answer. */
  ask(toolCall: object, options: readonly Offered[]): Promise<unknown>;
  /** From now on it reads nothing, and its pipe is full. */
  stopReading(): void;
  /** Ends the turn of the last prompt. */
  endTurn(stopReason?: string): void;
}

export async function openScripted(cli: AgentCli, listener: Partial<SessionPipes>): Promise<ScriptedAgent> {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const send = (message: object) => stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  const answers = new Map<string | undefined, object>([
    ["initialize", { protocolVersion: 1, agentCapabilities: {} }],
    ["session/new", { sessionId: "s1" }],
  ]);
  const heard: Heard[] = [];
  const lines = createLineSplitter();
  stdin.setEncoding("utf8").on("data", (part: string) => {
    for (const line of lines.push(part)) {
      const message = JSON.parse(line) as Heard;
      heard.push(message);
      const result = answers.get(message.method);
      if (result !== undefined) send({ id: message.id, result });
    }
  });
  const given = () => heard.filter(({ method }) => method === "session/prompt");
  let asked = 70;
  const session = cli.openSession?.({ ...silentPipes(), ...listener, stdin, stdout });
  if (session === undefined) throw new Error(`${cli.name} has no sessions`);
  await session.whenReady;
  return {
    session,
    prompts: () => given().map(({ params }) => params?.prompt?.at(-1)?.text ?? ""),
    prompted: async (count) =>
      void (await waitFor(() => given().length >= count, { what: `prompt ${count}` })),
    update: (update) => send({ method: "session/update", params: { sessionId: "s1", update } }),
    async ask(toolCall, options) {
      asked += 1;
      const id = asked;
      const params = { sessionId: "s1", toolCall, options };
      send({ id, method: "session/request_permission", params });
      const find = () => heard.find((each) => each.id === id && each.method === undefined);
      return (await waitFor(find, { what: "the request is answered" })).result;
    },
    endTurn: (stopReason = "end_turn") => send({ id: given().at(-1)?.id, result: { stopReason } }),
    stopReading() {
      stdin.pause();
      stdin.write(" ".repeat(mostBufferedBytes));
    },
    [Symbol.dispose]: () => void stdout.end(),
  };
}
