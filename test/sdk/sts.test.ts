import { IAM } from "@aws-sdk/client-iam";
import {
  type Credentials,
  MalformedPolicyDocumentException,
  PackedPolicyTooLargeException,
  STS,
} from "@aws-sdk/client-sts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningServer } from "../../scripts/server.ts";
import { newSessionKey } from "../../src/auth/identity.ts";
import { sealSession, sessionKeys } from "../../src/auth/session-token.ts";
import { rootKeys } from "../../src/encryption/secrets.ts";
import { addUser } from "../support/access-keys.ts";
import { policyTo } from "../support/callers.ts";
import { exchange, getExchange, presigned, rootSigner } from "../support/raw-http.ts";
import { failureOf, faultOf, sdks } from "../support/sdks.ts";
import { defaults, startTestServer } from "../support/server.ts";

interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

const ours = "000000000000";
const theirs = "111111111111";
const region = "us-east-1";
const anyone = { AWS: "*" };

let server: RunningServer;
/** The root of the deployment's account. */
const root: Key = rootSigner;
/** A user of the other account, who may do everything there. */
let eve: Key;
let names = 0;

beforeAll(async () => {
  server = await startTestServer();
  eve = await addUser(server, { account: theirs, userName: "eve" });
});
afterAll(() => server.stop());

const freshName = (prefix: string) => `${prefix}-${++names}`;
const client = (credentials: Key, endpoint = server.url) => ({
  ...{ endpoint, region, credentials, maxAttempts: 1 },
});
const sts = (key: Key, endpoint?: string) => new STS(client(key, endpoint));
const iam = (key: Key = root) => new IAM(client(key));
const [today, old] = sdks;
const sqs = (key: Key, sdk = today) => {
  if (!sdk) throw new Error("no SDK");
  return sdk.connect(server.url, { credentials: key });
};

const trusting = (principal: unknown, condition?: object) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: principal,
        Action: ["sts:AssumeRole", "sts:TagSession"],
        ...(condition && { Condition: condition }),
      },
    ],
  });

/** A user of ours; without a policy it may do nothing. */
async function addOurs(policy?: object): Promise<Key & { name: string; arn: string; userId: string }> {
  const name = freshName("user");
  const { User } = await iam().createUser({ UserName: name });
  if (policy) {
    await iam().putUserPolicy({ UserName: name, PolicyName: "p", PolicyDocument: JSON.stringify(policy) });
  }
  const { AccessKey } = await iam().createAccessKey({ UserName: name });
  return {
    name,
    arn: User?.Arn ?? "",
    userId: User?.UserId ?? "",
    accessKeyId: AccessKey?.AccessKeyId ?? "",
    secretAccessKey: AccessKey?.SecretAccessKey ?? "",
  };
}

interface RoleOptions {
  readonly trust?: string;
  readonly policy?: object;
  readonly by?: Key;
  readonly name?: string;
}

async function addRole({
  trust = trusting(anyone),
  policy,
  by = root,
  name = freshName("role"),
}: RoleOptions = {}) {
  const { Role } = await iam(by).createRole({
    RoleName: name,
    Path: "/jobs/",
    AssumeRolePolicyDocument: trust,
  });
  if (policy) {
    await iam(by).putRolePolicy({ RoleName: name, PolicyName: "p", PolicyDocument: JSON.stringify(policy) });
  }
  return { name, arn: Role?.Arn ?? "", roleId: Role?.RoleId ?? "" };
}

async function assume(key: Key, RoleArn: string, more: object = {}): Promise<Key> {
  const { Credentials } = await sts(key).assumeRole({ RoleArn, RoleSessionName: "one", ...more });
  return keyOf(Credentials);
}

function keyOf(issued: Credentials | undefined): Key {
  return {
    accessKeyId: issued?.AccessKeyId ?? "",
    secretAccessKey: issued?.SecretAccessKey ?? "",
    sessionToken: issued?.SessionToken ?? "",
  };
}

const identityOf = async (key: Key) => {
  const { Arn, UserId, Account } = await sts(key).getCallerIdentity({});
  return { Arn, UserId, Account };
};

