import { accessDenied, authorize } from "../auth/authorize.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { type ActionError, type SqsError, sqsError } from "../queue/errors.ts";
import { queueArn } from "../queue/queue-arn.ts";
import type { QueueId, QueueSettings } from "../queue/settings.ts";
import type { Refusal } from "../shard/calls.ts";
import type { AccountAction, Action, OpenQueue, QueueAction, RequestContext } from "./action.ts";
import { policyOfQueue } from "./queue-access.ts";

/** Runs an action whose input has been decoded: finds its queue and asks whether the caller may. */
export async function runAction(
  action: Action,
  context: RequestContext,
  input: unknown,
): Promise<Result<unknown, ActionError>> {
  if (action.scope === "account") {
    const allowed = mayOnAccount(action, context, input);
    return allowed.ok ? await action.run({ ...context, input: input as never }) : allowed;
  }
  const id = action.locate(input as never, context);
  if (!id.ok) return context.caller.kind === "anonymous" ? err(missingToken) : id;
  return await runOnQueue(action, context, input, id.value);
}

/**
 * Settings may change between the look-up and the shard. The shard says so before anything is done, and the
 * action begins again with what is true now. More than a few times in one request is not to be expected.
 */
const ATTEMPTS = 5;

async function runOnQueue(
  action: QueueAction,
  context: RequestContext,
  input: unknown,
  id: QueueId,
): Promise<Result<unknown, ActionError>> {
  const { catalog } = context;
  let certain = !action.asksShardFirst;
  let settings = certain ? await catalog.readQueue(id) : await catalog.findQueue(id);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    let allowed = mayOnQueue(action, context, input, { id, settings });
    if (!allowed.ok && settings && !certain) {
      // A copy may deny what was allowed a moment ago. A copy that allows too much is found out by the shard.
      settings = await catalog.readQueue(id);
      certain = true;
      allowed = mayOnQueue(action, context, input, { id, settings });
    }
    if (!allowed.ok) return allowed;
    if (!settings) return err(action.missing);
    try {
      const queue = openQueue(settings, context);
      const result = await action.run({ ...context, queue, input: input as never });
      if (certain || result.ok || !result.error.kind.startsWith("Kms")) return result;
      // A copy may name a key that was exchanged for another a moment ago.
      const current = await catalog.readQueue(id);
      if (current?.uid === settings.uid && current.version === settings.version) return result;
      settings = current;
      certain = true;
    } catch (thrown) {
      if (!(thrown instanceof SettingsChanged)) throw thrown;
      settings = await currentSettings(id, thrown.refusal, context);
    }
  }
  throw new Error(`the settings of queue ${id.account}/${id.name} changed ${ATTEMPTS} times in one request`);
}

function mayOnAccount(
  { concerns, permission }: AccountAction,
  context: RequestContext,
  input: unknown,
): Result<void, SqsError> {
  const { caller, facts } = context;
  if (caller.kind === "anonymous") return err(missingToken);
  if (concerns === "askedInRun") return ok(undefined);
  return authorize(caller, { permission, ...concerns(input as never, context) }, facts);
}

/** The same answer whether another account's queue is not there, or not for the caller. */
function mayOnQueue(
  action: QueueAction,
  { caller, facts }: RequestContext,
  input: unknown,
  { id, settings }: { readonly id: QueueId; readonly settings: QueueSettings | undefined },
): Result<void, SqsError> {
  const resource = { arn: queueArn(id), account: id.account, ...policyOfQueue(settings) };
  const access = {
    permission: action.permission,
    resource,
    requestTags: action.requestTags?.(input as never),
    resourceTags: settings?.tags,
  };
  const foreign = caller.account !== id.account;
  const allowed =
    foreign && action.ownerOnly
      ? err(accessDenied(caller, access, { reason: "implicit", by: "resource" }))
      : authorize(caller, access, facts);
  if (caller.kind === "anonymous") return allowed.ok && !isEncrypted(settings) ? allowed : err(missingToken);
  if (allowed.ok) return allowed;
  return foreign && action.deniedToOthers ? err(action.deniedToOthers) : allowed;
}

/**
 * Whoever uses an encrypted queue has to sign, though its policy be open to everyone.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-server-side-encryption.html
 */
function isEncrypted(settings: QueueSettings | undefined): boolean {
  const { sqsManagedSse, kmsMasterKeyId } = settings?.attributes ?? {};
  return sqsManagedSse !== false || kmsMasterKeyId !== undefined;
}

const missingToken = sqsError("MissingAuthenticationToken", "Request is missing Authentication Token");

function openQueue(settings: QueueSettings, { shards, client, nowMs }: RequestContext): OpenQueue {
  return {
    settings,
    async call(call) {
      const reply = await shards.call(settings, call);
      if (isRefusal(reply)) throw new SettingsChanged(reply);
      return reply as Exclude<typeof reply, Refusal>;
    },
    async receive({ waitMs, mayStill, ...request }) {
      const wait = { untilMs: nowMs + waitMs, client, mayStill };
      const reply = await shards.receive(settings, request, wait);
      if (isRefusal(reply)) throw new SettingsChanged(reply);
      return reply;
    },
  };
}

/** What the queue's settings are by now; undefined if it is gone. */
async function currentSettings(
  id: QueueId,
  refusal: Refusal,
  { catalog, shards }: RequestContext,
): Promise<QueueSettings | undefined> {
  if (refusal.kind === "stale") {
    catalog.remember(refusal.settings);
    return refusal.settings;
  }
  const settings = await catalog.readQueue(id);
  if (!settings) return undefined;
  return (await shards.configure(settings)) ? settings : undefined;
}

/** Unwinds an action to the place that can run it again. Not an error: no client and no log ever sees it. */
class SettingsChanged extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super("the shard has other settings");
    this.refusal = refusal;
  }
}

function isRefusal(reply: { readonly kind: string }): reply is Refusal {
  return reply.kind === "stale" || reply.kind === "unconfigured";
}
