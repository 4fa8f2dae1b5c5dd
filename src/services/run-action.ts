import { authorize } from "../auth/authorize.ts";
import { err, type Result } from "../lib/result.ts";
import type { SqsError } from "../queue/errors.ts";
import { queueArn } from "../queue/queue-arn.ts";
import type { QueueId, QueueSettings } from "../queue/settings.ts";
import type { Refusal } from "../shard/calls.ts";
import type { Action, OpenQueue, QueueAction, RequestContext } from "./action.ts";

/** Runs an action whose input has been decoded: finds its queue and asks whether the caller may. */
export async function runAction(
  action: Action,
  context: RequestContext,
  input: unknown,
): Promise<Result<unknown, SqsError>> {
  if (action.scope === "account") return await action.run({ ...context, input: input as never });
  const id = action.locate(input as never, context);
  return id.ok ? await runOnQueue(action, context, input, id.value) : id;
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
): Promise<Result<unknown, SqsError>> {
  const { caller, catalog } = context;
  const allowed = authorize({
    caller,
    permission: action.permission,
    resource: { account: id.account, arn: queueArn(id) },
  });
  if (!allowed.ok) return allowed;
  let settings = await catalog.findQueue(id);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (!settings) return err(action.missing);
    try {
      return await action.run({ ...context, queue: openQueue(settings, context), input: input as never });
    } catch (thrown) {
      if (!(thrown instanceof SettingsChanged)) throw thrown;
      settings = await currentSettings(id, thrown.refusal, context);
    }
  }
  throw new Error(`the settings of queue ${id.account}/${id.name} changed ${ATTEMPTS} times in one request`);
}

function openQueue(settings: QueueSettings, { shards, client, nowMs }: RequestContext): OpenQueue {
  return {
    settings,
    async call(call) {
      const reply = await shards.call(settings, call);
      if (isRefusal(reply)) throw new SettingsChanged(reply);
      return reply as Exclude<typeof reply, Refusal>;
    },
    async receive({ waitMs, ...request }) {
      const reply = await shards.receive(settings, request, { untilMs: nowMs + waitMs, client });
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
