/** @jsxImportSource hono/jsx */
// What a person can do about a need that is no request: tell the agents to go on, let them go on, start them again, remove them.
import type { Child } from "hono/jsx";
import { type AgentView, isAtHostedTerminal, unknownText } from "../../../domain/fleet/agent-view.ts";
import type { NeedGroup } from "../../../domain/fleet/needs/fleet-needs.ts";
import type { NeedKind } from "../../../domain/fleet/needs/need.ts";
import { isResumable, ownWayBack } from "../../../domain/fleet/shown/way-back.ts";
import { Icon } from "../parts/icon.tsx";
import { ActLink, PostForm, SubmitButton } from "../viewer/act.tsx";
import { useViewer } from "../viewer/viewer.tsx";

interface NeedActsProps {
  readonly group: NeedGroup;
  readonly viewOf: (id: string) => AgentView | undefined;
  readonly isOwnPage?: boolean;
}

/** The needs that end when the agent is given words to work on, once a person has mended the cause. */
const goesOnWithWords: readonly NeedKind[] = ["stuck", "error", "refused"];

export function NeedActs({ group, viewOf, isOwnPage = false }: NeedActsProps) {
  const { kind, needs } = group;
  const views = needs.flatMap(({ agent_id }) => viewOf(agent_id) ?? []);
  const ids = needs.map(({ agent_id }) => agent_id);
  const key = `${kind}-${needs.map(({ since }) => since).join("")}`;
  const back = isOwnPage && ids[0] !== undefined ? `/agents/${ids[0]}` : "/inbox";
  const parts = { ids, back };
  if (needs[0].at_terminal === true) return <AtTerminal views={views} />;
  if (goesOnWithWords.includes(kind)) return <GoOn {...parts} needKey={key} />;
  // Its host keeps words from it until a resume, after which serve gives it its task to go on.
  if (kind === "limit") {
    return (
      <div class="need-acts">
        <Resume {...parts} once="Sending …" />
      </div>
    );
  }
  if (kind === "failed_to_start") {
    return (
      <div class="need-acts">
        {views.length === 1 && views[0] !== undefined && <TryAgain view={views[0]} />}
        <Remove {...parts} views={views} />
      </div>
    );
  }
  if (kind !== "died" && kind !== "lost") return null;
  const resumable = views.filter(isResumable);
  const own = views.find((view) => ownWayBack(view) !== undefined);
  return (
    <div class="need-acts">
      {resumable.length > 0 && (
        <Resume {...parts} ids={resumable.map(({ agent_id }) => agent_id)} once="Starting …" />
      )}
      {own !== undefined && <p class="quiet">cliai did not launch it: {ownWayBack(own)}</p>}
      <Remove {...parts} views={views} />
    </div>
  );
}

/** With a link to each terminal that cliai hosts, where it can be seen and typed at. */
function AtTerminal({ views }: { views: readonly AgentView[] }) {
  const hosted = views.filter(isAtHostedTerminal);
  return (
    <p class="quiet">
      Only its own terminal takes the answer
      {hosted.map(({ agent_id }, place) => (
        <>
          {place === 0 ? ": " : ", "}
          <a href={`/agents/${agent_id}/terminal`}>the terminal of {agent_id}</a>
        </>
      ))}
      {hosted.length === 0 && "."}
    </p>
  );
}

interface Acting {
  readonly ids: readonly string[];
  /** The page to which the form leads back. */
  readonly back: string;
}

interface ActFormProps extends Acting {
  readonly act: "go_on" | "resume" | "remove";
  /** What is said while the form is sent. */
  readonly once: string;
  readonly children: Child;
}

function ActForm({ act, ids, back, once, children }: ActFormProps) {
  return (
    <PostForm action="/needs" data-act={once} data-draft={`${act}-${ids[0]}`} class="need-act">
      <input type="hidden" name="act" value={act} />
      <input type="hidden" name="back" value={back} />
      {ids.map((id) => (
        <input type="hidden" name="agents" value={id} />
      ))}
      {children}
    </PostForm>
  );
}

function Resume({ ids, back, once }: Acting & Pick<ActFormProps, "once">) {
  return (
    <ActForm act="resume" {...{ ids, back, once }}>
      <SubmitButton class="primary">
        <Icon name="play" /> {ids.length === 1 ? "Resume" : `Resume ${ids.length} agents`}
      </SubmitButton>
    </ActForm>
  );
}

function GoOn({ ids, back, needKey }: Acting & { needKey: string }) {
  const label =
    ids.length === 1 ? `When it is mended, tell ${ids[0]}` : `When it is mended, tell all ${ids.length}`;
  const field = `go-on-${ids[0]}`;
  return (
    <ActForm act="go_on" {...{ ids, back }} once="Sending …">
      <input type="hidden" name="key" value={needKey.replace(/[^A-Za-z0-9]/g, "").slice(-40)} />
      <label for={field} class="go-on">
        {label}
      </label>
      <div class="answer-words">
        <input
          id={field}
          name="text"
          value="Go on where you were."
          maxlength={10_000}
          required
          autocomplete="off"
        />
        <SubmitButton>
          <Icon name="text" /> {ids.length === 1 ? "Send" : `Send to ${ids.length}`}
        </SubmitButton>
      </div>
    </ActForm>
  );
}

/** Leads to the form that launches it, filled in as it was. Of a long task the record keeps only the beginning. */
function TryAgain({ view }: { view: AgentView }) {
  const { agent_id, config_name, project_path, commands, launch_task } = view;
  const task = commands.findLast(({ type }) => type === "task")?.summary ?? launch_task?.text ?? "";
  const known = Object.entries({ profile: config_name, project: project_path, id: agent_id, task });
  const query = new URLSearchParams(known.filter(([, value]) => value !== "" && value !== unknownText));
  return (
    <>
      <ActLink class="button primary" href={`/spawn?${query}`} posts="/spawn">
        <Icon name="play" /> Try again
      </ActLink>
      {task.endsWith("…") && <span class="quiet">Of its task only the beginning is kept.</span>}
    </>
  );
}

/** Stands closed, so that a second click on the button before it never removes an agent. */
function Remove({ ids, back, views }: Acting & { views: readonly AgentView[] }) {
  const queued = views.reduce((sum, view) => sum + view.queued, 0);
  const names = ids.length === 1 ? ids[0] : `these ${ids.length} agents`;
  if (useViewer() !== undefined) {
    return (
      <p class="quiet may-not">
        Only the operator's own browser removes agents. In a terminal:{" "}
        <code>cliai agents remove {ids.join(" ")}</code>
      </p>
    );
  }
  return (
    <details class="stop-now">
      <summary>Remove {names} …</summary>
      <p>
        What is known of {ids.length === 1 ? "it" : "them"} is deleted: state, queue
        {queued > 0 && ` (${queued} ${queued === 1 ? "order" : "orders"})`}, credentials and files. The
        recorded history stays.
      </p>
      <ActForm act="remove" {...{ ids, back }} once="Removing …">
        <SubmitButton class="stop">
          <Icon name="cross" /> Remove {names}
        </SubmitButton>
      </ActForm>
    </details>
  );
}
