// `cliai worktrees clean`: removes the worktrees in which nothing is left to lose, and says why it keeps the others. With `--discard` it
// removes those, too: it names each lost thing first, and keeps a bundle of them for 30 days.
import { CliaiError } from "../../domain/text/errors.ts";
import { parseAgentId } from "../../domain/wire/agent-id.ts";
import { mayDiscard } from "../../domain/worktrees/keep-reasons.ts";
import type { WorktreeRecord } from "../../domain/worktrees/worktree-record.ts";
import { readBundles } from "../../worktrees/bundles.ts";
import { failedLook, isSameLook, lookAt, type WorktreeLook } from "../../worktrees/look.ts";
import { readRecords, requireRecords, withWorktrees } from "../../worktrees/records.ts";
import { nameLost, type RemovedWorktree, removeWorktree } from "../../worktrees/remove-worktree.ts";
import { usersOf } from "../../worktrees/users.ts";
import { dataDirArgs, dataDirFor, jsonArgs } from "../fleet/client.ts";
import { askYes } from "../frame/ask-yes.ts";
import { type Arguments, defineCliCommand } from "../frame/command.ts";
import type { CliContext } from "../frame/context.ts";
import { plain } from "../frame/terminal.ts";
import { requirePerson } from "../process/require-person.ts";

const cleanArgs = {
  agent: {
    type: "positional",
    required: false,
    description: "ids of the agents; leave them out for all worktrees",
  },
  discard: {
    type: "boolean",
    description:
      "also remove what nothing else has: it is named first, you are asked, and a bundle is kept for 30 days",
  },
  yes: { type: "boolean", description: "with --discard: do not ask" },
  ...dataDirArgs,
  ...jsonArgs,
} as const;

export const cleanCommand = defineCliCommand({
  name: "worktrees clean",
  example: "cliai worktrees clean, or: cliai worktrees clean ada --discard",
  description: "remove the worktrees that are merged or empty, and say why the others are kept",
  args: cleanArgs,
  takesMore: true,
  run: clean,
});

interface Done {
  readonly record: WorktreeRecord;
  readonly state: WorktreeLook["state"];
  /** Undefined if it was kept. */
  readonly removed?: RemovedWorktree;
  readonly reasons: WorktreeLook["reasons"];
}

async function clean(
  args: Arguments<typeof cleanArgs>,
  context: CliContext,
  more: readonly string[],
): Promise<number> {
  const { now, json, print, note } = context;
  checkFlags(args, context);
  const dataDir = dataDirFor(args, context);
  const ids = [...(args.agent === undefined ? [] : [args.agent]), ...more].map(parseAgentId);
  const records = requireRecords(await readRecords(dataDir, (path) => note(`cannot read ${path}`)), ids);
  await readBundles(dataDir, now());
  if (records.length === 0 && !json) note("no agent has a worktree");
  const done: Done[] = [];
  for (const record of records) {
    const one = await cleanOne(record, {
      dataDir,
      context,
      discards: args.discard === true,
      isSure: args.yes === true,
    });
    done.push(one);
    if (!json) for (const line of linesOf(one)) print(line);
  }
  if (json) print(JSON.stringify(done.map(toJson)));
  return ids.length > 0 && done.some(({ removed }) => removed === undefined) ? 5 : 0;

  async function cleanOne(record: WorktreeRecord, how: How): Promise<Done> {
    try {
      return await cleanWorktree(record, how);
    } catch (error) {
      // The command as a whole cannot go on, or is not to.
      if (error instanceof CliaiError && (error.code === "usage" || error.code === "interrupted"))
        throw error;
      return failedLook(record, error);
    }
  }
  function toJson({ record, removed, reasons }: Done): object {
    const { agent_id, path, branch } = record;
    const end = { removed: removed !== undefined, branch_deleted: removed?.branchDeleted === true };
    return {
      agent_id,
      path,
      branch,
      ...end,
      bundle: removed?.bundle ?? null,
      kept_because: removed ? [] : reasons,
    };
  }
}

/** @throws CliaiError `usage`; `refused` for an agent, because only a person may give up an agent's work */
function checkFlags(args: Arguments<typeof cleanArgs>, context: CliContext): void {
  if (args.discard !== true && args.yes === true) {
    throw new CliaiError("usage", "--yes is given without --discard", {
      hint: "leave it out: nothing is asked",
    });
  }
  if (args.discard === true) requirePerson("discard a worktree", context);
}

interface How {
  readonly dataDir: string;
  readonly context: CliContext;
  readonly discards: boolean;
  readonly isSure: boolean;
}

async function cleanWorktree(
  record: WorktreeRecord,
  { dataDir, context, discards, isSure }: How,
): Promise<Done> {
  const { env, now, note } = context;
  const look = async () => await lookAt(record, { env, ...(await usersOf(record, dataDir)) });
  const first = await look();
  const { state, reasons } = first;
  const isLost = reasons.length > 0;
  if (isLost && !(discards && mayDiscard(reasons))) return { record, state, reasons };
  if (isLost) {
    note(`${record.agent_id}: ${plain(record.path)} has what nothing else has:`);
    for (const line of await nameLost(first, env)) note(`  ${plain(line)}`);
    const isAnswered = isSure || (await askYes("remove it? A bundle of it is kept for 30 days", context));
    if (!isAnswered) return { record, state, reasons };
  }
  return await withWorktrees(dataDir, async () => {
    // Something may have been changed while the question was asked, or the lock was waited for.
    const again = await look();
    if (!isSameLook(first, again)) return { record, state: again.state, reasons: again.reasons };
    return {
      record,
      state,
      reasons,
      removed: await removeWorktree(again, { dataDir, env, now: now(), look }),
    };
  });
}

function linesOf({ record, state, removed, reasons }: Done): string[] {
  const { agent_id, path, branch, made_branch } = record;
  if (removed === undefined) {
    return [`${agent_id}: kept ${plain(path)}: ${reasons.map(({ text }) => plain(text)).join("; ")}`];
  }
  const what = state === "gone" ? `${plain(path)} was removed before` : `removed ${plain(path)}`;
  const deleted = removed.branchDeleted ? `, and deleted its branch ${plain(branch)}` : "";
  const stays = !removed.branchDeleted && made_branch ? `; the branch ${plain(branch)} stays` : "";
  const lines = [`${agent_id}: ${what}${deleted}${stays}`];
  if (removed.bundle === undefined) return lines;
  const fetch = `git fetch ${removed.bundle} 'refs/cliai/kept/*:refs/cliai/kept/*'`;
  return [...lines, `${agent_id}: what nothing else has is kept for 30 days; to have it back: ${fetch}`];
}
