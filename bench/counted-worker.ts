import { app } from "../src/app.ts";
import { verifySignature } from "../src/auth/sigv4.ts";
import { deploymentOf } from "../src/deployment.ts";
import type { Bindings } from "../src/env.ts";
import { QueueShard as ProductShard } from "../src/index.ts";
import { readRequest } from "../src/protocols/read-request.ts";
import type { ShardRequest } from "../src/shard/calls.ts";
import { pureCosts } from "./pure-costs.ts";

/** What Cloudflare bills of the objects. The local runtime runs Workers and objects in one isolate. */
const counters = { objectRequests: 0, rowsWritten: 0 };
export type Counters = typeof counters;

/** The product's shard, with its billed requests and rows counted. */
export class QueueShard extends ProductShard {
  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    countRows(ctx.storage);
    super(ctx, env);
  }

  override run(requests: readonly ShardRequest[]) {
    counters.objectRequests++;
    return super.run(requests);
  }

  override fetch(request: Request) {
    counters.objectRequests++;
    return super.fetch(request);
  }

  override alarm() {
    counters.objectRequests++;
    return super.alarm();
  }
}

/** Puts itself before the two calls that write: SQL, whose cursor knows, and the alarm, which is a row. */
function countRows(storage: DurableObjectStorage): void {
  const { sql } = storage;
  const exec = sql.exec.bind(sql);
  sql.exec = (<T extends Record<string, SqlStorageValue>>(query: string, ...bindings: unknown[]) => {
    const cursor = exec<T>(query, ...bindings);
    counters.rowsWritten += cursor.rowsWritten;
    return cursor;
  }) as SqlStorage["exec"];
  const setAlarm = storage.setAlarm.bind(storage);
  storage.setAlarm = (...args) => {
    counters.rowsWritten++;
    return setAlarm(...args);
  };
}

/** The product's Worker, with some requests of the bench's own. */
export default {
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    if (pathname === "/bench/counters") return Response.json(counters);
    if (pathname.startsWith("/bench/costs")) return await runCost(pathname);
    const times = /^AmazonSQS\.BenchVerify(\d+)$/.exec(request.headers.get("x-amz-target") ?? "")?.[1];
    if (times !== undefined) return await verify(request, env, Number(times));
    return await app.fetch(request, env, ctx);
  },
} satisfies ExportedHandler<Bindings>;

/** Checks this request's signature `times` times over. A Worker's clock stands still: the caller has to time it. */
async function verify(request: Request, env: Bindings, times: number): Promise<Response> {
  const deployment = deploymentOf(env);
  const read = await readRequest(request);
  if (!deployment.ok || !read.ok) return new Response("not configured, or unreadable", { status: 500 });
  const nowMs = Date.now();
  const { credentials } = deployment.value;
  const findKey = (accessKeyId: string, token: string | undefined) =>
    credentials.find(accessKeyId, token, nowMs);
  for (let i = 0; i < times; i++) {
    const signed = await verifySignature(read.value, { nowMs, services: ["sqs"], findKey });
    if (!signed.ok) return new Response(signed.error.message, { status: 403 });
  }
  return new Response("verified");
}

/** `/bench/costs` names what can be run, `/bench/costs/{name}/{times}` runs it so many times over. */
async function runCost(pathname: string): Promise<Response> {
  costs ??= await pureCosts();
  const [, , , name, times] = pathname.split("/");
  if (name === undefined) return Response.json([...costs.keys()]);
  const run = costs.get(decodeURIComponent(name));
  if (run === undefined) return new Response("no such cost", { status: 404 });
  for (let i = 0; i < Number(times); i++) run();
  return new Response("done");
}

let costs: Awaited<ReturnType<typeof pureCosts>> | undefined;
