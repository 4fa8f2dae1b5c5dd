import { expect, it } from "vitest";
import { confirmationUrl } from "../../../../src/services/sns/inbound/confirmation-url.ts";
import { authenticConfirmation, confirmation, host, topicArn } from "./sns-in-hand.ts";

it("a subscription is confirmed at the URL that SNS gives", async () => {
  const wire = confirmation();
  expect(confirmationUrl(await authenticConfirmation(wire))).toEqual({
    ok: true,
    value: wire["SubscribeURL"],
  });
});

it.each([
  { SubscribeURL: `https://evil.com/?Action=ConfirmSubscription&TopicArn=${topicArn}&Token=2336412f37f` },
  { SubscribeURL: `${host}/?Action=ConfirmSubscription&TopicArn=${topicArn}x&Token=2336412f37f` },
  { Token: "other" },
])("nothing is confirmed with %j, though it is signed", async (changes) => {
  const message = await authenticConfirmation(confirmation(changes));
  expect(confirmationUrl(message)).toEqual({
    ok: false,
    error: {
      kind: "NotAuthentic",
      message: "SubscribeURL does not confirm this subscription with the SNS of the topic's region.",
    },
  });
});

it("the end of a subscription is not undone", async () => {
  const message = await authenticConfirmation(confirmation({ Type: "UnsubscribeConfirmation" }));
  expect(confirmationUrl(message)).toMatchObject({ ok: false, error: { kind: "NotAuthentic" } });
});
