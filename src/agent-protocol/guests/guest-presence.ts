// Tells the fleet of a guest: by heartbeats, each for a sign of life of the guest itself, and by reports when what it does changes.
import { guestCli } from "../../domain/agent-protocol/guest-id.ts";
import { agentProtocolVersion } from "../../domain/agent-protocol/protocol-names.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Heartbeat, StatusReport } from "../../domain/wire/messages.ts";
import { agentSubject } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";

export interface GuestPresence {
  /** The guest has shown that it lives. @param word what it does, if it has said so */
  alive(word: string | undefined): void;
  /** Whether a sign of life is not older than a missed heartbeat. */
  isAlive(): boolean;
  /** Whether it works on a task of ours. */
  setWorking(isWorking: boolean): void;
  beat(): void;
  /** It is gone. @param why for people */
  sayGoodbye(why: string): void;
}

export interface GuestPresenceOptions {
  readonly id: AgentId;
  readonly instanceId: string;
  /** `ci (peer)` */
  readonly by: string;
  readonly bus: Pick<Bus, "publish">;
  readonly now: () => Date;
  /** Default `performance.now`. */
  readonly monotonicMs?: (() => number) | undefined;
  /** How often, at most, a change of what the guest says is told. Default 10000. */
  readonly wordEveryMs?: number | undefined;
  readonly log: Logger;
}

/** What the heartbeats tell as their interval: the fleet takes three missed ones for silence. */
const guestBeatS = 15;

/** Each change is stored, and `error` is told to people. A later sign of life tells the last one. */
const usualWordMs = 10_000;

export function createGuestPresence(options: GuestPresenceOptions): GuestPresence {
  const { id, instanceId, by, bus, now, log } = options;
  const { monotonicMs = () => performance.now(), wordEveryMs = usualWordMs } = options;
  /** The last word that the guest has said, and the one that is told. */
  let heard: string | undefined;
  let said: string | undefined;
  let isWorking = false;
  let shown = "connected";
  let aliveAtMs = monotonicMs();
  let beatAtMs = Number.NEGATIVE_INFINITY;
  let wordAtMs = Number.NEGATIVE_INFINITY;

  const publish = (topic: "heartbeat" | "status", body: Heartbeat | StatusReport) => {
    try {
      bus.publish(agentSubject(id, topic), body);
    } catch (error) {
      log.debug(`the ${topic} of ${id}: ${messageOf(error)}`); // the connection is closing
    }
  };
  const facts = () => ({ agent_id: id, instance_id: instanceId, timestamp: now().toISOString() });
  const beat = () => {
    beatAtMs = monotonicMs();
    publish("heartbeat", {
      ...facts(),
      ...{ config_name: by, cli: guestCli, cli_version: agentProtocolVersion, status: shown },
      waits_because: isWorking ? "it works on the task before" : "",
      interval_s: guestBeatS,
    });
  };
  const show = () => {
    const word = isWorking ? "working" : (said ?? "connected");
    if (word === shown) return false;
    shown = word;
    publish("status", { ...facts(), status: word });
    beat();
    return true;
  };
  return {
    alive(word) {
      aliveAtMs = monotonicMs();
      heard = word ?? heard;
      if (heard !== said && aliveAtMs - wordAtMs >= wordEveryMs) {
        wordAtMs = aliveAtMs;
        said = heard;
      }
      if (!show() && monotonicMs() - beatAtMs >= (guestBeatS * 1000) / 2) beat();
    },
    isAlive: () => monotonicMs() - aliveAtMs < 2 * guestBeatS * 1000,
    setWorking(works) {
      isWorking = works;
      if (!show()) beat();
    },
    beat,
    sayGoodbye: (why) => publish("status", { ...facts(), status: "disconnected", message: why }),
  };
}
