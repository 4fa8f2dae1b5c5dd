import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { RunningServer } from "../../scripts/server.ts";
import { newSessionKey } from "../../src/auth/identity.ts";
import { sealSession, sessionKeys } from "../../src/auth/session-token.ts";
import { rootKeys } from "../../src/encryption/secrets.ts";
import { services } from "../../src/services/services.ts";
import { Accounts, identityPolicies, type Key, ours, policyOf } from "../support/accounts.ts";
import { policyTo } from "../support/callers.ts";
import { minimalInput, minimalParameters } from "../support/minimal-input.ts";
import { answerOf, rawCall } from "../support/raw-calls.ts";
import { exchange, formExchange, jsonExchange } from "../support/raw-http.ts";
import { faultOf } from "../support/sdks.ts";
import { defaults, startTestServer } from "../support/server.ts";
import { openVictim, type Victim } from "../support/victim.ts";

/*
 * Callers who are somebody, and try to be somebody else: strangers with everything allowed in their own account, users of
 * ours with nothing allowed, others' namesakes, and sessions that are over. Each is refused in the words that stand here,
 * and after each the queue that it was after is what it was.
 */

let server: RunningServer;
let accounts: Accounts;
/** Has a policy for the topic of its own account's SNS. */
let victim: Victim;
const topicArn = `arn:aws:sns:us-east-1:${ours}:news`;
let before: unknown;

beforeAll(async () => {
  server = await startTestServer();
  accounts = await Accounts.on(server);
  const sns = { Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "sqs:SendMessage" };
  const Condition = { ArnEquals: { "aws:SourceArn": topicArn } };
  victim = await openVictim(accounts, { Policy: policyOf({ ...sns, Resource: "*", Condition }) });
  await accounts.sns().createTopic({ Name: "news" });
  before = await victim.everything();
});
afterAll(() => server.stop());
afterEach(async () => {
  expect(await victim.everything()).toEqual(before);
});

const denied = { code: "AccessDenied", status: 403 };
const invalidToken = {
  code: "InvalidClientTokenId",
  status: 403,
  message: "The security token included in the request is invalid.",
};
const send = (key: Key) => accounts.sqs(key).sendMessage({ QueueUrl: victim.url, MessageBody: "forged" });

/** Of calls under way, all of which fail. */
const codesOf = async (calls: readonly Promise<unknown>[]) =>
  (await Promise.all(calls.map(faultOf))).map(({ code }) => code);

/** Actions of the services beside SQS, with the least that each takes. */
const otherActions = ["iam", "sts", "sns", "kms"].flatMap((service) =>
  Array.from(services.get(service)?.actions.values() ?? [], (action) => ({ service, action })),
);
const versions: Readonly<Record<string, string>> = {
  iam: "2010-05-08",
  sts: "2011-06-15",
  sns: "2010-03-31",
};

describe("nobody", () => {
  it("can ask IAM, STS, SNS or KMS for anything", async () => {
    expect(otherActions.length).toBeGreaterThan(100);
    for (const { service, action } of otherActions) {
      const version = versions[service];
      const wire = version
        ? formExchange({ Action: action.name, Version: version, ...minimalParameters(action.input) })
        : {
            ...jsonExchange(action.name, minimalInput(action.input)),
            headers: {
              "content-type": "application/x-amz-json-1.1",
              "x-amz-target": `TrentService.${action.name}`,
            },
          };
      expect(answerOf(await exchange(server.url, wire)), `${service}:${action.name}`).toEqual({
        status: 403,
        code: "MissingAuthenticationToken",
        message: "Request is missing Authentication Token",
      });
    }
  });
});

