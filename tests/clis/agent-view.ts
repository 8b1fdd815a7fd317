// What a user sees of the agent `ada`, and tells it, by the commands and the API of the server that runs now. Knows no CLI.
import { readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { fetchAgent, type ShownAgent } from "../support/bridges.ts";
import type { ChildExit } from "../support/child.ts";
import type { RunningServe } from "../support/cliai.ts";
import { lifeOf } from "../support/steered-claude.ts";
import { patienceMs, waitFor } from "../support/wait-for.ts";

export interface OpenItem {
  readonly request_id: string;
  readonly agent_id: string;
  readonly kind: string;
}

export interface AgentView {
  agent(): Promise<ShownAgent>;
  /** Waits until what the server shows of the agent fits. Default deadline `patienceMs`. */
  until(what: string, fits: (agent: ShownAgent) => boolean, deadlineMs?: number): Promise<ShownAgent>;
  /** Runs a command, which has to succeed, and resolves with what it prints. */
  run(...args: readonly string[]): Promise<string>;
  /**
   * Runs `cliai send COMMAND ada`, which has to succeed. Resolves once the server shows the receipt that the command has waited for: the command
   * may read it before the server does.
   */
  send(command: string, ...rest: readonly string[]): Promise<void>;
  /** The states of the order's receipts, each with its route. */
  life(id: string): Promise<string[]>;
  /** Waits until the order has a receipt that begins with the words. Default deadline `patienceMs`. */
  untilReceipt(id: string, words: string, deadlineMs?: number): Promise<void>;
  /** The texts of the latest events of that kind, as its page shows them: what has failed comes first. */
  events(kind: string): Promise<readonly string[]>;
  /** The time of the latest of these events, as the server tells it; undefined if there is none. */
  latest(kind: string): Promise<string | undefined>;
  openRequests(): Promise<readonly OpenItem[]>;
  /** Waits for the open request that has the words. */
  request(words: string): Promise<OpenItem>;
  /** Answers as a person does it in a shell, and resolves with how the command ended. */
  answer(item: OpenItem, ...answer: readonly string[]): Promise<ChildExit>;
  /** Waits for the permission for a tool that has the words, and gives it. */
  permit(words: string): Promise<void>;
}

interface Timed {
  readonly timeline: readonly { readonly at: string; readonly kind: string; readonly text: string }[];
}

/**
 * @param serveNow the server, which a case may have started again
 * @param output what the agent's program has printed, for the message of a wait that fails
 */
export function viewAgent(serveNow: () => RunningServe, output: () => Promise<string>): AgentView {
  const agent = () => fetchAgent(serveNow(), "ada");
  const tail = async () => (await output()).slice(-3_000);
  const until: AgentView["until"] = async (what, fits, deadlineMs = patienceMs) => {
    let last: ShownAgent | undefined;
    const look = async () => {
      last = await agent();
      return fits(last) && last;
    };
    return await waitFor(look, {
      ...{ what, deadlineMs, intervalMs: 50 },
      saw: async () => ({ output: await tail(), last }),
    });
  };
  const untilReceipt: AgentView["untilReceipt"] = async (id, words, deadlineMs) => {
    const has = (shown: ShownAgent) => lifeOf(shown, id).some((state) => state.startsWith(words));
    await until(`${id} is ${words}`, has, deadlineMs);
  };
  const openRequests = async () =>
    (await (await serveNow().fetch("/api/requests")).json()) as readonly OpenItem[];
  const run = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await serveNow().run(args, { deadlineMs: 120_000 });
    if (code !== 0) throw new Error(`cliai ${args.join(" ")} ended with ${code}\n${stdout}${stderr}`);
    return stdout;
  };
  const request = (words: string) =>
    waitFor(async () => (await openRequests()).find((item) => JSON.stringify(item).includes(words)), {
      ...{ what: `a request with ${words}`, intervalMs: 50 },
      saw: async () => ({ output: await tail(), open: await openRequests(), agent: await agent() }),
    });
  const eventsOf = async (kind: string) => {
    const { timeline } = (await agent()) as ShownAgent & Timed;
    return timeline.filter((entry) => entry.kind === kind);
  };
  const answer: AgentView["answer"] = ({ request_id }, ...words) =>
    serveNow().run(["answer", request_id, ...words]);
  return {
    ...{ agent, until, untilReceipt, openRequests, run, request, answer },
    async send(command, ...rest) {
      await run("send", command, "ada", ...rest, "--timeout", "60");
      await untilReceipt(valueAfter("--id", rest) ?? "", valueAfter("--wait", rest) ?? "delivered");
    },
    life: async (id) => lifeOf(await agent(), id),
    events: async (kind) => (await eventsOf(kind)).map(({ text }) => text),
    latest: async (kind) =>
      (await eventsOf(kind))
        .map(({ at }) => at)
        .sort()
        .at(-1),
    async permit(words) {
      const { code, stderr } = await answer(await request(words), "--approve");
      if (code !== 0) throw new Error(`the permission for ${words} could not be given: ${stderr}`);
    },
  };
}

function valueAfter(flag: string, args: readonly string[]): string | undefined {
  const place = args.indexOf(flag);
  return place === -1 ? undefined : args[place + 1];
}

/** The command line of each process that works in that folder (Linux). */
export async function processesIn(path: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const cwd = await readlink(join("/proc", name, "cwd")).catch(() => ""); // it has just ended, or is another user's
    if (cwd !== path && !cwd.startsWith(`${path}/`)) continue;
    const line = await readFile(join("/proc", name, "cmdline"), "utf8").catch(() => "");
    // A process that has ended, and that nobody has waited for yet, has no command line.
    if (line !== "") found.push(line.replaceAll("\0", " "));
  }
  return found;
}
