// Answers `cliai report` on `serve.report`. Any serve answers. No agent's account reaches the subject.
import * as v from "valibot";
import type { WorkReport } from "../../domain/report/report-lines.ts";
import { serveReportSubject } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { askOperatorDesk, openOperatorDesk } from "../operator-desk.ts";

const ReportShape = v.looseObject({
  since: v.string(),
  agents: v.array(v.looseObject({ agent_id: v.string() })),
  waiting: v.array(v.unknown()),
  held: v.array(v.unknown()),
  gaps: v.array(v.string()),
});

const desk = {
  subject: serveReportSubject,
  /** `since`: in ms since 1970. */
  request: v.object({ since_ms: v.number() }),
  // Serve and the command are of one version, or the command says that it cannot read the answer.
  result: v.custom<WorkReport>((value) => v.is(ReportShape, value), "this is no report"),
  answerWithinMs: 20_000,
  workWithinMs: 60_000,
};

/** Returns the function that ends it. */
export function openReportDesk(
  bus: Bus,
  report: (sinceMs: number) => Promise<WorkReport>,
  log: Logger,
): () => void {
  return openOperatorDesk(bus, desk, ({ since_ms }) => report(since_ms), log);
}

/** @throws CliaiError as {@link askOperatorDesk} */
export async function askReport(bus: Bus, since_ms: number, onSlow: () => void): Promise<WorkReport> {
  return await askOperatorDesk(bus, desk, { since_ms }, onSlow);
}
