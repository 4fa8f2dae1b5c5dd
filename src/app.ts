import { type Context, Hono } from "hono";
import { anonymous } from "./auth/caller.ts";
import { type Signed, verifySignature } from "./auth/sigv4.ts";
import { type Deployment, deploymentOf } from "./deployment.ts";
import type { Bindings } from "./env.ts";
import { answerHolding, type HeldAnswer } from "./held-answer.ts";
import { ok, type Result } from "./lib/result.ts";
import { awsJson } from "./protocols/aws-json.ts";
import { detect } from "./protocols/detect.ts";
import type { Stamp, WireCall, WireRequest, WireResponse } from "./protocols/protocol.ts";
import { readRequest } from "./protocols/read-request.ts";
import { type ActionError, type SqsError, sqsError } from "./queue/errors.ts";
import { contextOf } from "./request-context.ts";
import { runAction } from "./services/run-action.ts";
import { services } from "./services/services.ts";
import { takeDelivery } from "./services/sns/http-endpoint.ts";
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
app.post("/sns/:region/:account/:queue", (c) => answerSns(c));
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
  const service = services.get(call.service);
  const action = service?.actions.get(call.action);
  try {
    const deployment = deploymentOf(c.env);
    if (!deployment.ok) throw new Error(`edge-sqs is not configured: ${deployment.error}`);
    const signed = await checkSignature(request.value, call, deployment.value, stamp);
    if (!signed.ok) return protocol.encodeError(signed.error, stamp);
    // Whoever did not sign learns nothing more, unless a queue is open to everyone.
    const refuse = (error: ActionError) => protocol.encodeError(signed.value.unsigned ?? error, stamp);
    if (!service || !action || (call.onQueuePath && action.onlyAtRoot)) {
      return refuse(protocol.unknownAction(call.action));
    }
    const input = call.decode(action.input);
    if (!input.ok) return refuse(service.inputError(input.error));
    const { signal } = c.req.raw;
    const opening = () => ({
      ...protocol.encode(action.name, action.output, {}, stamp),
      body: protocol.opening,
    });
    const isThere = deployment.value.settings.probeClients
      ? () => held.probe(opening(), signal)
      : async () => !signal.aborted;
    const client = { signal, isThere };
    const asked = { ...signed.value, ...stamp, client, shards: shardsOf(c) };
    const context = contextOf(deployment.value, request.value, asked);
    const running = runAction(action, context, input.value);
    // What it begins in one place and ends in another is ended, though the client hangs up.
    if (action.outlivesClient) c.executionCtx.waitUntil(running);
    const output = await running;
    return output.ok
      ? protocol.encode(action.name, action.output, output.value, stamp)
      : protocol.encodeError(output.error, stamp);
  } catch (cause) {
    // By its own name: what the client wrote in its place could be lines of a log.
    const name = action?.name ?? "of no action";
    return protocol.encodeError(faultOf(cause, name, stamp), stamp);
  }
}

/** What Amazon's SNS posts to a queue. Its own signature is checked, not one of our callers'. */
async function answerSns(c: AppContext): Promise<Response> {
  const stamp: Stamp = { requestId: crypto.randomUUID(), nowMs: Date.now() };
  try {
    const request = await readRequest(c.req.raw);
    if (!request.ok) return c.text("Content Too Large", 413);
    const deployment = deploymentOf(c.env);
    if (!deployment.ok) throw new Error(`edge-sqs is not configured: ${deployment.error}`);
    const { region = "", account = "", queue: name = "" } = c.req.param();
    const { signal } = c.req.raw;
    const client = { signal, isThere: async () => !signal.aborted };
    const asked = { caller: anonymous, region, ...stamp, client, shards: shardsOf(c) };
    const posted = {
      headers: c.req.raw.headers,
      body: request.value.body,
      queue: { region, account, name },
      raw: c.req.query("raw") === "true",
      topicArn: c.req.query("topic"),
    };
    const context = contextOf(deployment.value, request.value, asked);
    const { status, text } = await takeDelivery(posted, context, deployment.value.snsEndpoint);
    return c.text(text, status);
  } catch (cause) {
    console.error(`request ${stamp.requestId} (a delivery of SNS) failed`, cause);
    return c.text("Service Unavailable", 503);
  }
}

/** Who calls, and which region. Whoever signs nothing is nobody: queues may be open to everyone. */
async function checkSignature(
  request: WireRequest,
  { service }: WireCall,
  { credentials, settings }: Deployment,
  { nowMs }: Stamp,
): Promise<Result<Pick<Signed, "caller" | "region"> & { readonly unsigned?: SqsError }, SqsError>> {
  const findKey = (accessKeyId: string, token: string | undefined) =>
    credentials.find(accessKeyId, token, nowMs);
  const signed = await verifySignature(request, {
    ...{ nowMs, services: [service], findKey },
    secure: request.origin.startsWith("https:"),
  });
  if (signed.ok || signed.error.kind !== "MissingAuthenticationToken") return signed;
  const region = regionOfHost(request.origin) ?? settings.defaultRegion;
  return ok({ caller: anonymous, region, unsigned: signed.error });
}

/** Of a host `sqs.{region}.{domain}`. */
function regionOfHost(origin: string): string | undefined {
  return /^https?:\/\/sqs\.([a-z]{2,}(?:-[a-z]+)+-\d+)\./.exec(origin)?.[1];
}

function shardsOf(c: AppContext): ShardClient {
  return new ShardClient(c.env.QUEUE_SHARD, (promise) => c.executionCtx.waitUntil(promise));
}

/** Our bugs and the platform's failures: the log has the cause, the client only learns whether to come again. */
function faultOf(cause: unknown, asked: string, { requestId }: Stamp): ActionError {
  console.error(`request ${requestId} (${asked}) failed`, cause);
  return cause instanceof ShardUnavailable
    ? sqsError("ServiceUnavailable", "Service Unavailable")
    : sqsError("InternalFailure", "We encountered an internal error. Please try again.");
}
