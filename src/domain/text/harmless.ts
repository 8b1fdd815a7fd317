// Makes a text that an agent wrote safe to look at: no character in it is obeyed, and none hides or turns around what stands beside it.

/** Shows control characters, and the marks that change the direction of writing, as U+FFFD. Line feeds count, so give it one line. */
export function harmless(line: string): string {
  return line.replace(/[\p{Cc}\p{Cf}]/gu, (character) => (character === "\u200d" ? character : "\ufffd"));
}

/** Several lines as they were written, with the same characters shown instead of obeyed. */
export function plainLines(text: string): string[] {
  return text.split(/\r?\n/).map((line) => harmless(line.replaceAll("\t", "    ")).trimEnd());
}
