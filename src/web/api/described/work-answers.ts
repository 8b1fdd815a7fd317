// What the API tells of the agents' work: what they have changed, and what they did. There may be more fields.
import * as v from "valibot";
import { fileStates } from "../../../domain/changes/changed-file.ts";
import type { ChangesReport } from "../../../domain/changes/changes-report.ts";
import { type GitAct, type GitDone, type GitState, requestTools } from "../../../domain/changes/git-state.ts";
import type { WorkReport } from "../../../domain/report/report-lines.ts";
import { requestKinds } from "../../../domain/requests.ts";
import { schemaOf } from "./operation.ts";

const text = v.string();

const line = v.object({
  kind: v.picklist(["same", "added", "deleted"]),
  old: v.optional(v.number()),
  new: v.optional(v.number()),
  text,
  is_unended: v.optional(v.literal(true)),
});
const hunk = v.object({ old_start: v.number(), new_start: v.number(), heading: text, lines: v.array(line) });
const changedFile = {
  path: text,
  old_path: v.optional(text),
  state: v.picklist(fileStates),
  added: v.optional(v.number()),
  deleted: v.optional(v.number()),
  is_binary: v.optional(v.literal(true)),
  is_untracked: v.optional(v.literal(true)),
  is_unmerged: v.optional(v.literal(true)),
  kind: v.optional(v.picklist(["symlink", "submodule", "repository"])),
  executable: v.optional(v.boolean()),
  too_large: v.optional(v.number()),
  seen: text,
};
export const ChangesSchema = schemaOf<ChangesReport>()(
  v.object({
    agent_id: text,
    directory: text,
    root: text,
    branch: v.optional(text),
    head: v.optional(text),
    base: v.object({
      name: text,
      commit: v.optional(text),
      why: v.picklist(["asked", "worktree", "last_commit", "no_commit", "turn"]),
      until: v.optional(text),
    }),
    files: v.array(
      v.object({
        ...changedFile,
        hunks: v.optional(v.array(hunk)),
        left_out: v.optional(v.picklist(["long", "cut"])),
      }),
    ),
    more_files: v.number(),
    added: v.number(),
    deleted: v.number(),
    shared_with: v.array(text),
    turns: v.array(text),
  }),
);

export const GitStateSchema = schemaOf<GitState>()(
  v.object({
    agent_id: text,
    root: text,
    branch: v.optional(text),
    head: v.optional(text),
    tree: text,
    files: v.array(v.object(changedFile)),
    more_files: v.number(),
    is_merging: v.boolean(),
    remote: v.optional(v.object({ name: text, urls: v.array(text) })),
    unpushed: v.array(v.object({ commit: text, subject: text })),
    more_unpushed: v.number(),
    tool: v.optional(v.picklist(requestTools)),
    into: v.optional(text),
    repository: v.optional(text),
    seen: v.object({ commit: text, push: text, pull_request: text }),
  }),
);

export const GitDoneSchema = schemaOf<GitDone & { readonly agent_id: string; readonly act: GitAct }>()(
  v.object({
    agent_id: text,
    act: v.picklist(["commit", "push", "pull_request"]),
    said: text,
    url: v.optional(text),
  }),
);

const evidence = {
  href: text,
  seq: v.optional(v.number()),
  command_id: v.optional(text),
  request_id: v.optional(text),
};
export const WorkReportSchema = schemaOf<WorkReport>()(
  v.object({
    at: text,
    since: text,
    agents: v.array(
      v.object({
        ...{ agent_id: text, href: text, status: v.optional(text) },
        ...{ profile: v.optional(text), project: v.optional(text) },
        tasks: v.array(
          v.object({
            ...{ ...evidence, agent_id: text, at: text, text, from: v.optional(text), state: text },
            ...{ detail: v.optional(text), ended_at: v.optional(text) },
          }),
        ),
        questions: v.array(
          v.object({
            ...{ ...evidence, at: text, kind: v.picklist(requestKinds), text },
            state: v.picklist(["asked", "answered", "withdrawn", "expired"]),
            ...{ answer: v.optional(text), by: v.optional(text) },
          }),
        ),
        troubles: v.array(
          v.object({
            ...evidence,
            agent_id: text,
            at: text,
            kind: text,
            text,
            times: v.optional(v.number()),
          }),
        ),
        tokens: v.number(),
        cost: v.optional(v.number()),
        diff: v.optional(
          v.object({
            ...{ files: v.number(), added: v.number(), removed: v.number(), base: text },
            shared_with: v.optional(v.array(text)),
          }),
        ),
      }),
    ),
    quiet_agents: v.number(),
    waiting: v.array(v.object({ ...evidence, agent_id: text, since: text, text })),
    held: v.array(
      v.object({
        ...{ ...evidence, agent_id: text, at: text, kind: text, why: text, by: v.optional(text) },
        ...{ until: v.optional(text), times: v.optional(v.number()) },
      }),
    ),
    totals: v.object({
      ...{ tasks: v.number(), done: v.number(), failed: v.number(), tokens: v.number() },
      ...{ cost: v.optional(v.number()), cost_told_by: v.number(), spenders: v.number() },
    }),
    gaps: v.array(text),
  }),
);
