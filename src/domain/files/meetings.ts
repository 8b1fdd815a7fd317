// This room decides which agents meet in a file: which files a tool changes, who has reserved what, and who has changed the same file. Pure.
//
// Finds the agents that have changed the same file within a time: the same path on one machine, or the same path in two worktrees of one
// repository, whose changes meet only when they are merged.
import type { AgentId } from "../wire/agent-id.ts";

/** One change of a file by an agent's tool. */
export interface Touch {
  readonly agent_id: AgentId;
  /** The run whose tool it was; undefined if it names none. */
  readonly instance_id: string | undefined;
  readonly machine: string | undefined;
  /** Absolute, with symbolic links resolved. */
  readonly path: string;
  /** The root of the checkout in which the file is, and the repository, which all its worktrees have in common; absent outside of a repository. */
  readonly root?: string | undefined;
  readonly repository?: string | undefined;
  readonly atMs: number;
}

/** `same`: the two have changed one file. `merge`: the same file of one repository, in two worktrees. */
export type MeetingKind = "same" | "merge";

export interface Meeting {
  readonly kind: MeetingKind;
  readonly earlier: Touch;
  readonly later: Touch;
}

export interface Touches {
  /** Notes a touch, and returns which other agents have touched the same file within the time. Touches come in the order of their times. */
  note(touch: Touch): readonly Meeting[];
  /** What an agent has touched within the time before `nowMs`, the newest first. */
  lately(agent: AgentId, nowMs: number): readonly Touch[];
}

/** More files than this within the time: the oldest are forgotten. */
const mostFiles = 20_000;

/** @param withinMs how long a touch counts */
export function createTouches(withinMs: number): Touches {
  /** The last touch of each agent, by file. The file that was touched last is the last. */
  const byFile = new Map<string, Map<AgentId, Touch>>();
  /** The files of each agent, the same way. The agent that has touched a file last is the last. */
  const byAgent = new Map<AgentId, Map<string, Touch>>();

  const put = <Key>(map: Map<Key, Touch>, key: Key, touch: Touch) => {
    map.delete(key);
    map.set(key, touch);
    for (const [oldest, { atMs }] of map) {
      if (touch.atMs - atMs <= withinMs) break;
      map.delete(oldest);
    }
  };
  const others = (key: string, touch: Touch): Touch[] =>
    [...(byFile.get(key)?.values() ?? [])].filter(
      ({ agent_id, atMs }) => agent_id !== touch.agent_id && Math.abs(touch.atMs - atMs) <= withinMs,
    );
  const keep = (key: string, touch: Touch) => {
    const agents = byFile.get(key) ?? new Map<AgentId, Touch>();
    byFile.delete(key);
    byFile.set(key, agents);
    put(agents, touch.agent_id, touch);
    for (const [oldest, known] of byFile) {
      const last = Math.max(...known.values().map(({ atMs }) => atMs));
      if (byFile.size <= mostFiles && touch.atMs - last <= withinMs) break;
      byFile.delete(oldest);
    }
  };
  return {
    note(touch) {
      const own = byAgent.get(touch.agent_id) ?? new Map<string, Touch>();
      byAgent.delete(touch.agent_id);
      byAgent.set(touch.agent_id, own);
      put(own, touch.path, touch);
      // The agent that has touched nothing for the longest time is the first.
      for (const [agent, files] of byAgent) {
        const last = [...files.values()].at(-1);
        if (last !== undefined && touch.atMs - last.atMs <= withinMs) break;
        byAgent.delete(agent);
      }
      const [file, merged] = [fileKey(touch), mergeKey(touch)];
      const same = others(file, touch);
      const met = new Set(same.map(({ agent_id }) => agent_id));
      const apart =
        merged === undefined
          ? []
          : others(merged, touch).filter(({ agent_id, root }) => root !== touch.root && !met.has(agent_id));
      keep(file, touch);
      if (merged !== undefined) keep(merged, touch);
      return [
        ...same.map((earlier) => ({ kind: "same", earlier, later: touch }) as const),
        ...apart.map((earlier) => ({ kind: "merge", earlier, later: touch }) as const),
      ];
    },
    lately: (agent, nowMs) =>
      [...(byAgent.get(agent)?.values() ?? [])].filter(({ atMs }) => nowMs - atMs <= withinMs).reverse(),
  };
}

function fileKey({ machine = "", path }: Touch): string {
  return `file\0${machine}\0${path}`;
}

/** The file as all worktrees of its repository name it. */
function mergeKey({ machine = "", path, root, repository }: Touch): string | undefined {
  if (root === undefined || repository === undefined) return undefined;
  return `merge\0${machine}\0${repository}\0${pathIn(root, path)}`;
}

/** The path below a folder that contains it, as git writes it; the whole path if the folder does not. */
export function pathIn(root: string, path: string): string {
  return path.startsWith(root) ? path.slice(root.length).replaceAll("\\", "/").replace(/^\/+/, "") : path;
}

/** Names a meeting so that each pair of runs has one name for each file, whoever of the two was first. */
export function meetingName({ kind, earlier, later }: Meeting): string {
  const pair = [earlier, later].map(({ agent_id, instance_id = "" }) => `${agent_id} ${instance_id}`).sort();
  const file = kind === "same" ? later.path : (mergeKey(later) ?? later.path);
  return JSON.stringify([kind, ...pair, file]);
}

/** What the agent of `own` is told of the other one. Both are told the same facts, each from its own side. */
export function meetingWords({ kind, earlier, later }: Meeting, own: Touch): string {
  const other = own === later ? earlier : later;
  const file = own.root === undefined ? own.path : pathIn(own.root, own.path);
  if (kind === "merge") {
    return `${other.agent_id} has changed ${file} too, in another worktree of the same repository (${other.root}). Nothing is overwritten, but the two changes will meet at the merge. Agree with ${other.agent_id} who changes what: send_message.`;
  }
  const apart = spanWords(later.atMs - earlier.atMs);
  const when =
    own === later
      ? `${other.agent_id} changed ${own.path} ${apart} before you did`
      : `${other.agent_id} has just changed ${own.path}, which you changed ${apart} before`;
  return `${when}. Look at the file as it is now before you change it again, and agree with ${other.agent_id} who goes on with it: send_message. To keep a file for yourself for a time: reserve.`;
}

/** What the operator is told of a meeting. */
export function meetingAlert({ kind, earlier, later }: Meeting): string {
  const pair = `${earlier.agent_id} and ${later.agent_id}`;
  const file = later.root === undefined ? later.path : pathIn(later.root, later.path);
  return kind === "merge"
    ? `${pair} have changed ${file} in two worktrees of ${later.repository}: the changes will meet at the merge`
    : `${pair} have changed ${later.path} within ${spanWords(later.atMs - earlier.atMs)}`;
}

function spanWords(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  return `${Math.round(seconds / 60)} min`;
}
