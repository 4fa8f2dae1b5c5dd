import { KMS } from "@aws-sdk/client-kms";
import type { Message } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningServer } from "../../scripts/server.ts";
import {
  Accounts,
  json,
  type Key,
  nameOf,
  ours,
  policyOf,
  query,
  queueArn,
  region,
  theirs,
  type User,
} from "../support/accounts.ts";
import { policyTo } from "../support/callers.ts";
import { type FlakyFront, startFlakyFront } from "../support/flaky-front.ts";
import { faultOf } from "../support/sdks.ts";
import { startTestServer } from "../support/server.ts";

/** Queues whose messages are sealed under a KMS key: who may send and receive, and what becomes of them. */

let server: RunningServer;
let accounts: Accounts;

beforeAll(async () => {
  // As in a deployment: there a poll that waited has its error answered.
  server = await startTestServer({ settings: { PROBE_CLIENTS: "off" } });
  accounts = await Accounts.on(server);
});
afterAll(() => server?.stop());

const keyArn = (keyId: string, account: string = ours) => `arn:aws:kms:${region}:${account}:key/${keyId}`;
const allowAll = policyTo("Allow", "*");

/** What key policies begin with: the account's own policies decide, too. */
const delegation = {
  Effect: "Allow",
  Principal: { AWS: `arn:aws:iam::${ours}:root` },
  Action: "kms:*",
  Resource: "*",
};

/** @returns its id */
async function createKey(
  input: { readonly Policy?: string } = {},
  by: Key = accounts.admin,
): Promise<string> {
  const { KeyMetadata } = await accounts.kms(by).createKey(input);
  return KeyMetadata?.KeyId ?? "";
}

/** @returns its URL */
const createQueue = (KmsMasterKeyId: string, more: Readonly<Record<string, string>> = {}, name?: string) =>
  accounts.createQueue(name, { KmsMasterKeyId, ...more });

const send = (QueueUrl: string, MessageBody: string, key: Key = accounts.admin) =>
  accounts.sqs(key).sendMessage({ QueueUrl, MessageBody });

async function receive(QueueUrl: string, key: Key = accounts.admin, more: object = {}): Promise<Message[]> {
  const { Messages = [] } = await accounts.sqs(key).receiveMessage({
    ...{ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 0 },
    ...{ MessageSystemAttributeNames: ["All"], ...more },
  });
  return Messages;
}

const bodiesIn = async (QueueUrl: string, key?: Key) =>
  (await receive(QueueUrl, key)).map(({ Body }) => Body).sort();

/** What is refused, of everything that reads and writes messages. */
async function faultsOf(QueueUrl: string, key: Key = accounts.admin) {
  const Entries = [
    { Id: "a", MessageBody: "a" },
    { Id: "b", MessageBody: "b" },
  ];
  return {
    send: await faultOf(send(QueueUrl, "x", key)),
    batch: await faultOf(accounts.sqs(key).sendMessageBatch({ QueueUrl, Entries })),
    receive: await faultOf(receive(QueueUrl, key)),
    poll: await faultOf(receive(QueueUrl, key, { WaitTimeSeconds: 20 })),
  };
}

const everywhere = (fault: object) => ({
  ...{ send: expect.objectContaining(fault), batch: expect.objectContaining(fault) },
  ...{ receive: expect.objectContaining(fault), poll: expect.objectContaining(fault) },
});

async function messagesIn(QueueUrl: string) {
  const { Attributes = {} } = await accounts.sqs().getQueueAttributes({ QueueUrl, AttributeNames: ["All"] });
  const { ApproximateNumberOfMessages: waiting, ApproximateNumberOfMessagesNotVisible: leased } = Attributes;
  return { waiting, leased };
}

