/** @jsxImportSource hono/jsx */
// This room is the page of the system: NATS, the store, alerts, what cannot be read, and what the checks find.
//
// The page itself, from one report. Its parts are updated while it is open.
import { bytesText, countText } from "../../../domain/text/amounts.ts";
import { spanText } from "../../../domain/text/moment.ts";
import type { SystemFacts } from "../../../server/server-readings.ts";
import type { SystemReport } from "../../api/reports/system-report.ts";
import { Age } from "../parts/time.tsx";
import { AlertsPanel } from "./alerts-panel.tsx";
import { ChecksPanel } from "./checks-panel.tsx";
import { LagPanel } from "./lag-panel.tsx";
import { NodesPanel } from "./nodes-panel.tsx";

export interface SystemPageProps {
  readonly report: SystemReport;
  readonly canCheck: boolean;
  readonly now: Date;
}

export function SystemPage({ report, canCheck, now }: SystemPageProps) {
  const { alerts, lag } = report;
  return (
    <div class="report">
      <div class="report-head">
        <h1>System</h1>
        <AsOf report={report} now={now} />
      </div>
      <AlertsPanel alerts={alerts} now={now} />
      <LagPanel lag={lag} now={now} />
      <NatsPanel report={report} now={now} />
      <NodesPanel nodes={report.nodes} now={now} />
      <StorePanel report={report} now={now} />
      <ChecksPanel run={report.doctor} canCheck={canCheck} now={now} />
      <MalformedPanel report={report} now={now} />
    </div>
  );
}

interface PanelProps {
  readonly report: SystemReport;
  readonly now: Date;
}

export function AsOf({ report, now }: PanelProps) {
  return (
    <p id="system-at" class="quiet">
      As of <Age at={report.at} now={now} /> · <a href="/system">Read it again</a> ·{" "}
      <a href="/phone">This device</a>
    </p>
  );
}

export function StorePanel({ report: { facts, facts_error }, now }: PanelProps) {
  return (
    <section id="system-store" class="panel" aria-labelledby="title-store">
      <h2 id="title-store">Store</h2>
      {facts === undefined ? (
        <p class="attention">The store does not answer: {facts_error}</p>
      ) : (
        <>
          <StoreTable facts={facts} now={now} />
          <DroppedTranscripts facts={facts} now={now} />
        </>
      )}
    </section>
  );
}

export function NatsPanel({ report, now }: PanelProps) {
  const { health, facts, version, started_at, is_leader } = report;
  const { nats } = facts ?? {};
  const { connected, version: natsVersion, restarts } = health.nats;
  return (
    <section id="system-nats" class="panel" aria-labelledby="title-nats">
      <h2 id="title-nats">Server and NATS</h2>
      <dl class="details">
        <Row name="cliai">
          {version}, started <Age at={started_at} now={now} />
          {is_leader ? "" : ", not the leader"}
        </Row>
        <Row name="nats-server">
          {natsVersion}, {connected ? "connected" : <b class="bad-text">not connected</b>}
          {restarts > 0 && `, restarted ${restarts === 1 ? "once" : `${restarts} times`} since cliai started`}
        </Row>
        <Row name="takes orders">
          {health.ready ? "yes" : <b class="bad-text">no: {health.reason ?? "not ready"}</b>}
        </Row>
        {nats === undefined ? (
          <Row name="connections">
            <span class="quiet">this NATS server does not tell</span>
          </Row>
        ) : (
          <>
            <Row name="NATS started">
              <Age at={nats.started_at} now={now} />
            </Row>
            <Row name="connections">
              {countText(nats.connections)}
              {nats.slow_consumers > 0 && `, ${nats.slow_consumers} cut off for reading too slowly`}
            </Row>
            <Row name="NATS memory">{bytesText(nats.memory_bytes)}</Row>
          </>
        )}
      </dl>
    </section>
  );
}

function Row({ name, children }: { name: string; children?: unknown }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children as string}</dd>
    </div>
  );
}

/** Streams by their NATS names; a bucket by its own. */
function nameOf(stream: string): string {
  return stream.startsWith("KV_") ? `bucket ${stream.slice(3)}` : stream;
}

