// `cliai audit`: prints the recorded history, follows it, or writes it to a file.
import { once } from "node:events";
import { type FileHandle, open, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { exportLine } from "../../audit/export-file.ts";
import { followAudit, openExport, readAudit, readNewest } from "../../audit/read-audit.ts";
import type { AuditFilter } from "../../domain/audit/audit-filter.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import { streams } from "../../domain/wire/subjects.ts";
import type { Bus } from "../../nats/bus.ts";
import type { StreamMessage } from "../../nats/jetstream/follow.ts";
import { readStreamFacts } from "../../nats/jetstream/read-stream.ts";
import { clientArgs, withClient } from "../fleet/client.ts";
import { type Arguments, defineCliCommand } from "../frame/command.ts";
import type { CliContext } from "../frame/context.ts";
import { cut } from "../frame/terminal.ts";
import { filterArgs, readFilter } from "./audit-args.ts";
import { feedEntry, feedLine } from "./feed-lines.ts";

/** How many old records `--follow` prints first, if neither `--limit` nor `--since` is given. */
const linesBeforeFollowing = 10;

const readArgs = {
  ...filterArgs,
  limit: { type: "string", valueHint: "N", description: "only the newest N records" },
  follow: { type: "boolean", description: "keep printing new records as they come" },
  export: {
    type: "string",
    valueHint: "FILE",
    description: "write the records to this file, which audit verify can check",
  },
  ...clientArgs,
} as const;

export const readCommand = defineCliCommand({
  name: "audit read",
  description: "print the recorded history, or export it to a file",
  args: readArgs,
  run: readHistory,
});

async function readHistory(args: Arguments<typeof readArgs>, context: CliContext): Promise<number> {
  const filter = readFilter(args, context);
  const limit =
    readLimit(args.limit) ?? (args.follow && args.since === undefined ? linesBeforeFollowing : undefined);
  if (args.follow && args.until !== undefined) {
    throw new CliaiError("usage", "--follow and --until contradict each other", {
      hint: "leave one of them out",
    });
  }
  if (args.export !== undefined) {
    const other = args.follow ? "--follow" : args.limit === undefined ? undefined : "--limit";
    if (other !== undefined) {
      throw new CliaiError("usage", `--export and ${other} contradict each other`, {
        hint: "limit an export with --since and --until",
      });
    }
  }
  return await withClient(args, context, async (bus, parts) => {
    if (args.export !== undefined)
      return await exportTo(resolve(context.cwd, args.export), { bus, parts }, filter, context);
    let next = (await readStreamFacts(bus, streams.audit)).last_seq + 1;
    const show = (record: StreamMessage) => {
      next = Math.max(next, record.seq + 1);
      context.print(lineOf(record, context));
    };
    for await (const record of limit === undefined
      ? readAudit(bus, filter)
      : await readNewest(bus, filter, limit)) {
      show(record);
      if (context.stdout.writableNeedDrain) await once(context.stdout, "drain");
    }
    if (!args.follow) return 0;
    const following = followAudit(bus, filter, next, context.log, show);
    parts.defer(() => following.stop());
    return await new Promise<never>(() => undefined);
  });
}

function lineOf(record: StreamMessage, { json, isTerminal, columns }: CliContext): string {
  if (json) return JSON.stringify(feedEntry(record));
  const line = `${String(record.seq).padStart(6)}  ${feedLine(record, record.at)}`;
  return isTerminal ? cut(line, columns) : line;
}

function readLimit(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const most = 100_000;
  const limit = /^\d+$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= most) return limit;
  throw new CliaiError("usage", `--limit "${text}" must be a whole number from 1 to ${most}`, {
    hint: "leave it out to print all records",
  });
}

async function exportTo(
  path: string,
  { bus, parts }: { readonly bus: Bus; readonly parts: AsyncDisposableStack },
  filter: AuditFilter,
  context: CliContext,
): Promise<number> {
  const file = await create(path);
  let isWhole = false;
  // Remove a half-written export, because `audit verify` would report its missing end as tampering. This is deferred to `parts`,
  // because after Ctrl-C nobody awaits this function.
  parts.defer(async () => {
    if (isWhole) return;
    await file.close().catch(() => undefined);
    await rm(path, { force: true });
  });
  let records = 0;
  const contents = await openExport(bus, filter, context.now());
  let lines = `${JSON.stringify(contents.header)}\n`;
  for await (const record of contents.records) {
    lines += `${exportLine(record)}\n`;
    records += 1;
    if (lines.length < 1_000_000) continue;
    await file.appendFile(lines);
    lines = "";
  }
  await file.appendFile(lines);
  await file.close();
  isWhole = true;
  if (context.json) context.print(JSON.stringify({ file: path, records }));
  else context.print(`${records} records in ${path}`);
  return 0;
}

async function create(path: string): Promise<FileHandle> {
  try {
    return await open(path, "wx", 0o600);
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === "EEXIST";
    throw new CliaiError(
      "usage",
      exists ? `${path} exists already` : `cannot write ${path}: ${messageOf(cause)}`,
      {
        hint: exists
          ? "name another file, or remove this one first"
          : "name a file in a directory that you can write to",
        cause,
      },
    );
  }
}
