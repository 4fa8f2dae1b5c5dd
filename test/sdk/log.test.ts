import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type RunningServer, startServer } from "../../scripts/server.ts";
import { dataKeyOwner } from "../../src/encryption/data-key.ts";
import { openSecret, rootKey } from "../../src/encryption/secrets.ts";
import { Accounts, type Key, ours, policyOf, theirs } from "../support/accounts.ts";
import { policyTo } from "../support/callers.ts";
import {
  type Exchange,
  exchange,
  formExchange,
  getExchange,
  jsonExchange,
  presigned,
  signed,
} from "../support/raw-http.ts";
import { failureOf, faultOf } from "../support/sdks.ts";
import { defaults } from "../support/server.ts";

/*
 * What a deployment logs, while all goes well and while nothing does: no message, no secret, no token and no signature.
 * Each of them that is used here stands nowhere else, and is looked for in all that was logged, in several writings.
 * That the search can find is shown by what it does find: the requests that failed.
 */

/** What must not be logged, each with what it is. */
const secrets = new Map<string, string>();

function secret(what: string, text = `Zq7${randomBytes(12).toString("hex")}Vx`): string {
  secrets.set(text, what);
  return text;
}

const ROOT_KEY = secret("the root key", randomBytes(32).toString("base64"));
const settings = {
  ...defaults.worker,
  ROOT_KEY,
  ROOT_KEY_PREVIOUS: `${secret("an old root key", randomBytes(32).toString("base64"))},${defaults.worker.ROOT_KEY}`,
  ROOT_ACCESS_KEY_ID: "ROOTFORTHELOG",
  ROOT_SECRET_ACCESS_KEY: secret("the root's secret"),
  // Nobody listens there.
  AWS_KMS_ENDPOINT: "http://127.0.0.1:1",
  AWS_KMS_ACCESS_KEY_ID: "AKIAEXTERNALKMSACCES",
  AWS_KMS_SECRET_ACCESS_KEY: secret("the secret for the external KMS"),
  AWS_KMS_SESSION_TOKEN: secret("the token for the external KMS"),
  AWS_KMS_ACCOUNT_ID: "999999999999",
};

let server: RunningServer;
let accounts: Accounts;
const logged: string[] = [];
const spies = (["log", "info", "warn", "error", "debug"] as const).map((level) =>
  vi.spyOn(console, level).mockImplementation((...args: unknown[]) => {
    logged.push(args.map(String).join(" "));
  }),
);

beforeAll(async () => {
  server = await startServer({ host: "127.0.0.1", port: 0, dataDir: undefined, settings });
  accounts = await Accounts.on(server);
  for (const key of [accounts.admin, accounts.theirAdmin, accounts.theirRoot]) noteKey(key);
});
afterAll(async () => {
  for (const spy of spies) spy.mockRestore();
  await server.stop();
});

function noteKey<K extends Key>(key: K): K {
  secret(`the secret of ${key.accessKeyId}`, key.secretAccessKey);
  if (key.sessionToken) secret(`the token of ${key.accessKeyId}`, key.sessionToken);
  return key;
}

/** Sends it; its signature is a secret for as long as it is good. */
async function ask(wire: Exchange): Promise<number> {
  const written = `${wire.headers["authorization"] ?? ""} ${wire.path}`;
  for (const [, hex = ""] of written.matchAll(/Signature=(\w+)/g)) secret("a signature", hex);
  return (await exchange(server.url, wire)).status;
}

const by = (key: Key, wire: Exchange, atMs = Date.now()) =>
  signed(server.url, wire, { ...key, region: "us-east-1", atMs });

/** All that a sender writes. */
const message = (of: string) => ({
  MessageBody: secret(`a body, ${of}`),
  MessageAttributes: {
    [secret(`an attribute's name, ${of}`)]: {
      DataType: "String",
      StringValue: secret(`an attribute, ${of}`),
    },
  },
  MessageSystemAttributes: {
    AWSTraceHeader: { DataType: "String" as const, StringValue: secret(`a trace, ${of}`) },
  },
});

