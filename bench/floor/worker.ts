import { DurableObject } from "cloudflare:workers";
import { Hono } from "hono";

interface Env {
  readonly QUEUE_SHARD: DurableObjectNamespace<QueueShard>;
}

/** Has the name of the class that `wrangler.toml` binds, so that it is served just as ours. */
export class QueueShard extends DurableObject {
  nothing(): void {}
}

/** By the `X-Amz-Target` they answer. The bench copies them from ours, so that both send the same bytes. */
let answers: Readonly<Record<string, string>> = {};

/**
 * The least that a server on this platform does for a request: a Hono route reads the body, calls a Durable
 * Object that does nothing, and answers.
 */
const app = new Hono<{ Bindings: Env }>();
app.put("/answers", async (c) => {
  answers = await c.req.json();
  return c.body(null, 204);
});
app.post("/", async (c) => {
  await c.req.arrayBuffer();
  await c.env.QUEUE_SHARD.getByName("floor").nothing();
  return c.body(answers[c.req.header("x-amz-target") ?? ""] ?? "{}", 200, {
    "content-type": "application/x-amz-json-1.0",
  });
});

export default { fetch: app.fetch };
