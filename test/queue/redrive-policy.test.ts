import { describe, expect, it } from "vitest";
import { defaultAttributes } from "../../src/queue/attributes.ts";
import {
  canonicalRedrivePolicy,
  deadLetterProblem,
  parseRedrivePolicy,
} from "../../src/queue/redrive-policy.ts";
import type { QueueSettings } from "../../src/queue/settings.ts";

const arn = "arn:aws:sqs:us-east-1:000000000000:dead";
const target = { account: "000000000000", region: "us-east-1", name: "dead" };
const source = { ...target, name: "jobs" };

describe("a redrive policy", () => {
  it.each([
    [`{"deadLetterTargetArn":"${arn}","maxReceiveCount":1}`, 1],
    [`{"deadLetterTargetArn":"${arn}","maxReceiveCount":1000}`, 1000],
    [`{ "maxReceiveCount": "5", "deadLetterTargetArn": "${arn}" }`, 5],
  ])("may be %s", (text, maxReceiveCount) => {
    expect(parseRedrivePolicy(text)).toEqual({ ok: true, value: { target, maxReceiveCount } });
  });

  it.each(["x", "[]", "5", "null", `{"a":"${" ".repeat(8192)}"}`])("must be a JSON map: %.20s", (text) => {
    expect(parseRedrivePolicy(text)).toEqual({
      ok: false,
      error: {
        kind: "InvalidAttributeValue",
        message:
          "Invalid value for the parameter RedrivePolicy. Reason: Redrive policy is not a valid JSON map.",
      },
    });
  });

  const count = (v: string) =>
    `Invalid value for maxReceiveCount: ${v}, valid values are from 1 to 1000 both inclusive.`;
  it.each([
    ["{}", "Redrive policy does not contain mandatory attribute: maxReceiveCount."],
    [
      `{"deadLetterTargetArn":"${arn}"}`,
      "Redrive policy does not contain mandatory attribute: maxReceiveCount.",
    ],
    [
      '{"maxReceiveCount":0,"x":1}',
      "Redrive policy does not contain mandatory attribute: deadLetterTargetArn.",
    ],
    [
      `{"maxReceiveCount":0,"deadLetterTargetArn":"${arn}","x":1}`,
      "Only following attributes are supported: [maxReceiveCount, deadLetterTargetArn].",
    ],
    [`{"maxReceiveCount":0,"deadLetterTargetArn":"x"}`, count("0")],
    [`{"maxReceiveCount":1001,"deadLetterTargetArn":"${arn}"}`, count("1001")],
    [`{"maxReceiveCount":1.5,"deadLetterTargetArn":"${arn}"}`, count("1.5")],
    [`{"maxReceiveCount":"0","deadLetterTargetArn":"${arn}"}`, count("0")],
    [`{"maxReceiveCount":"five","deadLetterTargetArn":"${arn}"}`, count("five")],
    [`{"maxReceiveCount":" 5","deadLetterTargetArn":"${arn}"}`, count(" 5")],
    [`{"maxReceiveCount":null,"deadLetterTargetArn":"${arn}"}`, count("null")],
    [`{"maxReceiveCount":[5],"deadLetterTargetArn":"${arn}"}`, count("[5]")],
    [
      '{"maxReceiveCount":5,"deadLetterTargetArn":"arn:aws:sns:us-east-1:000000000000:dead"}',
      "Only SQS queues are valid resources for deadLetterTargetArn.",
    ],
    [
      '{"maxReceiveCount":5,"deadLetterTargetArn":7}',
      "Only SQS queues are valid resources for deadLetterTargetArn.",
    ],
  ])("is refused, in SQS's order: %s", (text, reason) => {
    expect(parseRedrivePolicy(text)).toEqual({
      ok: false,
      error: {
        kind: "InvalidParameterValue",
        message: `Value ${text} for parameter RedrivePolicy is invalid. Reason: ${reason}`,
      },
    });
  });

  it("is the same with its count as a number or as text", () => {
    const asNumber = canonicalRedrivePolicy(`{"deadLetterTargetArn":"${arn}","maxReceiveCount":5}`);
    expect(canonicalRedrivePolicy(`{"maxReceiveCount":"5","deadLetterTargetArn":"${arn}"}`)).toBe(asNumber);
    expect(canonicalRedrivePolicy(`{"maxReceiveCount":"6","deadLetterTargetArn":"${arn}"}`)).not.toBe(
      asNumber,
    );
  });
});

describe("a dead-letter queue", () => {
  const queue = (id: Partial<QueueSettings>, redriveAllowPolicy?: string): QueueSettings => ({
    ...target,
    uid: "u",
    version: 1,
    createdAtSeconds: 1,
    modifiedAtSeconds: 1,
    handleKey: "k",
    attributes: redriveAllowPolicy ? { ...defaultAttributes, redriveAllowPolicy } : defaultAttributes,
    ...id,
  });
  const reason = (dead: QueueSettings | undefined, of = source) =>
    deadLetterProblem("{P}", { source: of, target: dead })?.message;
  const refused = (text: string) => `Value {P} for parameter RedrivePolicy is invalid. Reason: ${text}`;

  it("must exist, in the same account and region", () => {
    expect(reason(queue({}))).toBeUndefined();
    const missing = refused("Dead letter target does not exist.");
    expect(reason(undefined)).toBe(missing);
    expect(reason(queue({ account: "111111111111" }))).toBe(missing);
    expect(reason(queue({ region: "eu-west-1" }))).toBe(missing);
  });

  it("must be of the source's type", () => {
    const different = refused("Dead-letter queue must be same type of queue as the source..");
    const fifoSource = { ...source, name: "jobs.fifo" };
    expect(reason(queue({ name: "dead.fifo" }))).toBe(different);
    expect(reason(queue({}), fifoSource)).toBe(different);
    expect(reason(queue({ name: "dead.fifo" }), fifoSource)).toBeUndefined();
  });

  it("must allow the source", () => {
    const denied = refused("The dead-letter queue does not allow this queue as a source.");
    const byQueue = (name: string) =>
      `{"redrivePermission":"byQueue","sourceQueueArns":["arn:aws:sqs:us-east-1:000000000000:${name}"]}`;
    expect(reason(queue({}, '{"redrivePermission":"allowAll"}'))).toBeUndefined();
    expect(reason(queue({}, '{"redrivePermission":"denyAll"}'))).toBe(denied);
    expect(reason(queue({}, byQueue("jobs")))).toBeUndefined();
    expect(reason(queue({}, byQueue("others")))).toBe(denied);
  });
});
