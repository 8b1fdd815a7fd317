// "Did you mean …": finds the known names nearest to an unknown one. Pure. Beside the schemas, the only file of the domain
// that imports a package (fastest-levenshtein).
import { distance } from "fastest-levenshtein";

/** Up to `limit` candidates within a third of the word's length in edits (at least 2), nearest first; case is ignored. */
export function nearest(word: string, candidates: Iterable<string>, limit = 3): string[] {
  const wanted = word.toLowerCase();
  const furthest = Math.max(2, Math.ceil(wanted.length / 3));
  return (
    [...candidates]
      .map((candidate) => ({ candidate, edits: editsBetween(wanted, candidate.toLowerCase()) }))
      // Leave out a candidate if every letter would have to be changed.
      .filter(
        ({ candidate, edits }) => edits <= furthest && edits < Math.max(wanted.length, candidate.length),
      )
      .sort((a, b) => a.edits - b.edits || (a.candidate < b.candidate ? -1 : 1))
      .slice(0, limit)
      .map(({ candidate }) => candidate)
  );
}

/** `did you mean a, b?`; undefined if no candidate is near. */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  const names = nearest(word, candidates);
  return names.length === 0 ? undefined : `did you mean ${names.join(", ")}?`;
}

/** The edit distance; 0.5 if the candidate begins with the typed text, so that it comes first: `tas` means `task`. */
function editsBetween(wanted: string, candidate: string): number {
  return wanted.length >= 2 && candidate.startsWith(wanted) ? 0.5 : distance(wanted, candidate);
}
