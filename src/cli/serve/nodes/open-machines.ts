// What serve does for other machines: it lets them join, knows which are there, and makes the credentials of agents there.
import { CliaiError } from "../../../domain/text/errors.ts";
import type { NatsKeys } from "../../../nats/accounts/credentials.ts";
import type { Bus } from "../../../nats/bus.ts";
import { openOperatorDesk } from "../../../server/operator-desk.ts";
import { openCredentialsDesk } from "../../credentials-desk.ts";
import type { CliContext } from "../../frame/context.ts";
import { type CodeRequest, codeDesk, type MadeCode, withdrawDesk } from "../../nodes/join-desks.ts";
import { nodesDesk } from "../../nodes/nodes-desk.ts";
import type { WebExposure } from "../web-exposure.ts";
import { type DoorTimes, type JoinDoor, openJoinDoor } from "./join-door.ts";
import { joinAddressOf } from "./join-url.ts";
import { type NodeLinks, openNodeLinks } from "./node-links.ts";

export interface MachinesOptions extends Pick<CliContext, "now" | "log"> {
  readonly dataDir: string;
  readonly natsUrl: string;
  readonly exposure: WebExposure["nats"];
  readonly bus: Bus;
  /** The keys, and the connection in the system account; undefined with --nats-url and with --insecure. */
  readonly keys: NatsKeys | undefined;
  readonly system: Bus | undefined;
  readonly doorTimes?: Readonly<DoorTimes> | undefined;
}

/** Returns the nodes; undefined where no machine can join. It closes with `parts`. */
export function openMachines(options: MachinesOptions, parts: AsyncDisposableStack): NodeLinks | undefined {
  const { bus, keys, system, log } = options;
  if (keys === undefined || system === undefined) {
    parts.defer(openOperatorDesk(bus, codeDesk, () => Promise.reject(letsNobodyJoin()), log));
    parts.defer(openOperatorDesk(bus, withdrawDesk, async () => ({ withdrawn: 0 }), log));
    parts.defer(openOperatorDesk(bus, nodesDesk, async () => [], log));
    return undefined;
  }
  parts.defer(openCredentialsDesk(bus, { ...options, keys }));
  const links = openNodeLinks({ ...options, bus, keys, system });
  parts.defer(() => links.stop());
  parts.defer(openOperatorDesk(bus, nodesDesk, links.list, log));
  // The answer to a machine that joins does not wait for this; `look` logs its errors.
  const onJoined = () => void links.look().catch(() => undefined);
  const door = openJoinDoor({ ...options, keys, system, onJoined, times: options.doorTimes });
  parts.defer(() => door.stop());
  parts.defer(openOperatorDesk(bus, codeDesk, (request) => codeFor(request, door, options), log));
  const withdraw = async () => ({ withdrawn: await door.withdraw() });
  parts.defer(openOperatorDesk(bus, withdrawDesk, withdraw, log));
  return links;
}

async function codeFor(
  { lasts_ms, may_launch }: CodeRequest,
  door: JoinDoor,
  { natsUrl, exposure }: Pick<MachinesOptions, "natsUrl" | "exposure">,
): Promise<MadeCode> {
  const { code, endsAt, facts } = await door.makeCode({ lastsMs: lasts_ms, mayLaunch: may_launch });
  const { url, isLocal } = joinAddressOf({ natsUrl, host: exposure.host, trust: facts.trust });
  return { code, ends_at: endsAt.toISOString(), url, is_local: isLocal };
}

function letsNobodyJoin(): CliaiError {
  return new CliaiError("refused", "no machine can join: this server makes no NATS credentials", {
    hint: "start it without --insecure and without --nats-url; for a NATS server that others run, see docs/cluster.md",
  });
}
