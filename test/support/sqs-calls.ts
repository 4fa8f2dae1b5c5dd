import { exchange, jsonExchange, type Signer, signed } from "./raw-http.ts";
import type { Sqs } from "./sdks.ts";

/** Every action of SQS, called on one queue. */

/** A queue that has something of everything: a message waiting, one in flight, a tag, a statement to remove. */
export interface Target {
  readonly url: string;
  readonly arn: string;
  readonly account: string;
  readonly name: string;
  /** Of the message in flight. */
  readonly handle: string;
  /** A name that no queue has yet. */
  readonly freshName: string;
}

export interface SqsCall {
  readonly name: string;
  /** What it is about, as far as permission goes: its account, or the queue. */
  readonly on: "account" | "queue";
  /** No policy allows it to other accounts. */
  readonly ownerOnly: boolean;
  run(sqs: Sqs, target: Target): Promise<unknown>;
}

/** Of the statement that every target's policy has, where it has one. */
export const removableLabel = "removable";

/**
 * All 23, those on the account first: the others change the queue where they are let in, and DeleteQueue ends it.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-overview-of-managing-access.html
 */
export const sqsCalls: readonly SqsCall[] = [
  onAccount("CreateQueue", (sqs, { freshName }) => sqs.createQueue({ QueueName: freshName })),
  onAccount("ListQueues", (sqs) => sqs.listQueues({})),
  grantable("GetQueueUrl", (sqs, { name, account }) =>
    sqs.getQueueUrl({ QueueName: name, QueueOwnerAWSAccountId: account }),
  ),
  grantable("GetQueueAttributes", (sqs, { url }) =>
    sqs.getQueueAttributes({ QueueUrl: url, AttributeNames: ["All"] }),
  ),
  grantable("ListDeadLetterSourceQueues", (sqs, { url }) =>
    sqs.listDeadLetterSourceQueues({ QueueUrl: url }),
  ),
  grantable("SendMessage", (sqs, { url }) => sqs.sendMessage({ QueueUrl: url, MessageBody: "sent" })),
  grantable("SendMessageBatch", (sqs, { url }) =>
    sqs.sendMessageBatch({ QueueUrl: url, Entries: [{ Id: "1", MessageBody: "sent" }] }),
  ),
  grantable("ReceiveMessage", (sqs, { url }) =>
    sqs.receiveMessage({ QueueUrl: url, VisibilityTimeout: 600 }),
  ),
  grantable("ChangeMessageVisibility", (sqs, { url, handle }) =>
    sqs.changeMessageVisibility({ QueueUrl: url, ReceiptHandle: handle, VisibilityTimeout: 0 }),
  ),
  grantable("ChangeMessageVisibilityBatch", (sqs, { url, handle }) =>
    sqs.changeMessageVisibilityBatch({
      QueueUrl: url,
      Entries: [{ Id: "1", ReceiptHandle: handle, VisibilityTimeout: 0 }],
    }),
  ),
  grantable("DeleteMessage", (sqs, { url, handle }) =>
    sqs.deleteMessage({ QueueUrl: url, ReceiptHandle: handle }),
  ),
  grantable("DeleteMessageBatch", (sqs, { url, handle }) =>
    sqs.deleteMessageBatch({ QueueUrl: url, Entries: [{ Id: "1", ReceiptHandle: handle }] }),
  ),
  grantable("PurgeQueue", (sqs, { url }) => sqs.purgeQueue({ QueueUrl: url })),
  ownerOnly("SetQueueAttributes", (sqs, { url }) =>
    sqs.setQueueAttributes({ QueueUrl: url, Attributes: { DelaySeconds: "1" } }),
  ),
  ownerOnly("TagQueue", (sqs, { url }) => sqs.tagQueue({ QueueUrl: url, Tags: { added: "x" } })),
  ownerOnly("UntagQueue", (sqs, { url }) => sqs.untagQueue({ QueueUrl: url, TagKeys: ["kept"] })),
  ownerOnly("ListQueueTags", (sqs, { url }) => sqs.listQueueTags({ QueueUrl: url })),
  ownerOnly("AddPermission", (sqs, { url }) =>
    sqs.addPermission({
      QueueUrl: url,
      Label: "added",
      AWSAccountIds: ["333333333333"],
      Actions: ["SendMessage"],
    }),
  ),
  ownerOnly("RemovePermission", (sqs, { url }) =>
    sqs.removePermission({ QueueUrl: url, Label: removableLabel }),
  ),
  ownerOnly("StartMessageMoveTask", (sqs, { arn }) => sqs.startMessageMoveTask({ SourceArn: arn })),
  ownerOnly("ListMessageMoveTasks", (sqs, { arn }) => sqs.listMessageMoveTasks({ SourceArn: arn })),
  ownerOnly("CancelMessageMoveTask", (sqs, { arn }) =>
    sqs.cancelMessageMoveTask({ TaskHandle: taskHandle(crypto.randomUUID(), arn) }),
  ),
  ownerOnly("DeleteQueue", (sqs, { url }) => sqs.deleteQueue({ QueueUrl: url })),
];

/** In SQS's own form. */
export function taskHandle(taskId: string, sourceArn: string): string {
  return Buffer.from(JSON.stringify({ taskId, sourceArn })).toString("base64");
}

/**
 * All there is to see of a queue for whoever may see everything; undefined if it does not exist. Bare requests, for
 * it is asked again after every call that was denied.
 */
export async function everythingOf(
  { serverUrl, key }: { readonly serverUrl: string; readonly key: Omit<Signer, "region"> },
  { url, arn }: Pick<Target, "url" | "arn">,
): Promise<unknown> {
  const ask = (action: string, input: object) =>
    exchange(serverUrl, signed(serverUrl, jsonExchange(action, input), { ...key, region: "us-east-1" }));
  const answers = await Promise.all([
    ask("GetQueueAttributes", { QueueUrl: url, AttributeNames: ["All"] }),
    ask("ListQueueTags", { QueueUrl: url }),
    ask("ListMessageMoveTasks", { SourceArn: arn, MaxResults: 10 }),
  ]);
  if (answers[0].headers["x-amzn-query-error"]?.includes("NonExistentQueue")) return undefined;
  for (const { status, body } of answers) if (status !== 200) throw new Error(body);
  const [attributes, tags, moves] = answers.map(({ body }) => JSON.parse(body));
  return { attributes, tags, moves };
}

type Run = SqsCall["run"];

function onAccount(name: string, run: Run): SqsCall {
  return { name, on: "account", ownerOnly: true, run };
}

function grantable(name: string, run: Run): SqsCall {
  return { name, on: "queue", ownerOnly: false, run };
}

function ownerOnly(name: string, run: Run): SqsCall {
  return { name, on: "queue", ownerOnly: true, run };
}
