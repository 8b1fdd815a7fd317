/** @jsxImportSource hono/jsx */
// What the checks of `cliai doctor` found when serve last ran them, and the button that runs all of them.
import type { CheckRun } from "../../../domain/system/check.ts";
import { Icon } from "../parts/icon.tsx";
import { Age } from "../parts/time.tsx";
import { PostForm, SubmitButton } from "../viewer/act.tsx";

export interface ChecksPanelProps {
  readonly run: CheckRun | undefined;
  readonly canCheck: boolean;
  readonly now: Date;
}

export function ChecksPanel({ run, canCheck, now }: ChecksPanelProps) {
  const bad = run?.checks.filter(({ ok }) => !ok) ?? [];
  const good = run?.checks.filter(({ ok }) => ok) ?? [];
  return (
    <section id="checks" class="panel" aria-labelledby="title-checks">
      <h2 id="title-checks">
        Checks{" "}
        {run !== undefined && (
          <span class="count">
            {bad.length} of {run.checks.length} failed
          </span>
        )}
      </h2>
      {run === undefined ? (
        <p class="quiet">
          {canCheck
            ? "They run now, and stand here in some seconds. Without scripts, read the page again."
            : "This server runs no checks. Run them in a terminal: cliai doctor"}
        </p>
      ) : (
        <>
          <ul class="checks">
            {bad.map(({ check, message, remedy }) => (
              <li class="failed">
                <Icon name="cross" /> <b>{check}</b>: {message}
                {remedy !== undefined && (
                  <p>
                    To mend it: <code>{remedy}</code>
                  </p>
                )}
              </li>
            ))}
          </ul>
          <details>
            <summary>{good.length} passed</summary>
            <ul class="checks">
              {good.map(({ check, message }) => (
                <li>
                  <Icon name="check" /> <b>{check}</b>: {message}
                </li>
              ))}
            </ul>
          </details>
          <p class="quiet">
            Run by the server <Age at={run.at} now={now} />, with its environment, as{" "}
            <code>cliai doctor</code> would there.
          </p>
        </>
      )}
      {canCheck && (
        <PostForm action="/system/checks" data-once="Checking …">
          <SubmitButton>Run all checks</SubmitButton>{" "}
          <span class="quiet">Sends each model server a small request, too.</span>
        </PostForm>
      )}
    </section>
  );
}