describe.each([json, query])("a queue that names its key, through the $name SDK", (sdk) => {
  const sqs = () => accounts.sqs(accounts.admin, sdk);

  it.each(["key id", "key ARN", "alias", "alias ARN", "alias/aws/sqs"])(
    "by %s keeps messages",
    async (by) => {
      const KeyId = await createKey();
      const alias = `alias/${accounts.fresh("by")}`;
      await accounts.kms().createAlias({ AliasName: alias, TargetKeyId: KeyId });
      const names: Record<string, string> = {
        "key id": KeyId,
        "key ARN": keyArn(KeyId),
        alias,
        "alias ARN": `arn:aws:kms:${region}:${ours}:${alias}`,
        "alias/aws/sqs": "alias/aws/sqs",
      };
      const QueueUrl = await createQueue(names[by] ?? "");
      await sqs().sendMessage({ QueueUrl, MessageBody: "alone" });
      const Entries = ["a", "b", "c"].map((Id) => ({ Id, MessageBody: Id }));
      expect((await sqs().sendMessageBatch({ QueueUrl, Entries })).Successful).toHaveLength(3);
      const { Messages = [] } = await sqs().receiveMessage({ QueueUrl, MaxNumberOfMessages: 10 });
      expect(Messages.map(({ Body }) => Body).sort()).toEqual(["a", "alone", "b", "c"]);
    },
  );

  it("that is not there refuses with KMS's words", async () => {
    const keyId = "11111111-2222-3333-4444-555555555555";
    for (const [name, text] of [
      [keyId, `Key '${keyArn(keyId)}' does not exist`],
      ["alias/nobody", `Alias arn:aws:kms:${region}:${ours}:alias/nobody is not found.`],
      ["nonsense", "Invalid keyId 'nonsense'"],
    ] as const) {
      const QueueUrl = await createQueue(name);
      const fault = {
        code: "KMS.NotFoundException",
        status: 400,
        message: expect.stringContaining(
          `${text} (Service: AWSKMS; Status Code: 400; Error Code: NotFoundException; Request ID: `,
        ),
      };
      expect(await faultOf(sqs().sendMessage({ QueueUrl, MessageBody: "x" }))).toMatchObject(fault);
      expect(await faultOf(sqs().receiveMessage({ QueueUrl }))).toMatchObject(fault);
      expect(await messagesIn(QueueUrl)).toEqual({ waiting: "0", leased: "0" });
    }
  });
});

describe("the state of its key", () => {
  it("stops all when it is disabled, and every message is there when it is enabled", async () => {
    const KeyId = await createKey();
    const QueueUrl = await createQueue(KeyId, { KmsDataKeyReusePeriodSeconds: "86400" });
    await send(QueueUrl, "before");
    await accounts.kms().disableKey({ KeyId });
    const fault = {
      code: "KMS.DisabledException",
      message: expect.stringContaining(`${keyArn(KeyId)} is disabled. (Service: AWSKMS;`),
    };
    expect(await faultsOf(QueueUrl)).toEqual(everywhere(fault));
    expect(await messagesIn(QueueUrl)).toEqual({ waiting: "1", leased: "0" });
    await accounts.kms().enableKey({ KeyId });
    await send(QueueUrl, "after");
    const messages = await receive(QueueUrl);
    expect(messages.map(({ Body }) => Body).sort()).toEqual(["after", "before"]);
    // What was refused did not count as received.
    expect(messages.map(({ Attributes }) => Attributes?.ApproximateReceiveCount)).toEqual(["1", "1"]);
  });

  it("stops all while it is to be deleted, until that is cancelled and it is enabled", async () => {
    const KeyId = await createKey();
    const QueueUrl = await createQueue(keyArn(KeyId));
    await send(QueueUrl, "before");
    await accounts.kms().scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 });
    const pending = {
      code: "KMS.InvalidStateException",
      message: expect.stringContaining("pending deletion"),
    };
    expect(await faultsOf(QueueUrl)).toEqual(everywhere(pending));
    await accounts.kms().cancelKeyDeletion({ KeyId });
    expect(await faultsOf(QueueUrl)).toEqual(everywhere({ code: "KMS.DisabledException" }));
    await accounts.kms().enableKey({ KeyId });
    expect(await bodiesIn(QueueUrl)).toEqual(["before"]);
  });

  it("and its rotation do not keep messages from being read", async () => {
    const KeyId = await createKey();
    const QueueUrl = await createQueue(KeyId);
    await send(QueueUrl, "before");
    await accounts.kms().rotateKeyOnDemand({ KeyId });
    await send(QueueUrl, "after");
    expect(await bodiesIn(QueueUrl)).toEqual(["after", "before"]);
  });
});

