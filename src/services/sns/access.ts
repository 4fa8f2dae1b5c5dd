import { authorize } from "../../auth/authorize.ts";
import type { RequestTags } from "../../auth/request-facts.ts";
import type { Topic, TopicId } from "../../catalog/topic-rows.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import type { RequestContext } from "../action.ts";
import { snsError, topicDoesNotExist } from "./errors.ts";
import { parseTopicArn, topicArn } from "./topic-arn.ts";
import { effectivePolicy } from "./topic-policy.ts";

/** SNS writes its permissions in capitals. */
export type SnsPermission = `SNS:${string}`;

interface Question {
  readonly permission: SnsPermission;
  readonly requestTags?: RequestTags | undefined;
  /** Keys of SNS's own, in lower case. */
  readonly more?: readonly (readonly [key: string, value: string])[];
}

type Asking = Pick<RequestContext, "caller" | "facts">;

/**
 * May the caller do this with a topic? Its policy has a say, the default one as any other.
 *
 * @param topic undefined: there is none of this id, as far as anyone may know
 * @returns `AuthorizationError`
 */
export function mayOnTopic(
  context: Asking,
  { permission, requestTags, more = [] }: Question,
  { id, topic }: { readonly id: TopicId; readonly topic: Topic | undefined },
): Result<void, ServiceError> {
  return may(context, {
    permission,
    arn: topicArn(id),
    account: id.account,
    policy: topic && effectivePolicy(topic),
    boundIds: topic?.policyIds,
    resourceTags: topic && Object.fromEntries(topic.tags),
    requestTags,
    more,
  });
}

/** May the caller do this in its own account? */
export function mayInAccount(
  context: Asking & Pick<RequestContext, "region">,
  permission: SnsPermission,
): Result<void, ServiceError> {
  const { account } = context.caller;
  return may(context, { permission, arn: topicArn({ account, region: context.region, name: "*" }), account });
}

/** May the caller do this with something of SNS that has no policy of its own? */
export function may(
  { caller, facts }: Asking,
  asked: Question & {
    readonly arn: string;
    readonly account: string;
    readonly policy?: string | undefined;
    readonly boundIds?: Readonly<Record<string, string>> | undefined;
    readonly resourceTags?: Readonly<Record<string, string>> | undefined;
  },
): Result<void, ServiceError> {
  const { permission, arn, account, policy, boundIds, resourceTags, requestTags, more = [] } = asked;
  const access = {
    permission,
    resource: { arn, account, policy, boundIds },
    resourceTags,
    requestTags,
    // SNS's own key, which its default policy asks for: the account itself. Its users and roles need a policy of their
    // own, as they do there: the default one would have everybody delete topics, whatever a session is limited to.
    more: new Map([
      ...(caller.kind === "root" ? [["aws:sourceowner", caller.account] as const] : []),
      ...more,
    ]),
  };
  const allowed = authorize(caller, access, facts);
  return allowed.ok ? ok(undefined) : err(snsError("AuthorizationError", allowed.error.message));
}

/**
 * The topic that a request names, if the caller may do this with it. Whether another account has a topic of the name
 * is told to nobody who may not use it.
 *
 * @returns `InvalidParameter`, `AuthorizationError` or `NotFound`
 */
export async function openTopic(
  context: Asking & Pick<RequestContext, "region" | "topics">,
  arn: string,
  question: Question,
): Promise<Result<Topic, ServiceError>> {
  const id = parseTopicArn(arn, context);
  if (!id.ok) return id;
  const topic = await context.topics.read(id.value);
  const allowed = mayOnTopic(context, question, { id: id.value, topic });
  if (!allowed.ok) return allowed;
  return topic ? ok(topic) : err(topicDoesNotExist);
}
