/** @jsxImportSource hono/jsx */
// The four axes of an agent's status, each with its reason, its source and its age.

import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import type { Axes } from "../../../domain/fleet/axes.ts";
import { Age, UntilThen } from "./time.tsx";

const axisNames = ["link", "activity", "control", "attention"] as const satisfies readonly (keyof Axes)[];

export function AgentAxes({ view, now }: { view: AgentView; now: Date }) {
  return (
    <section id="agent-axes" class="panel" aria-labelledby="title-axes">
      <h2 id="title-axes">Status, and why</h2>
      <dl class="axes">
        {axisNames.map((name) => {
          const { value, reason, hint, source, at, until } = view.axes[name];
          return (
            <div>
              <dt>{name}</dt>
              <dd>
                <b>{value.replaceAll("_", " ")}</b>
                <span>
                  {reason}
                  {until !== undefined && <UntilThen at={until} now={now} />}
                </span>
                {hint !== undefined && <span>{hint}</span>}
                <span class="quiet">
                  {source === "none" ? "no evidence" : `by ${source}`}
                  {at !== undefined && (
                    <>
                      , <Age at={at} now={now} />
                    </>
                  )}
                </span>
              </dd>
            </div>
          );
        })}
      </dl>
    </section>
  );
}
