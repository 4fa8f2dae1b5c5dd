import { randomBytes, randomUUID } from "node:crypto";
import { authorize } from "../../auth/authorize.ts";
import { toBase64Url } from "../../lib/bytes.ts";
import { err, ok } from "../../lib/result.ts";
import { applyChanges, defaultAttributes, firstDifference, parseAttributes } from "../../queue/attributes.ts";
import { type SqsError, sqsError } from "../../queue/errors.ts";
import { asksForFifo } from "../../queue/fifo-attributes.ts";
import { limits } from "../../queue/limits.ts";
import { queueArn } from "../../queue/queue-arn.ts";
import { queueNameProblem } from "../../queue/queue-name.ts";
import { queueUrl } from "../../queue/queue-url.ts";
import type { QueueAttributes } from "../../queue/settings.ts";
import { tagsProblem } from "../../queue/tags.ts";
import { optional, required, string } from "../../shapes/shape.ts";
import { accountAction } from "../action.ts";
import { checkDeadLetterTarget } from "./dead-letter-target.ts";
import { bindPrincipals, withPolicyIds } from "./policy-principals.ts";
import { attributeMap, tagMap } from "./queue-shapes.ts";

/**
 * Creates a queue, or finds the one that a repeated request means.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
 */
export const createQueue = accountAction({
  name: "CreateQueue",
  onlyAtRoot: true,
  concerns: ({ QueueName: name, tags }, { caller: { account }, region }) => ({
    resource: { arn: queueArn({ account, region, name }), account },
    requestTags: tags,
  }),
  input: {
    QueueName: required(string),
    Attributes: optional(attributeMap),
    tags: optional(tagMap, "Tags"),
    // Of the API before 2011; old clients still send it beside today's version.
    DefaultVisibilityTimeout: optional(string),
  },
  output: { QueueUrl: required(string) },
  run: async ({ input, caller, facts, region, baseUrl, nowMs, ...context }) => {
    const { strictTiming, catalog, dataKeys } = context;
    const queue = { account: caller.account, region, name: input.QueueName };
    const requested = requestedAttributes(input);
    const tags = input.tags ?? new Map<string, string>();
    if (tags.size > 0) {
      const resource = { arn: queueArn(queue), account: queue.account };
      const allowed = authorize(caller, { permission: "sqs:TagQueue", resource, requestTags: tags }, facts);
      if (!allowed.ok) return allowed;
    }

    const nameProblem = queueNameProblem(queue.name, asksForFifo(requested));
    if (nameProblem !== undefined) return err(nameProblem);
    const changes = parseAttributes(requested, queue);
    if (!changes.ok) return changes;
    const attributes = applyChanges(defaultAttributes, changes.value);
    if (!attributes.ok) return attributes;
    const tagProblem = tagsProblem(tags, queue.name);
    if (tagProblem !== undefined) return err(tagProblem);

    const answer = ok({ QueueUrl: queueUrl(baseUrl, queue) });
    const answerExisting = (existing: QueueAttributes) => {
      const differing = firstDifference(existing, changes.value);
      return differing === undefined ? answer : err(nameTaken(differing));
    };
    const bound = await bindPrincipals(changes.value, context);
    const problem = bound.ok ? await checkDeadLetterTarget(catalog, changes.value, queue) : bound.error;
    if (problem !== undefined) {
      // Targets and principals only have to be there when the queue is made: a repeated request outlives them.
      const existing = await catalog.readQueue(queue);
      return existing ? answerExisting(existing.attributes) : err(problem);
    }

    const nowSeconds = Math.floor(nowMs / 1000);
    const uid = randomUUID();
    const dataKey = dataKeys.make(uid, nowMs);
    const creation = await catalog.createQueue(
      {
        ...queue,
        uid,
        version: 1,
        createdAtSeconds: nowSeconds,
        modifiedAtSeconds: nowSeconds,
        handleKey: toBase64Url(randomBytes(HANDLE_KEY_BYTES)),
        dataKeyId: dataKey.id,
        attributes: withPolicyIds(attributes.value, changes.value, bound.ok ? bound.value : {}),
      },
      tags,
      strictTiming ? nowMs - limits.strictWaitMs : undefined,
      dataKey,
    );
    if (creation.kind === "deletedRecently") {
      return err(
        sqsError(
          "QueueDeletedRecently",
          "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
        ),
      );
    }
    return creation.kind === "exists" ? answerExisting(creation.settings.attributes) : answer;
  },
});

const HANDLE_KEY_BYTES = 16;

function requestedAttributes(input: {
  readonly Attributes?: ReadonlyMap<string, string> | undefined;
  readonly DefaultVisibilityTimeout?: string | undefined;
}): ReadonlyMap<string, string> {
  const attributes = input.Attributes ?? new Map<string, string>();
  const visibility = input.DefaultVisibilityTimeout;
  if (visibility === undefined || attributes.has("VisibilityTimeout")) return attributes;
  return new Map([...attributes, ["VisibilityTimeout", visibility]]);
}

function nameTaken(differing: string): SqsError {
  return sqsError(
    "QueueNameExists",
    `A queue already exists with the same name and a different value for attribute ${differing}`,
  );
}