test("what goes well is logged without a word of it", async () => {
  const sqs = accounts.sqs();
  const { KeyMetadata } = await accounts.kms().createKey({});
  const kinds: Record<string, Record<string, string>> = {
    standard: {},
    plain: { SqsManagedSseEnabled: "false" },
    kms: { KmsMasterKeyId: KeyMetadata?.KeyId ?? "" },
    "ordered.fifo": { FifoQueue: "true" },
  };
  for (const [name, attributes] of Object.entries(kinds)) {
    const QueueUrl = await accounts.createQueue(name, attributes);
    const fifo = {
      MessageGroupId: secret("a group"),
      MessageDeduplicationId: secret("a deduplication id"),
    };
    await sqs.sendMessage({ QueueUrl, ...message(name), ...(name.endsWith(".fifo") && fifo) });
    const { Messages = [] } = await sqs.receiveMessage({ QueueUrl, MessageAttributeNames: ["All"] });
    expect(Messages).toHaveLength(1);
    await sqs.deleteMessage({ QueueUrl, ReceiptHandle: Messages[0]?.ReceiptHandle });
  }
  const Plaintext = Buffer.from(secret("a plaintext"));
  const { CiphertextBlob } = await accounts.kms().encrypt({ KeyId: KeyMetadata?.KeyId, Plaintext });
  await accounts.kms().decrypt({ CiphertextBlob });
  const { Plaintext: dataKey } = await accounts
    .kms()
    .generateDataKey({ KeyId: KeyMetadata?.KeyId, KeySpec: "AES_256" });
  secret("a data key of KMS", Buffer.from(dataKey ?? []).toString("base64"));

  const { TopicArn } = await accounts.sns().createTopic({ Name: "news" });
  const Endpoint = `arn:aws:sqs:us-east-1:${ours}:standard`;
  await accounts.sns().subscribe({ TopicArn, Protocol: "sqs", Endpoint });
  // The queue's policy does not let it: the message is given up, and the log says so.
  await accounts.sns().publish({ TopicArn, Message: secret("a notification"), Subject: secret("a subject") });

  const user = noteKey(await accounts.addUser({ policy: policyTo("Allow", "*") }));
  const role = await accounts.addRole({ policy: policyTo("Allow", "sqs:*") });
  const session = noteKey(await accounts.assume(role, "one", { by: user }));
  await accounts.sqs(session).listQueues({});
  const wire = getExchange({
    ...{ Action: "SendMessage", Version: "2012-11-05", MessageBody: secret("a presigned body") },
    "X-Amz-Security-Token": session.sessionToken ?? "",
  });
  const path = wire.path.replace("/?", `/${ours}/standard?`);
  const key = { ...session, region: "us-east-1" };
  expect(await ask(presigned(server.url, { ...wire, path }, 60, key))).toBe(200);
});

