import { expect, it } from "vitest";
import { parseQueueArn, queueArn } from "../../src/queue/queue-arn.ts";

const account = "000000000000";

it.each([
  ["us-east-1", "arn:aws:sqs:us-east-1:000000000000:q"],
  ["cn-north-1", "arn:aws-cn:sqs:cn-north-1:000000000000:q"],
  ["us-gov-west-1", "arn:aws-us-gov:sqs:us-gov-west-1:000000000000:q"],
])("a queue in %s is %s", (region, arn) => {
  const queue = { account, region, name: "q" };
  expect(queueArn(queue)).toBe(arn);
  expect(parseQueueArn(arn)).toEqual(queue);
});

it.each([
  "",
  "q",
  "arn:aws:sns:us-east-1:000000000000:q",
  "arn:aws:sqs::000000000000:q",
  "arn:aws:sqs:us-east-1::q",
  "arn:aws:sqs:us-east-1:00000000000:q",
  "arn:aws:sqs:us-east-1:000000000000:",
  "arn:aws:sqs:us-east-1:000000000000:*",
  "arn:aws:sqs:us-east-1:000000000000:q:more",
  "arn:aws-cn:sqs:us-east-1:000000000000:q",
])("%j is no queue's ARN", (arn) => {
  expect(parseQueueArn(arn)).toBeUndefined();
});