describe("who may", () => {
  const denied = (user: User, action: string) => ({
    code: "KMS.AccessDeniedException",
    status: 400,
    message: expect.stringContaining(
      `User: ${user.arn} is not authorized to perform: kms:${action} on resource: `,
    ),
  });

  it("is asked of the caller's own policies: two permissions to send, one to receive", async () => {
    const QueueUrl = await createQueue(await createKey());
    await send(QueueUrl, "x");
    const may = (...actions: string[]) =>
      accounts.addUser({ policy: policyTo("Allow", ["sqs:*", ...actions]) });
    const [both, one, other, none] = [
      await may("kms:GenerateDataKey", "kms:Decrypt"),
      await may("kms:GenerateDataKey"),
      await may("kms:Decrypt"),
      await may(),
    ];
    await send(QueueUrl, "y", both);
    expect(await faultOf(send(QueueUrl, "x", one))).toMatchObject(denied(one, "Decrypt"));
    expect(await faultOf(send(QueueUrl, "x", other))).toMatchObject(denied(other, "GenerateDataKey"));
    expect(await faultOf(send(QueueUrl, "x", none))).toMatchObject(denied(none, "GenerateDataKey"));
    expect(await faultOf(receive(QueueUrl, one))).toMatchObject(denied(one, "Decrypt"));
    expect(await faultOf(receive(QueueUrl, none))).toMatchObject(denied(none, "Decrypt"));
    expect(await bodiesIn(QueueUrl, other)).toEqual(["x", "y"]);
    expect(await bodiesIn(QueueUrl, both)).toEqual(["x", "y"]);
  });

  it("is asked of the key's policy, at once when it changes, whatever has been used before", async () => {
    const alice = await accounts.addUser({ policy: allowAll });
    const KeyId = await createKey();
    const QueueUrl = await createQueue(KeyId, { KmsDataKeyReusePeriodSeconds: "86400" });
    await send(QueueUrl, "x", alice);
    expect(await bodiesIn(QueueUrl, alice)).toEqual(["x"]);
    const forbids = { Effect: "Deny", Principal: { AWS: alice.arn }, Resource: "*" };
    const deny = async (Action: string) =>
      await accounts.kms().putKeyPolicy({ KeyId, Policy: policyOf(delegation, { ...forbids, Action }) });
    await deny("kms:GenerateDataKey");
    expect(await faultOf(send(QueueUrl, "y", alice))).toMatchObject(denied(alice, "GenerateDataKey"));
    expect(await bodiesIn(QueueUrl, alice)).toEqual(["x"]);
    await deny("kms:Decrypt");
    expect(await faultsOf(QueueUrl, alice)).toEqual(everywhere(denied(alice, "Decrypt")));
    expect(await bodiesIn(QueueUrl)).toEqual(["x"]);
    expect(await messagesIn(QueueUrl)).toEqual({ waiting: "1", leased: "0" });
    await accounts.kms().putKeyPolicy({ KeyId, Policy: policyOf(delegation) });
    expect(await bodiesIn(QueueUrl, alice)).toEqual(["x"]);
  });

  it("are sessions of a role, each by its own limits", async () => {
    const role = await accounts.addRole({ policy: allowAll });
    const QueueUrl = await createQueue(await createKey());
    const open = await accounts.assume(role, "open");
    const limited = await accounts.assume(role, "limited", {
      sessionPolicy: policyTo("Allow", ["sqs:*", "kms:GenerateDataKey"]),
    });
    await send(QueueUrl, "x", open);
    expect(await bodiesIn(QueueUrl, open)).toEqual(["x"]);
    const faults = await faultsOf(QueueUrl, limited);
    expect(faults).toEqual(everywhere({ code: "KMS.AccessDeniedException" }));
  });

  it("may depend on SQS and the queue", async () => {
    const alice = await accounts.addUser({ policy: policyTo("Allow", "sqs:*") });
    const name = accounts.fresh("bound");
    const bound = {
      "kms:ViaService": `sqs.${region}.amazonaws.com`,
      "kms:EncryptionContext:aws:sqs:arn": queueArn(name),
    };
    const toAlice = {
      ...{ Effect: "Allow", Principal: { AWS: alice.arn }, Resource: "*" },
      ...{ Action: ["kms:GenerateDataKey", "kms:Decrypt"], Condition: { StringEquals: bound } },
    };
    const KeyId = await createKey({ Policy: policyOf(delegation, toAlice) });
    const QueueUrl = await createQueue(KeyId, {}, name);
    await send(QueueUrl, "x", alice);
    expect(await bodiesIn(QueueUrl, alice)).toEqual(["x"]);
    const other = await createQueue(KeyId);
    expect(await faultsOf(other, alice)).toEqual(everywhere({ code: "KMS.AccessDeniedException" }));
  });

  it("is another account's key where its policy lets us, and ours do too", async () => {
    const KeyId = await createKey({}, accounts.theirAdmin);
    const QueueUrl = await createQueue(keyArn(KeyId, theirs));
    expect(await faultsOf(QueueUrl)).toEqual(everywhere({ code: "KMS.AccessDeniedException" }));
    const their = { ...delegation, Principal: { AWS: `arn:aws:iam::${theirs}:root` } };
    const shared = { ...delegation, Action: ["kms:GenerateDataKey*", "kms:Decrypt"] };
    await accounts.kms(accounts.theirAdmin).putKeyPolicy({ KeyId, Policy: policyOf(their, shared) });
    await send(QueueUrl, "x");
    expect(await bodiesIn(QueueUrl)).toEqual(["x"]);
    const none = await accounts.addUser({ policy: policyTo("Allow", "sqs:*") });
    expect(await faultsOf(QueueUrl, none)).toEqual(everywhere({ code: "KMS.AccessDeniedException" }));
    // Their key by its id alone would be one of ours.
    const byId = await createQueue(KeyId);
    expect(await faultsOf(byId)).toEqual(everywhere({ code: "KMS.NotFoundException" }));
  });

  it("is another account's caller on our queue where queue and key let it", async () => {
    const toThem = { Effect: "Allow", Principal: { AWS: theirs }, Resource: "*" };
    const name = accounts.fresh("shared");
    const Policy = policyOf({ ...toThem, Action: "sqs:*Message", Resource: queueArn(name) });
    const KeyId = await createKey();
    const QueueUrl = await createQueue(KeyId, { Policy }, name);
    const bob = accounts.theirAdmin;
    expect(await faultsOf(QueueUrl, bob)).toEqual(everywhere({ code: "KMS.AccessDeniedException" }));
    const shared = policyOf(delegation, { ...toThem, Action: ["kms:GenerateDataKey", "kms:Decrypt"] });
    await accounts.kms().putKeyPolicy({ KeyId, Policy: shared });
    await send(QueueUrl, "x", bob);
    expect(await bodiesIn(QueueUrl, bob)).toEqual(["x"]);
    // The key that every account has for SQS is for that account alone.
    await accounts.sqs().setQueueAttributes({ QueueUrl, Attributes: { KmsMasterKeyId: "alias/aws/sqs" } });
    expect(await faultsOf(QueueUrl, bob)).toEqual(everywhere({ code: "KMS.AccessDeniedException" }));
  });

  it("is nobody who does not sign, though queue and key are open to everyone", async () => {
    const everyone = { Effect: "Allow", Principal: "*" };
    const name = accounts.fresh("open");
    const Policy = policyOf({ ...everyone, Action: "sqs:*", Resource: queueArn(name) });
    const key = policyOf(delegation, { ...everyone, Action: "kms:*", Resource: "*" });
    const QueueUrl = await createQueue(await createKey({ Policy: key }), { Policy }, name);
    await send(QueueUrl, "x");
    const nobody = accounts.anonymous();
    const missing = { code: "MissingAuthenticationToken", status: 403 };
    expect(await faultOf(nobody.sendMessage({ QueueUrl, MessageBody: "y" }))).toMatchObject(missing);
    expect(await faultOf(nobody.receiveMessage({ QueueUrl }))).toMatchObject(missing);
    // What was sealed stays sealed to him when the queue is not to encrypt any more.
    await accounts.sqs().setQueueAttributes({ QueueUrl, Attributes: { KmsMasterKeyId: "" } });
    await nobody.sendMessage({ QueueUrl, MessageBody: "plain" });
    const look = () => nobody.receiveMessage({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 0 });
    const { Messages: [plain, ...more] = [] } = await look();
    expect([plain?.Body, more]).toEqual(["plain", []]);
    await nobody.deleteMessage({ QueueUrl, ReceiptHandle: plain?.ReceiptHandle });
    expect((await faultOf(look())).code).toBe("KMS.AccessDeniedException");
    expect(await messagesIn(QueueUrl)).toEqual({ waiting: "1", leased: "0" });
  });

  it("is SNS where the key's policy names it", async () => {
    const KeyId = await createKey();
    const name = accounts.fresh("subscribed");
    const sns = { Effect: "Allow", Principal: { Service: "sns.amazonaws.com" } };
    const Policy = policyOf({ ...sns, Action: "sqs:SendMessage", Resource: queueArn(name) });
    const QueueUrl = await createQueue(KeyId, { Policy }, name);
    const { TopicArn = "" } = await accounts.sns().createTopic({ Name: accounts.fresh("topic") });
    await accounts.sns().subscribe({
      ...{ TopicArn, Protocol: "sqs", Endpoint: queueArn(name) },
      Attributes: { RawMessageDelivery: "true" },
    });
    // Whoever publishes may use the key; that is not what counts.
    await accounts.sns().publish({ TopicArn, Message: "lost" });
    expect(await bodiesIn(QueueUrl)).toEqual([]);
    const toSns = { ...sns, Action: ["kms:GenerateDataKey*", "kms:Decrypt"], Resource: "*" };
    await accounts.kms().putKeyPolicy({ KeyId, Policy: policyOf(delegation, toSns) });
    await accounts.sns().publish({ TopicArn, Message: "delivered" });
    expect(await bodiesIn(QueueUrl)).toEqual(["delivered"]);
  });
});