test("what is refused is logged without a word of it, if at all", async () => {
  const QueueUrl = "standard";
  const send = (text: object) => jsonExchange("SendMessage", { QueueUrl, ...text });
  const root = { accessKeyId: settings.ROOT_ACCESS_KEY_ID, secretAccessKey: settings.ROOT_SECRET_ACCESS_KEY };
  const genuine = by(root, send(message("genuine")));
  expect(await ask(genuine)).toBe(200);
  const wrong: [Exchange, number][] = [
    [{ ...genuine, body: `${genuine.body} ` }, 403],
    [by(root, send(message("late")), Date.now() - 1_000_000), 403],
    [by({ ...root, secretAccessKey: secret("a wrong secret") }, send(message("wrong secret"))), 403],
    [by({ ...root, accessKeyId: "AKIANOSUCHKEYNOSUCHK" }, send(message("unknown key"))), 403],
    [
      by(root, {
        ...send(message("wrong token")),
        headers: { ...send({}).headers, "x-amz-security-token": secret("a made-up token") },
      }),
      403,
    ],
    [send(message("unsigned")), 403],
    [by(root, jsonExchange("SendMessage", `{"QueueUrl":"standard","MessageBody":"${secret("broken")}`)), 400],
    [by(root, jsonExchange("SendMessage", `{"QueueUrl":{"${secret("misplaced")}":1}}`)), 400],
    [by(root, send({ MessageBody: `${secret("not XML")}\u0001` })), 400],
    [by(root, send({ ...message("delayed"), DelaySeconds: 901 })), 400],
    [by(root, send({ ...message("grouped"), MessageDeduplicationId: secret("a stray id") })), 400],
    [by(root, jsonExchange(secret("no action"), {})), 404],
    [by(root, formExchange({ Action: "SendMessage", QueueUrl, [secret("a parameter")]: "1" })), 400],
    [
      by(root, {
        ...formExchange({ Action: "SendMessage", QueueUrl, MessageBody: "x" }),
        body: `Action=SendMessage&MessageBody=%ZZ${secret("broken form")}`,
      }),
      404,
    ],
    [
      {
        ...send({}),
        headers: { ...send({}).headers, authorization: `Bearer ${secret("a bearer's token")}` },
      },
      400,
    ],
  ];
  for (const [wire, status] of wrong) expect(await ask(wire), String(wire.body)).toBe(status);

  const stranger = accounts.sqs(accounts.theirAdmin);
  const denied = stranger.sendMessage({ QueueUrl: `/${ours}/standard`, ...message("denied") });
  expect(await faultOf(denied)).toMatchObject({ code: "AccessDenied" });
  const Policy = policyOf({ Effect: "Allow", [secret("a bad policy")]: "*" });
  const setting = accounts.sqs().setQueueAttributes({ QueueUrl, Attributes: { Policy } });
  expect(await faultOf(setting)).toMatchObject({ code: "InvalidAttributeValue" });

  const delivery = {
    ...{ Type: "Notification", MessageId: randomUUID(), TopicArn: `arn:aws:sns:us-east-1:${theirs}:t` },
    ...{ Message: secret("a forged delivery"), Timestamp: new Date().toISOString(), SignatureVersion: "1" },
    Signature: secret("a forged signature", randomBytes(128).toString("base64")),
    SigningCertURL: "https://sns.us-east-1.evil.example/cert.pem",
  };
  const confirmation = {
    ...{ ...delivery, Type: "SubscriptionConfirmation", Token: secret("a confirmation's token") },
    SubscribeURL: "https://evil.example/",
  };
  for (const body of [delivery, confirmation, { ...delivery, Signature: undefined }, secret("no JSON")]) {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const status = await ask({
      method: "POST",
      path: `/sns/us-east-1/${ours}/standard`,
      headers: {},
      body: text,
    });
    expect(status).toBeOneOf([400, 403]);
  }
});

