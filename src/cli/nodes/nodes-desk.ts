// `cliai nodes` asks serve for the nodes that it knows.
import * as v from "valibot";
import { type NodeView, NodeViewSchema } from "../../domain/nodes/node-view.ts";
import { serveNodesSubject } from "../../domain/wire/subjects.ts";
import type { OperatorDesk } from "../../server/operator-desk.ts";

export const nodesDesk: OperatorDesk<Readonly<Record<never, never>>, NodeView[]> = {
  ...{ subject: serveNodesSubject, request: v.object({}), result: v.array(NodeViewSchema) },
  answerWithinMs: 10_000,
};