describe("a user who may do nothing", () => {
  it("gets nothing of IAM, STS, SNS and KMS but who it is, and a session that may do as little", async () => {
    const user = await accounts.addUser();
    const own = new Set(["GetCallerIdentity", "GetSessionToken"]);
    const state = async () => ({
      users: (await accounts.iam().listUsers({ MaxItems: 1000 })).Users,
      roles: (await accounts.iam().listRoles({ MaxItems: 1000 })).Roles,
      policies: (await accounts.iam().listPolicies({ Scope: "Local" })).Policies,
      keys: (await accounts.kms().listKeys({})).Keys,
      aliases: (await accounts.kms().listAliases({})).Aliases,
      topics: (await accounts.sns().listTopics({})).Topics,
    });
    const stateBefore = await state();
    const clients = {
      iam: accounts.iam(user),
      sts: accounts.sts(user),
      sns: accounts.sns(user),
      kms: accounts.kms(user),
    };
    for (const { service, action } of otherActions) {
      const client = clients[service as keyof typeof clients] as unknown as Record<
        string,
        ((input: object) => Promise<unknown>) | undefined
      >;
      const method = client[action.name.charAt(0).toLowerCase() + action.name.slice(1)];
      if (method === undefined) throw new Error(`${service} has no ${action.name}`);
      const call = method.call(client, sdkInput(action.input));
      if (own.has(action.name)) await call;
      else expect((await faultOf(call)).status, `${service}:${action.name}`).toBeOneOf([400, 403]);
    }
    expect(await state()).toEqual(stateBefore);
    const { Credentials } = await clients.sts.getSessionToken({});
    const session = {
      accessKeyId: Credentials?.AccessKeyId ?? "",
      secretAccessKey: Credentials?.SecretAccessKey ?? "",
      sessionToken: Credentials?.SessionToken ?? "",
    };
    expect(await faultOf(send(session))).toMatchObject(denied);
  });

  /** The SDK takes bytes as bytes, and adds nothing of its own to the rest. */
  function sdkInput(shape: Parameters<typeof minimalInput>[0]): object {
    const bytes = (value: unknown) => (value === "eA==" ? Buffer.from("x") : value);
    return Object.fromEntries(
      Object.entries(minimalInput(shape)).map(([name, value]) => [name, bytes(value)]),
    );
  }

  it("cannot give itself what it is not allowed", async () => {
    const user = await accounts.addUser();
    const iam = accounts.iam(user);
    const PolicyDocument = JSON.stringify(policyTo("Allow", "*"));
    const mine = { UserName: user.name };
    const attempts = [
      iam.putUserPolicy({ ...mine, PolicyName: "p", PolicyDocument }),
      iam.attachUserPolicy({ ...mine, PolicyArn: "arn:aws:iam::aws:policy/AdministratorAccess" }),
      iam.createAccessKey({ UserName: "admin" }),
      iam.createUser({ UserName: "helper" }),
      iam.tagUser({ ...mine, Tags: [{ Key: "team", Value: "admins" }] }),
      accounts.sqs(user).setQueueAttributes({
        QueueUrl: victim.url,
        Attributes: { Policy: policyOf({ Effect: "Allow", Principal: "*", Action: "sqs:*", Resource: "*" }) },
      }),
      accounts.sqs(user).addPermission({
        QueueUrl: victim.url,
        Label: "mine",
        AWSAccountIds: [ours],
        Actions: ["*"],
      }),
    ];
    expect(new Set(await codesOf(attempts))).toEqual(new Set(["AccessDenied"]));
  });
});

