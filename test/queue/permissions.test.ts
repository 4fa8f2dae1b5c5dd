import { describe, expect, it } from "vitest";
import { type Grant, grantProblem, withGrant, withoutGrant } from "../../src/queue/permissions.ts";

const queue = { account: "000000000000", region: "us-east-1", name: "orders" };
const arn = "arn:aws:sqs:us-east-1:000000000000:orders";
const grant = (more: Partial<Grant> = {}): Grant => ({
  label: "friends",
  accounts: ["111122223333"],
  actions: ["ReceiveMessage"],
  ...more,
});
const policyOf = (...labels: readonly string[]): string =>
  labels.reduce<string | undefined>((policy, label) => {
    const next = withGrant(policy, grant({ label }), queue);
    if (!next.ok) throw new Error(next.error.message);
    return next.value;
  }, undefined) ?? "";

describe("AddPermission", () => {
  it("writes SQS's own statement, one account and action as plain texts", () => {
    expect(policyOf("friends")).toBe(
      `{"Version":"2008-10-17","Id":"${arn}/SQSDefaultPolicy","Statement":[{"Sid":"friends","Effect":"Allow",` +
        `"Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"SQS:ReceiveMessage","Resource":"${arn}"}]}`,
    );
  });

  it("writes several as lists", () => {
    const many = grant({
      accounts: ["111122223333", "444455556666"],
      actions: ["SendMessage", "DeleteMessage"],
    });
    const policy = withGrant(undefined, many, queue);
    expect(policy.ok && JSON.parse(policy.value).Statement[0]).toMatchObject({
      Principal: { AWS: ["arn:aws:iam::111122223333:root", "arn:aws:iam::444455556666:root"] },
      Action: ["SQS:SendMessage", "SQS:DeleteMessage"],
    });
  });

  it("extends a policy that has one statement and no list, and keeps its frame", () => {
    const own = { Sid: "own", Effect: "Deny", Principal: "*", Action: "sqs:SendMessage", Resource: arn };
    const policy = withGrant(JSON.stringify({ Version: "2012-10-17", Statement: own }), grant(), queue);
    expect(policy.ok && JSON.parse(policy.value)).toMatchObject({
      Version: "2012-10-17",
      Statement: [own, { Sid: "friends" }],
    });
  });

  it("refuses a label that is taken", () => {
    expect(withGrant(policyOf("friends"), grant(), queue)).toMatchObject({
      error: {
        kind: "InvalidParameterValue",
        message: "Value friends for parameter Label is invalid. Reason: Already exists.",
      },
    });
  });

  it("takes the twentieth statement and not the next", () => {
    const nineteen = policyOf(...Array.from({ length: 19 }, (_, i) => `l${i}`));
    const twenty = withGrant(nineteen, grant({ label: "l19" }), queue);
    expect(twenty.ok).toBe(true);
    expect(twenty.ok && withGrant(twenty.value, grant({ label: "l20" }), queue)).toMatchObject({
      error: { kind: "OverLimit", message: "21 Statements were found, maximum allowed is 20." },
    });
  });

  const seven = [
    "SendMessage",
    "ReceiveMessage",
    "DeleteMessage",
    "ChangeMessageVisibility",
    "GetQueueAttributes",
    "GetQueueUrl",
    "PurgeQueue",
  ];

  it.each<[string, Partial<Grant>]>([
    ["one action", {}],
    ["all actions", { actions: ["*"] }],
    ["seven actions", { actions: seven }],
    ["a label of 80 characters", { label: "a-Z_0".repeat(16) }],
  ])("takes %s", (_, more) => {
    expect(grantProblem(grant(more))).toBeUndefined();
  });

  it.each<[Partial<Grant>, string, string]>([
    [
      { actions: ["SendMessageBatch"] },
      "InvalidParameterValue",
      "Value SQS:SendMessageBatch for parameter ActionName is invalid. Reason: Please refer to the appropriate WSDL for a list of valid actions.",
    ],
    [
      { actions: ["SendMessage", "DeleteQueue"] },
      "InvalidParameterValue",
      "Value SQS:DeleteQueue for parameter ActionName is invalid. Reason: Only the queue owner is allowed to invoke this action.",
    ],
    [
      { accounts: ["111122223333", "arn:aws:iam::111122223333:root"] },
      "InvalidParameterValue",
      "Value [arn:aws:iam::111122223333:root] for parameter PrincipalId is invalid. Reason: Unable to verify principal.",
    ],
    [
      { accounts: ["*"] },
      "InvalidParameterValue",
      "Value [*] for parameter PrincipalId is invalid. Reason: Unable to verify principal.",
    ],
    [
      { actions: [...seven, "ListDeadLetterSourceQueues"] },
      "OverLimit",
      "8 Actions were found, maximum allowed is 7.",
    ],
    [
      { label: "a".repeat(81) },
      "InvalidParameterValue",
      `Value ${"a".repeat(81)} for parameter Label is invalid. Reason: Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length`,
    ],
    [{ accounts: [] }, "MissingParameter", "The request must contain the parameter PrincipalId."],
    [{ actions: [] }, "MissingParameter", "The request must contain the parameter ActionName."],
  ])("refuses %j", (more, kind, message) => {
    expect(grantProblem(grant(more))).toEqual({ kind, message });
  });
});

describe("RemovePermission", () => {
  it("takes out the one statement and leaves the others as they are", () => {
    const removed = withoutGrant(policyOf("one", "two", "three"), "two");
    expect(removed).toEqual({ ok: true, value: policyOf("one", "three") });
  });

  it("leaves no policy behind its last statement", () => {
    expect(withoutGrant(policyOf("one"), "one")).toEqual({ ok: true, value: undefined });
  });

  it.each([undefined, policyOf("one")])("does not find a label in %s", (policy) => {
    expect(withoutGrant(policy, "two")).toMatchObject({
      error: {
        kind: "InvalidParameterValue",
        message: "Value two for parameter Label is invalid. Reason: can't find label.",
      },
    });
  });
});
