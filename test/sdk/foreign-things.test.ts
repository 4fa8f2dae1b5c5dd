import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { RunningServer } from "../../scripts/server.ts";
import { Accounts, type Key, nameOf, ours, policyOf, queueArn, theirs } from "../support/accounts.ts";
import { policyTo } from "../support/callers.ts";
import { rawCall } from "../support/raw-calls.ts";
import { faultOf } from "../support/sdks.ts";
import { startTestServer } from "../support/server.ts";
import { taskHandle } from "../support/sqs-calls.ts";
import { openVictim, type Victim } from "../support/victim.ts";

/*
 * Handles, names, tokens and keys in the hands of those to whom they do not belong: strangers with everything allowed in
 * their own account, and users of ours who may use another queue. Nothing comes of it, and after each try the queue that
 * it was about is what it was.
 */

let server: RunningServer;
let accounts: Accounts;
let victim: Victim;
let before: unknown;

beforeAll(async () => {
  server = await startTestServer();
  accounts = await Accounts.on(server);
  victim = await openVictim(accounts);
  before = await victim.everything();
});
afterAll(() => server.stop());
afterEach(async () => {
  expect(await victim.everything()).toEqual(before);
});

const denied = { code: "AccessDenied", status: 403 };
const noQueue = { code: "AWS.SimpleQueueService.NonExistentQueue", status: 400 };

/** Of calls under way, all of which fail. */
const codesOf = async (calls: readonly Promise<unknown>[]) =>
  (await Promise.all(calls.map(faultOf))).map(({ code }) => code);