test("what fails is logged with its cause, and without a word of the request", async () => {
  const sqs = accounts.sqs();
  const { database } = server;
  const failing = async (call: Promise<unknown>) => (await faultOf(call)).status;

  // A secret that does not open, of a queue and of a user.
  const broken = await accounts.createQueue("broken");
  await database.exec("UPDATE data_keys SET sealed_key = 'v1.AAAAAAAA.AAAAAAAAAAAAAAAA.AAAAAAAA'");
  expect(await failing(sqs.sendMessage({ QueueUrl: broken, ...message("sealed under nothing") }))).toBe(500);
  expect(await failing(sqs.receiveMessage({ QueueUrl: broken }))).toBe(500);
  const user = noteKey(await accounts.addUser());
  await database
    .prepare(
      "UPDATE access_keys SET sealed_secret = substr(sealed_secret, 1, 40) || 'AAAA' WHERE access_key_id = ?1",
    )
    .bind(user.accessKeyId)
    .run();
  expect(await failing(accounts.sqs(user).listQueues({}))).toBe(500);

  // A key of a KMS that does not answer.
  const KmsMasterKeyId = `arn:aws:kms:us-east-1:999999999999:key/${randomUUID()}`;
  const away = await accounts.createQueue("away", { KmsMasterKeyId });
  expect(await failing(sqs.sendMessage({ QueueUrl: away, ...message("for a KMS that is away") }))).toBeOneOf([
    500, 503,
  ]);

  // A database that does not know its tables.
  await database.exec("ALTER TABLE queues RENAME TO queues_away");
  const nowhere = { QueueUrl: "nowhere", ...message("for no database") };
  expect(await failing(sqs.sendMessage(nowhere))).toBe(500);
  const form = formExchange({ Action: "SendMessage", QueueUrl: "nowhere", MessageBody: secret("a form") });
  expect(await ask(by(accounts.admin, form))).toBe(500);
  await database.exec("ALTER TABLE queues_away RENAME TO queues");
  await database.exec("ALTER TABLE access_keys RENAME TO access_keys_away");
  // Whatever the client calls its action, the log does not repeat it.
  const strange = formExchange({ Action: secret("an action\nrequest 0 (DeleteQueue) failed") });
  expect(await ask(by({ accessKeyId: "AKIAUNKNOWNUNKNOWNUN", secretAccessKey: "x" }, strange))).toBe(500);
  await database.exec("ALTER TABLE access_keys_away RENAME TO access_keys");
  await failureOf(accounts.sqs(user).listQueues({}));
});

test("nothing of it all is in the log", async () => {
  const { results } = await server.database
    .prepare("SELECT name, sealed FROM deployment_secrets")
    .all<{ name: string; sealed: string }>();
  for (const { name, sealed } of results) {
    const opened = openSecret(rootKey(ROOT_KEY), sealed, `deployment-secret/${name}`);
    expect(opened, name).toMatchObject({ ok: true });
    if (opened.ok) secret(name, opened.value);
  }
  const QueueUrl = await accounts.createQueue("last");
  await accounts.sqs().sendMessage({ QueueUrl, ...message("the last") });
  const row = await server.database
    .prepare(
      "SELECT key_id, queue_uid, sealed_key FROM data_keys JOIN queues ON data_key_id = key_id WHERE name = 'last'",
    )
    .first<{ key_id: string; queue_uid: string; sealed_key: string }>();
  const owner = dataKeyOwner({ id: row?.key_id ?? "", queueUid: row?.queue_uid ?? "" });
  const dataKey = openSecret(rootKey(ROOT_KEY), row?.sealed_key ?? "", owner);
  expect(dataKey).toMatchObject({ ok: true });
  if (dataKey.ok) secret("a data key", dataKey.value);

  const log = logged.join("\n");
  // It has the causes of what failed, and whom to ask about them.
  expect(
    log.match(/^request [0-9a-f-]{36} \((?:SendMessage|ReceiveMessage|ListQueues|of no action)\) failed/gm)
      ?.length,
  ).toBeGreaterThanOrEqual(7);
  expect(log).toContain("does not open");
  expect(log).toContain("the external KMS did not answer GenerateDataKey");
  expect(log).toContain("no such table");
  expect(log).toContain("sns: a delivery was refused");
  expect(log).not.toContain("DeleteQueue");
  expect(secrets.size).toBeGreaterThan(60);
  const found = [...secrets].filter(([text]) => writingsOf(text).some((writing) => log.includes(writing)));
  expect(found.map(([, what]) => what)).toEqual([]);
});

/** A text as it is, escaped, and its bytes in base64 and hex; a key's own bytes as well. */
function writingsOf(text: string): readonly string[] {
  const bytes = [Buffer.from(text)];
  if (/^[A-Za-z0-9+/]{42,}={0,2}$/.test(text)) bytes.push(Buffer.from(text, "base64"));
  const written = bytes.flatMap((each) => [
    each.toString("hex"),
    each.toString("base64").replace(/=+$/, ""),
    each.toString("base64url"),
  ]);
  return [text, JSON.stringify(text).slice(1, -1), encodeURIComponent(text), ...written];
}
