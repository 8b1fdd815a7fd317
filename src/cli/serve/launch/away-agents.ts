// Starts agents that have ended again, and removes them, for the page: as `cliai resume` and `cliai agents remove` do.

import { CliaiError } from "../../../domain/text/errors.ts";
import type { Bus } from "../../../nats/bus.ts";
import { atMost } from "../../../waiting.ts";
import type { AwayAgents } from "../../../web/api/need-acts.ts";
import { checkRemovable, removeWithCredentials } from "../../agents/agent-removal.ts";
import { createFleetReader, viewOf } from "../../fleet/fleet-reading.ts";
import type { CliContext } from "../../frame/context.ts";
import { type ResumeContext, resumeOne } from "../../resume/resume-one.ts";
import { readToResume } from "../../resume/to-resume.ts";
import { answerWithinMs } from "./agent-child.ts";
import { createTurns } from "./in-turns.ts";

export interface AwayAgentsOptions {
  readonly dataDir: string;
  readonly bus: Bus;
  readonly context: Pick<CliContext, "env" | "log" | "now">;
}

/** The page acts on many agents at once, and each start of a CLI takes a processor for a second or more. */
const turns = { atOnce: 4, turnMs: answerWithinMs };

export function createAwayAgents({ dataDir, bus, context }: AwayAgentsOptions): AwayAgents {
  const { now, log } = context;
  const inTurn = createTurns(turns);
  const readerOf = () => createFleetReader(bus, { now, note: (line) => log.debug(line) });
  return {
    async startAgain(id, by) {
      const reader = readerOf();
      const one = await readToResume(viewOf(await reader.require(id)), reader, { dataDir, given: {} });
      if (one.standing.state === "paused") {
        throw new CliaiError("refused", `${id} runs, and is paused`, { hint: "resume it on its page" });
      }
      let said = "";
      const quiet: ResumeContext = {
        ...{ ...context, json: false, note: log.info, env: { USER: by } },
        print: (line) => {
          said = line.slice(`${id}: `.length);
        },
      };
      const starting = inTurn(() => resumeOne(one, bus, quiet));
      // A start that takes longer, or waits for its turn, goes on. Its failure is then told by the fleet, and logged.
      starting.catch((error: unknown) => log.info(`${id} was not started again: ${String(error)}`));
      await atMost(answerWithinMs, starting);
      return said === "" ? "is being started" : said;
    },
    async remove(id) {
      const fleet = readerOf();
      await inTurn(async () => {
        await checkRemovable(fleet, id, { dataDir, force: false });
        await removeWithCredentials(bus, fleet, id, { dataDir, now, log });
      });
    },
  };
}
