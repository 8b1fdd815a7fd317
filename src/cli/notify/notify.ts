// This room is `cliai notify`: who is told away from the dashboard, and trying it.
//
// `cliai notify` lists the targets and hooks, with their last delivery and error; `cliai notify test` tells them something at once.
import { harmless } from "../../domain/text/harmless.ts";
import { spanText } from "../../domain/text/moment.ts";
import type { Told, Tried } from "../../notify/open-notices.ts";
import { clientArgs, withClient } from "../fleet/client.ts";
import { type Arguments, defineCliCommand } from "../frame/command.ts";
import { defineCommandGroup } from "../frame/command-group.ts";
import type { CliContext } from "../frame/context.ts";
import { paint } from "../frame/terminal.ts";
import { askForTold, askToTest } from "./notify-desk.ts";

const testArgs = {
  name: {
    type: "positional",
    required: false,
    description: "name of a target, browser or hook; default all",
  },
  ...clientArgs,
} as const;

export const notifyCommand = defineCommandGroup({
  name: "notify",
  description: "list who is told when an agent needs you, or try it",
  standard: "list",
  subcommands: {
    list: {
      command: defineCliCommand({
        name: "notify list",
        description:
          "list the targets of notify.json, the browsers that take push messages, and the hooks of hooks.json, with their last delivery and error",
        args: clientArgs,
        run: list,
      }),
    },
    test: {
      command: defineCliCommand({
        name: "notify test",
        example: "cliai notify test phone",
        description: "tell the targets, browsers and hooks something at once; exit 1 if one does not take it",
        args: testArgs,
        run: test,
      }),
    },
  },
});

function list(args: Arguments<typeof clientArgs>, context: CliContext): Promise<number> {
  return withClient(args, context, async (bus) => {
    const all = await askForTold(bus);
    if (context.json) context.print(JSON.stringify(all));
    else if (all.length === 0)
      context.note(
        "nobody is told: name targets in notify.json, or hooks in hooks.json, or turn push messages on at the page /phone",
      );
    else for (const told of all) context.print(toldLines(told, context));
    return 0;
  });
}

async function test(args: Arguments<typeof testArgs>, context: CliContext): Promise<number> {
  return await withClient(args, context, async (bus) => {
    const all = await askToTest(bus, args.name, () => context.note("waiting for an answer"));
    if (context.json) context.print(JSON.stringify(all));
    else for (const tried of all) context.print(triedLine(tried, context));
    return all.every(({ ok }) => ok) ? 0 : 1;
  });
}

const whatItIs = { target: "", device: "browser ", hook: "hook ", wrong: "" } as const;

/** The first line says who is told of what, the others what became of it. */
export function toldLines(told: Told, { color, now }: Pick<CliContext, "color" | "now">): string {
  const { name, type, to, on, answers = [], waiting, last_at, error, error_at, dropped } = told;
  const ago = (at: string) => `${spanText((now().getTime() - Date.parse(at)) / 1_000)} ago`;
  const head = paint(name, "bold", color);
  if (type === "wrong") return `${head}  ${paint("not used", "red", color)}: ${harmless(error ?? "")}`;
  const last = last_at === null ? "not told yet" : `told ${ago(last_at)}`;
  const more = [
    ...(waiting === 0 ? [] : [`${waiting} waiting`]),
    ...(dropped === 0 ? [] : [`${dropped} dropped`]),
  ];
  const lines = [
    `${head}  ${whatItIs[type]}${harmless(to)}  ${on.join(", ")}${answers.length === 0 ? "" : `; its links answer: ${answers.join(", ")}`}`,
    `  ${[last, ...more].join("; ")}`,
  ];
  if (error === null) return lines.join("\n");
  const when = error_at === null ? "" : ` (${ago(error_at)})`;
  return [...lines, `  ${paint("fails", "red", color)}: ${harmless(error)}${when}`].join("\n");
}

function triedLine({ name, type, ok, ms, error }: Tried, { color }: CliContext): string {
  const mark = ok ? paint("ok  ", "green", color) : paint("bad ", "red", color);
  const what = `${whatItIs[type]}${name}`;
  return `${mark} ${what}: ${ok ? `taken in ${ms} ms` : harmless(error ?? "")}`;
}
