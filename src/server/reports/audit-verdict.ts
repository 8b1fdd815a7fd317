// Verifies the stream AUDIT for the API, once at a time. A large store takes longer than an HTTP request may wait for its answer.
import { openStreamSource } from "../../audit/audit-source.ts";
import type { Finding } from "../../audit/findings.ts";
import type { AuditOptions } from "../../audit/start-signing.ts";
import { verifyAudit } from "../../audit/verify.ts";
import type { Bus } from "../../nats/bus.ts";
import { atMost } from "../../waiting.ts";
import type { AuditVerdict } from "../server-readings.ts";

/** Further findings are only counted. */
const mostTraces = 1_000;
const answerWithinMs = 20_000;
/** After this time, a verdict for which nobody has come is too old. */
const keptMs = 600_000;
/** A verdict is given again for this many times as long as it took: so serve verifies for a tenth of the time at most, however often it is asked. */
const standsTimes = 10;

export interface VerifierOptions {
  readonly verify: () => Promise<AuditVerdict>;
  /** How long a caller waits; default 20 s. */
  readonly answerWithinMs?: number;
  /** In ms; default `performance.now`. */
  readonly monotonicMs?: () => number;
}

/**
 * Returns a function that starts a verification, or joins the one that runs. It resolves to undefined if the verdict does not come in time: then
 * the next call within ten minutes gets it. A verdict is given again for ten times as long as it took, ten minutes at most; its `at` says how old it
 * is. It throws what `verify` throws.
 */
export function createAuditVerifier(options: VerifierOptions): () => Promise<AuditVerdict | undefined> {
  const {
    verify,
    answerWithinMs: withinMs = answerWithinMs,
    monotonicMs = () => performance.now(),
  } = options;
  let run: Run | undefined;
  const begin = (): Run => {
    const begunMs = monotonicMs();
    const begun: Run = { verdict: verify(), isTaken: false };
    const endWith = (times: number) => () => {
      const nowMs = monotonicMs();
      begun.ended = { atMs: nowMs, standsMs: Math.min(keptMs, times * (nowMs - begunMs)) };
    };
    begun.verdict.then(endWith(standsTimes), endWith(0));
    return begun;
  };
  const isOver = ({ ended, isTaken }: Run): boolean =>
    ended !== undefined && monotonicMs() - ended.atMs >= (isTaken ? ended.standsMs : keptMs);
  return async () => {
    const own = run === undefined || isOver(run) ? begin() : run;
    run = own;
    let verdict: AuditVerdict | undefined;
    const taken = own.verdict.then((each) => {
      verdict = each;
    });
    try {
      await atMost(withinMs, taken);
    } finally {
      if (own.ended !== undefined) own.isTaken = true;
    }
    return verdict;
  };
}

interface Run {
  readonly verdict: Promise<AuditVerdict>;
  /** Undefined while it runs. */
  ended?: { readonly atMs: number; readonly standsMs: number };
  /** Whether somebody has the verdict, or its error. */
  isTaken: boolean;
}

/** @throws CliaiError if NATS does not answer */
export async function verifyStream(
  bus: Bus,
  { key, headFile }: Pick<AuditOptions, "key" | "headFile">,
  now: () => Date,
): Promise<AuditVerdict> {
  const traces: Finding[] = [];
  const note = await headFile?.read();
  const source = await openStreamSource(bus, { note, now });
  const result = await verifyAudit(source, {
    trustedKeys: key === undefined ? [] : [key.publicKey],
    onFinding(finding) {
      if (traces.length < mostTraces) traces.push(finding);
    },
  });
  return { at: source.readAt, ...result, traces };
}
