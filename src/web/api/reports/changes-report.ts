// The changes of an agent, for the page and the API.
import type { ChangesAsk, ChangesReport } from "../../../domain/changes/changes-report.ts";
import type { GitDone, GitState, GitWish } from "../../../domain/changes/git-state.ts";
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { CliaiError } from "../../../domain/text/errors.ts";
import { createBreaks } from "../../../waiting.ts";

/** Reads the changes of agents, on the machine on which they work. */
export interface ChangesDesk {
  /** @throws CliaiError `refused` if they cannot be read here; `usage` for a base or file that is not there */
  read(agent: AgentView, ask: ChangesAsk): Promise<ChangesReport>;
  /** What could be committed, pushed and asked to be merged. @throws CliaiError as `read` */
  look(agent: AgentView): Promise<GitState>;
  /**
   * Does what a person has confirmed, and records in the audit who has.
   * @throws CliaiError `refused` if something has changed since the person looked; `failed` with git's own words
   */
  act(agent: AgentView, wish: GitWish, from: string): Promise<GitDone>;
}

/** @throws CliaiError `failed` */
export function requireChanges(desk: ChangesDesk | undefined): ChangesDesk {
  if (desk !== undefined) return desk;
  throw new CliaiError("failed", "this server reads no changes", {
    hint: "start it with cliai serve",
  });
}

/** As JSON, made file by file: the server answers others meanwhile. */
export async function changesJson({ files, ...report }: ChangesReport): Promise<string> {
  const breathe = createBreaks();
  const parts: string[] = [];
  for (const file of files) {
    parts.push(JSON.stringify(file));
    await breathe();
  }
  return `${JSON.stringify(report).slice(0, -1)},"files":[${parts.join(",")}]}`;
}

export const linesAsked = ["none", "short", "all"] as const;

/** `base`, `turn`, `file`, `lines` (default `short`). An empty value counts as absent. @throws CliaiError `usage` */
export function readChangesAsk({ base, turn, file, lines }: Readonly<Record<string, string>>): ChangesAsk {
  const found = linesAsked.find((each) => each === (lines || "short"));
  if (found !== undefined)
    return { base: base || undefined, turn: turn || undefined, file: file || undefined, lines: found };
  throw new CliaiError("usage", `lines "${lines}" is not one of ${linesAsked.join(", ")}`, {
    hint: "leave it out for the lines of files that are not long",
  });
}