function StoreTable({ facts, now }: { facts: SystemFacts; now: Date }) {
  const { bytes, limit_bytes, streams } = facts.store;
  return (
    <>
      <p>
        {bytesText(bytes)} stored
        {limit_bytes === undefined ? "; only the disk limits it" : ` of at most ${bytesText(limit_bytes)}`}.
      </p>
      <section class="table-box" tabindex={0} aria-label="Streams and buckets">
        <table>
          <thead>
            <tr>
              <th scope="col">Stream</th>
              <th scope="col" class="number">
                Messages
              </th>
              <th scope="col" class="number">
                Bytes
              </th>
              <th scope="col">Limits</th>
              <th scope="col">Oldest</th>
              <th scope="col">Newest</th>
              <th scope="col" class="number">
                Consumers
              </th>
            </tr>
          </thead>
          <tbody>
            {streams.map(({ name, messages, bytes: size, max_bytes, max_age_s, ...stream }) => (
              <tr>
                <th scope="row">{nameOf(name)}</th>
                <td class="number">{countText(messages)}</td>
                <td class="number">{bytesText(size)}</td>
                <td class="whole">
                  {[
                    max_bytes === undefined
                      ? undefined
                      : `${bytesText(max_bytes)} (${Math.round((size / max_bytes) * 100)} %)`,
                    max_age_s === undefined ? undefined : spanText(max_age_s),
                  ]
                    .filter(Boolean)
                    .join(", ") || <span class="quiet">none</span>}
                </td>
                <td>
                  {stream.oldest_at === undefined ? (
                    <span class="quiet">empty</span>
                  ) : (
                    <Age at={stream.oldest_at} now={now} />
                  )}
                </td>
                <td>{stream.newest_at !== undefined && <Age at={stream.newest_at} now={now} />}</td>
                <td class="number">{stream.consumers}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}

const droppedShown = 10;

/** What cannot be read any more of the agents' conversations, for want of room. What is too old is in the table: its limits, and the oldest. */
function DroppedTranscripts({ facts: { transcripts_dropped }, now }: { facts: SystemFacts; now: Date }) {
  const more = transcripts_dropped.length - droppedShown;
  if (transcripts_dropped.length === 0) {
    return <p class="quiet">No transcript has lost entries for want of room.</p>;
  }
  return (
    <>
      <h3>Dropped from the transcripts for want of room</h3>
      <p class="quiet">
        The oldest entries of the agents that had the most. To keep more:{" "}
        <code>serve --transcript-max-bytes</code>
      </p>
      <ul class="plain-list">
        {transcripts_dropped.slice(0, droppedShown).map(({ agent_id, bytes, first_at, last_at }) => (
          <li>
            <a href={`/agents/${agent_id}/transcript`}>{agent_id}</a>: {bytesText(bytes)}, since{" "}
            <Age at={first_at} now={now} />
            {last_at !== first_at && (
              <>
                , last <Age at={last_at} now={now} />
              </>
            )}
          </li>
        ))}
        {more > 0 && <li class="quiet">+{more} more</li>}
      </ul>
    </>
  );
}

/** The fields of a record of a malformed message (MalformedRecord, OmittedRecord) that are shown. */
interface Sample {
  readonly subject?: string;
  readonly error?: string;
  readonly bytes?: number;
  readonly sample?: string;
  readonly sample_base64?: string;
  readonly omitted?: number;
}

export function MalformedPanel({ report, now }: PanelProps) {
  const { malformed: records, health } = report;
  return (
    <section id="malformed" class="panel" aria-labelledby="title-malformed">
      <h2 id="title-malformed">
        Messages that could not be read <span class="count">{health.malformed} since the start</span>
      </h2>
      {records.length === 0 ? (
        <p class="quiet">None is in the history that is kept.</p>
      ) : (
        <ul class="samples">
          {records.map(({ seq, at, message }) => {
            const { subject, error, bytes, sample, sample_base64, omitted } = (message ?? {}) as Sample;
            return (
              <li id={`malformed-${seq}`}>
                <details>
                  <summary>
                    <Age at={at} now={now} />{" "}
                    {omitted === undefined ? (
                      <>
                        <code>{subject}</code> {error}
                      </>
                    ) : (
                      `${countText(omitted)} more, which came too fast to be kept one by one`
                    )}
                  </summary>
                  <p class="quiet">
                    Record {seq} of the audit{bytes === undefined ? "" : `, ${bytesText(bytes)}`}
                  </p>
                  <pre>{sample ?? sample_base64 ?? JSON.stringify(message, null, 2)}</pre>
                </details>
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}
