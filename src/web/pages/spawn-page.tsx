/** @jsxImportSource hono/jsx */
// The form that has the server launch an agent. It works without scripts, and keeps what was typed if the launch is refused.
import type { HttpError } from "../api/http-errors.ts";
import type { LaunchableNode, LaunchableProfile } from "../api/spawner.ts";
import { Icon } from "./parts/icon.tsx";
import { PostForm, SubmitButton } from "./viewer/act.tsx";

export interface SpawnPageProps {
  readonly profiles: readonly LaunchableProfile[];
  /** The other machines that may launch it. */
  readonly nodes: readonly LaunchableNode[];
  /** The directories in which agents work already. */
  readonly projects: readonly string[];
  readonly values: Readonly<Record<string, unknown>>;
  readonly error?: HttpError;
}

export function SpawnPage({ profiles, nodes, projects, values, error }: SpawnPageProps) {
  const first = profiles.findIndex(({ problem }) => problem === undefined);
  const text = (name: string) => (typeof values[name] === "string" ? values[name] : "");
  return (
    <>
      <p class="crumb">
        <a href="/">
          <Icon name="back" /> Fleet
        </a>
      </p>
      <h1>Spawn an agent</h1>
      <p class="lead">
        It runs without a terminal, on one task after another, until it is stopped, even while the server is
        away. If its machine goes down, the next start of the server launches it again.
      </p>
      {error !== undefined && <Refusal error={error} />}
      <PostForm action="/spawn" class="sheet" data-once="Starting …">
        <fieldset class="profiles">
          <legend>Profile</legend>
          {profiles.map(({ name, description, problem }, i) => (
            <label class="choice">
              <input
                type="radio"
                name="profile"
                value={name}
                required
                checked={text("profile") === "" ? i === first : text("profile") === name}
                disabled={problem !== undefined}
              />
              <b>{name}</b>
              {description !== undefined && <span class="quiet">{description}</span>}
              {problem !== undefined && <span class="attention">{problem}</span>}
            </label>
          ))}
        </fieldset>
        <label for="spawn-task">Task</label>
        <textarea
          id="spawn-task"
          name="task"
          rows={4}
          maxlength={100_000}
          placeholder="What should it do first?"
        >
          {text("task")}
        </textarea>
        {nodes.length > 0 && <Machine nodes={nodes} chosen={text("node")} />}
        <label for="spawn-project">
          Project folder, on {nodes.length === 0 ? "the server's" : "that"} machine
        </label>
        <input
          id="spawn-project"
          name="project"
          value={text("project")}
          list="spawn-projects"
          maxlength={4096}
          required
          autocomplete="off"
          spellcheck={false}
          placeholder="/home/you/project"
        />
        <datalist id="spawn-projects">
          {projects.map((path) => (
            <option value={path} />
          ))}
        </datalist>
        <label for="spawn-id">
          Name <span class="quiet">(default: the profile and four digits)</span>
        </label>
        <input
          id="spawn-id"
          name="id"
          value={text("id")}
          maxlength={63}
          pattern="[A-Za-z0-9][A-Za-z0-9_\-]*"
          title="letters, digits, _ or -, beginning with a letter or digit"
          autocomplete="off"
          spellcheck={false}
        />
        <div class="sheet-end">
          <SubmitButton class="primary">
            <Icon name="play" />
            Spawn
          </SubmitButton>
          <a href="/">Cancel</a>
        </div>
      </PostForm>
    </>
  );
}

function Machine({ nodes, chosen }: { nodes: readonly LaunchableNode[]; chosen: string }) {
  return (
    <>
      <label for="spawn-node">
        Machine <span class="quiet">(another one has profiles and folders of its own)</span>
      </label>
      <select id="spawn-node" name="node">
        <option value="">the server's</option>
        {nodes.map(({ name, isHere }) => (
          <option value={name} selected={name === chosen} disabled={!isHere}>
            {isHere ? name : `${name} (away)`}
          </option>
        ))}
      </select>
    </>
  );
}

/** What its CLI wrote last follows the first line, and keeps its lines. */
function Refusal({ error: { message, hint } }: { error: HttpError }) {
  const [first, ...more] = message.split("\n");
  return (
    <div class="refusal" role="alert">
      <p>
        <b>Not started: </b>
        {first}
      </p>
      {more.length > 0 && <pre>{more.join("\n")}</pre>}
      {hint !== undefined && <p>{hint}</p>}
    </div>
  );
}
