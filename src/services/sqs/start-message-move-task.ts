import { authorize } from "../../auth/authorize.ts";
import { err, ok } from "../../lib/result.ts";
import { invalidParameter, type SqsError } from "../../queue/errors.ts";
import { limits } from "../../queue/limits.ts";
import { queueArn } from "../../queue/queue-arn.ts";
import { isFifoName } from "../../queue/queue-name.ts";
import type { QueueId, QueueSettings } from "../../queue/settings.ts";
import { integer, optional, required, string } from "../../shapes/shape.ts";
import { queueAction, type RequestContext } from "../action.ts";
import { policyOfQueue } from "../queue-access.ts";
import { admitMoveTask } from "./active-move-tasks.ts";
import { locateByArn, resourceNotFound } from "./queue-by-arn.ts";
import { writeTaskHandle } from "./task-handle.ts";

/**
 * Begins to move a dead-letter queue's messages to the queue that is named, or each back to where it came from. That is
 * to receive, to delete and to send them, and the caller must be allowed all of it: else whoever may start tasks could
 * read every message in a queue of its own.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
 */
export const startMessageMoveTask = queueAction({
  name: "StartMessageMoveTask",
  input: {
    SourceArn: required(string),
    DestinationArn: optional(string),
    MaxNumberOfMessagesPerSecond: optional(integer),
  },
  output: { TaskHandle: optional(string) },
  locate: ({ SourceArn: arn }, { region }) => locateByArn({ parameter: "SourceArn", arn, region }),
  missing: resourceNotFound("SourceArn"),
  run: async ({ input, queue, ...context }) => {
    const source = queue.settings;
    const { DestinationArn: targetArn, MaxNumberOfMessagesPerSecond: rate } = input;
    const problem =
      notAllowed(onSource, { id: source, settings: source }, context) ??
      (targetArn === undefined ? undefined : await missingDestination(targetArn, context)) ??
      (await sourceProblem(source, context)) ??
      (targetArn === undefined ? await noWayBack(source, context) : pairProblem(source, targetArn)) ??
      rateProblem(rate);
    if (problem) return err(problem);

    // The request's own id: however often this runs again, it is the same task.
    const taskId = context.batchId;
    const admitted = await admitMoveTask({ taskId, source, startedAtMs: context.nowMs }, context);
    if (!admitted.ok) return admitted;
    const { accepted } = await queue.call({
      kind: "startMove",
      taskId,
      ...(targetArn === undefined ? undefined : { targetArn }),
      ...(rate === undefined ? undefined : { rate }),
    });
    if (!accepted) return err(alreadyRunning);
    return ok({ TaskHandle: writeTaskHandle({ taskId, sourceArn: queueArn(source) }) });
  },
});

type Context = Pick<RequestContext, "caller" | "facts" | "catalog" | "region">;

/**
 * Beside that to start the task.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
 */
const onSource = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
const onTarget = ["sqs:SendMessage"];

/** @param settings undefined: there is no such queue */
function notAllowed(
  permissions: readonly string[],
  { id, settings }: { readonly id: QueueId; readonly settings: QueueSettings | undefined },
  { caller, facts }: Pick<Context, "caller" | "facts">,
): SqsError | undefined {
  const resource = { arn: queueArn(id), account: id.account, ...policyOfQueue(settings) };
  for (const permission of permissions) {
    const allowed = authorize(caller, { permission, resource, resourceTags: settings?.tags }, facts);
    if (!allowed.ok) return allowed.error;
  }
  return undefined;
}

async function missingDestination(arn: string, context: Context): Promise<SqsError | undefined> {
  const { catalog, region } = context;
  const target = locateByArn({ parameter: "DestinationArn", arn, region });
  if (!target.ok) return target.error;
  // Not from a copy: a task to a queue that another isolate has just deleted would only fail.
  const settings = await catalog.readQueue(target.value);
  const denied = notAllowed(onTarget, { id: target.value, settings }, context);
  return denied ?? (settings ? undefined : resourceNotFound("DestinationArn"));
}

/** Each message goes back to one of the queues whose dead letters these are: to each the caller must be let send. */
async function noWayBack(source: QueueId, context: Context): Promise<SqsError | undefined> {
  const limit = limits.sourcesAtOnce;
  let afterName: string | undefined;
  do {
    const targets = await context.catalog.deadLetterSourceQueues(source, { limit, afterName });
    for (const settings of targets) {
      const denied = notAllowed(onTarget, { id: settings, settings }, context);
      if (denied) return denied;
    }
    afterName = targets.length < limit ? undefined : targets.at(-1)?.name;
  } while (afterName !== undefined);
  return undefined;
}

async function sourceProblem(source: QueueId, { catalog }: Context): Promise<SqsError | undefined> {
  const sources = await catalog.deadLetterSources(source, { limit: 1 });
  if (!sources) return resourceNotFound("SourceArn");
  if (sources.length > 0) return undefined;
  return invalidParameter("Source queue must be configured as a Dead Letter Queue.");
}

function pairProblem(source: QueueId, targetArn: string): SqsError | undefined {
  if (queueArn(source) === targetArn) {
    return invalidParameter("Source queue arn and destination queue arn cannot be the same.");
  }
  if (isFifoName(source.name) === isFifoName(targetArn)) return undefined;
  return invalidParameter("The source queue and destination queue must be of the same queue type.");
}

function rateProblem(rate: number | undefined): SqsError | undefined {
  const { min, max } = limits.moveMessagesPerSecond;
  if (rate === undefined || (rate >= min && rate <= max)) return undefined;
  return invalidParameter(
    "Value for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: You must enter a number that's between 1 and 500.",
  );
}

const alreadyRunning = invalidParameter(
  "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
);
