import { type Accounts, nameOf, ours, queueArn } from "./accounts.ts";
import { everythingOf, type Target } from "./sqs-calls.ts";

/** A queue of ours that others are after, and all there is to see of it. */
export interface Victim extends Target {
  everything(): Promise<unknown>;
}

/** Named `victim`: it has a tag, a message that waits, and one in flight. */
export async function openVictim(
  accounts: Accounts,
  attributes: Readonly<Record<string, string>> = {},
): Promise<Victim> {
  const sqs = accounts.sqs();
  const url = await accounts.createQueue("victim", attributes);
  await sqs.tagQueue({ QueueUrl: url, Tags: { kept: "tag" } });
  for (const MessageBody of ["in flight", "waiting"]) await sqs.sendMessage({ QueueUrl: url, MessageBody });
  const { Messages } = await sqs.receiveMessage({ QueueUrl: url, VisibilityTimeout: 3600 });
  const target = {
    url,
    arn: queueArn("victim"),
    account: ours,
    name: nameOf(url),
    handle: Messages?.[0]?.ReceiptHandle ?? "",
    freshName: "victim-new",
  };
  const asked = { serverUrl: accounts.server.url, key: accounts.admin };
  return { ...target, everything: () => everythingOf(asked, target) };
}
