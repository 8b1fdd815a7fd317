// Lets an hour pass for a program of Node.js within seconds: for its timers of 20 s and more (`fast-clock.cjs`).
import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PreparedCli } from "./acp-clis.ts";
import type { TempDir } from "./temp-dir.ts";
import { type StaysOptions, stays } from "./wait-for.ts";

type Dir = Pick<TempDir, "join">;

/** At the speed of `fast-clock.cjs`, with a fifth to spare. */
const hourMs = 3_600;
const flagIn = (dir: Dir) => dir.join("fast-clock");

/** The environment with which a program of Node.js has such a clock. */
export function fastClockEnv(dir: Dir): Record<string, string> {
  return {
    NODE_OPTIONS: `--require=${join(import.meta.dirname, "fast-clock.cjs")}`,
    FAST_CLOCK: flagIn(dir),
  };
}

export function onFastClock<Model>(prepare: (dir: TempDir, model: Model) => Promise<PreparedCli>) {
  return async (dir: TempDir, model: Model): Promise<PreparedCli> => {
    const prepared = await prepare(dir, model);
    return { ...prepared, env: { ...prepared.env, ...fastClockEnv(dir) } };
  };
}

/** Lets an hour pass for the program. Throws if `holds` becomes false meanwhile, or if the program has no such clock. */
export async function stayForAnHour(
  dir: Dir,
  holds: () => boolean,
  why: Omit<StaysOptions, "forMs">,
): Promise<void> {
  if (!existsSync(`${flagIn(dir)}.loaded`)) throw new Error("the program has not loaded the fast clock");
  await writeFile(flagIn(dir), "");
  await stays(holds, { ...why, forMs: hourMs });
  await rm(flagIn(dir));
}
