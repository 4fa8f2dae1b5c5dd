import { describe, expect, it } from "vitest";
import { parseTopicArn, signingNames, snsHost } from "../../../../src/services/sns/inbound/topic-arn.ts";
import { topicOf } from "./sns-in-hand.ts";

describe("a topic's ARN", () => {
  it("names region, account and topic", () => {
    const arn = "arn:aws:sns:us-east-1:123456789012:My-Topic_1";
    expect(parseTopicArn(arn)).toEqual({
      arn,
      region: "us-east-1",
      account: "123456789012",
      name: "My-Topic_1",
    });
  });

  it.each([
    "arn:aws:sns:ap-southeast-7:123456789012:t",
    "arn:aws-us-gov:sns:us-gov-west-1:123456789012:t",
    "arn:aws-cn:sns:cn-northwest-1:123456789012:t",
    "arn:aws:sns:us-east-1:123456789012:t.fifo",
    `arn:aws:sns:us-east-1:123456789012:${"t".repeat(256)}`,
    `arn:aws:sns:us-east-1:123456789012:${"t".repeat(251)}.fifo`,
  ])("may be %s", (arn) => {
    expect(parseTopicArn(arn)?.arn).toBe(arn);
  });

  it.each([
    "",
    "arn:aws:sqs:us-east-1:123456789012:t",
    "arn:aws:sns:us-east-1:123456789012",
    "arn:aws:sns:us-east-1:123456789012:",
    "arn:aws:sns:us-east-1:12345678901:t",
    "arn:aws:sns:us-east-1:1234567890123:t",
    "arn:aws:sns:us-east-1:123456789012:t:c9135db0",
    "arn:aws:sns:us-east-1:123456789012:a/b",
    "arn:aws:sns:us-east-1:123456789012:t.fifo.fifo",
    `arn:aws:sns:us-east-1:123456789012:${"t".repeat(257)}`,
    `arn:aws:sns:us-east-1:123456789012:${"t".repeat(252)}.fifo`,
    "arn:aws:sns:us-east-1:123456789012:t\n",
    " arn:aws:sns:us-east-1:123456789012:t",
    "arn:aws:sns:US-EAST-1:123456789012:t",
    "arn:aws:sns:us-east-1.evil.com/:123456789012:t",
    "arn:aws:sns:evil:123456789012:t",
    "arn:aws:sns::123456789012:t",
    "arn:aws-iso:sns:us-iso-east-1:123456789012:t",
    "arn:aws:sns:cn-north-1:123456789012:t",
    "arn:aws-cn:sns:us-east-1:123456789012:t",
    "arn:aws:sns:us-gov-west-1:123456789012:t",
    "arn:aws-us-gov:sns:us-west-1:123456789012:t",
  ])("may not be %j", (arn) => {
    expect(parseTopicArn(arn)).toBeUndefined();
  });
});

it.each([
  [
    "arn:aws:sns:us-east-1:123456789012:t",
    "sns.us-east-1.amazonaws.com",
    ["sns.amazonaws.com", "sns.us-east-1.amazonaws.com", "sns-signing.us-east-1.amazonaws.com"],
  ],
  [
    "arn:aws-us-gov:sns:us-gov-east-1:123456789012:t",
    "sns.us-gov-east-1.amazonaws.com",
    [
      "sns.us-gov-east-1.amazonaws.com",
      "sns-signing.us-gov-east-1.amazonaws.com",
      "sns-us-gov-west-1.amazonaws.com",
    ],
  ],
  [
    "arn:aws-cn:sns:cn-north-1:123456789012:t",
    "sns.cn-north-1.amazonaws.com.cn",
    [
      "sns.cn-north-1.amazonaws.com.cn",
      "sns-signing.cn-north-1.amazonaws.com.cn",
      "sns-cn-north-1.amazonaws.com.cn",
    ],
  ],
])("the SNS of %s has a host and names of its own", (arn, host, names) => {
  expect(snsHost(topicOf(arn))).toBe(host);
  expect(signingNames(topicOf(arn))).toEqual(names);
});
