// Folds the records of one statement to one hit: what an agent says stands in its transcript, in an event, and maybe in a message. Pure.
import { streams } from "../domain/wire/subjects.ts";
import type { SearchHit } from "./search.ts";

/** A hit before it is folded. */
export interface FoundHit {
  readonly hit: SearchHit;
  /** The whole text of the record. */
  readonly text: string;
  /** Who wrote the message; absent for any other record, whose agent the hit names. */
  readonly from?: string;
}

export interface FoldedHit {
  /** The one at the best place: in the transcript it stands among what was said before and after. */
  readonly hit: SearchHit;
  /** How many records are folded to it, itself included. */
  readonly records: number;
}

/** The records of one statement are stored within this time: a transcript is read from the CLI's record, a little after the events. */
const togetherMs = 10_000;
/** Shorter words are the same only if nothing stands around them. */
const leastPart = 30;
/** Only so much of two texts is compared. */
const longestCompared = 20_000;

/** The kinds of records that have a statement's own words, the best place first. What tools returned, and receipts, are statements of their own. */
const places: readonly string[] = [
  ...["answer", "tool_call", "message", "broadcast", "task"],
  ...["said", "prompt", "question", "tool_start", "tool"],
];

interface Group {
  readonly members: [FoundHit, ...FoundHit[]];
  readonly words: string[];
}

/** @param hits newest first; so are the folded ones */
export function foldHits(hits: readonly FoundHit[]): FoldedHit[] {
  const groups: Group[] = [];
  /** Where the groups begin that are near enough in time. */
  let near = 0;
  for (const found of hits) {
    const words = wordsIn(found.text);
    while (near < groups.length && !isNear(groups[near], found)) near += 1;
    const same = groups.slice(near).find((group) => belongsTo(group, found, words));
    if (same === undefined) groups.push({ members: [found], words: [words] });
    else {
      same.members.push(found);
      same.words.push(words);
    }
  }
  return groups
    .map(({ members }) => ({ hit: bestOf(members), records: members.length }))
    .sort((a, b) => newestFirst(a.hit, b.hit));
}

/** Records of the same millisecond in one stream by their sequences. */
export function newestFirst(a: SearchHit, b: SearchHit): number {
  return a.at === b.at ? b.seq - a.seq : a.at < b.at ? 1 : -1;
}

function isNear(group: Group | undefined, { hit }: FoundHit): boolean {
  const newest = group?.members[0].hit.at ?? "";
  return Date.parse(newest) - Date.parse(hit.at) <= togetherMs;
}

function belongsTo({ members, words }: Group, found: FoundHit, ownWords: string): boolean {
  if (rankOf(found.hit) === places.length) return false;
  // Two records of one kind are two statements, such as the copies of a message to several.
  const isOther = members.every(({ hit }) => !isOfOneKind(hit, found.hit) && rankOf(hit) < places.length);
  return isOther && members.some((one, index) => isOfOneAgent(one, found) && isSame(words[index], ownWords));
}

function isOfOneKind(one: SearchHit, other: SearchHit): boolean {
  return one.stream === other.stream && one.kind === other.kind;
}

function isOfOneAgent(one: FoundHit, other: FoundHit): boolean {
  const agents = [one.hit.agent_id, one.from];
  return [other.hit.agent_id, other.from].some((agent) => agent !== undefined && agents.includes(agent));
}

function isSame(one = "", other = ""): boolean {
  if (one === other) return true;
  const [short, long] = one.length < other.length ? [one, other] : [other, one];
  return short.length >= leastPart && long.includes(short);
}

/** The words alone: a tool's input has them as JSON, with marks around them. */
function wordsIn(text: string): string {
  return text
    .slice(0, longestCompared)
    .replaceAll(/\\[nrt]/g, " ")
    .replaceAll(/[^\p{L}\p{N}]+/gu, " ")
    .trim()
    .toLowerCase();
}

function bestOf([first, ...others]: Group["members"]): SearchHit {
  return others.reduce((best, { hit }) => (rankOf(hit) < rankOf(best) ? hit : best), first.hit);
}

/** `places.length` for a record that is not folded. */
function rankOf({ stream, kind }: SearchHit): number {
  if (stream === streams.transcripts && kind === "prompt") return 0;
  const place = places.indexOf(kind);
  return place === -1 ? places.length : place;
}
