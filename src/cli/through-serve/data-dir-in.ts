// Finds --data-dir among arguments that are not parsed yet: parsing needs the command's own file, which is loaded only if serve does not run it.

/** Undefined if it is not given. What is wrong with the arguments, the command itself says. */
export function dataDirIn(args: readonly string[]): string | undefined {
  const end = args.indexOf("--");
  const own = end === -1 ? args : args.slice(0, end);
  let found: string | undefined;
  for (const [index, word] of own.entries()) {
    if (word === "--data-dir") found = own[index + 1];
    else if (word.startsWith("--data-dir=")) found = word.slice("--data-dir=".length);
  }
  return found;
}
