/** @jsxImportSource hono/jsx */
// The open alerts, each with its cause and what to do.
import type { AlertAdvice } from "../../../domain/system/alert-advice.ts";
import type { Alert } from "../../../domain/wire/messages.ts";
import { Icon } from "../parts/icon.tsx";
import { Age } from "../parts/time.tsx";

type ShownAlert = Alert & AlertAdvice;

export function AlertsPanel({ alerts, now }: { alerts: readonly ShownAlert[]; now: Date }) {
  return (
    <section id="system-alerts" class="panel" aria-labelledby="title-alerts">
      <h2 id="title-alerts">
        Alerts <span class="count">{alerts.length}</span>
      </h2>
      {alerts.length === 0 ? (
        <p class="well">
          <Icon name="check" /> No alert is open.
        </p>
      ) : (
        <ul class="alerts">
          {alerts.map((alert) => (
            <AlertItem alert={alert} now={now} />
          ))}
        </ul>
      )}
    </section>
  );
}

function AlertItem({ alert, now }: { alert: ShownAlert; now: Date }) {
  const { alert_id, severity, title, message, cause, action, page, ends, count, sample, agent_id } = alert;
  return (
    <li id={`alert-${alert_id}`} class={severity}>
      <h3>
        <Icon name={severity === "info" ? "dots" : "alert"} />
        {title}
        {agent_id !== undefined && (
          <>
            : <a href={`/agents/${agent_id}`}>{agent_id}</a>
          </>
        )}
        <span class="severity">{severity}</span>
      </h3>
      <p class="alert-message">{message}</p>
      <dl class="details">
        <div>
          <dt>why</dt>
          <dd>{cause}</dd>
        </div>
        <div>
          <dt>do</dt>
          <dd>
            {action}
            {page !== undefined && (
              <>
                {" "}
                · <a href={page}>{page === "#malformed" ? "see them" : `go to ${page}`}</a>
              </>
            )}
          </dd>
        </div>
        <div>
          <dt>since</dt>
          <dd>
            <Age at={alert.first_seen} now={now} />
            {count > 1 && (
              <>
                , {count} times, last <Age at={alert.last_seen} now={now} />
              </>
            )}
            . {ends}
          </dd>
        </div>
      </dl>
      {sample !== undefined && (
        <details>
          <summary>The message</summary>
          <pre>{sample}</pre>
        </details>
      )}
    </li>
  );
}
