import type { Caller } from "../../auth/caller.ts";
import type { RequestFacts } from "../../auth/request-facts.ts";

const SERVICE = "sns.amazonaws.com";

/**
 * SNS as it speaks for a topic: the policies of queues know it by its name, `aws:SourceArn` and `aws:SourceAccount`.
 *
 * @param topic the topic's ARN and account, those of Amazon's SNS as well
 */
export function snsCaller(topic: { readonly arn: string; readonly account: string }): Caller {
  return {
    kind: "service",
    service: SERVICE,
    account: "",
    arn: "",
    userId: SENDER_ID,
    accessKeyId: "",
    policies: [],
    source: topic,
  };
}

/**
 * What conditions may ask of a delivery. It is SNS's own request, so nothing of the publisher's is left: his address
 * must not open a queue that his account cannot use.
 */
export function snsFacts({ nowMs, region }: Pick<RequestFacts, "nowMs" | "region">): RequestFacts {
  return { nowMs, region, sourceIp: undefined, secure: true, userAgent: SERVICE, referer: undefined };
}

/** As consumers saw it on messages that Amazon's SNS sent. */
const SENDER_ID = "AIDAIT2UOQQY3AUEKVGXU";
