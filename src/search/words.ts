// Finds the words of a text as SQLite's tokenizer `unicode61` does: runs of letters and digits, without case and accents. Pure.

export interface Word {
  /** Lower case, without accents. */
  readonly folded: string;
  /** Where it stands in the text, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
}

const wordPattern = /[\p{L}\p{N}\p{Co}][\p{L}\p{N}\p{Co}\p{M}]*/gu;

export function wordsOf(text: string): Word[] {
  return [...text.matchAll(wordPattern)].map(({ 0: found, index }) => ({
    folded: folded(found),
    start: index,
    end: index + found.length,
  }));
}

function folded(word: string): string {
  return word.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
