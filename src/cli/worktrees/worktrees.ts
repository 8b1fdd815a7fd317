// This room is `cliai worktrees`.
//
// `cliai worktrees`: lists the git worktrees that cliai has made for agents, with what is in them that nothing else has.
import { bytesText } from "../../domain/text/amounts.ts";
import type { WorktreeRecord } from "../../domain/worktrees/worktree-record.ts";
import { type KeptBundle, readBundles } from "../../worktrees/bundles.ts";
import { failedLook, lookAt, type WorktreeLook } from "../../worktrees/look.ts";
import { readRecords } from "../../worktrees/records.ts";
import { usersOf } from "../../worktrees/users.ts";
import { dataDirArgs, dataDirFor, jsonArgs } from "../fleet/client.ts";
import { type Arguments, defineCliCommand } from "../frame/command.ts";
import { defineCommandGroup } from "../frame/command-group.ts";
import type { CliContext } from "../frame/context.ts";
import { alignRows, plain } from "../frame/terminal.ts";
import { cleanCommand } from "./clean.ts";

const args = { ...dataDirArgs, ...jsonArgs } as const;

export const worktreesCommand = defineCommandGroup({
  name: "worktrees",
  description: "list the agents' git worktrees, or remove those in which nothing is left to lose",
  standard: "ls",
  subcommands: {
    ls: {
      command: defineCliCommand({
        name: "worktrees ls",
        description: "list the agents' git worktrees, with what is in them that nothing else has",
        args,
        run: list,
      }),
    },
    clean: { command: cleanCommand },
  },
});

async function list(given: Arguments<typeof args>, context: CliContext): Promise<number> {
  const { json, print, note, env, now } = context;
  const dataDir = dataDirFor(given, context);
  const records = await readRecords(dataDir, (path) => note(`cannot read ${path}`));
  const looks: WorktreeLook[] = [];
  for (const record of records) looks.push(await lookOrFail(record));
  const bundles = await readBundles(dataDir, now());
  if (json) print(JSON.stringify(looks.map(toJson)));
  else if (looks.length === 0) note("no agent has a worktree; launch one with: cliai spawn demo --worktree");
  else for (const line of tableOf(looks)) print(line);
  if (!json) for (const line of bundles.map(bundleLine)) note(line);
  return 0;

  /** One that cannot be read must not hide the others. */
  async function lookOrFail(record: WorktreeRecord): Promise<WorktreeLook> {
    try {
      return await lookAt(record, { env, ...(await usersOf(record, dataDir)) });
    } catch (error) {
      return failedLook(record, error);
    }
  }
}

function tableOf(looks: readonly WorktreeLook[]): string[] {
  const head = ["agent", "branch", "ahead", "behind", "uncommitted", "unpushed", "size", "path"];
  const amount = (count: number | undefined) => (count === undefined ? "–" : String(count));
  const rows = looks.map((look) => {
    const { record, state, branch = "(none)", reasons } = look;
    const { agent_id, path } = record;
    const why = state === "unreadable" ? reasons.map(({ text }) => text).join("; ") : state;
    if (state !== "there")
      return [agent_id, plain(record.branch), "–", "–", "–", "–", "–", plain(`${path} (${why})`)];
    const counts = [look.ahead, look.behind, look.uncommitted, look.unpushed].map(amount);
    return [agent_id, plain(branch), ...counts, bytesText(look.bytes), plain(path)];
  });
  return alignRows([head, ...rows], undefined).map((cells) => cells.join("  ").trimEnd());
}

function bundleLine({ path, bytes, until }: KeptBundle): string {
  return `kept until ${until.slice(0, 10)}: ${path} (${bytesText(bytes)})`;
}

function toJson(look: WorktreeLook): object {
  const { record, reasons } = look;
  return {
    ...ofRecord(record),
    state: look.state,
    checked_out: look.branch ?? null,
    ahead: look.ahead ?? null,
    behind: look.behind ?? null,
    uncommitted: look.uncommitted,
    unpushed: look.unpushed ?? null,
    bytes: look.bytes,
    kept_because: reasons.map(({ what, text, paths }) => ({ what, text, paths })),
  };
}

function ofRecord({
  agent_id,
  path,
  branch,
  project,
  repository,
  base,
  base_ref,
  created_at,
  setup,
}: WorktreeRecord): object {
  return {
    agent_id,
    path,
    branch,
    project,
    repository,
    base,
    base_ref: base_ref ?? null,
    setup: setup ?? null,
    created_at,
  };
}
