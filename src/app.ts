import { type Context, Hono } from "hono";
import { anonymous } from "./auth/caller.ts";
import type { RequestFacts } from "./auth/request-facts.ts";
import { type Signed, verifySignature } from "./auth/sigv4.ts";
import { type Deployment, deploymentOf } from "./deployment.ts";
import { sealSecret } from "./encryption/secrets.ts";
import type { Bindings } from "./env.ts";
import { answerHolding, type HeldAnswer } from "./held-answer.ts";
import { ok, type Result } from "./lib/result.ts";
import { awsJson } from "./protocols/aws-json.ts";
import { detect } from "./protocols/detect.ts";
import type { Stamp, WireCall, WireRequest, WireResponse } from "./protocols/protocol.ts";
import { readRequest } from "./protocols/read-request.ts";
import { type ActionError, type SqsError, sqsError } from "./queue/errors.ts";
import type { RequestContext, WaitingClient } from "./services/action.ts";
import { KmsUnavailable } from "./services/kms/external.ts";
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
    if (!service || !action || (call.onQueuePath && action.onlyAtRoot)) {
      return protocol.encodeError(protocol.unknownAction(call.action), stamp);
    }
    const input = call.decode(action.input);
    if (!input.ok) return protocol.encodeError(service.inputError(input.error), stamp);
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
    // By its own name: what the client wrote in its place could be lines of a log.
    const asked = action?.name ?? "of no action";
    return protocol.encodeError(faultOf(cause, asked, stamp), stamp);
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
    const made = { ...deployment.value, caller: anonymous, region, ...stamp, client };
    const posted = {
      headers: c.req.raw.headers,
      body: request.value.body,
      queue: { region, account, name },
      raw: c.req.query("raw") === "true",
      topicArn: c.req.query("topic"),
    };
    const context = contextOf(c, request.value, made);
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
): Promise<Result<Pick<Signed, "caller" | "region">, SqsError>> {
  const findKey = (accessKeyId: string, token: string | undefined) =>
    credentials.find(accessKeyId, token, nowMs);
  const signed = await verifySignature(request, {
    ...{ nowMs, services: [service], findKey },
    secure: request.origin.startsWith("https:"),
  });
  if (signed.ok || signed.error.kind !== "MissingAuthenticationToken") return signed;
  return ok({ caller: anonymous, region: regionOfHost(request.origin) ?? settings.defaultRegion });
}

/** Of a host `sqs.{region}.{domain}`. */
function regionOfHost(origin: string): string | undefined {
  return /^https?:\/\/sqs\.([a-z]{2,}(?:-[a-z]+)+-\d+)\./.exec(origin)?.[1];
}

function factsOf(
  { headers, origin }: WireRequest,
  { settings, region, nowMs }: Deployment & Pick<Signed, "region"> & Stamp,
): RequestFacts {
  return {
    nowMs,
    region,
    sourceIp:
      settings.clientIpHeader === "" ? undefined : (headers.get(settings.clientIpHeader) ?? undefined),
    secure: origin.startsWith("https:"),
    userAgent: headers.get("user-agent") ?? undefined,
    referer: headers.get("referer") ?? undefined,
  };
}

function contextOf(
  c: AppContext,
  request: WireRequest,
  made: Deployment & Pick<Signed, "caller" | "region"> & Stamp & { client: WaitingClient },
): RequestContext {
  const { settings, catalog, dataKeys, bodies, blinding, kms, caller, region, nowMs, client } = made;
  const { headers, origin } = request;
  return {
    caller,
    facts: factsOf(request, made),
    rootAccount: settings.rootAccountId,
    region,
    baseUrl: settings.publicUrl ?? origin,
    batchId: crypto.randomUUID(),
    nowMs,
    traceHeader: headers.get("x-amzn-trace-id") ?? undefined,
    strictTiming: settings.strictTiming,
    ...{ catalog, dataKeys, bodies, blinding, kms },
    identities: made.identities,
    sealSecret: (secret) => sealSecret(made.rootKeys, secret),
    principals: made.principals,
    sessionKeys: made.sessionKeys,
    forgetIdentity: (account) => made.credentials.forgetAccount(account),
    shards: new ShardClient(c.env.QUEUE_SHARD, (promise) => c.executionCtx.waitUntil(promise)),
    topics: made.topics,
    client,
  };
}

/** Our bugs and the platform's failures: the log has the cause, the client only learns whether to come again. */
function faultOf(cause: unknown, asked: string, { requestId }: Stamp): ActionError {
  console.error(`request ${requestId} (${asked}) failed`, cause);
  return cause instanceof ShardUnavailable || cause instanceof KmsUnavailable
    ? sqsError("ServiceUnavailable", "Service Unavailable")
    : sqsError("InternalFailure", "We encountered an internal error. Please try again.");
}