const invalidToken = {
  code: "InvalidClientTokenId",
  status: 403,
  message: "The security token included in the request is invalid.",
};
const denied = (arn: string, role: string, permission = "sts:AssumeRole") => ({
  code: "AccessDenied",
  status: 403,
  message: `User: ${arn} is not authorized to perform: ${permission} on resource: ${role}`,
});

describe("who calls", () => {
  it("is told to everyone who signs, whatever a policy denies", async () => {
    expect(await identityOf(root)).toEqual({ Arn: `arn:aws:iam::${ours}:root`, UserId: ours, Account: ours });
    const user = await addOurs(policyTo("Deny", "*"));
    expect(await identityOf(user)).toEqual({ Arn: user.arn, UserId: user.userId, Account: ours });
  });
});

describe("a role's session", () => {
  it.each([today, old])("sends and receives through the SDK, and is seen as the sender: %#", async (sdk) => {
    const user = await addOurs();
    const role = await addRole({ policy: policyTo("Allow", "sqs:*") });
    const answer = await sts(user).assumeRole({ RoleArn: role.arn, RoleSessionName: "one" });
    const userId = `${role.roleId}:one`;
    const arn = `arn:aws:sts::${ours}:assumed-role/${role.name}/one`;
    expect(answer.AssumedRoleUser).toEqual({ AssumedRoleId: userId, Arn: arn });
    const session = keyOf(answer.Credentials);
    expect(await identityOf(session)).toEqual({ Arn: arn, UserId: userId, Account: ours });

    const queues = sqs(session, sdk);
    const { QueueUrl } = await queues.createQueue({ QueueName: freshName("queue") });
    await queues.sendMessage({ QueueUrl, MessageBody: "hello" });
    const { Messages } = await queues.receiveMessage({ QueueUrl, AttributeNames: ["All"] });
    expect(Messages?.[0]).toMatchObject({ Body: "hello", Attributes: { SenderId: userId } });
    expect(await faultOf(sqs(user, sdk).listQueues({}))).toMatchObject({ code: "AccessDenied" });
  });

  it("may do no more than its session policies", async () => {
    const role = await addRole({ policy: policyTo("Allow", "sqs:*") });
    const user = await addOurs();
    const { QueueUrl } = await sqs(root).createQueue({ QueueName: freshName("queue") });
    const Policy = JSON.stringify(policyTo("Allow", "sqs:ReceiveMessage"));
    const inline = await assume(user, role.arn, { Policy });
    const { Policy: created } = await iam().createPolicy({
      PolicyName: freshName("policy"),
      PolicyDocument: JSON.stringify(policyTo("Allow", "sqs:SendMessage")),
    });
    const managed = await assume(user, role.arn, { PolicyArns: [{ arn: created?.Arn }] });

    const send = (key: Key) => sqs(key).sendMessage({ QueueUrl, MessageBody: "x" });
    const receive = (key: Key) => sqs(key).receiveMessage({ QueueUrl });
    await send(await assume(user, role.arn));
    await send(managed);
    await receive(inline);
    const name = QueueUrl?.slice(QueueUrl.lastIndexOf("/") + 1);
    const text = (action: string) => ({
      code: "AccessDenied",
      status: 403,
      message: `User: arn:aws:sts::${ours}:assumed-role/${role.name}/one is not authorized to perform: sqs:${action} on resource: arn:aws:sqs:${region}:${ours}:${name} because no session policy allows the sqs:${action} action`,
    });
    expect(await faultOf(send(inline))).toEqual(text("sendmessage"));
    expect(await faultOf(receive(managed))).toEqual(text("receivemessage"));
  });

  it("is named in a queue's policy", async () => {
    const user = await addOurs();
    const role = await addRole();
    const { QueueUrl } = await sqs(root).createQueue({ QueueName: freshName("queue") });
    const session = await assume(user, role.arn);
    const send = () => sqs(session).sendMessage({ QueueUrl, MessageBody: "x" });
    expect(await faultOf(send())).toMatchObject({ code: "AccessDenied" });
    const name = QueueUrl?.slice(QueueUrl.lastIndexOf("/") + 1);
    const statement = { Principal: { AWS: role.arn }, Resource: `arn:aws:sqs:${region}:${ours}:${name}` };
    const Policy = JSON.stringify(policyTo("Allow", "sqs:SendMessage", statement));
    await sqs(root).setQueueAttributes({ QueueUrl, Attributes: { Policy } });
    await send();
  });

  it("signs presigned URLs", async () => {
    const user = await addOurs();
    const role = await addRole({ policy: policyTo("Allow", "sqs:*") });
    const { sessionToken = "", ...key } = await assume(user, role.arn);
    const listing = (token: string) =>
      getExchange({ Action: "ListQueues", Version: "2012-11-05", "X-Amz-Security-Token": token });
    const answerTo = (token: string) =>
      exchange(server.url, presigned(server.url, listing(token), 60, { ...key, region }));
    expect((await answerTo(sessionToken)).status).toBe(200);
    const refused = await answerTo(`${sessionToken.slice(0, -8)}AAAAAAA=`);
    expect(refused.status).toBe(403);
    expect(refused.body).toContain("<Code>InvalidClientTokenId</Code>");
  });

  it("assumes another role, for an hour at most", async () => {
    const user = await addOurs();
    const first = await addRole();
    const second = await addRole({ trust: trusting({ AWS: first.arn }) });
    const inFirst = await assume(user, first.arn);
    const inSecond = await assume(inFirst, second.arn, { RoleSessionName: "two" });
    expect((await identityOf(inSecond)).Arn).toBe(`arn:aws:sts::${ours}:assumed-role/${second.name}/two`);
    expect(await faultOf(assume(user, second.arn))).toEqual(denied(user.arn, second.arn));
    expect(await faultOf(assume(inFirst, second.arn, { DurationSeconds: 3601 }))).toMatchObject({
      code: "ValidationError",
      status: 400,
    });
  });
});

