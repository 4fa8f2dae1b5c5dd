import { type Context, Hono } from "hono";
import { type Signed, verifySignature } from "./auth/sigv4.ts";
import { type Deployment, deploymentOf } from "./deployment.ts";
import type { Bindings } from "./env.ts";
import { answerHolding, type HeldAnswer } from "./held-answer.ts";
import type { Result } from "./lib/result.ts";
import { awsJson } from "./protocols/aws-json.ts";
import { detect } from "./protocols/detect.ts";
import type { Stamp, WireCall, WireRequest, WireResponse } from "./protocols/protocol.ts";
import { readRequest } from "./protocols/read-request.ts";
import { type SqsError, sqsError } from "./queue/errors.ts";
import type { RequestContext, WaitingClient } from "./services/action.ts";
import { runAction } from "./services/run-action.ts";
import { sqsActions } from "./services/sqs/index.ts";
import { ShardUnavailable } from "./shard/attempt.ts";
import { ShardClient } from "./shard/client.ts";

type AppContext = Context<{ Bindings: Bindings }>;

/** The API Worker: liveness for those who watch it, and everything else is SQS. */
export const app = new Hono<{ Bindings: Bindings }>();

app.get("/health", (c) => {
  const deployment = deploymentOf(c.env);
  return deployment.ok
    ? c.json({ status: "ok" })
    : c.json({ status: "misconfigured", problem: deployment.error }, 500);
});
app.all("*", (c) => answerHolding((held) => answer(c, held), c.executionCtx));

/** The life of a request: read bytes, detect protocol, check signature, decode, authorize, run, encode. */
async function answer(c: AppContext, held: HeldAnswer): Promise<WireResponse> {
  const stamp: Stamp = { requestId: crypto.randomUUID(), nowMs: Date.now() };
  const request = await readRequest(c.req.raw);
  if (!request.ok) return awsJson.encodeError(request.error, stamp);
  const detected = detect(request.value);
  if (!detected.ok) return detected.error.protocol.encodeError(detected.error.error, stamp);

  const call = detected.value;
  const { protocol } = call;
  const action = sqsActions.get(call.action);
  try {
    const deployment = deploymentOf(c.env);
    if (!deployment.ok) throw new Error(`edge-sqs is not configured: ${deployment.error}`);
    const signed = await checkSignature(request.value, deployment.value, stamp);
    if (!signed.ok) return protocol.encodeError(signed.error, stamp);
    if (!action || (call.onQueuePath && action.onlyAtRoot)) {
      return protocol.encodeError(protocol.unknownAction(call.action), stamp);
    }
    const input = call.decode(action.input);
    if (!input.ok) return protocol.encodeError(input.error, stamp);
    const { signal } = c.req.raw;
    const opening = () => ({
      ...protocol.encode(action.name, action.output, {}, stamp),
      body: protocol.opening,
    });
    const isThere = deployment.value.settings.probeClients
      ? () => held.probe(opening(), signal)
      : async () => !signal.aborted;
    const client = { signal, isThere };
    const context = contextOf(c, request.value, { ...deployment.value, ...signed.value, ...stamp, client });
    const running = runAction(action, context, input.value);
    // What it begins in one place and ends in another is ended, though the client hangs up.
    if (action.outlivesClient) c.executionCtx.waitUntil(running);
    const output = await running;
    return output.ok
      ? protocol.encode(action.name, action.output, output.value, stamp)
      : protocol.encodeError(output.error, stamp);
  } catch (cause) {
    return protocol.encodeError(faultOf(cause, call, stamp), stamp);
  }
}

function checkSignature(
  request: WireRequest,
  { credentials }: Deployment,
  { nowMs }: Stamp,
): Promise<Result<Signed, SqsError>> {
  const findKey = (accessKeyId: string) => credentials.find(accessKeyId, nowMs);
  return verifySignature(request, { nowMs, services: ["sqs"], findKey });
}

function contextOf(
  c: AppContext,
  { headers, origin }: WireRequest,
  {
    settings,
    catalog,
    caller,
    region,
    nowMs,
    client,
  }: Deployment & Signed & Stamp & { client: WaitingClient },
): RequestContext {
  return {
    caller,
    region,
    baseUrl: settings.publicUrl ?? origin,
    batchId: crypto.randomUUID(),
    nowMs,
    traceHeader: headers.get("x-amzn-trace-id") ?? undefined,
    strictTiming: settings.strictTiming,
    catalog,
    shards: new ShardClient(c.env.QUEUE_SHARD, (promise) => c.executionCtx.waitUntil(promise)),
    client,
  };
}

/** Our bugs and the platform's failures: the log has the cause, the client only learns whether to come again. */
function faultOf(cause: unknown, { action }: WireCall, { requestId }: Stamp): SqsError {
  console.error(`request ${requestId} (${action}) failed`, cause);
  return cause instanceof ShardUnavailable
    ? sqsError("ServiceUnavailable", "Service Unavailable")
    : sqsError("InternalFailure", "We encountered an internal error. Please try again.");
}