describe("whoever bears another's name", () => {
  const sends = (Principal: unknown, more: object = {}) =>
    policyOf({ Effect: "Allow", Principal, Action: "sqs:SendMessage", Resource: "*", ...more });
  const bait = (Policy: string) => accounts.createQueue(undefined, { Policy });
  const sendTo = (QueueUrl: string, key: Key) =>
    faultOf(accounts.sqs(key).sendMessage({ QueueUrl, MessageBody: "x" }));

  it("is no service: not a user, not a role, not a session that is called like one", async () => {
    const service = "sns.amazonaws.com";
    const url = await bait(sends({ Service: service }));
    const role = await accounts.addRole({ name: service });
    const by = accounts.theirAdmin;
    const theirRole = await accounts.addRole({ by, name: service, policy: identityPolicies.allows });
    const namesakes: Key[] = [
      await accounts.addUser({ name: service }),
      await accounts.addUser({ by, name: service, policy: identityPolicies.allows }),
      await accounts.assume(role, service),
      await accounts.assume(theirRole, service, { by }),
    ];
    for (const key of namesakes) expect(await sendTo(url, key)).toMatchObject(denied);
  });

  it("is no topic, whatever it says of where it comes from", async () => {
    const claims = {
      "aws:SourceArn": topicArn,
      SourceArn: topicArn,
      "aws:SourceAccount": ours,
      "x-amz-sns-topic-arn": topicArn,
    };
    const url = await bait(sends("*", { Condition: { ArnEquals: { "aws:SourceArn": topicArn } } }));
    for (const QueueUrl of [victim.url, url]) {
      const input = { QueueUrl, MessageBody: "x", ...claims };
      for (const key of [accounts.theirAdmin, await accounts.addUser()]) {
        const headers = { "x-amz-sns-topic-arn": topicArn, "x-amz-source-arn": topicArn };
        const call = { action: "SendMessage", input, headers };
        expect(await rawCall(server.url, key, call)).toMatchObject(denied);
      }
    }
  });

  it("is no session of another role, nor one that another session is named like", async () => {
    const role = await accounts.addRole({ name: "Operators" });
    const url = await bait(sends({ AWS: `arn:aws:sts::${ours}:assumed-role/Operators/alice` }));
    const longer = await accounts.addRole({ name: "Operators.alice" });
    const by = accounts.theirAdmin;
    const theirRole = await accounts.addRole({ by, name: "Operators", policy: identityPolicies.allows });
    const others: Key[] = [
      await accounts.assume(role, "Alice"),
      await accounts.assume(role, "alice@example.com"),
      await accounts.assume(longer, "alice"),
      await accounts.assume(theirRole, "alice", { by }),
    ];
    for (const key of others) expect(await sendTo(url, key)).toMatchObject(denied);
    for (const session of ["../alice", "Operators/alice", "a:b", "alice ", "ａlice", "alice\n"]) {
      expect(await faultOf(accounts.assume(longer, session)), session).toMatchObject({
        code: "ValidationError",
        status: 400,
      });
    }
    const iam = accounts.iam();
    const Path = "/assumed-role/Operators/";
    await iam.createUser({ UserName: "alice", Path });
    const { AccessKey } = await iam.createAccessKey({ UserName: "alice" });
    const { AccessKeyId: accessKeyId = "", SecretAccessKey: secretAccessKey = "" } = AccessKey ?? {};
    expect(await sendTo(url, { accessKeyId, secretAccessKey })).toMatchObject(denied);
  });

  it("is no user whose name differs in case alone: there is none such", async () => {
    const user = await accounts.addUser({ name: "Victoria" });
    const url = await bait(sends({ AWS: user.arn }));
    expect(await faultOf(accounts.iam().createUser({ UserName: "victoria" }))).toMatchObject({
      code: "EntityAlreadyExists",
      status: 409,
    });
    for (const name of ["Ｖictoria", "Victoria\u200b", "Victoria/..", "*"]) {
      expect((await faultOf(accounts.iam().createUser({ UserName: name }))).status, name).toBe(400);
    }
    const by = accounts.theirAdmin;
    const stranger = await accounts.addUser({ by, name: "Victoria", policy: identityPolicies.allows });
    expect(await sendTo(url, stranger)).toMatchObject(denied);
  });
});