describe("whom a role trusts", () => {
  it("is the account, for users whose own policies allow it", async () => {
    const role = await addRole({ trust: trusting({ AWS: `arn:aws:iam::${ours}:root` }) });
    const allowed = await addOurs(policyTo("Allow", "sts:AssumeRole", { Resource: role.arn }));
    const bare = await addOurs();
    await assume(allowed, role.arn);
    expect(await faultOf(assume(bare, role.arn))).toEqual(denied(bare.arn, role.arn));
  });

  it("is the user that it names, who needs no policy, and no namesake that comes after", async () => {
    const user = await addOurs();
    const role = await addRole({ trust: trusting({ AWS: user.arn }) });
    await assume(user, role.arn);
    await iam().deleteAccessKey({ UserName: user.name, AccessKeyId: user.accessKeyId });
    await iam().deleteUser({ UserName: user.name });
    await iam().createUser({ UserName: user.name });
    const { AccessKey } = await iam().createAccessKey({ UserName: user.name });
    const namesake = {
      accessKeyId: AccessKey?.AccessKeyId ?? "",
      secretAccessKey: AccessKey?.SecretAccessKey ?? "",
    };
    expect(await faultOf(assume(namesake, role.arn))).toEqual(denied(user.arn, role.arn));
  });

  it("is whoever has the external id", async () => {
    const user = await addOurs();
    const role = await addRole({ trust: trusting(anyone, { StringEquals: { "sts:ExternalId": "4711" } }) });
    await assume(user, role.arn, { ExternalId: "4711" });
    for (const more of [{ ExternalId: "4712" }, {}]) {
      expect(await faultOf(assume(user, role.arn, more))).toEqual(denied(user.arn, role.arn));
    }
  });

  it("is another account, whose own policies have to allow it as well", async () => {
    const name = freshName("bare");
    await iam(eve).createUser({ UserName: name });
    const { AccessKey } = await iam(eve).createAccessKey({ UserName: name });
    const bare = {
      accessKeyId: AccessKey?.AccessKeyId ?? "",
      secretAccessKey: AccessKey?.SecretAccessKey ?? "",
    };
    const role = await addRole({ trust: trusting({ AWS: theirs }), policy: policyTo("Allow", "sqs:*") });
    const session = await assume(eve, role.arn);
    expect((await identityOf(session)).Account).toBe(ours);
    const { QueueUrl } = await sqs(session).createQueue({ QueueName: freshName("queue") });
    expect(QueueUrl).toContain(`/${ours}/`);
    expect(await faultOf(assume(bare, role.arn))).toEqual(
      denied(`arn:aws:iam::${theirs}:user/${name}`, role.arn),
    );
    const notTheirs = await addRole({ trust: trusting({ AWS: ours }) });
    expect(await faultOf(assume(eve, notTheirs.arn))).toEqual(
      denied(`arn:aws:iam::${theirs}:user/eve`, notTheirs.arn),
    );
  });

  it("is told alike for a role that does not exist", async () => {
    const none = `arn:aws:iam::${ours}:role/none`;
    expect(await faultOf(assume(eve, none))).toEqual(denied(`arn:aws:iam::${theirs}:user/eve`, none));
  });

  it("is never an account's root", async () => {
    const role = await addRole();
    expect(await faultOf(assume(root, role.arn))).toEqual({
      code: "AccessDenied",
      status: 403,
      message: "Roles may not be assumed by root accounts.",
    });
  });
});

