// This room is `cliai top`: the fleet on the whole screen of a terminal, with keys.
//
// Joins the parts: news of the fleet and keys go into `reduceTop`, its effects are carried out, and the screen shows its state.
import * as v from "valibot";
import { type AgentRequest, RequestSchema } from "../../domain/requests.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Bus } from "../../nats/bus.ts";
import type { Bucket } from "../../nats/jetstream/bucket.ts";
import { attachHere } from "../attach/attach.ts";
import { type ClientArgs, clientArgs, withClient } from "../fleet/client.ts";
import { followFleet } from "../fleet/fleet-feed.ts";
import { openRequests } from "../fleet/request-reading.ts";
import { defineCliCommand } from "../frame/command.ts";
import type { CliContext } from "../frame/context.ts";
import { hasTerminal } from "../frame/has-terminal.ts";
import { openFullScreen } from "../screen/full-screen.ts";
import { createKeyDecoder } from "../screen/keys.ts";
import { createActs, type Tell } from "./act.ts";
import { createHistoryFollower } from "./follow-history.ts";
import { lendTerminal } from "./lend-terminal.ts";
import { reduceTop } from "./reduce.ts";
import { firstState, requestIdOf, type TopState } from "./state.ts";
import type { Effect, TopEvent } from "./steps.ts";
import { viewRows } from "./view.ts";

/** News are shown at most four times a second. Keys are shown at once. */
const drawEveryMs = 250;
/** Ages are in seconds. */
const tickEveryMs = 1_000;

export const topCommand = defineCliCommand({
  name: "top",
  description: "show the fleet on the whole screen, with the selected agent; ? lists the keys",
  args: clientArgs,
  run: async (args, context) => {
    checkTerminal(context);
    return await showTop(args, context);
  },
});

/** @throws CliaiError `usage` where there is no screen */
function checkTerminal({ json, env }: CliContext): void {
  if (json) {
    throw new CliaiError("usage", "top shows a screen, and --json has none", {
      hint: "follow the fleet as JSON: cliai ls --watch --json",
    });
  }
  const why = hasTerminal() ? (env.TERM === "dumb" ? "TERM is dumb" : undefined) : "there is none";
  if (why === undefined) return;
  throw new CliaiError("usage", `top needs a terminal, and ${why}`, { hint: "cliai ls --watch" });
}

async function showTop(args: ClientArgs, context: CliContext): Promise<number> {
  let tellLate: Tell = () => undefined;
  // On the screen, a line on stderr would stand in the middle of it.
  const log = context.logTo((line) => tellLate(line, "yellow"));
  return await withClient(args, { ...context, log }, async (bus, parts) => {
    const ended = Promise.withResolvers<number>();
    const screenParts: { draw?: () => void } = {};
    const top = createTop(bus, { ...context, log }, ended, () => screenParts.draw?.());
    tellLate = top.tell;
    // The first look at the fleet comes before the screen, so that its error is printed as that of any command.
    parts.defer(await followFleet(bus, context, top.takeFleet));
    parts.use(top.history);
    const keys = createKeyDecoder((key) => top.take({ type: "key", key }, true));
    parts.defer(() => keys.stop());
    const open = () =>
      openFullScreen({
        ...{ stdin: context.stdin, stdout: context.stdout },
        onInput: (data) => keys.read(data),
        onRedraw: () => top.take({ type: "resize", size: screen.size() }, true),
        onEnd: () => ended.reject(new CliaiError("interrupted", "interrupted")),
      });
    let screen = open();
    parts.defer(() => screen.close());
    screenParts.draw = () => screen.draw(viewRows(top.state(), context.color));
    const attach = (id: AgentId) =>
      lendTerminal({
        close: () => screen.close(),
        use: () =>
          attachHere({ bus, parts }, id, { ...context, log, note: (line) => tellLate(line, "green") }),
        reopen() {
          screen = open();
          top.take({ type: "resize", size: screen.size() }, true);
        },
        tell: top.tell,
        onEnd: ended.reject,
      });
    top.onScreenEffects({
      redraw: () => screen.forget(),
      suspend: () => screen.suspend(),
      attach: (id) => void attach(id),
    });
    top.take({ type: "resize", size: screen.size() }, true);
    const timer = setInterval(() => top.take({ type: "tick" }, false), tickEveryMs);
    parts.defer(() => clearInterval(timer));
    return await ended.promise;
  });
}