describe("another account's SNS", () => {
  it("does not deliver to a queue that trusts a topic of ours by its name", async () => {
    const sns = accounts.sns(accounts.theirAdmin);
    const { TopicArn } = await sns.createTopic({ Name: "news" });
    expect(TopicArn).not.toBe(topicArn);
    // Nor does it ask there to be confirmed: to ask is to send.
    const { SubscriptionArn } = await sns.subscribe({ TopicArn, Protocol: "sqs", Endpoint: victim.arn });
    expect(SubscriptionArn).toBe("pending confirmation");
    await sns.publish({ TopicArn, Message: "forged" });
    const subscribing = sns.subscribe({ TopicArn: topicArn, Protocol: "sqs", Endpoint: victim.arn });
    expect(await faultOf(subscribing)).toMatchObject({ code: "AuthorizationError", status: 403 });
    const publishing = sns.publish({ TopicArn: topicArn, Message: "forged" });
    expect(await faultOf(publishing)).toMatchObject({ code: "AuthorizationError", status: 403 });
  });
});

describe("the address where Amazon's SNS delivers", () => {
  const notification = {
    Type: "Notification",
    MessageId: randomUUID(),
    TopicArn: topicArn,
    Message: "forged",
    Timestamp: new Date().toISOString(),
    SignatureVersion: "2",
    Signature: randomBytes(256).toString("base64"),
    SigningCertURL: "https://sns.us-east-1.amazonaws.com.evil.example/SimpleNotificationService-1.pem",
    UnsubscribeURL: `https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=${topicArn}:${randomUUID()}`,
  };
  const certificate = "SimpleNotificationService-1.pem";
  const post = (body: string | object, headers: Record<string, string> = {}, path = "") =>
    exchange(server.url, {
      method: "POST",
      path: `/sns/us-east-1/${ours}/victim${path}`,
      headers: { "content-type": "text/plain; charset=UTF-8", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });

  it.each([
    notification.SigningCertURL,
    `http://sns.us-east-1.amazonaws.com/${certificate}`,
    `https://sns.us-east-1.amazonaws.com@evil.example/${certificate}`,
    `https://sns.us-east-1.amazonaws.com:444/${certificate}`,
    `https://evil.example/https://sns.us-east-1.amazonaws.com/${certificate}`,
    `https://sns.eu-west-1.amazonaws.com/${certificate}`,
    `https://SNS.us-east-1.amazonaws.com/${certificate}`,
    `https://sns.us-east-1.amazonaws.com/../${certificate}`,
    `http://127.0.0.1:8787/${certificate}`,
    "file:///etc/passwd",
  ])("fetches nothing from where a forger says, and stores nothing: %s", async (SigningCertURL) => {
    expect((await post({ ...notification, SigningCertURL })).status).toBe(403);
    expect((await post({ ...notification, SigningCertURL }, {}, `?topic=${topicArn}`)).status).toBe(403);
  });

  it("takes nothing that is not signed, or that says two things", async () => {
    const { Signature: _, ...unsigned } = notification;
    const topic = { "x-amz-sns-topic-arn": topicArn };
    expect((await post(unsigned, topic)).status).toBe(400);
    expect((await post("forged", { ...topic, "x-amz-sns-rawdelivery": "true" })).status).toBe(400);
    expect((await post(notification, { "x-amz-sns-message-type": "UnsubscribeConfirmation" })).status).toBe(
      400,
    );
    expect((await post('{"__proto__":{"Type":"Notification"}}')).status).toBe(400);
    const confirmation = {
      ...notification,
      Type: "SubscriptionConfirmation",
      Token: "t",
      SubscribeURL: `${server.url}/?Action=DeleteQueue&QueueUrl=victim`,
    };
    expect((await post(confirmation)).status).toBeOneOf([400, 403]);
  });

  it("says no more of a queue that is not there", async () => {
    const path = `/sns/us-east-1/${ours}/there-is-none`;
    const body = JSON.stringify(notification);
    const answer = await exchange(server.url, { method: "POST", path, headers: {}, body });
    const real = await post(notification);
    expect([answer.status, answer.body]).toEqual([real.status, real.body]);
  });
});

describe("a session that is over, or was never begun", () => {
  it("is refused with a token that is changed, cut, exchanged, or put to another key", async () => {
    const role = await accounts.addRole({ policy: identityPolicies.allows });
    const one = await accounts.assume(role, "one");
    const two = await accounts.assume(role, "two");
    const token = one.sessionToken ?? "";
    const middle = token.length >> 1;
    const changed = `${token.slice(0, middle)}${token[middle] === "A" ? "B" : "A"}${token.slice(middle + 1)}`;
    const { sessionToken: _, ...bare } = one;
    const user = await accounts.addUser({ policy: identityPolicies.allows });
    const wrong: readonly Key[] = [
      { ...one, sessionToken: changed },
      { ...one, sessionToken: token.slice(0, -4) },
      { ...one, sessionToken: token + token },
      { ...one, sessionToken: "A".repeat(9000) },
      { ...one, sessionToken: two.sessionToken ?? "" },
      { ...two, sessionToken: token },
      { ...user, sessionToken: token },
      { ...accounts.root, sessionToken: token },
      bare,
    ];
    for (const key of wrong) expect(await faultOf(send(key))).toEqual(invalidToken);
    for (const secret of [two.secretAccessKey, user.secretAccessKey, ""]) {
      const key = { ...one, secretAccessKey: secret || "x" };
      expect(await faultOf(send(key))).toMatchObject({ code: "SignatureDoesNotMatch", status: 403 });
    }
    await accounts.sqs(one).getQueueUrl({ QueueName: "victim" });
  });

  it("is refused when its time is up, and when another deployment made it", async () => {
    const made = (rootKey: string, expiresAtSeconds: number): Key => {
      const { accessKeyId, secretAccessKey } = newSessionKey();
      const sessionToken = sealSession(sessionKeys(rootKeys(rootKey)), accessKeyId, {
        secretAccessKey,
        issuingKeyId: accounts.root.accessKeyId,
        issuedAtSeconds: 0,
        expiresAtSeconds,
        holder: { kind: "user", userId: ours },
      });
      return { accessKeyId, secretAccessKey, sessionToken };
    };
    const nowSeconds = Math.floor(Date.now() / 1000);
    const live = made(defaults.worker.ROOT_KEY, nowSeconds + 3600);
    await accounts.sqs(live).getQueueUrl({ QueueName: "victim" });
    expect(await faultOf(send(made(defaults.worker.ROOT_KEY, nowSeconds)))).toEqual({
      code: "ExpiredToken",
      status: 403,
      message: "The security token included in the request is expired",
    });
    const elsewhere = made(randomBytes(32).toString("base64"), nowSeconds + 3600);
    expect(await faultOf(send(elsewhere))).toEqual(invalidToken);
  });

  it("is refused from the moment on that its role, its key or its user is gone", async () => {
    const user = await accounts.addUser({ policy: policyTo("Allow", "*") });
    const role = await accounts.addRole({ policy: identityPolicies.allows });
    const ofRole = await accounts.assume(role, "one", { by: user });
    const other = await accounts.assume(role);
    const { Credentials } = await accounts.sts(user).getSessionToken({});
    const ofUser: Key = {
      accessKeyId: Credentials?.AccessKeyId ?? "",
      secretAccessKey: Credentials?.SecretAccessKey ?? "",
      sessionToken: Credentials?.SessionToken ?? "",
    };
    const look = (key: Key) => accounts.sqs(key).getQueueUrl({ QueueName: "victim" });
    for (const key of [user, ofRole, other, ofUser]) await look(key);
    await accounts.removeUser(user);
    for (const key of [user, ofRole, ofUser]) expect(await faultOf(send(key))).toEqual(invalidToken);
    await look(other);
    await accounts.iam().deleteRolePolicy({ RoleName: role.name, PolicyName: "p" });
    expect(await faultOf(send(other))).toMatchObject(denied);
    await accounts.iam().deleteRole({ RoleName: role.name });
    expect(await faultOf(send(other))).toEqual(invalidToken);
  });
});
