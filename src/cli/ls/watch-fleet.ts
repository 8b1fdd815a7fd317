// `cliai ls --watch`: the list again whenever the fleet changes. On a terminal it stays in its place.
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import type { ClientArgs } from "../fleet/client.ts";
import { withClient } from "../fleet/client.ts";
import { type FedFleet, followFleet } from "../fleet/fleet-feed.ts";
import { momentText } from "../fleet/last-known.ts";
import { statusMark } from "../fleet/status-mark.ts";
import type { CliContext } from "../frame/context.ts";
import { cut, paint } from "../frame/terminal.ts";
import { type FullScreen, openFullScreen, type ScreenSize } from "../screen/full-screen.ts";
import { fleetLines, listFleet, type ShownFleet } from "./fleet-lines.ts";
import type { Selection } from "./selection.ts";

/** How often the list is made anew at most; ages are in seconds. */
const everyMs = 1_000;

/** @throws CliaiError `interrupted` when the person ends it; what {@link followFleet} throws */
export async function watchFleet(
  args: ClientArgs,
  selection: Selection,
  context: CliContext,
): Promise<number> {
  if (selection.isQuiet) {
    throw new CliaiError("usage", "--watch and --quiet contradict each other", {
      hint: "list the ids once: cliai ls -q",
    });
  }
  const isOnScreen = context.isTerminal && !context.json && context.env.TERM !== "dumb";
  return await withClient(args, context, async (bus, parts) => {
    const ended = Promise.withResolvers<never>();
    let fleet: FedFleet | undefined;
    const show = isOnScreen
      ? screenShower(selection, context, parts, ended.reject)
      : printer(selection, context);
    parts.defer(
      await followFleet(bus, context, (fed) => {
        fleet = fed;
      }),
    );
    const step = () => {
      if (fleet !== undefined) show(fleet, new Date(context.now().getTime() + fleet.aheadMs));
    };
    step();
    const timer = setInterval(step, everyMs);
    parts.defer(() => clearInterval(timer));
    return await ended.promise;
  });
}

type Show = (fleet: FedFleet, now: Date) => void;

/** In the alternate screen; the last list stays in the terminal afterwards. */
function screenShower(
  selection: Selection,
  context: CliContext,
  parts: AsyncDisposableStack,
  end: (reason: CliaiError) => void,
): Show {
  let last: Parameters<Show> | undefined;
  const screen: FullScreen = openFullScreen({
    stdin: context.stdin,
    stdout: context.stdout,
    onRedraw: () => {
      if (last !== undefined) draw(...last);
    },
    onEnd: () => end(new CliaiError("interrupted", "interrupted")),
  });
  const linesAt = (fleet: FedFleet, now: Date, { columns }: ScreenSize) => {
    const { lines, notes } = fleetLines(shownFleet(fleet, now), selection, { ...context, columns });
    return [...lines, ...notes.map((note) => cut(note, columns)), ...lostLines(fleet, context.color)];
  };
  const draw: Show = (fleet, now) => {
    last = [fleet, now];
    const size = screen.size();
    screen.draw(fitRows(linesAt(fleet, now, size), size.rows));
  };
  parts.defer(() => {
    const size = screen.size();
    screen.close();
    if (last !== undefined) for (const line of linesAt(...last, size)) context.print(line);
  });
  return draw;
}

/** Keeps the heading and the end of the list, where those are who need a person. */
export function fitRows(lines: readonly string[], rows: number): string[] {
  const [heading = "", ...others] = lines;
  if (lines.length <= rows) return [...lines];
  const kept = others.slice(others.length - Math.max(0, rows - 2));
  return [heading, `… ${others.length - kept.length} more`, ...kept].slice(0, rows);
}

/** Prints the list again when more than its ages has changed. */
function printer(selection: Selection, context: CliContext): Show {
  let printed = "";
  return (fleet, now) => {
    const shown = shownFleet(fleet, now);
    const { agents } = listFleet(shown, selection, !context.json);
    const what = JSON.stringify([fleet.lost, agents.map(factsOf)]);
    if (what === printed) return;
    const isFirst = printed === "";
    printed = what;
    if (context.json) {
      context.print(JSON.stringify(agents));
      if (fleet.lost !== undefined) context.note(lostText(fleet));
      return;
    }
    const { lines, notes } = fleetLines(shown, selection, context);
    if (!isFirst) context.print("");
    for (const line of [momentText(context.now()), ...lines]) context.print(line);
    for (const line of [...notes, ...lostLines(fleet, false)]) context.note(line);
  };
}

function factsOf(agent: AgentView): unknown[] {
  const { agent_id, task, queued, heartbeat } = agent;
  const { state, place } = heartbeat?.model_request ?? {};
  return [agent_id, statusMark(agent).text, task.text, task.is_stale, queued, state, place];
}

function shownFleet({ views, spentToday }: FedFleet, now: Date): ShownFleet {
  return { views, now, spentToday };
}

function lostLines(fleet: FedFleet, color: boolean): string[] {
  return fleet.lost === undefined ? [] : [paint(lostText(fleet), "yellow", color)];
}

/** Why what is shown may be over, and of when it is. */
export function lostText({ lost, at, aheadMs }: FedFleet): string {
  return `${lost}; this is as of ${momentText(new Date(at.getTime() - aheadMs))}`;
}
