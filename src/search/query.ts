// Reads what a person searches for, and writes it in the language of SQLite's FTS5. Only words get there, each in quotation marks, so that
// nothing that a person types is taken for syntax. Pure.
import { CliaiError } from "../domain/text/errors.ts";
import { wordsOf } from "./words.ts";

/** Words that must stand one after the other. */
export interface Phrase {
  /** Lower case, without accents; at least one. */
  readonly words: readonly string[];
  /** Whether the last word may go on. */
  readonly isBeginning: boolean;
}

/** All phrases must be in a record. */
export type SearchQuery = readonly Phrase[];

const longestText = 1_000;
const mostPhrases = 32;
/** With fewer letters, most of the index would have to be read. */
const shortestBeginning = 2;

/** A text in quotation marks, or all up to the next blank or quotation mark; and whether a star follows. */
const part = /"([^"]*)"(\*?)|"|[^\s"]+/gu;

/**
 * Reads words, phrases in quotation marks, and beginnings of words with a star: `limit "no answer" rout*`. A text without blanks that has
 * several words, such as `read-order.ts`, is a phrase.
 * @throws CliaiError `usage`, with words for the person who typed it
 */
export function parseQuery(text: string): SearchQuery {
  if (text.length > longestText) {
    throw new CliaiError(
      "usage",
      `the text to search for has ${text.length} characters, and 1,000 are the most`,
      {
        hint: "a few words that stand close together find the record",
      },
    );
  }
  const phrases = [...text.matchAll(part)].flatMap(([whole, quoted, star]) => {
    if (whole === '"') {
      throw new CliaiError("usage", `a quotation mark in ${text} is not closed`, {
        hint: 'put one at each end of the phrase: "no answer"',
      });
    }
    const isBeginning = quoted === undefined ? whole.endsWith("*") : star === "*";
    const words = wordsOf(quoted ?? whole).map(({ folded }) => folded);
    return words.length === 0 ? [] : [{ words, isBeginning }];
  });
  requireSearchable(text, phrases);
  return phrases;
}

function requireSearchable(text: string, phrases: SearchQuery): void {
  if (phrases.length === 0) {
    throw new CliaiError(
      "usage",
      text.trim() === "" ? "no text to search for" : `"${text}" has no word to search for`,
      {
        hint: 'give words, a "phrase", or the beginning of a word with a star: rout*',
      },
    );
  }
  if (phrases.length > mostPhrases) {
    throw new CliaiError(
      "usage",
      `${phrases.length} words and phrases are given, and ${mostPhrases} are the most`,
      {
        hint: "a few words that stand close together find the record",
      },
    );
  }
  const short = phrases.find(
    ({ words, isBeginning }) => isBeginning && (words.at(-1)?.length ?? 0) < shortestBeginning,
  );
  if (short !== undefined) {
    throw new CliaiError("usage", `"${short.words.join(" ")}*" finds too much`, {
      hint: `give at least ${shortestBeginning} letters before the star`,
    });
  }
}

export interface MatchFilter {
  /** Only records of one of these agents. */
  readonly agents?: readonly string[] | undefined;
  readonly kind?: string | undefined;
}

/** The `MATCH` text for the index. */
export function matchOf(query: SearchQuery, { agents, kind }: MatchFilter): string {
  const phrases = query.map(({ words, isBeginning }) => quoted(words.join(" ")) + (isBeginning ? " *" : ""));
  const wanted = [
    ...(agents === undefined ? [] : [`(${agents.map((id) => quoted(agentFact(id))).join(" OR ")})`]),
    ...(kind === undefined ? [] : [quoted(kindFact(kind))]),
  ];
  return [`{text} : (${phrases.join(" AND ")})`, ...wanted.map((each) => `{facts} : ${each}`)].join(" AND ");
}

function quoted(words: string): string {
  return `"${words.replaceAll('"', '""')}"`;
}

/** The words of the column `facts`. Each has only letters and digits, so that the tokenizer takes it as one word. */
export function agentFact(id: string): string {
  return `a${oneWord(id)}`;
}

export function kindFact(kind: string): string {
  return `k${oneWord(kind)}`;
}

/** Different texts become different words: `q` stands before what stands for another character, and before a `q`. */
function oneWord(text: string): string {
  return text.replace(/q|[^\p{L}\p{N}]/gu, (character) =>
    character === "q" ? "qq" : `q${character.codePointAt(0)?.toString(16)}x`,
  );
}