interface ScreenEffects {
  readonly redraw: () => void;
  readonly suspend: () => void;
  readonly attach: (id: AgentId) => void;
}

function createTop(bus: Bus, context: CliContext, ended: PromiseWithResolvers<number>, draw: () => void) {
  let state: TopState = firstState({ columns: 80, rows: 24 });
  let aheadMs = 0;
  let drawnMs = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  let screen: ScreenEffects = { redraw: () => undefined, suspend: () => undefined, attach: () => undefined };

  const drawNow = () => {
    clearTimeout(timer);
    timer = undefined;
    drawnMs = performance.now();
    draw();
  };
  const drawSoon = () => {
    timer ??= setTimeout(drawNow, Math.max(0, drawnMs + drawEveryMs - performance.now()));
  };
  const take = (event: TopEvent, isAtOnce: boolean) => {
    const step = reduceTop(state, event, context.now().getTime() + aheadMs);
    state = step.state;
    for (const effect of step.effects) carryOut(effect);
    history.follow(state.selected);
    requests.want(requestIdOf(state), state);
    if (isAtOnce) drawNow();
    else drawSoon();
  };
  const tell: Tell = (text, colour) => take({ type: "notice", text, colour }, false);
  const history = createHistoryFollower(bus, context.log, (each) =>
    take({ type: "history", history: each }, false),
  );
  const requests = createRequestReader(bus, (request) => take({ type: "request", request }, false), tell);
  const acts = createActs(bus, context, tell);
  const carryOut = (effect: Effect) => {
    switch (effect.type) {
      case "order":
        return acts.order(effect);
      case "answer":
        return void acts.answer(effect).then((isStored) => {
          if (!isStored) take({ type: "unanswered", request_id: effect.request.request_id }, false);
        });
      case "attach":
        return screen.attach(effect.id);
      case "quit":
        // The last key before may have given an order, which is lost with the connection as long as it is not stored.
        return void acts.settled().then(() => ended.resolve(0));
      case "interrupt":
        return ended.reject(new CliaiError("interrupted", "interrupted"));
      case "redraw":
        return screen.redraw();
      case "suspend":
        return screen.suspend();
    }
  };
  return {
    ...{ take, tell, history },
    state: () => state,
    takeFleet: ({
      views,
      lost,
      spentToday,
      at,
      ...fed
    }: Parameters<Parameters<typeof followFleet>[2]>[0]) => {
      aheadMs = fed.aheadMs;
      take({ type: "fleet", views, lost, spentToday }, false);
    },
    onScreenEffects: (effects: ScreenEffects) => {
      screen = effects;
    },
  };
}

/** Reads the request that is shown, once. */
function createRequestReader(bus: Bus, onRequest: (request: AgentRequest) => void, tell: Tell) {
  let bucket: Promise<Bucket> | undefined;
  let reading: string | undefined;
  const read = async (id: string) => {
    bucket ??= openRequests(bus);
    const found = v.safeParse(RequestSchema, await (await bucket).get(id));
    if (found.success) onRequest(found.output);
    else tell(`request ${id} cannot be read`, "red");
  };
  return {
    want(id: string | undefined, { requests }: Pick<TopState, "requests">) {
      if (id === undefined || requests.has(id) || reading === id) return;
      reading = id;
      read(id)
        .catch((error: unknown) => {
          bucket = undefined;
          tell(`request ${id} cannot be read: ${messageOf(error)}`, "red");
        })
        .finally(() => {
          if (reading === id) reading = undefined;
        });
    },
  };
}
