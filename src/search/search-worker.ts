// The process with the index (`cliai search-index`, which serve starts): it fills the index, and answers what serve asks on its stdin.
// It ends when its stdin ends, so it never outlives serve.
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import type { Readable } from "node:stream";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import { decodeMessage } from "../domain/wire/decode.ts";
import type { Logger } from "../log.ts";
import type { Bus } from "../nats/bus.ts";
import { atMost } from "../waiting.ts";
import { type Filling, startFilling } from "./fill-index.ts";
import { findRecords } from "./find-records.ts";
import { readForgotten, type UpTo } from "./forgotten.ts";
import type { IndexEntry } from "./index-tables.ts";
import { openSearchIndex, removeIndex, type SearchIndex } from "./search-index.ts";
import { searchSources } from "./sources.ts";
import { isDamage } from "./sqlite.ts";
import { type WorkerAnswer, type WorkerAsk, WorkerAskSchema } from "./worker-lines.ts";

/** Whoever searches right after the start waits so long for the index to be filled. */
const filledWithinMs = 3_000;
/** What has just come is found, too, if it can be read in this time. */
const readWithinMs = 25;
/** How often the notes of forgotten agents are read. */
const forgetEveryMs = 60_000;

export interface SearchWorkerOptions {
  /** The folder of the index. It must exist, and only its user may read it. */
  readonly dir: string;
  readonly maxBytes: number;
  readonly input: Readable;
  /** Takes one line. */
  readonly print: (line: string) => void;
  readonly log: Logger;
}

/** Resolves when the input ends. @throws what opening or writing the index throws; before that, it is printed as the last answer */
export async function runSearchWorker(bus: Bus, options: SearchWorkerOptions): Promise<void> {
  const { input, print } = options;
  const answer = (line: WorkerAnswer) => print(JSON.stringify(line));
  let lines: Interface | undefined;
  try {
    const keeper = await keepIndex(bus, options);
    // Only now, because lines that are read before somebody waits for them are lost.
    const questions = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
    lines = questions;
    const reading = (async () => {
      for await (const line of questions) void answerLine(bus, keeper, line).then(answer);
    })();
    try {
      await Promise.race([reading, keeper.failed]);
    } finally {
      await keeper.stop();
    }
  } catch (error) {
    answer(errorJson(error));
    throw error;
  } finally {
    lines?.close();
  }
}

interface IndexKeeper {
  readonly index: () => SearchIndex;
  readonly caughtUp: () => Promise<void>;
  readonly readNow: () => Promise<void>;
  /** Rejects if the index cannot be used, and making it anew would not help. */
  readonly failed: Promise<never>;
  /** Drops what is noted as forgotten of an agent. Returns how many records. */
  forget(agentId: string): Promise<number>;
  /** Makes the index anew if it is damaged. Returns whether it was. */
  mend(error: unknown): Promise<boolean>;
  stop(): Promise<void>;
}

async function keepIndex(bus: Bus, { dir, maxBytes, log }: SearchWorkerOptions): Promise<IndexKeeper> {
  const path = join(dir, "index.db");
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined); // if nobody waits for it any more
  let mending: Promise<boolean> | undefined;
  let isStopped = false;
  let forgotten: ReadonlyMap<string, UpTo> = new Map();
  const isForgotten = (stream: string, { agent_id = "", seq }: IndexEntry) =>
    seq <= (forgotten.get(agent_id)?.[stream] ?? 0);
  const open = async (): Promise<{ index: SearchIndex; filling: Filling }> => {
    const index = await openSearchIndex({ path, maxBytes, log });
    const onFailure = (error: unknown) => void mend(error);
    forgotten = await readForgotten(bus);
    for (const [id, upTo] of forgotten) index.forget(id, upTo);
    return {
      index,
      filling: startFilling(bus, { index, sources: searchSources, isForgotten, log, onFailure }),
    };
  };
  /** Returns how many records of the agent were dropped; others may have been noted meanwhile, too. */
  const forgetNoted = async (agentId?: string): Promise<number> => {
    const known = forgotten;
    forgotten = await readForgotten(bus);
    current.filling.flush();
    let count = 0;
    for (const [id, upTo] of forgotten) {
      if (id !== agentId && JSON.stringify(upTo) === JSON.stringify(known.get(id))) continue;
      const dropped = current.index.forget(id, upTo);
      if (id === agentId) count = dropped;
    }
    return count;
  };
  const makeAnew = async (error: unknown): Promise<boolean> => {
    if (!isDamage(error)) {
      failed.reject(error);
      return false;
    }
    log.warn(`the index of the search is damaged, and made anew: ${messageOf(error)}`);
    await current.filling.stop();
    current.index.close();
    await removeIndex(path);
    current = await open();
    return true;
  };
  const mend = async (error: unknown): Promise<boolean> => {
    if (isStopped) return false;
    mending ??= makeAnew(error)
      .catch((again: unknown) => {
        failed.reject(again);
        return false;
      })
      .finally(() => {
        mending = undefined;
      });
    return await mending;
  };
  let current = await open();
  // Another serve of a cluster may have been asked to forget.
  const looking = setInterval(() => {
    if (mending === undefined && bus.isConnected())
      forgetNoted().catch((error: unknown) =>
        isDamage(error) ? void mend(error) : log.debug(messageOf(error)),
      );
  }, forgetEveryMs);
  return {
    index: () => current.index,
    caughtUp: () => current.filling.caughtUp,
    readNow: () => current.filling.readNow(),
    failed: failed.promise,
    mend,
    forget: forgetNoted,
    async stop() {
      isStopped = true;
      clearInterval(looking);
      await mending;
      await current.filling.stop();
      current.index.close();
    },
  };
}

async function answerLine(bus: Bus, keeper: IndexKeeper, line: string): Promise<WorkerAnswer> {
  let id: number | undefined;
  try {
    const ask = decodeMessage(WorkerAskSchema, line);
    id = ask.id;
    await atMost(filledWithinMs, keeper.caughtUp());
    if (ask.act === "find") await atMost(readWithinMs, keeper.readNow());
    return { id, result: await carryOut(bus, keeper, ask) };
  } catch (error) {
    if (!isDamage(error)) return { ...(id === undefined ? {} : { id }), ...errorJson(error) };
    void keeper.mend(error);
    const mended = new CliaiError("failed", "the index of the search was damaged, and is being made anew", {
      hint: "search again in a minute",
    });
    return { ...(id === undefined ? {} : { id }), ...errorJson(mended) };
  }
}

async function carryOut(bus: Bus, keeper: IndexKeeper, ask: WorkerAsk): Promise<unknown> {
  if (ask.act === "forget") return await keeper.forget(ask.agent_id);
  return await findRecords({ bus, index: keeper.index(), sources: searchSources }, ask.ask);
}

function errorJson(error: unknown): Pick<WorkerAnswer, "error"> {
  if (error instanceof CliaiError) return error.toJSON();
  return { error: { code: "failed", message: `the search failed: ${messageOf(error)}` } };
}
