import { describe, expect, it } from "vitest";
import { parseRedriveAllowPolicy } from "../../src/queue/redrive-allow-policy.ts";

const arns = (count: number) =>
  Array.from({ length: count }, (_, i) => `arn:aws:sqs:us-east-1:000000000000:q${i}`);
const byQueue = (count: number) =>
  JSON.stringify({ redrivePermission: "byQueue", sourceQueueArns: arns(count) });

describe("a redrive allow policy", () => {
  it.each([
    ['{"redrivePermission":"allowAll"}', "allowAll", []],
    ['{"redrivePermission":"denyAll","sourceQueueArns":[]}', "denyAll", []],
    [byQueue(1), "byQueue", arns(1)],
    [byQueue(10), "byQueue", arns(10)],
  ])("may be %s", (text, permission, sources) => {
    expect(parseRedriveAllowPolicy(text)).toEqual({ ok: true, value: { permission, sources } });
  });

  it.each([
    "x",
    "[]",
    "{}",
    '{"redrivePermission":"some"}',
    '{"redrivePermission":"allowall"}',
    '{"redrivePermission":"allowAll","x":1}',
    '{"redrivePermission":"byQueue","sourceQueueArns":"arn:aws:sqs:us-east-1:000000000000:q"}',
    '{"redrivePermission":"byQueue","sourceQueueArns":[1]}',
    '{"redrivePermission":"byQueue","sourceQueueArns":["q"]}',
    `{"redrivePermission":"allowAll"${" ".repeat(8192)}}`,
  ])("must have the supported format: %.60s", (text) => {
    expect(parseRedriveAllowPolicy(text)).toEqual({
      ok: false,
      error: {
        kind: "InvalidAttributeValue",
        message:
          "Invalid value for the parameter RedriveAllowPolicy. Reason: Amazon SQS can't create the redrive allow policy, as it’s in an unsupported format.",
      },
    });
  });

  const needsArns =
    "When you specify the byQueue permission type, you must also specify one or more sourceQueueArns values.";
  it.each([
    ['{"redrivePermission":"byQueue"}', needsArns],
    [byQueue(0), needsArns],
    [byQueue(11), "The maximum number of source queue ARNs you can specify is 10."],
    [
      byQueue(1).replace("byQueue", "allowAll"),
      "To specify one or more source queue ARNs, you must set redrivePermission to byQueue.",
    ],
    [
      byQueue(1).replace("byQueue", "denyAll"),
      "To specify one or more source queue ARNs, you must set redrivePermission to byQueue.",
    ],
  ])("names its sources exactly when it is by queue: %.60s", (text, reason) => {
    expect(parseRedriveAllowPolicy(text)).toEqual({
      ok: false,
      error: {
        kind: "InvalidParameterValue",
        message: `Value ${text} for parameter RedriveAllowPolicy is invalid. Reason: Amazon SQS can't create the redrive allow policy. ${reason}`,
      },
    });
  });
});
