// One session of the loop: its conversation, its tools, and the turn that runs.
import type { CommandForm } from "../domain/model-server.ts";
import type { Logger } from "../log.ts";
import type { Environment } from "../runtime.ts";
import { createConversation } from "./conversation.ts";
import type { Message } from "./model/chat-messages.ts";
import type { AnswerUsage } from "./model/model-answer.ts";
import type { ModelClient } from "./model/model-client.ts";
import type { PermissionMode } from "./permission.ts";
import type { SessionFile } from "./session-file.ts";
import { createSpeaker, type WordsOut } from "./speaker.ts";
import { createToolDesk, type ToolsOut } from "./tool-desk.ts";
import { commandTool } from "./tools/command-tool.ts";
import { fileTools } from "./tools/file-tools.ts";
import { createLongOutputs } from "./tools/long-output.ts";
import { type McpServerPlace, startMcpServers } from "./tools/mcp-tools.ts";
import { searchTools } from "./tools/search-tools.ts";
import { runTurn, type TurnEnd } from "./turn.ts";

/** What every session of a loop has in common. */
export interface LoopSettings {
  readonly client: ModelClient;
  /** Instructions of the role and the profile; "" if there are none. */
  readonly instructions: string;
  readonly maxSteps: number;
  readonly commandForm: CommandForm;
  /** The environment of the commands that the agent runs. */
  readonly env: Environment;
  readonly version: string;
  readonly log: Logger;
}

/** The client, as one session sees it. */
export interface SessionOut extends WordsOut, ToolsOut {
  readonly usage: (usage: AnswerUsage, context: number | undefined) => void;
  /** Asks the client for the texts that it keeps for the running turn. Resolves with an empty list if the client keeps no texts. */
  readonly heldWords: (signal: AbortSignal) => Promise<readonly string[]>;
}

export interface SessionPlace {
  /** Absolute path of the folder in which the agent works. */
  readonly cwd: string;
  readonly servers: readonly McpServerPlace[];
  readonly file: SessionFile;
  readonly earlier: readonly Message[];
  readonly mode: PermissionMode;
  readonly out: SessionOut;
  /** Aborts when nobody needs the session any more, even while its MCP servers start. */
  readonly over: AbortSignal;
}

export interface PromptEnd {
  readonly reason: TurnEnd["reason"] | "cancelled";
  /** The tokens of all requests of this prompt's turn. */
  readonly usage: { readonly input: number; readonly output: number; readonly cached: number };
}

export interface LoopSession extends AsyncDisposable {
  mode: PermissionMode;
  /**
   * Resolves when the turn is over. While a turn runs, the text joins it before the model's next answer, and ends with it.
   * @throws CliaiError if the model server cannot be used
   */
  prompt(text: string): Promise<PromptEnd>;
  /** Ends the turn that runs, with the tool and the model's answer in it. */
  cancel(): void;
}

/** How many characters a result may have: a quarter of the context, at three characters a token. */
function resultLimit(context: number | undefined): number {
  return Math.max(1_500, Math.min(16_000, (context ?? 8_192) * 0.75));
}

interface WaitingWords {
  readonly text: string;
  readonly ended: PromiseWithResolvers<PromptEnd>;
}

const cancelled: PromptEnd = { reason: "cancelled", usage: { input: 0, output: 0, cached: 0 } };

/** @throws CliaiError `failed` if an MCP server does not start */
export async function startSession(place: SessionPlace, settings: LoopSettings): Promise<LoopSession> {
  const { cwd, out, file } = place;
  const { client, maxSteps, env } = settings;
  let context: number | undefined;
  const limit = () => resultLimit(context);
  const outputs = createLongOutputs(limit);
  const files = { project: cwd, outputs, limit };
  const command = commandTool({ project: cwd, outputs, env, form: settings.commandForm });
  const own = [...fileTools(files), ...searchTools(files), command];
  const takenNames = own.map(({ name }) => name);
  const servers = await startMcpServers({
    ...{ servers: place.servers, cwd, takenNames, outputs, signal: place.over },
    ...{ version: settings.version, log: settings.log },
  });
  const conversation = createConversation({
    project: cwd,
    added: settings.instructions,
    earlier: place.earlier,
    onAdd: file.add,
  });
  let mode = place.mode;
  const tools = createToolDesk([...own, ...servers.tools], out, () => mode);
  /** Prompts that are not yet in the conversation. */
  const waiting: WaitingWords[] = [];
  /** Prompts that are in the conversation: they end with the turn. */
  const joined: WaitingWords[] = [];
  let running: { readonly abort: AbortController; readonly ended: Promise<void> } | undefined;

  const takeWords = async (signal: AbortSignal) => {
    const held = await out.heldWords(signal);
    signal.throwIfAborted();
    const taken = waiting.splice(0);
    const texts = [...taken.map(({ text }) => text), ...held];
    for (const text of texts) conversation.add({ role: "user", content: text, isPrompt: true });
    joined.push(...taken);
    return texts.length > 0;
  };

  async function run(signal: AbortSignal): Promise<PromptEnd> {
    const usage = { input: 0, output: 0, cached: 0 };
    const onUsage = (of: AnswerUsage, size: number | undefined) => {
      context = size;
      usage.input += of.promptTokens;
      usage.output += of.answerTokens;
      usage.cached += of.cachedTokens;
      out.usage(of, size);
    };
    const parts = { client, conversation, tools, speaker: createSpeaker(out), maxSteps, takeWords, onUsage };
    const { reason, why } = await runTurn(parts, signal);
    if (why !== undefined) out.message(`[The turn has ended: ${why}.]`);
    return { reason, usage };
  }

  function start(): void {
    const abort = new AbortController();
    const { signal } = abort;
    const settled = run(signal).then(
      (end) => ({ settle: ({ ended }: WaitingWords) => ended.resolve(end), isOver: false }),
      (error: unknown) => ({
        settle: ({ ended }: WaitingWords) =>
          signal.aborted ? ended.resolve(cancelled) : ended.reject(error),
        // The prompts that wait would fail in the same way, so they end, too.
        isOver: true,
      }),
    );
    const ended = settled.then(async ({ settle, isOver }) => {
      await file.flush();
      running = undefined;
      for (const words of joined.splice(0)) settle(words);
      // If a cancel or the session's end came after the model's last answer, it counts for the prompts that came since.
      if (signal.aborted) for (const { ended } of waiting.splice(0)) ended.resolve(cancelled);
      if (isOver) for (const words of waiting.splice(0)) settle(words);
      // A prompt that came after the model's last answer begins a turn of its own.
      if (waiting.length > 0) start();
    });
    running = { abort, ended };
  }

  return {
    get mode() {
      return mode;
    },
    set mode(next) {
      mode = next;
    },
    prompt(text) {
      const ended = Promise.withResolvers<PromptEnd>();
      waiting.push({ text, ended });
      if (running === undefined) start();
      return ended.promise;
    },
    cancel: () => running?.abort.abort(),
    async [Symbol.asyncDispose]() {
      running?.abort.abort();
      await running?.ended;
      await servers[Symbol.asyncDispose]();
      await file.flush();
    },
  };
}
