import { limits } from "../../../queue/limits.ts";

/** The ARN of a topic, and its parts. */
export interface TopicArn {
  readonly arn: string;
  readonly region: string;
  readonly account: string;
  readonly name: string;
}

/**
 * Undefined unless `arn` names a topic as SNS does, in a partition whose SNS answers at `amazonaws.com` or
 * `amazonaws.com.cn`.
 *
 * @see https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
 */
export function parseTopicArn(arn: string): TopicArn | undefined {
  const [, partition, region, account, name] = FORM.exec(arn) ?? [];
  if (region === undefined || account === undefined || name === undefined) return undefined;
  if (partition !== partitionOf(region) || name.length > limits.snsTopicNameLength) return undefined;
  return { arn, region, account, name };
}

/** Where the SNS of the topic's region answers, and keeps its certificates. */
export function snsHost({ region }: TopicArn): string {
  return `sns.${region}.${domainOf(region)}`;
}

/**
 * The names under which SNS signs what it sends from the topic's region. Most regions share the first; those that
 * an account must opt into have a certificate of their own, so that it is good for no other region.
 *
 * Seen in 2026: `sns-signing.af-south-1.amazonaws.com` beside `sns.af-south-1.amazonaws.com`. The forms for
 * GovCloud and China are those that AWS's own validators expect.
 */
export function signingNames(topic: TopicArn): readonly string[] {
  const { region } = topic;
  const names = [snsHost(topic), `sns-signing.${region}.${domainOf(region)}`];
  if (partitionOf(region) === "aws-cn") return [...names, `sns-${region}.amazonaws.com.cn`];
  if (partitionOf(region) === "aws-us-gov") return [...names, "sns-us-gov-west-1.amazonaws.com"];
  return ["sns.amazonaws.com", ...names];
}

const FORM =
  /^arn:(aws|aws-cn|aws-us-gov):sns:([a-z]{2}(?:-[a-z]+){1,2}-\d{1,2}):(\d{12}):([\w-]+(?:\.fifo)?)$/;

function domainOf(region: string): string {
  return partitionOf(region) === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com";
}

function partitionOf(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}
