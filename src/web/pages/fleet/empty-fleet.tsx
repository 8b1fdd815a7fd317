/** @jsxImportSource hono/jsx */
// The fleet page while there is no agent: it shows the command that starts the first one.
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
        <a href="/spawn" data-acts>
          spawn an agent
        </a>
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