describe("messages of before", () => {
  it("are read whatever the queue is set to by now", async () => {
    const [one, two] = [await createKey(), await createKey()];
    const QueueUrl = await accounts.createQueue();
    const settings: readonly Record<string, string>[] = [
      {},
      { KmsMasterKeyId: one },
      { KmsMasterKeyId: "" },
      { KmsMasterKeyId: two },
      { SqsManagedSseEnabled: "true" },
      { KmsMasterKeyId: one },
    ];
    const sent: string[] = [];
    for (const [index, Attributes] of settings.entries()) {
      if (index > 0) await accounts.sqs().setQueueAttributes({ QueueUrl, Attributes });
      await send(QueueUrl, `${index}`);
      sent.push(`${index}`);
      expect(await bodiesIn(QueueUrl)).toEqual(sent);
    }
  });

  it("need their own key: without it they stay in the queue, and hide none of the others", async () => {
    const [before, after] = [await createKey(), await createKey()];
    const QueueUrl = await createQueue(before);
    await send(QueueUrl, "before");
    await accounts.sqs().setQueueAttributes({ QueueUrl, Attributes: { KmsMasterKeyId: after } });
    await accounts.kms().disableKey({ KeyId: before });
    await send(QueueUrl, "after");
    const look = () => receive(QueueUrl, accounts.admin, { VisibilityTimeout: 0 });
    expect((await look()).map(({ Body }) => Body)).toEqual(["after"]);
    const [shown] = await look();
    await accounts.sqs().deleteMessage({ QueueUrl, ReceiptHandle: shown?.ReceiptHandle });
    const fault = { code: "KMS.DisabledException", message: expect.stringContaining(keyArn(before)) };
    expect(await faultOf(look())).toMatchObject(fault);
    expect(await messagesIn(QueueUrl)).toEqual({ waiting: "1", leased: "0" });
    await accounts.kms().enableKey({ KeyId: before });
    expect(await bodiesIn(QueueUrl)).toEqual(["before"]);
  });

  it("keep the order of their group in a FIFO queue", async () => {
    const [before, after] = [await createKey(), await createKey()];
    const name = `${accounts.fresh("orders")}.fifo`;
    const QueueUrl = await createQueue(
      before,
      { FifoQueue: "true", ContentBasedDeduplication: "true" },
      name,
    );
    const sendTo = (MessageGroupId: string, MessageBody: string) =>
      accounts.sqs().sendMessage({ QueueUrl, MessageGroupId, MessageBody });
    await sendTo("a", "a1");
    await accounts.sqs().setQueueAttributes({ QueueUrl, Attributes: { KmsMasterKeyId: after } });
    await accounts.kms().disableKey({ KeyId: before });
    await sendTo("a", "a2");
    await sendTo("b", "b1");
    const look = async () =>
      (await receive(QueueUrl, accounts.admin, { VisibilityTimeout: 0 })).map(({ Body }) => Body);
    expect(await look()).toEqual(["b1"]);
    await accounts.kms().enableKey({ KeyId: before });
    expect((await look()).filter((body) => body !== "b1")).toEqual(["a1", "a2"]);
  });

  it("take their key along to a dead-letter queue and beyond", async () => {
    const [source, dead] = [await createKey(), await createKey()];
    const deadUrl = await createQueue(dead);
    const redrive = { deadLetterTargetArn: queueArn(nameOf(deadUrl)), maxReceiveCount: 1 };
    const QueueUrl = await createQueue(source, { RedrivePolicy: JSON.stringify(redrive) });
    await send(QueueUrl, "poison");
    expect(await bodiesIn(QueueUrl)).toEqual(["poison"]);
    expect(await bodiesIn(QueueUrl)).toEqual([]);
    const poll = { WaitTimeSeconds: 20 };
    const bodyIn = async (url: string, key?: Key) => (await receive(url, key, poll))[0]?.Body;
    expect(await bodyIn(deadUrl)).toBe("poison");
    const onlyDead = await accounts.addUser({
      policy: {
        Version: "2012-10-17",
        Statement: [
          { Effect: "Allow", Action: "sqs:*", Resource: "*" },
          { Effect: "Allow", Action: "kms:*", Resource: keyArn(dead) },
        ],
      },
    });
    const fault = await faultOf(receive(deadUrl, onlyDead));
    expect(fault).toMatchObject({
      code: "KMS.AccessDeniedException",
      message: expect.stringContaining(keyArn(source)),
    });
    const last = await accounts.createQueue();
    await accounts.sqs().startMessageMoveTask({
      SourceArn: queueArn(nameOf(deadUrl)),
      DestinationArn: queueArn(nameOf(last)),
    });
    expect(await bodyIn(last)).toBe("poison");
    await accounts.kms().disableKey({ KeyId: source });
    expect((await faultOf(receive(last))).code).toBe("KMS.DisabledException");
    await accounts.kms().enableKey({ KeyId: source });
    expect(await bodyIn(last)).toBe("poison");
  });

  it("are lost with their key: it says so, and the queue goes on", async () => {
    const KeyId = await createKey();
    const QueueUrl = await createQueue(KeyId);
    await send(QueueUrl, "lost");
    await accounts.kms().scheduleKeyDeletion({ KeyId });
    // 30 days later.
    await server.database
      .prepare("UPDATE kms_keys SET deletion_at = ?2 WHERE key_id = ?1")
      .bind(KeyId, Date.now())
      .run();
    expect(await faultsOf(QueueUrl)).toEqual(everywhere({ code: "KMS.NotFoundException" }));
    await accounts.sqs().setQueueAttributes({ QueueUrl, Attributes: { KmsMasterKeyId: "" } });
    expect((await faultOf(receive(QueueUrl))).code).toBe("KMS.AccessDeniedException");
    await send(QueueUrl, "kept");
    expect(await bodiesIn(QueueUrl)).toEqual(["kept"]);
  });
});

