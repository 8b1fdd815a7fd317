/** @jsxImportSource hono/jsx */
// The fleet page while there is no agent: it shows the command that starts the first one.
import { ActLink } from "../viewer/act.tsx";

export interface EmptyFleetProps {
  readonly spawnCommand: string;
  readonly listening: readonly string[];
}

export function EmptyFleet({ spawnCommand, listening }: EmptyFleetProps) {
  return (
    <section class="empty" aria-labelledby="title-empty">
      <h2 id="title-empty">No agent yet</h2>
      <p>Start one in a terminal, in the folder that it is to work in. It appears here by itself.</p>
      <div class="copy">
        <code id="spawn-command">{spawnCommand}</code>
        <button type="button" data-copy="spawn-command">
          Copy
        </button>
      </div>
      <p>
        Or have this server launch one, without a terminal:{" "}
        <ActLink href="/spawn" posts="/spawn">
          spawn an agent
        </ActLink>
        .
      </p>
      <p class="quiet">
        Any NATS client can be an agent: publish to <code>agent.ID.heartbeat</code>.
      </p>
      <p class="quiet">
        Listening on{" "}
        {listening.map((address, i) => (
          <>
            {i > 0 && " and "}
            <code>{address}</code>
          </>
        ))}
      </p>
    </section>
  );
}
