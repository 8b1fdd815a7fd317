// The notifications on NATS: `cliai notify` asks the serve that leads, because it tells the hooks and targets. No agent's account reaches the
// subject.
import * as v from "valibot";
import { serveNotifySubject } from "../../domain/wire/subjects.ts";
import type { Bus } from "../../nats/bus.ts";
import {
  type NoticesOptions,
  openNotices,
  type Told,
  ToldSchema,
  type Tried,
  TriedSchema,
} from "../../notify/open-notices.ts";
import { askOperatorDesk, openOperatorDesk } from "../../server/operator-desk.ts";
import type { ServerInside } from "../../server/start/server-options.ts";

const RequestSchema = v.variant("act", [
  v.object({ act: v.literal("list") }),
  v.object({ act: v.literal("test"), name: v.optional(v.string()) }),
]);

const desk = {
  subject: serveNotifySubject,
  request: RequestSchema,
  answerWithinMs: 20_000,
  /** Longer than a hook may take. */
  workWithinMs: 3_700_000,
};
const listDesk = { ...desk, result: v.array(ToldSchema) };
const testDesk = { ...desk, result: v.array(TriedSchema) };

/** Opens the notifications of a serve, and answers `cliai notify` while it leads. Resolves to the function that ends it. */
export async function openNotify(
  inside: ServerInside,
  options: NoticesOptions,
): Promise<() => Promise<void>> {
  const { bus, lease, log } = inside;
  const notices = await openNotices(inside, options);
  let close: (() => void) | undefined;
  const follow = (isLeader: boolean) => {
    close?.();
    close = isLeader
      ? openOperatorDesk<v.InferOutput<typeof RequestSchema>, unknown>(
          bus,
          { ...desk, result: v.unknown() },
          async (request) => (request.act === "list" ? notices.list() : await notices.test(request.name)),
          log,
        )
      : undefined;
  };
  follow(lease.isLeader());
  const unlisten = lease.onChange(follow);
  return async () => {
    unlisten();
    close?.();
    await notices.stop();
  };
}

/** @throws CliaiError as {@link askOperatorDesk} */
export async function askForTold(bus: Bus): Promise<Told[]> {
  return await askOperatorDesk(bus, listDesk, { act: "list" as const });
}

/** @throws CliaiError `usage` if there is none of that name; as {@link askOperatorDesk} */
export async function askToTest(bus: Bus, name: string | undefined, onSlow: () => void): Promise<Tried[]> {
  return await askOperatorDesk(
    bus,
    testDesk,
    { act: "test" as const, ...(name === undefined ? {} : { name }) },
    onSlow,
  );
}
