import { describe, expect, it } from "vitest";
import { authorize } from "../../src/auth/authorize.ts";

const owner = "123456789012";
const queue = { account: owner, arn: "arn:aws:sqs:us-east-1:123456789012:orders" };
const caller = (account: string, arn: string) => ({ account, arn, principalId: "AIDA", accessKeyId: "AKIA" });

describe("authorization without policies", () => {
  it.each([
    ["the owner's root", caller(owner, `arn:aws:iam::${owner}:root`), "SendMessage"],
    ["the owner's root", caller(owner, `arn:aws:iam::${owner}:root`), "DeleteQueue"],
    ["a user of the owner", caller(owner, `arn:aws:iam::${owner}:user/alice`), "SendMessage"],
    ["a user of the owner", caller(owner, `arn:aws:iam::${owner}:user/alice`), "CreateQueue"],
  ])("allows %s to do %s", (_, caller, permission) => {
    expect(authorize({ caller, permission, resource: queue })).toEqual({ ok: true, value: undefined });
  });

  it.each([
    ["arn:aws:iam::210987654321:root", "SendMessage", "sqs:sendmessage"],
    ["arn:aws:iam::210987654321:user/eve", "GetQueueAttributes", "sqs:getqueueattributes"],
    [`arn:aws:iam::${owner}:user/alice`, "ReceiveMessage", "sqs:receivemessage"],
  ])("denies another account: %s, %s", (arn, permission, action) => {
    expect(authorize({ caller: caller("210987654321", arn), permission, resource: queue })).toEqual({
      ok: false,
      error: {
        kind: "AccessDenied",
        message: `User: ${arn} is not authorized to perform: ${action} on resource: arn:aws:sqs:us-east-1:123456789012:orders because no resource-based policy allows the ${action} action`,
      },
    });
  });
});