describe("what AssumeRole refuses", () => {
  it("has the SDK's own classes", async () => {
    const user = await addOurs();
    const role = await addRole();
    const Tags = Array.from({ length: 20 }, (_, i) => ({ Key: `key${i}`, Value: "v".repeat(256) }));
    expect(await failureOf(assume(user, role.arn, { Policy: "{}" }))).toBeInstanceOf(
      MalformedPolicyDocumentException,
    );
    expect(await failureOf(assume(user, role.arn, { Tags }))).toBeInstanceOf(PackedPolicyTooLargeException);
    expect(await faultOf(assume(user, role.arn, { RoleSessionName: "a b", DurationSeconds: 1 }))).toEqual({
      code: "ValidationError",
      status: 400,
      message:
        "2 validation errors detected: Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*; Value '1' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900",
    });
  });
});

describe("a user's own session", () => {
  it("is the user, but not before IAM, and makes no sessions but a role's", async () => {
    const user = await addOurs(policyTo("Allow", "*"));
    const { Credentials } = await sts(user).getSessionToken({ DurationSeconds: 900 });
    const session = keyOf(Credentials);
    expect(await identityOf(session)).toEqual({ Arn: user.arn, UserId: user.userId, Account: ours });
    const { QueueUrl } = await sqs(session).createQueue({ QueueName: freshName("queue") });
    await sqs(session).sendMessage({ QueueUrl, MessageBody: "x" });
    expect(await faultOf(iam(session).listUsers({}))).toEqual(invalidToken);
    await iam(user).listUsers({});
    expect(await faultOf(sts(session).getSessionToken({}))).toEqual({
      code: "AccessDenied",
      status: 403,
      message: "Cannot call GetSessionToken with session credentials",
    });
    const role = await addRole();
    await assume(session, role.arn);
  });

  it("of the root is the root, for an hour", async () => {
    const { Credentials } = await sts(root).getSessionToken({ DurationSeconds: 7200 });
    expect((await identityOf(keyOf(Credentials))).Arn).toBe(`arn:aws:iam::${ours}:root`);
    expect(Credentials?.Expiration?.getTime()).toBeLessThanOrEqual(Date.now() + 3_600_000);
  });
});

