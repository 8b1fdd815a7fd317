// The search as serve has it: checks what is asked, and hands it to the process with the index. That process is started a while after serve, or at
// the first search, so that it takes nothing from the start. If it ends, it is started again.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setPriority } from "node:os";
import process from "node:process";
import { createInterface } from "node:readline";
import { definedOf } from "../domain/defined.ts";
import { CliaiError, isErrorCode, messageOf } from "../domain/text/errors.ts";
import { didYouMean } from "../domain/text/nearest.ts";
import { type AgentId, parseAgentId } from "../domain/wire/agent-id.ts";
import { checkMessage, decodeMessage } from "../domain/wire/decode.ts";
import type { Logger } from "../log.ts";
import { endProcess, hasEnded, signalChild } from "../processes/end-process.ts";
import { parseQuery } from "./query.ts";
import { parseSearchKind } from "./record-text.ts";
import {
  type FindAsk,
  type SearchAnswer,
  SearchAnswerSchema,
  type SearchAsk,
  type SearchDesk,
} from "./search.ts";
import { type WorkerAnswer, WorkerAnswerSchema, type WorkerAsk } from "./worker-lines.ts";

/** How long after serve the process starts if nobody searches. */
const startAfterMs = 30_000;
/** After this time the process is taken for stuck, and killed: with a beginning that too many words have, SQLite can work for long. */
const usualAnswerMs = 15_000;
/** `optimize` writes the whole index anew. */
const forgetWithinMs = 120_000;
const firstRestartMs = 2_000;
const longestRestartMs = 5 * 60_000;
const endWithinMs = 3_000;
/** Lower than normal, so that it takes no processor from serve. */
const niceness = 10;

export interface SearchDeskOptions {
  /** The command and arguments that start the process. */
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The known agents, for the filter by project. */
  readonly agents: () => readonly {
    readonly agent_id: AgentId;
    readonly project_path?: string | undefined;
  }[];
  /** How long a search may take; default {@link usualAnswerMs}. */
  readonly answerWithinMs?: number;
  readonly log: Logger;
}

/** The search of a serve that has none (`search_max_bytes` is 0). It refuses, and says how to turn it on. */
export const noSearch: SearchDesk = {
  search: refuse,
  forget: async () => 0,
  stop: async () => undefined,
};

async function refuse(): Promise<never> {
  throw new CliaiError("refused", "the search of this server is off: search_max_bytes is 0", {
    hint: "start it with a size: cliai serve --search-max-bytes 512MB",
  });
}

export function openSearchDesk(options: SearchDeskOptions): SearchDesk {
  const { agents, log, answerWithinMs = usualAnswerMs } = options;
  let worker: Worker | undefined;
  let restartMs = firstRestartMs;
  let isStopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const start = (): Worker => {
    clearTimeout(timer);
    const started = startWorker(options);
    worker = started;
    void started.ended.then((why) => {
      if (worker === started) worker = undefined;
      if (isStopped) return;
      log.warn(`the search has ended (${why}), and starts again in ${Math.round(restartMs / 1_000)} s`);
      timer = setTimeout(start, restartMs);
      timer.unref();
      restartMs = Math.min(longestRestartMs, restartMs * 2);
    });
    return started;
  };
  timer = setTimeout(start, startAfterMs);
  timer.unref();
  const ask = async (question: Question, withinMs: number): Promise<unknown> => {
    if (isStopped) throw new CliaiError("interrupted", "the server ends");
    const result = await (worker ?? start()).ask(question, withinMs);
    restartMs = firstRestartMs;
    return result;
  };
  return {
    async search(wanted) {
      const find = findAskOf(wanted, agents());
      return checkMessage(
        SearchAnswerSchema,
        await ask({ act: "find", ask: find }, answerWithinMs),
      ) as SearchAnswer;
    },
    forget: async (agent_id) => Number(await ask({ act: "forget", agent_id }, forgetWithinMs)),
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await worker?.stop();
    },
  };
}

/** @throws CliaiError `usage`, `agent_id_invalid` */
function findAskOf(
  { text, agent, project, kind, since, limit }: SearchAsk,
  known: ReturnType<SearchDeskOptions["agents"]>,
): FindAsk {
  parseQuery(text);
  if (kind !== undefined) parseSearchKind(kind);
  if (since !== undefined && Number.isNaN(Date.parse(since)))
    throw new CliaiError("usage", `since "${since}" is not a time`, {
      hint: "write it as 2026-05-03T14:00:00Z",
    });
  const inProject = project === undefined ? undefined : agentsIn(project, known);
  const one = agent === undefined ? undefined : parseAgentId(agent);
  const agents = one === undefined ? inProject : [one].filter((id) => inProject?.includes(id) ?? true);
  if (agents?.length === 0)
    throw new CliaiError("usage", `${agent} does not work in the project ${project}`, {
      hint: "leave one of them out",
    });
  return { text, ...definedOf({ agents, kind, since, limit }) };
}

