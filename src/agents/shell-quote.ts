// Writes a command as a person would type it, to read and to copy. cliai itself runs no command through a shell.

/** Quoted for POSIX shells. */
export function shellQuote(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(" ");
}
