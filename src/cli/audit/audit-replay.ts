// `cliai audit replay`: publishes part of the history again, on subjects below `replay`.
import { parseReplayPrefix, replayAudit } from "../../audit/replay.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { clientArgs, withClient } from "../fleet/client.ts";
import { type Arguments, defineCliCommand } from "../frame/command.ts";
import type { CliContext } from "../frame/context.ts";
import { filterArgs, readFilter } from "./audit-args.ts";

const replayArgs = {
  ...filterArgs,
  to: {
    type: "string",
    valueHint: "PREFIX",
    description: "publish on subjects that begin with this prefix: replay, or replay.NAME (default replay)",
  },
  speed: {
    type: "string",
    valueHint: "N",
    description: "publish N times as fast as recorded; 0 for no pauses (default 1)",
  },
  ...clientArgs,
} as const;

export const replayCommand = defineCliCommand({
  name: "audit replay",
  description: "publish a span of the recorded history again",
  args: replayArgs,
  run: replayHistory,
});

async function replayHistory(args: Arguments<typeof replayArgs>, context: CliContext): Promise<number> {
  const prefix = parseReplayPrefix(args.to ?? "replay");
  const speed = readSpeed(args.speed ?? "1");
  const filter = readFilter(args, context);
  if (filter.sinceMs === undefined) {
    throw new CliaiError("usage", "replay needs --since", {
      hint: "cliai audit replay --since 2h --until 1h",
    });
  }
  return await withClient(args, context, async (bus, parts) => {
    const ended = new AbortController();
    parts.defer(() => ended.abort());
    // Without --until, replay up to now, and not what is recorded while the replay runs.
    const span = { ...filter, untilMs: filter.untilMs ?? context.now().getTime() };
    const replayed = await replayAudit(bus, { filter: span, prefix, speed, signal: ended.signal });
    context.print(
      context.json ? JSON.stringify({ to: `${prefix}.>`, replayed }) : `${replayed} messages on ${prefix}.>`,
    );
    return 0;
  });
}

function readSpeed(text: string): number {
  const speed = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isFinite(speed)) return speed;
  throw new CliaiError("usage", `--speed "${text}" is not a number`, {
    hint: "--speed 10 is ten times as fast as recorded, --speed 0 makes no pauses",
  });
}