describe("a session ends at once", () => {
  it("with its key", async () => {
    const user = await addOurs(policyTo("Allow", "sqs:*"));
    const role = await addRole();
    const { Credentials } = await sts(user).getSessionToken({});
    const sessions = [keyOf(Credentials), await assume(user, role.arn)];
    for (const session of sessions) await identityOf(session);
    await iam().updateAccessKey({ UserName: user.name, AccessKeyId: user.accessKeyId, Status: "Inactive" });
    for (const session of sessions) expect(await faultOf(identityOf(session))).toEqual(invalidToken);
    await iam().updateAccessKey({ UserName: user.name, AccessKeyId: user.accessKeyId, Status: "Active" });
    for (const session of sessions) await identityOf(session);
    await iam().deleteAccessKey({ UserName: user.name, AccessKeyId: user.accessKeyId });
    for (const session of sessions) expect(await faultOf(identityOf(session))).toEqual(invalidToken);
  });

  it("with its role, which does not come back under its name", async () => {
    const user = await addOurs();
    const role = await addRole();
    const session = await assume(user, role.arn);
    await identityOf(session);
    await iam().deleteRole({ RoleName: role.name });
    expect(await faultOf(identityOf(session))).toEqual(invalidToken);
    const again = await addRole({ name: role.name });
    expect(again.arn).toBe(role.arn);
    expect(await faultOf(identityOf(session))).toEqual(invalidToken);
    await identityOf(await assume(user, again.arn));
  });

  it("where its role may do less", async () => {
    const user = await addOurs();
    const role = await addRole({ policy: policyTo("Allow", "sqs:*") });
    const session = await assume(user, role.arn);
    await sqs(session).listQueues({});
    await iam().deleteRolePolicy({ RoleName: role.name, PolicyName: "p" });
    expect(await faultOf(sqs(session).listQueues({}))).toMatchObject({ code: "AccessDenied" });
  });
});

describe("a token is refused", () => {
  it("when it is changed, left out, exchanged, or added to a long-lived key", async () => {
    const user = await addOurs();
    const role = await addRole();
    const one = await assume(user, role.arn);
    const other = await assume(user, role.arn);
    const token = one.sessionToken ?? "";
    const middle = Math.floor(token.length / 2);
    const changed = token.slice(0, middle) + (token[middle] === "A" ? "B" : "A") + token.slice(middle + 1);
    const { accessKeyId, secretAccessKey } = one;
    const wrong: Key[] = [
      { ...one, sessionToken: changed },
      { ...one, sessionToken: "made-up" },
      { accessKeyId, secretAccessKey },
      { ...one, sessionToken: other.sessionToken ?? "" },
      { ...user, sessionToken: token },
      { ...root, sessionToken: token },
    ];
    for (const key of wrong) expect(await faultOf(sts(key).getCallerIdentity({}))).toEqual(invalidToken);
    const wrongSecret = { ...one, secretAccessKey: other.secretAccessKey };
    expect(await faultOf(sts(wrongSecret).getCallerIdentity({}))).toMatchObject({
      code: "SignatureDoesNotMatch",
    });
    await identityOf(one);
  });

  it.each([today, old])("once it has expired, and in those words: %#", async (sdk) => {
    const keys = sessionKeys(rootKeys(defaults.worker.ROOT_KEY));
    const expiring = (expiresAtSeconds: number) => {
      const { accessKeyId, secretAccessKey } = newSessionKey();
      const sessionToken = sealSession(keys, accessKeyId, {
        secretAccessKey,
        issuingKeyId: root.accessKeyId,
        issuedAtSeconds: 0,
        expiresAtSeconds,
        holder: { kind: "user", userId: ours },
      });
      return sqs({ accessKeyId, secretAccessKey, sessionToken }, sdk).listQueues({});
    };
    const nowSeconds = Math.floor(Date.now() / 1000);
    await expiring(nowSeconds + 900);
    expect(await faultOf(expiring(nowSeconds))).toEqual({
      code: "ExpiredToken",
      status: 403,
      message: "The security token included in the request is expired",
    });
  });

  it("in another deployment, which has another root key", async () => {
    const settings = { ROOT_KEY: Buffer.from("another".padEnd(32)).toString("base64") };
    const another = await startTestServer({ settings });
    try {
      // Both have the same root credential, so only the token can tell.
      const { Credentials } = await sts(root).getSessionToken({});
      expect(await faultOf(sts(keyOf(Credentials), another.url).getCallerIdentity({}))).toEqual(invalidToken);
      await identityOf(keyOf(Credentials));
    } finally {
      await another.stop();
    }
  });
});