/** @throws CliaiError `usage` if no known agent works there */
function agentsIn(project: string, known: ReturnType<SearchDeskOptions["agents"]>): AgentId[] {
  const whole = (path: string) => path.replace(/(?<=.)[/\\]+$/, "");
  const names = (path: string) => [whole(path), whole(path).split(/[/\\]/).at(-1) ?? path];
  const wanted = whole(project);
  const found = known.filter(
    ({ project_path }) => project_path !== undefined && names(project_path).includes(wanted),
  );
  if (found.length > 0) return found.map(({ agent_id }) => agent_id);
  const all = known.flatMap(({ project_path }) => (project_path === undefined ? [] : names(project_path)));
  throw new CliaiError("usage", `no known agent works in the project "${project}"`, {
    hint: didYouMean(project, new Set(all)) ?? "cliai ls --json shows the agents' project_path",
  });
}

type Question = WorkerAsk extends infer Each ? (Each extends WorkerAsk ? Omit<Each, "id"> : never) : never;

interface Worker {
  ask(question: Question, withinMs: number): Promise<unknown>;
  /** Resolves when the process has ended, with why. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

interface Waiting {
  readonly act: Question["act"];
  resolve(answer: WorkerAnswer): void;
}

function startWorker({ command, args, cwd, env, log }: SearchDeskOptions): Worker {
  // In a group of its own, so that Ctrl+C at serve's terminal does not end it before serve does.
  const detached = process.platform !== "win32";
  const child = spawn(command, args, {
    ...{ cwd, env, detached, windowsHide: true },
    stdio: ["pipe", "pipe", "inherit"],
  });
  lowerPriority(child, log);
  const waiting = new Map<number, Waiting>();
  let nextId = 1;
  let lastError: WorkerAnswer["error"];
  const ended = Promise.race([
    once(child, "close").then(
      ([code, signal]) => lastError?.message ?? String(signal ?? `exit code ${code}`),
    ),
    once(child, "error").then(([error]) => messageOf(error)),
  ]).catch(messageOf);
  child.stdin.on("error", () => undefined); // it has ended; `ended` says so
  createInterface({ input: child.stdout }).on("line", (line) => {
    try {
      const answer = decodeMessage(WorkerAnswerSchema, line);
      if (answer.id === undefined) lastError = answer.error;
      else waiting.get(answer.id)?.resolve(answer);
    } catch (error) {
      log.warn(`the search answers with something else than JSON: ${messageOf(error)}`);
    }
  });
  void ended.then((why) => {
    const error = lastError ?? {
      code: "failed",
      message: `the search has ended: ${why}`,
      hint: "search again",
    };
    for (const each of waiting.values()) each.resolve({ error });
  });
  const stop = async () => {
    if (hasEnded(child)) return;
    await endProcess(
      {
        // It ends by itself at the end of its input.
        terminate: () => child.stdin.end(),
        kill: () => signalChild(child, "SIGKILL"),
        ended,
      },
      endWithinMs,
    );
  };
  return {
    ended,
    stop,
    async ask(question, withinMs) {
      const id = nextId;
      nextId += 1;
      const late = Promise.withResolvers<WorkerAnswer>();
      waiting.set(id, { act: question.act, resolve: late.resolve });
      const timer = setTimeout(() => {
        late.resolve({
          error: {
            code: "no_answer",
            message: `the search took more than ${withinMs / 1_000} s`,
            hint: "search for more or longer words, or since a later time",
          },
        });
        // To forget takes longer, and would be left half done.
        const forgets = [...waiting].some(([other, { act }]) => other !== id && act === "forget");
        if (!forgets) signalChild(child, "SIGKILL");
      }, withinMs);
      try {
        child.stdin.write(`${JSON.stringify({ ...question, id })}\n`);
        const { result, error } = await late.promise;
        if (error === undefined) return result;
        const code = isErrorCode(error.code) ? error.code : "failed";
        throw new CliaiError(code, error.message, definedOf({ hint: error.hint }));
      } finally {
        clearTimeout(timer);
        waiting.delete(id);
      }
    },
  };
}

function lowerPriority({ pid }: ChildProcess, log: Logger): void {
  try {
    if (pid !== undefined) setPriority(pid, niceness);
  } catch (error) {
    log.debug(`the search keeps the usual priority: ${messageOf(error)}`);
  }
}