describe("a KMS elsewhere", () => {
  const account = "222222222222";
  let elsewhere: RunningServer;
  let front: FlakyFront;
  let theirKms: KMS;
  let here: RunningServer;
  let there: Accounts;

  beforeAll(async () => {
    elsewhere = await startTestServer({ settings: { ROOT_ACCOUNT_ID: account } });
    front = await startFlakyFront(elsewhere.url);
    theirKms = new KMS({
      ...{ endpoint: elsewhere.url, region, maxAttempts: 1 },
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    });
    here = await startTestServer({
      settings: {
        AWS_KMS_ENDPOINT: front.url,
        AWS_KMS_ACCESS_KEY_ID: "test",
        AWS_KMS_SECRET_ACCESS_KEY: "test",
        AWS_KMS_ACCOUNT_ID: account,
      },
    });
    there = await Accounts.on(here);
  });
  afterAll(async () => {
    await here?.stop();
    await front?.stop();
    await elsewhere?.stop();
  });

  /** @returns the ARN of a key there, and the URL of a queue here that uses it */
  async function keyAndQueue(more: Readonly<Record<string, string>> = {}) {
    const { KeyMetadata } = await theirKms.createKey({});
    const KeyId = KeyMetadata?.Arn ?? "";
    const QueueUrl = await there.createQueue(undefined, { KmsMasterKeyId: KeyId, ...more });
    return { KeyId, QueueUrl };
  }

  const sendThere = (QueueUrl: string, MessageBody: string) =>
    there.sqs().sendMessage({ QueueUrl, MessageBody });
  const receiveThere = async (QueueUrl: string, more: object = {}) => {
    const { Messages = [] } = await there.sqs().receiveMessage({
      ...{ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 0 },
      ...{ MessageSystemAttributeNames: ["All"], ...more },
    });
    return Messages.map(({ Body, Attributes }) => ({ Body, count: Attributes?.ApproximateReceiveCount }));
  };

  it("is asked for a data key once, in the words of its own protocol, and again to open it", async () => {
    const { QueueUrl } = await keyAndQueue();
    front.targets.length = 0;
    await sendThere(QueueUrl, "a");
    const Entries = ["b", "c"].map((Id) => ({ Id, MessageBody: Id }));
    await there.sqs().sendMessageBatch({ QueueUrl, Entries });
    expect(front.targets).toEqual(["TrentService.GenerateDataKey", "TrentService.Decrypt"]);
    for (let i = 0; i < 2; i++) {
      const bodies = (await receiveThere(QueueUrl)).map(({ Body }) => Body);
      expect(bodies.sort()).toEqual(["a", "b", "c"]);
    }
    expect(front.targets.slice(2)).toEqual(["TrentService.Decrypt"]);
  });

  it("may be named by the ARN of an alias", async () => {
    const { KeyId } = await keyAndQueue();
    await theirKms.createAlias({ AliasName: "alias/queues", TargetKeyId: KeyId });
    const KmsMasterKeyId = `arn:aws:kms:${region}:${account}:alias/queues`;
    const QueueUrl = await there.createQueue(undefined, { KmsMasterKeyId });
    await sendThere(QueueUrl, "a");
    expect(await receiveThere(QueueUrl)).toEqual([{ Body: "a", count: "1" }]);
  });

  it("refuses in SQS's words, before anything is stored or leased", async () => {
    const { KeyId, QueueUrl } = await keyAndQueue();
    await theirKms.disableKey({ KeyId });
    const fault = {
      code: "KMS.DisabledException",
      message: expect.stringContaining(`${KeyId} is disabled.`),
    };
    expect(await faultOf(sendThere(QueueUrl, "x"))).toMatchObject(fault);
    expect(await faultOf(receiveThere(QueueUrl))).toMatchObject(fault);
    expect(await faultOf(receiveThere(QueueUrl, { WaitTimeSeconds: 20 }))).toMatchObject(fault);
    await theirKms.enableKey({ KeyId });
    expect(await receiveThere(QueueUrl)).toEqual([]);
    await sendThere(QueueUrl, "x");
    expect(await receiveThere(QueueUrl)).toEqual([{ Body: "x", count: "1" }]);
  });

  it("that is away stops nobody who has a data key, and everybody else with a failure to be tried again", async () => {
    const { QueueUrl } = await keyAndQueue();
    await sendThere(QueueUrl, "before");
    await receiveThere(QueueUrl);
    const other = await keyAndQueue();
    front.away = true;
    try {
      await sendThere(QueueUrl, "meanwhile");
      const bodies = (await receiveThere(QueueUrl)).map(({ Body }) => Body);
      expect(bodies.sort()).toEqual(["before", "meanwhile"]);
      const failure = { code: "InternalFailure", status: 500 };
      expect(await faultOf(sendThere(other.QueueUrl, "x"))).toMatchObject(failure);
      expect(await faultOf(receiveThere(other.QueueUrl))).toMatchObject(failure);
    } finally {
      front.away = false;
    }
    expect(await receiveThere(other.QueueUrl)).toEqual([]);
    await sendThere(other.QueueUrl, "x");
    expect(await receiveThere(other.QueueUrl)).toEqual([{ Body: "x", count: "1" }]);
  });

  it("is not asked for keys that are here", async () => {
    const { KeyMetadata } = await there.kms().createKey({});
    const QueueUrl = await there.createQueue(undefined, { KmsMasterKeyId: KeyMetadata?.Arn ?? "" });
    front.targets.length = 0;
    await sendThere(QueueUrl, "a");
    expect(await receiveThere(QueueUrl)).toEqual([{ Body: "a", count: "1" }]);
    expect(front.targets).toEqual([]);
  });
});
