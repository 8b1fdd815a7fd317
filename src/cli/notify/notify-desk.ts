// The notifications on NATS: `cliai notify` asks the serve that leads, because it tells the hooks and targets. No agent's account reaches the
// subject.
import * as v from "valibot";
import { serveNotifySubject } from "../../domain/wire/subjects.ts";
import type { Bus } from "../../nats/bus.ts";
import {
  type NoticesOptions,
  type OpenNotices,
  openNotices,
  type Told,
  ToldSchema,
  type Tried,
  TriedSchema,
} from "../../notify/open-notices.ts";
import { type Device, DeviceSchema } from "../../notify/push/device.ts";
import { askOperatorDesk, openOperatorDesk } from "../../server/operator-desk.ts";
import type { ServerInside } from "../../server/start/server-options.ts";

const RequestSchema = v.variant("act", [
  v.object({ act: v.literal("list") }),
  v.object({ act: v.literal("test"), name: v.optional(v.string()) }),
  v.object({ act: v.literal("add_device"), device: DeviceSchema }),
  v.object({ act: v.literal("remove_device"), endpoint: v.string() }),
  v.object({ act: v.literal("in_front"), page: v.string(), used: v.boolean() }),
]);
type Request = v.InferOutput<typeof RequestSchema>;

const desk = {
  subject: serveNotifySubject,
  request: RequestSchema,
  answerWithinMs: 20_000,
  /** Longer than a hook may take. */
  workWithinMs: 3_700_000,
};
const listDesk = { ...desk, result: v.array(ToldSchema) };
const testDesk = { ...desk, result: v.array(TriedSchema) };
const deviceDesk = { ...desk, result: v.unknown() };
const inFrontDesk = {
  ...{ subject: serveNotifySubject, request: RequestSchema, result: v.unknown() },
  answerWithinMs: 5_000,
};

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
      ? openOperatorDesk<Request, unknown>(
          bus,
          { ...desk, result: v.unknown() },
          (request) => carryOut(request, notices),
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

async function carryOut(request: Request, notices: OpenNotices): Promise<unknown> {
  switch (request.act) {
    case "list":
      return notices.list();
    case "test":
      return await notices.test(request.name);
    case "add_device":
      return await notices.add(request.device);
    case "remove_device":
      return await notices.remove(request.endpoint);
    case "in_front":
      return notices.noteInFront(request.page, request.used);
  }
}

/** Has the serve that leads send push messages to a browser. @throws CliaiError `refused`; as {@link askOperatorDesk} */
export async function askToAddDevice(bus: Bus, device: Device): Promise<void> {
  await askOperatorDesk(bus, deviceDesk, { act: "add_device" as const, device });
}

/** Ends that. @throws CliaiError as {@link askOperatorDesk} */
export async function askToRemoveDevice(bus: Bus, endpoint: string): Promise<void> {
  await askOperatorDesk(bus, deviceDesk, { act: "remove_device" as const, endpoint });
}

/** Tells the serve that leads of a page in front of a person, or that it went. @throws CliaiError as {@link askOperatorDesk} */
export async function tellInFront(bus: Bus, page: string, used: boolean): Promise<void> {
  await askOperatorDesk(bus, inFrontDesk, { act: "in_front" as const, page, used });
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
