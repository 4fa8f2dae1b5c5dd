import { describe, expect, it } from "vitest";
import { parseWantedAttributes, renderAttributes } from "../../src/queue/attribute-answer.ts";
import { defaultAttributes } from "../../src/queue/attributes.ts";
import type { QueueAttributes } from "../../src/queue/settings.ts";

const settings = (attributes: Partial<QueueAttributes> = {}) => ({
  uid: "u",
  account: "000000000000",
  region: "us-east-1",
  name: "jobs",
  version: 3,
  createdAtSeconds: 1_700_000_000,
  modifiedAtSeconds: 1_700_000_060,
  handleKey: "k",
  attributes: { ...defaultAttributes, ...attributes },
});
const counts = { visible: 1, inFlight: 2, delayed: 3 };
const wanted = (...names: string[]) => {
  const parsed = parseWantedAttributes(names);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
};
const answer = (of: ReturnType<typeof settings>, ...names: string[]) =>
  Object.fromEntries(renderAttributes(of, wanted(...names), counts));

const plain = {
  ApproximateNumberOfMessages: "1",
  ApproximateNumberOfMessagesNotVisible: "2",
  ApproximateNumberOfMessagesDelayed: "3",
  CreatedTimestamp: "1700000000",
  LastModifiedTimestamp: "1700000060",
  QueueArn: "arn:aws:sqs:us-east-1:000000000000:jobs",
  DelaySeconds: "0",
  MaximumMessageSize: "1048576",
  MessageRetentionPeriod: "345600",
  ReceiveMessageWaitTimeSeconds: "0",
  VisibilityTimeout: "30",
  SqsManagedSseEnabled: "true",
};

describe("All", () => {
  it("of a plain queue is twelve attributes", () => {
    expect(answer(settings(), "All")).toEqual(plain);
  });

  it("adds what is set", () => {
    const set = { Policy: "{ }", RedrivePolicy: "{  }", RedriveAllowPolicy: "{}", KmsMasterKeyId: "k" };
    const queue = settings({
      policy: set.Policy,
      redrivePolicy: set.RedrivePolicy,
      redriveAllowPolicy: set.RedriveAllowPolicy,
      kmsMasterKeyId: set.KmsMasterKeyId,
      sqsManagedSse: false,
    });
    expect(answer(queue, "All")).toEqual({
      ...plain,
      ...set,
      SqsManagedSseEnabled: "false",
      KmsDataKeyReusePeriodSeconds: "300",
    });
  });

  it("of a FIFO queue is sixteen", () => {
    const fifo = {
      contentBasedDeduplication: true,
      deduplicationScope: "messageGroup",
      throughputLimit: "perMessageGroupId",
    } as const;
    expect(answer(settings({ fifo }), "All")).toEqual({
      ...plain,
      FifoQueue: "true",
      ContentBasedDeduplication: "true",
      DeduplicationScope: "messageGroup",
      FifoThroughputLimit: "perMessageGroupId",
    });
  });

  it("wins over names beside it", () => {
    expect(answer(settings(), "DelaySeconds", "All")).toEqual(plain);
  });
});

describe("single names", () => {
  it("are answered alone", () => {
    expect(answer(settings(), "QueueArn", "DelaySeconds", "QueueArn")).toEqual({
      QueueArn: plain.QueueArn,
      DelaySeconds: "0",
    });
  });

  it("of attributes that are not set have no answer", () => {
    const names = [
      "Policy",
      "KmsMasterKeyId",
      "FifoQueue",
      "ContentBasedDeduplication",
      "DeduplicationScope",
      "FifoThroughputLimit",
    ];
    expect(
      answer(settings({ kmsDataKeyReuseSeconds: 60 }), ...names, "KmsDataKeyReusePeriodSeconds"),
    ).toEqual({});
  });

  it.each(["", "all", "delaySeconds", "constructor", "ApproximateNumberOfMessagesVisible"])(
    "may not be %j",
    (name) => {
      expect(parseWantedAttributes(["All", name])).toEqual({
        ok: false,
        error: { kind: "InvalidAttributeName", message: `Unknown Attribute ${name}.` },
      });
    },
  );
});
