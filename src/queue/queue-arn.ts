import { isQueueName } from "./queue-name.ts";
import { isAccountId } from "./queue-url.ts";
import type { QueueId } from "./settings.ts";

/** `arn:{partition}:sqs:{region}:{account}:{name}` */
export function queueArn(queue: QueueId): string {
  return `arn:${partitionOf(queue.region)}:sqs:${queue.region}:${queue.account}:${queue.name}`;
}

/** Undefined unless `arn` is one that `queueArn` writes. */
export function parseQueueArn(arn: string): QueueId | undefined {
  const [, , , region = "", account = "", name = ""] = arn.split(":");
  if (region === "" || !isAccountId(account) || !isQueueName(name)) return undefined;
  const queue = { account, region, name };
  return queueArn(queue) === arn ? queue : undefined;
}

function partitionOf(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  if (region.startsWith("us-gov-")) return "aws-us-gov";
  return "aws";
}