describe("what belongs to another queue or account", () => {
  /** Of their own queue, and of one of ours that a user of ours may use. */
  const attackers = async () => {
    const own = await accounts.createQueue(undefined, {}, accounts.theirAdmin);
    const shared = await accounts.createQueue();
    const Resource = queueArn(nameOf(shared));
    const user = await accounts.addUser({ policy: policyTo("Allow", "sqs:*", { Resource }) });
    return [
      { key: accounts.theirAdmin as Key, QueueUrl: own },
      { key: user as Key, QueueUrl: shared },
    ];
  };

  it("is no receipt handle of one's own", async () => {
    const ReceiptHandle = victim.handle;
    const invalid = {
      code: "ReceiptHandleIsInvalid",
      status: 404,
      message: `The input receipt handle "${ReceiptHandle}" is not a valid receipt handle.`,
    };
    for (const { key, QueueUrl } of await attackers()) {
      const sqs = accounts.sqs(key);
      expect(await faultOf(sqs.deleteMessage({ QueueUrl, ReceiptHandle }))).toEqual(invalid);
      const hiding = sqs.changeMessageVisibility({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 });
      expect(await faultOf(hiding)).toEqual(invalid);
      const Entries = [{ Id: "1", ReceiptHandle, VisibilityTimeout: 0 }];
      const failed = [{ Id: "1", SenderFault: true, Code: invalid.code, Message: invalid.message }];
      expect((await sqs.deleteMessageBatch({ QueueUrl, Entries })).Failed).toEqual(failed);
      expect((await sqs.changeMessageVisibilityBatch({ QueueUrl, Entries })).Failed).toEqual(failed);
      // And at the queue that gave it, it is nothing without permission.
      const deleting = sqs.deleteMessage({ QueueUrl: victim.url, ReceiptHandle });
      expect(await faultOf(deleting)).toMatchObject(denied);
    }
  });

  it("is no handle of a queue that was made again", async () => {
    const QueueUrl = await accounts.createQueue("again");
    const sqs = accounts.sqs();
    await sqs.sendMessage({ QueueUrl, MessageBody: "first" });
    const { Messages } = await sqs.receiveMessage({ QueueUrl });
    const ReceiptHandle = Messages?.[0]?.ReceiptHandle ?? "";
    await sqs.deleteQueue({ QueueUrl });
    await accounts.createQueue("again");
    await sqs.sendMessage({ QueueUrl, MessageBody: "second" });
    await sqs.receiveMessage({ QueueUrl });
    expect(await faultOf(sqs.deleteMessage({ QueueUrl, ReceiptHandle }))).toMatchObject({
      code: "ReceiptHandleIsInvalid",
    });
  });

  it("is no queue that one learns of: what is there and what is not are told alike", async () => {
    const sqs = accounts.sqs(accounts.theirAdmin);
    for (const path of [
      `/${ours}/NAME`,
      `${server.url}/${ours}/NAME`,
      `/${ours}/NAME/`,
      `//${ours}//NAME?x#y`,
    ]) {
      const about = async (name: string) => {
        const call = sqs.getQueueAttributes({
          QueueUrl: path.replace("NAME", name),
          AttributeNames: ["All"],
        });
        const { message, ...fault } = await faultOf(call);
        return { ...fault, message: message.replaceAll(name, "NAME") };
      };
      const there = await about("victim");
      expect(there).toEqual(await about("there-is-none"));
      expect([denied.code, noQueue.code]).toContain(there.code);
    }
    const url = async (QueueName: string) =>
      faultOf(sqs.getQueueUrl({ QueueName, QueueOwnerAWSAccountId: ours }));
    expect(await url("victim")).toEqual(await url("there-is-none"));
    expect(await url("victim")).toMatchObject(noQueue);
  });

  it("is no queue, by whatever path one comes to it", async () => {
    const own = await accounts.createQueue("mine-1", {}, accounts.theirAdmin);
    const Resource = queueArn("mine-*");
    const user = await accounts.addUser({ policy: policyTo("Allow", "sqs:*", { Resource }) });
    const paths = [
      `/${ours}/mine-1/../victim`,
      `/${theirs}/mine-1/../../${ours}/victim`,
      `/${theirs}/${ours}/victim`,
      `/${ours}/victim/%2e%2e/mine-1/../victim`,
      `/${ours}/victim%2Fmine-1`,
      `/${ours}/mine-1%2F..%2Fvictim`,
      `/${ours}%2Fvictim`,
      `/${ours}/victim%00mine-1`,
      `/${ours}/%76ictim`,
      `/%30${ours.slice(1)}/victim`,
      `/${theirs}/..%2F${ours}%2Fvictim`,
      `\\${ours}\\victim`,
      `http://${theirs}@127.0.0.1/${ours}/victim`,
      `https://127.0.0.1/${ours}/victim?QueueUrl=/${theirs}/mine-1`,
      `https://127.0.0.1/${ours}/victim#/${theirs}/mine-1`,
      `${own}/../../${ours}/victim`,
      queueArn("victim"),
      "victim",
    ];
    for (const QueueUrl of paths) {
      for (const key of [accounts.theirAdmin, user]) {
        const input = { QueueUrl, MessageBody: "x" };
        const answer = await rawCall(server.url, key, { action: "SendMessage", input });
        expect([denied.code, noQueue.code], `${QueueUrl}: ${answer.message}`).toContain(answer.code);
      }
    }
  });

  it("is no move task", async () => {
    const dead = await accounts.createQueue("dead");
    const deadArn = queueArn("dead");
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: deadArn, maxReceiveCount: 1 });
    await accounts.createQueue("dead-source", { RedrivePolicy });
    const { TaskHandle = "" } = await accounts.sqs().startMessageMoveTask({ SourceArn: deadArn });
    const sqs = accounts.sqs(accounts.theirAdmin);
    const own = await accounts.createQueue("own", {}, accounts.theirAdmin);
    const ownArn = queueArn("own", theirs);
    const theirHandle = taskHandle(JSON.parse(Buffer.from(TaskHandle, "base64").toString()).taskId, ownArn);
    expect(await faultOf(sqs.cancelMessageMoveTask({ TaskHandle }))).toMatchObject(denied);
    expect(await faultOf(sqs.cancelMessageMoveTask({ TaskHandle: theirHandle }))).toMatchObject({
      code: "ResourceNotFoundException",
    });
    expect(await faultOf(sqs.listMessageMoveTasks({ SourceArn: deadArn }))).toMatchObject(denied);
    expect(await faultOf(sqs.startMessageMoveTask({ SourceArn: deadArn }))).toMatchObject(denied);
    // Nor a queue to move one's own messages to, or to have as the end of one's dead letters.
    const theirPolicy = JSON.stringify({ deadLetterTargetArn: ownArn, maxReceiveCount: 1 });
    await accounts.createQueue("own-source", { RedrivePolicy: theirPolicy }, accounts.theirAdmin);
    const moving = sqs.startMessageMoveTask({ SourceArn: ownArn, DestinationArn: victim.arn });
    expect(await faultOf(moving)).toMatchObject(denied);
    const foreign = JSON.stringify({ deadLetterTargetArn: victim.arn, maxReceiveCount: 1 });
    const burying = sqs.setQueueAttributes({ QueueUrl: own, Attributes: { RedrivePolicy: foreign } });
    expect(await faultOf(burying)).toMatchObject({ code: "InvalidParameterValue" });
    expect(await faultOf(sqs.deleteQueue({ QueueUrl: dead }))).toMatchObject(denied);
  });

  it("is no token or marker of a list", async () => {
    const by = accounts.theirAdmin;
    for (const n of [1, 2]) {
      await accounts.createQueue(`page-${n}`);
      await accounts.createQueue(`page-${n}`, {}, by);
      await accounts.addUser({ name: `paged-${n}` });
      await accounts.addUser({ by, name: `paged-${n}` });
      await accounts.sns().createTopic({ Name: `page-${n}` });
    }
    const { NextToken } = await accounts.sqs().listQueues({ MaxResults: 1 });
    expect(NextToken).toBeDefined();
    const paging = accounts.sqs(by).listQueues({ MaxResults: 1, NextToken });
    expect(await faultOf(paging)).toMatchObject({
      code: "InvalidParameterValue",
      message: "Invalid or expired next token.",
    });
    const forged = Buffer.from(`1/${theirs}/us-east-1/../${ours}`).toString("base64url");
    expect(await faultOf(accounts.sqs(by).listQueues({ MaxResults: 1, NextToken: forged }))).toMatchObject({
      code: "InvalidParameterValue",
    });
    const { Marker } = await accounts.iam().listUsers({ MaxItems: 1 });
    expect(Marker).toBeDefined();
    expect(await faultOf(accounts.iam(by).listUsers({ MaxItems: 1, Marker }))).toMatchObject({
      status: 400,
      message: "Invalid Marker.",
    });
    expect(await faultOf(accounts.iam().listRoles({ MaxItems: 1, Marker }))).toMatchObject({
      status: 400,
      message: "Invalid Marker.",
    });
    const { Users = [] } = await accounts.iam(by).listUsers({});
    expect(Users.filter(({ Arn = "" }) => !Arn.startsWith(`arn:aws:iam::${theirs}:`))).toEqual([]);
    const forgedToken = Buffer.from(`1/topics/${ours}/us-east-1/page-1`).toString("base64url");
    expect((await faultOf(accounts.sns(by).listTopics({ NextToken: forgedToken }))).status).toBe(400);
    const Limit = 1;
    await accounts.kms().createKey({});
    await accounts.kms().createKey({});
    const { NextMarker } = await accounts.kms().listKeys({ Limit });
    const { Keys = [] } = await accounts.kms(by).listKeys({ Limit, Marker: NextMarker });
    expect(Keys.filter(({ KeyArn = "" }) => !KeyArn.includes(`:${theirs}:`))).toEqual([]);
  });

  it("is no user, role, policy or key of IAM", async () => {
    const iam = accounts.iam(accounts.theirAdmin);
    const user = await accounts.addUser({ name: "ours-alone" });
    const { Policy } = await accounts.iam().createPolicy({
      PolicyName: "ours-alone",
      PolicyDocument: JSON.stringify(policyTo("Allow", "*")),
    });
    const UserName = "ours-alone";
    const attempts = [
      iam.getUser({ UserName }),
      iam.createAccessKey({ UserName }),
      iam.deleteAccessKey({ UserName, AccessKeyId: user.accessKeyId }),
      iam.deleteAccessKey({ UserName: "admin", AccessKeyId: user.accessKeyId }),
      iam.updateAccessKey({ UserName: "admin", AccessKeyId: user.accessKeyId, Status: "Inactive" }),
      iam.putUserPolicy({
        UserName,
        PolicyName: "p",
        PolicyDocument: JSON.stringify(policyTo("Allow", "*")),
      }),
      iam.deletePolicy({ PolicyArn: Policy?.Arn }),
      iam.attachUserPolicy({ UserName: "admin", PolicyArn: Policy?.Arn }),
      iam.getPolicy({ PolicyArn: Policy?.Arn }),
    ];
    const none = "NoSuchEntity";
    expect(await codesOf(attempts)).toEqual([
      ...[none, none, none, none, none, none, "AccessDenied", none, "AccessDenied"],
    ]);
    const { AccessKeyMetadata = [] } = await accounts.iam().listAccessKeys({ UserName });
    expect(AccessKeyMetadata.map(({ AccessKeyId, Status }) => [AccessKeyId, Status])).toEqual([
      [user.accessKeyId, "Active"],
    ]);
    expect((await accounts.iam().listUserPolicies({ UserName })).PolicyNames).toEqual([]);
    await accounts.iam().getPolicy({ PolicyArn: Policy?.Arn });
  });

  it("is no KMS key", async () => {
    const { KeyMetadata } = await accounts.kms().createKey({ Description: "ours" });
    const { KeyId = "", Arn = "" } = KeyMetadata ?? {};
    const { CiphertextBlob } = await accounts.kms().encrypt({ KeyId, Plaintext: Buffer.from("secret") });
    const kms = accounts.kms(accounts.theirAdmin);
    const attempts = [
      kms.decrypt({ CiphertextBlob }),
      kms.decrypt({ CiphertextBlob, KeyId: Arn }),
      kms.encrypt({ KeyId: Arn, Plaintext: Buffer.from("x") }),
      kms.generateDataKey({ KeyId: Arn, KeySpec: "AES_256" }),
      kms.disableKey({ KeyId: Arn }),
      kms.scheduleKeyDeletion({ KeyId }),
      kms.putKeyPolicy({
        KeyId: Arn,
        Policy: policyOf({ Effect: "Allow", Principal: "*", Action: "kms:*", Resource: "*" }),
      }),
    ];
    const no = "AccessDeniedException";
    // A bare key id is looked for in the caller's own account.
    expect(await codesOf(attempts)).toEqual([no, no, no, no, no, "NotFoundException", no]);
    const { Plaintext } = await accounts.kms().decrypt({ CiphertextBlob });
    expect(Buffer.from(Plaintext ?? "").toString()).toBe("secret");
    expect((await accounts.kms().describeKey({ KeyId })).KeyMetadata?.KeyState).toBe("Enabled");
  });
});
