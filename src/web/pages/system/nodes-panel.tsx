/** @jsxImportSource hono/jsx */
// The machines that have joined this fleet.
import type { NodeView } from "../../../domain/nodes/node-view.ts";
import { Age } from "../parts/time.tsx";

/** Not shown while no machine has joined. */
export function NodesPanel({ nodes, now }: { nodes: readonly NodeView[]; now: Date }) {
  return (
    <section id="system-nodes" class="panel" aria-labelledby="title-nodes" hidden={nodes.length === 0}>
      <h2 id="title-nodes">
        Machines that have joined <span class="count">{nodes.length}</span>
      </h2>
      <ul class="plain-list">
        {nodes.map((node) => (
          <li>
            <b>{node.name}</b> {node.host === node.name ? "" : `(${node.host}) `}
            <State node={node} now={now} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function State({ node, now }: { node: NodeView; now: Date }) {
  const { state, last_heard, agents = 0, version } = node;
  if (state === "here") {
    const running =
      agents === 1 ? "one agent runs there" : `${agents === 0 ? "no" : agents} agents run there`;
    return (
      <>
        is here, with cliai {version}; {running}
      </>
    );
  }
  return (
    <>
      <span class="attention">is away</span>
      {last_heard === undefined ? (
        ", and was not heard since the server has started"
      ) : (
        <>
          , heard <Age at={last_heard} now={now} />
        </>
      )}
    </>
  );
}
