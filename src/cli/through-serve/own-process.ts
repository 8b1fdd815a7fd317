// Which command lines need a process of their own. Both sides ask here: the client sends no such line, and serve runs none.

/** Whether another server is named, the command goes on until Ctrl-C, or it reads stdin. */
export function needsOwnProcess(args: readonly string[]): boolean {
  return args.some((word) => /^--(?:url|creds|watch)(?:=|$)/.test(word) || word === "-");
}
