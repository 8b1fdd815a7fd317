// Commands of other programs that people type here by habit. Each one either runs the command of cliai that does the same, or is
// answered with one line that names it.

interface Meaning {
  /** Given the arguments after the word, returns the command that runs instead and its arguments. */
  readonly runs?: (rest: readonly string[]) => readonly string[];
  /** The line to copy, for a word that `runs` something and is typed without an argument. Without it, the command's own example is shown. */
  readonly example?: string;
  readonly hint?: string;
}

const runs = (...own: readonly string[]): Meaning => ({ runs: (rest) => [...own, ...rest] });
const says = (hint: string): Meaning => ({ hint });

const removing = says(
  "cliai agents remove AGENT removes an agent with its state; cliai send stop AGENT ends its work",
);
const tidying = says(
  "cliai agents remove --ended removes the agents that do not run any more; it asks first",
);
const page = says("cliai token url prints an address that opens the dashboard");
const using = says("cliai ls shows the usage of all agents, cliai show AGENT that of one");

/** None of these words is a command. */
export const typedWords: Readonly<Record<string, Meaning>> = {
  list: runs("ls"),
  ps: runs("ls"),
  logs: runs("log"),
  stop: runs("send", "stop"),
  pause: runs("send", "pause"),
  task: runs("send", "task"),
  tell: runs("send", "task"),
  msg: runs("send", "task"),
  message: runs("send", "task"),
  run: runs("spawn"),
  reply: runs("answer"),
  approve: {
    runs: (rest) => ["answer", ...rest, "--approve"],
    example: "cliai approve REQUEST (cliai inbox lists what the agents ask)",
  },
  refuse: {
    runs: (rest) => ["answer", ...rest, "--refuse"],
    example: 'cliai refuse ada --reason "…" (cliai inbox lists what the agents ask)',
  },
  kill: says("cliai send stop AGENT ends an agent in order, with --force at once"),
  rm: removing,
  remove: removing,
  delete: removing,
  start: says(
    "cliai spawn PROFILE starts an agent, cliai resume AGENT one that has ended, cliai serve the server",
  ),
  restart: says("cliai send stop AGENT, then cliai resume AGENT"),
  up: says("cliai serve starts the server, with --detach in the background"),
  open: page,
  ui: page,
  dashboard: page,
  who: runs("ls"),
  info: says("cliai show AGENT shows one agent, cliai status the server"),
  tail: says("cliai log AGENT --follow prints what an agent does as it goes on"),
  find: runs("search"),
  grep: runs("search"),
  ask: says("cliai inbox lists what agents ask you; cliai send task AGENT TEXT gives one an order"),
  new: says("cliai spawn PROFILE starts an agent"),
  chat: says(
    "cliai send task AGENT TEXT gives an agent an order; cliai log AGENT --follow prints what it says",
  ),
  rename: says("an agent keeps its id; give one by: cliai spawn --id ID"),
  prune: tidying,
  clean: tidying,
  cleanup: tidying,
  version: says("cliai --version"),
  cost: using,
  usage: using,
  history: says("cliai log AGENT prints what one agent did, cliai audit everything that was recorded"),
  events: says("cliai watch prints each event as it happens, cliai audit the past ones"),
  config: says(
    "cliai profiles --where lists the agents' profiles with their files, cliai serve --help the settings of the server",
  ),
  upgrade: says("build the new version in its clone, then: cliai down && cliai serve --detach"),
  update: says("build the new version in its clone, then: cliai down && cliai serve --detach"),
};
