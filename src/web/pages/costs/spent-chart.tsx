/** @jsxImportSource hono/jsx */
// A chart of what was spent, with the same figures in a table beside it. It is SVG that the server draws, and not a chart library, so that
// it stands in a page without scripts, needs no style of its own (our content security policy allows none), and is drawn in forced colours.
import type { SpentSpan } from "../../../domain/spending/spending-report.ts";
import { countText } from "../../../domain/text/amounts.ts";
import { costText, tokensText } from "../../../domain/usage.ts";
import { absoluteTime } from "../age.ts";

export interface SpentChartProps {
  readonly id: string;
  readonly title: string;
  /** What a bar is: a day, an hour. */
  readonly unit: string;
  readonly spans: readonly SpentSpan[];
}

const height = 100;
/** Of each bar's place, so much is bar. */
const barShare = 0.72;

export function SpentChart({ id, title, unit, spans }: SpentChartProps) {
  // Without any cost, the bars show tokens.
  const isMoney = spans.some(({ cost }) => cost !== undefined);
  const amountOf = ({ cost, tokens }: SpentSpan) => (isMoney ? (cost ?? 0) : tokens);
  const wordsOf = (value: number) => (isMoney ? costText(value) : `${tokensText(value)} tokens`);
  const most = Math.max(...spans.map(amountOf));
  const total = spans.reduce((sum, span) => sum + amountOf(span), 0);
  return (
    <section id={`costs-${id}`} class="panel chart-panel" aria-labelledby={`title-${id}`}>
      <h2 id={`title-${id}`}>{title}</h2>
      <div class="chart-and-table">
        <figure class="chart">
          <p class="chart-note quiet">{most > 0 && wordsOf(most)}</p>
          <svg
            class="chart-drawing"
            viewBox={`0 0 ${spans.length} ${height}`}
            preserveAspectRatio="none"
            role="img"
            aria-label={`${title}: ${wordsOf(total)} in all, at most ${wordsOf(most)} in one ${unit.toLowerCase()}`}
          >
            {spans.map((span, index) => (
              <Bar span={span} place={index} share={most === 0 ? 0 : amountOf(span) / most}>
                {`${span.label}: ${wordsOf(amountOf(span))}`}
              </Bar>
            ))}
          </svg>
          <p class="chart-note chart-ends quiet" aria-hidden="true">
            <span>{spans[0]?.label}</span>
            <span>{spans.at(-1)?.label}</span>
          </p>
        </figure>
        <section class="table-box" tabindex={0} aria-label={`${title}, as a table`}>
          <table>
            <thead>
              <tr>
                <th scope="col">{unit}</th>
                <th scope="col" class="number">
                  Cost
                </th>
                <th scope="col" class="number">
                  Tokens
                </th>
              </tr>
            </thead>
            <tbody>
              {spans.toReversed().map((span) => (
                <Row span={span} />
              ))}
            </tbody>
          </table>
        </section>
      </div>
    </section>
  );
}

interface BarProps {
  readonly span: SpentSpan;
  readonly place: number;
  /** Of the highest bar. */
  readonly share: number;
  readonly children?: string;
}

function Bar({ place, share, children }: BarProps) {
  const tall = share === 0 ? 0 : Math.max(1, share * height);
  const x = (place + (1 - barShare) / 2).toFixed(2);
  return (
    <g>
      <title>{children}</title>
      <rect class="place" x={place} y={0} width={1} height={height} />
      <rect class="bar" x={x} y={(height - tall).toFixed(1)} width={barShare} height={tall.toFixed(1)} />
    </g>
  );
}

function Row({ span: { label, from, cost, tokens, agents } }: { span: SpentSpan }) {
  return (
    <tr>
      <th scope="row">
        <time dateTime={from} title={absoluteTime(from)}>
          {label}
        </time>
      </th>
      <td class="number">
        {cost === undefined ? (
          <span class="unseen">{agents === 0 ? "nothing" : "not told"}</span>
        ) : (
          costText(cost)
        )}
      </td>
      <td class="number" title={countText(tokens)}>
        {tokens === 0 ? <span class="quiet">0</span> : tokensText(tokens)}
      </td>
    </tr>
  );
}
