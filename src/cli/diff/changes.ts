// `cliai changes commit|push|pull-request AGENT`: does with an agent's changes what a person confirms, as the page does. It names what it would do,
// and asks first.
import {
  type GitAct,
  type GitDone,
  type GitState,
  type GitWish,
  whyNot,
} from "../../domain/changes/git-state.ts";
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import { countText } from "../../domain/text/amounts.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { didYouMean } from "../../domain/text/nearest.ts";
import type { ChangesDesk } from "../../web/api/reports/changes-report.ts";
import { clientArgs, dataDirFor, withClient } from "../fleet/client.ts";
import { createFleetReader, viewOf, viewsOf } from "../fleet/fleet-reading.ts";
import { askYes } from "../frame/ask-yes.ts";
import { type Arguments, defineCliCommand } from "../frame/command.ts";
import { type CliContext, operatorOf } from "../frame/context.ts";
import { plain } from "../frame/terminal.ts";
import { requirePerson } from "../process/require-person.ts";
import { createChangesDesk } from "./changes-desk.ts";

const actNames: Readonly<Record<string, GitAct>> = {
  commit: "commit",
  push: "push",
  "pull-request": "pull_request",
  pr: "pull_request",
};

const actWords: Readonly<Record<GitAct, string>> = {
  commit: "commit an agent's changes",
  push: "push an agent's branch",
  pull_request: "open a pull request",
};

const args = {
  act: { type: "positional", required: true, description: "commit, push or pull-request" },
  agent: { type: "positional", required: true, description: "id of the agent" },
  text: {
    type: "positional",
    required: false,
    description: "the message of the commit, or the title of the pull request",
  },
  body: { type: "string", valueHint: "TEXT", description: "the text of the pull request" },
  yes: { type: "boolean", description: "do not ask" },
  ...clientArgs,
} as const;

export const changesCommand = defineCliCommand({
  name: "changes",
  example: 'cliai changes commit ada "Mend the login"',
  description: "commit what an agent has changed, push its branch, or open a pull request, after asking",
  args,
  run(given, context) {
    const words = readWords(given);
    requirePerson(actWords[words.act], context);
    return withClient(given, context, async (bus) => {
      const fleet = createFleetReader(bus, context);
      const view = viewOf(await fleet.require(given.agent));
      const views = viewsOf(await fleet.all());
      const desk = createChangesDesk({
        dataDir: dataDirFor(given, context),
        fleet: { list: () => views },
        bus,
        context,
      });
      const done = await confirmAct(desk, view, { words, isSure: given.yes === true, context });
      if (done === undefined) {
        context.note("nothing was done");
        return 5;
      }
      if (context.json) context.print(JSON.stringify({ agent_id: view.agent_id, act: words.act, ...done }));
      else context.print(plain(`${done.said}${done.url === undefined ? "" : `: ${done.url}`}`));
      return 0;
    });
  },
});

type Words = GitWish extends infer Wish ? (Wish extends GitWish ? Omit<Wish, "seen"> : never) : never;

/** @throws CliaiError `usage` */
function readWords({ act: named, text = "", body = "" }: Arguments<typeof args>): Words {
  const act = Object.hasOwn(actNames, named) ? actNames[named] : undefined;
  const words = text.trim();
  const refuse = (what: string, hint: string) => new CliaiError("usage", what, { hint });
  if (act === undefined) {
    const names = Object.keys(actNames);
    throw refuse(`"${named}" is no act`, didYouMean(named, names) ?? "one of commit, push, pull-request");
  }
  if (body !== "" && act !== "pull_request") throw refuse(`--body does not go with ${named}`, "leave it out");
  if (act === "push") {
    if (words === "") return { act };
    throw refuse(`a push takes no text: "${words}"`, "leave it out");
  }
  if (words === "") {
    const what = act === "commit" ? "the message of the commit" : "the title of the pull request";
    throw refuse(`${what} is missing`, `cliai changes ${named} AGENT "TEXT"`);
  }
  return act === "commit" ? { act, message: words } : { act, title: words, body };
}

export interface ConfirmOptions {
  readonly words: Words;
  /** Whether nobody is asked. */
  readonly isSure: boolean;
  readonly context: Pick<CliContext, "note" | "stdin" | "env">;
}

/**
 * Names what would be done, asks, and does exactly that.
 * @returns undefined if the answer was no
 * @throws CliaiError `refused` if it cannot be done, or something has changed meanwhile; `failed` with git's own words; as {@link askYes}
 */
export async function confirmAct(
  desk: Pick<ChangesDesk, "look" | "act">,
  view: AgentView,
  { words, isSure, context }: ConfirmOptions,
): Promise<GitDone | undefined> {
  const state = await desk.look(view);
  const why = whyNot(words.act, state);
  if (why !== undefined) {
    throw new CliaiError("refused", `nothing to do: ${plain(why)}`, {
      hint: `see what has changed: cliai diff ${view.agent_id} --stat`,
    });
  }
  for (const line of wouldDo(words, state)) context.note(line);
  if (view.axes.activity.value === "working")
    context.note(`${view.agent_id} works just now: what it has not finished yet goes with the rest`);
  if (!isSure && !(await askYes("do it?", context))) return undefined;
  const wish: GitWish = { ...words, seen: state.seen[words.act] };
  return await desk.act(view, wish, `${operatorOf(context)} (cli)`);
}

const mostListed = 50;

function wouldDo(words: Words, state: GitState): string[] {
  const {
    root,
    branch = "",
    head = "",
    files,
    remote,
    unpushed,
    more_unpushed,
    tool,
    into,
    repository,
  } = state;
  const listed = (lines: readonly string[], more: number) => [
    ...lines.slice(0, mostListed).map((line) => `  ${plain(line)}`),
    ...(more > 0 ? [`  and ${countText(more)} more`] : []),
  ];
  if (words.act === "commit") {
    const count = files.length === 1 ? "1 file" : `${countText(files.length)} files`;
    return [
      plain(`commit ${count} in ${root}${branch === "" ? ", without a branch" : `, on ${branch}`}:`),
      ...listed(
        files.map(({ path }) => path),
        files.length - mostListed,
      ),
    ];
  }
  if (words.act === "push") {
    return [
      plain(
        `push ${branch}, up to ${head.slice(0, 10)}, to ${remote?.name} (${remote?.urls.join(" and ")}), without force:`,
      ),
      ...listed(
        unpushed.map(({ commit, subject }) => `${commit.slice(0, 10)} ${subject}`),
        more_unpushed,
      ),
    ];
  }
  return [
    plain(`open a pull request for ${branch}, into ${into} of ${repository}, by ${tool}: ${words.title}`),
  ];
}
