// A command as a person would type it: for reading and copying. Nothing is run through it.

/** Quoted for POSIX shells. */
export function shellQuote(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(" ");
}
