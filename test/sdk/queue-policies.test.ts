import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningServer } from "../../scripts/server.ts";
import {
  Accounts,
  identityPolicies,
  json,
  nameOf,
  ours,
  policyOf,
  query,
  queueArn,
  theirs,
} from "../support/accounts.ts";
import { faultOf } from "../support/sdks.ts";
import { startTestServer } from "../support/server.ts";

/** What a queue's policy is allowed to say, what is answered otherwise, and from when on it holds. */

let server: RunningServer;
let accounts: Accounts;

beforeAll(async () => {
  // As in a deployment: there a poll that waited has its error answered.
  server = await startTestServer({ settings: { PROBE_CLIENTS: "off" } });
  accounts = await Accounts.on(server);
});
afterAll(() => server.stop());

const rootArn = (account: string) => `arn:aws:iam::${account}:root`;
const invalidParameter = (message: string) => ({ code: "InvalidParameterValue", status: 400, message });
const denied = { code: "AccessDenied", status: 403 };

/** As it was set; undefined: none. */
async function policyNow(QueueUrl: string): Promise<string | undefined> {
  const { Attributes } = await accounts.sqs().getQueueAttributes({ QueueUrl, AttributeNames: ["All"] });
  return Attributes?.["Policy"];
}

const setPolicy = (QueueUrl: string, Policy: string) =>
  accounts.sqs().setQueueAttributes({ QueueUrl, Attributes: { Policy } });

const send = (QueueUrl: string, sqs = accounts.sqs()) => sqs.sendMessage({ QueueUrl, MessageBody: "x" });

describe.each([json, query])("permissions, through the $name SDK", (sdk) => {
  const grant = (QueueUrl: string, more: object = {}) =>
    accounts.sqs(accounts.admin, sdk).addPermission({
      QueueUrl,
      Label: "one",
      AWSAccountIds: [theirs],
      Actions: ["SendMessage"],
      ...more,
    });
  const revoke = (QueueUrl: string, Label = "one") =>
    accounts.sqs(accounts.admin, sdk).removePermission({ QueueUrl, Label });

  it("are written as SQS writes them: one as a text, several as a list", async () => {
    const url = await accounts.createQueue();
    const Resource = queueArn(nameOf(url));
    const first = {
      Sid: "one",
      Effect: "Allow",
      Principal: { AWS: rootArn(theirs) },
      Action: "SQS:SendMessage",
      Resource,
    };
    const second = {
      Sid: "two_-2",
      Effect: "Allow",
      Principal: { AWS: [rootArn(theirs), rootArn("222222222222")] },
      Action: ["SQS:ReceiveMessage", "SQS:*"],
      Resource,
    };
    const frame = { Version: "2008-10-17", Id: `${Resource}/SQSDefaultPolicy` };
    await grant(url);
    expect(await policyNow(url)).toBe(JSON.stringify({ ...frame, Statement: [first] }));
    await grant(url, {
      Label: "two_-2",
      AWSAccountIds: [theirs, "222222222222"],
      Actions: ["ReceiveMessage", "*"],
    });
    expect(await policyNow(url)).toBe(JSON.stringify({ ...frame, Statement: [first, second] }));
    await revoke(url);
    expect(await policyNow(url)).toBe(JSON.stringify({ ...frame, Statement: [second] }));
    await revoke(url, "two_-2");
    expect(await policyNow(url)).toBeUndefined();
  });

  it("let the other account in with the next request, and out with the next", async () => {
    const url = await accounts.createQueue();
    const stranger = accounts.sqs(accounts.theirAdmin, sdk);
    for (let round = 0; round < 3; round++) {
      expect(await faultOf(send(url, stranger))).toMatchObject(denied);
      await grant(url);
      await send(url, stranger);
      expect(await faultOf(stranger.receiveMessage({ QueueUrl: url }))).toMatchObject(denied);
      await revoke(url);
    }
    expect(await faultOf(send(url, stranger))).toMatchObject(denied);
  });

  it("are added to a policy that was set, which keeps the rest of what it says", async () => {
    const url = await accounts.createQueue();
    const statement = { Sid: "set", Effect: "Deny", Principal: "*", Action: "sqs:PurgeQueue", Resource: "*" };
    const document = { Version: "2012-10-17", Id: "mine", Statement: statement };
    await setPolicy(url, JSON.stringify(document, null, 2));
    await grant(url);
    const policy = JSON.parse((await policyNow(url)) ?? "");
    expect(policy).toMatchObject({
      Version: "2012-10-17",
      Id: "mine",
      Statement: [statement, { Sid: "one" }],
    });
    await revoke(url, "set");
    expect(JSON.parse((await policyNow(url)) ?? "").Statement).toMatchObject([{ Sid: "one" }]);
  });

  it("of many who add at once are all there", async () => {
    const url = await accounts.createQueue();
    const labels = Array.from({ length: 8 }, (_, n) => `label-${n}`);
    await Promise.all(labels.map((Label) => grant(url, { Label })));
    const { Statement } = JSON.parse((await policyNow(url)) ?? "") as { Statement: { Sid: string }[] };
    expect(Statement.map(({ Sid }) => Sid).sort()).toEqual(labels);
  });

  const wsdl = "Reason: Please refer to the appropriate WSDL for a list of valid actions.";
  const label = (text: string, reason: string) =>
    invalidParameter(`Value ${text} for parameter Label is invalid. Reason: ${reason}`);
  const form = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
  const missing = (name: string) => ({
    code: "MissingParameter",
    status: 400,
    message: `The request must contain the parameter ${name}.`,
  });

  it.each([
    [{ Label: "taken" }, label("taken", "Already exists.")],
    [{ Label: "a b" }, label("a b", form)],
    [{ Label: "x".repeat(81) }, label("x".repeat(81), form)],
    [{ Label: undefined }, missing("Label")],
    [{ Actions: ["Send"] }, invalidParameter(`Value SQS:Send for parameter ActionName is invalid. ${wsdl}`)],
    [
      { Actions: ["SendMessageBatch"] },
      invalidParameter(`Value SQS:SendMessageBatch for parameter ActionName is invalid. ${wsdl}`),
    ],
    [
      { Actions: ["__proto__"] },
      invalidParameter(`Value SQS:__proto__ for parameter ActionName is invalid. ${wsdl}`),
    ],
    [
      { Actions: ["SendMessage", "DeleteQueue"] },
      invalidParameter(
        "Value SQS:DeleteQueue for parameter ActionName is invalid. Reason: Only the queue owner is allowed to invoke this action.",
      ),
    ],
    [{ Actions: [] }, missing("ActionName")],
    ...["*", "11111111111", "1111111111111", `arn:aws:iam::${theirs}:root`, "１１１１１１１１１１１１"].map(
      (account): [object, object] => [
        { AWSAccountIds: [theirs, account] },
        invalidParameter(
          `Value [${account}] for parameter PrincipalId is invalid. Reason: Unable to verify principal.`,
        ),
      ],
    ),
    [{ AWSAccountIds: [] }, missing("PrincipalId")],
    [
      { Actions: Array.from({ length: 8 }, () => "SendMessage") },
      { code: "OverLimit", status: 403, message: "8 Actions were found, maximum allowed is 7." },
    ],
  ])("are refused with %j, and nothing changes", async (more, fault) => {
    const url = await accounts.createQueue();
    await grant(url, { Label: "taken" });
    const before = await policyNow(url);
    expect(await faultOf(grant(url, more))).toEqual(fault);
    expect(await policyNow(url)).toBe(before);
  });

  it("are taken up to each bound", async () => {
    const url = await accounts.createQueue();
    await grant(url, { Label: "x".repeat(80), Actions: Array.from({ length: 7 }, () => "SendMessage") });
    const AWSAccountIds = Array.from({ length: 50 }, (_, n) => String(400_000_000_000 + n));
    await grant(url, { Label: "fifty", AWSAccountIds });
    expect(JSON.parse((await policyNow(url)) ?? "").Statement).toHaveLength(2);
  });

  it("of a 21st label are refused", async () => {
    const url = await accounts.createQueue();
    for (let n = 1; n <= 20; n++) await grant(url, { Label: `n${n}` });
    const before = await policyNow(url);
    expect(await faultOf(grant(url, { Label: "n21" }))).toEqual({
      code: "OverLimit",
      status: 403,
      message: "21 Statements were found, maximum allowed is 20.",
    });
    expect(await policyNow(url)).toBe(before);
    await revoke(url, "n7");
    await grant(url, { Label: "n21" });
  });

  it("that are not there cannot be removed", async () => {
    const url = await accounts.createQueue();
    expect(await faultOf(revoke(url))).toEqual(label("one", "can't find label."));
    await grant(url);
    for (const Label of ["One", "constructor"]) {
      expect(await faultOf(revoke(url, Label))).toEqual(label(Label, "can't find label."));
    }
    expect(await faultOf(revoke(`${url}-none`))).toMatchObject({
      code: "AWS.SimpleQueueService.NonExistentQueue",
    });
  });
});

describe("a policy", () => {
  const allows = (more: object = {}) => ({
    Effect: "Allow",
    Principal: { AWS: theirs },
    Action: "sqs:SendMessage",
    Resource: "*",
    ...more,
  });

  it("is given back to the character, and taken away by nothing", async () => {
    const url = await accounts.createQueue();
    const text = ` { "Statement" : ${JSON.stringify(allows({ Sid: "grüß dich" }))} ,\n\t"Version":"2008-10-17" } `;
    await setPolicy(url, text);
    expect(await policyNow(url)).toBe(text);
    await setPolicy(url, "");
    expect(await policyNow(url)).toBeUndefined();
    expect(await faultOf(send(url, accounts.sqs(accounts.theirAdmin)))).toMatchObject(denied);
  });

  it("is in force for a queue that is created with it, and compared by its meaning", async () => {
    const name = accounts.fresh("created");
    const Policy = policyOf(allows());
    const url = await accounts.createQueue(name, { Policy });
    await send(url, accounts.sqs(accounts.theirAdmin));
    await accounts.createQueue(name, { Policy: JSON.stringify(JSON.parse(Policy), null, 4) });
    const wider = accounts.createQueue(name, { Policy: policyOf(allows({ Action: "sqs:*" })) });
    expect(await faultOf(wider)).toMatchObject({ code: "QueueAlreadyExists" });
    expect(await policyNow(url)).toBe(Policy);
  });

  const invalid = {
    code: "InvalidAttributeValue",
    status: 400,
    message: "Invalid value for the parameter Policy.",
  };
  const tooMany = (count: number, what: string, max: number) => ({
    code: "OverLimit",
    status: 403,
    message: `${count} ${what} were found in the submitted policy, max allowed is ${max}`,
  });
  const actions = (count: number) => Array.from({ length: count }, () => "sqs:SendMessage");
  const conditions = (count: number) => ({
    StringLike: Object.fromEntries(Array.from({ length: count }, (_, n) => [`aws:RequestTag/k${n}`, "*"])),
  });
  const principals = (count: number) => ({
    AWS: Array.from({ length: count }, (_, n) => String(400_000_000_000 + n)),
  });
  const statements = (count: number) => policyOf(...Array.from({ length: count }, () => allows()));
  const bytes = (length: number) => {
    const empty = policyOf(allows({ Sid: "" }));
    return empty.replace('"Sid":""', `"Sid":"${"x".repeat(length - empty.length)}"`);
  };

  it.each<[why: string, policy: string, fault: object]>([
    ["it is no JSON", "{", invalid],
    ["it is a JSON text", '"*"', invalid],
    ["it is a list", "[]", invalid],
    ["it has no statement", policyOf(), invalid],
    ["it has no Statement", "{}", invalid],
    ["a statement is none", '{"Statement":[null]}', invalid],
    ["it has 21 statements", statements(21), tooMany(21, "statements", 20)],
    ["a statement has 8 actions", policyOf(allows({ Action: actions(8) })), tooMany(8, "actions", 7)],
    [
      "a statement has 51 principals",
      policyOf(allows({ Principal: principals(51) })),
      tooMany(51, "principals", 50),
    ],
    [
      "a statement has 11 conditions",
      policyOf(allows({ Condition: conditions(11) })),
      tooMany(11, "conditions", 10),
    ],
    ["it has 8193 bytes", bytes(8193), invalid],
    ["an action is unknown", policyOf(allows({ Action: "sqs:Send" })), invalid],
    ["an action is a batch's", policyOf(allows({ Action: "sqs:SendMessageBatch" })), invalid],
    ["an action is another service's", policyOf(allows({ Action: "sns:Publish" })), invalid],
    ["an action has no service", policyOf(allows({ Action: "SendMessage" })), invalid],
    ["it gives a stranger what is its owner's", policyOf(allows({ Action: "sqs:DeleteQueue" })), invalid],
    [
      "it gives a stranger what is its owner's, in other letters",
      policyOf(allows({ Action: ["sqs:SendMessage", "SQS:addpermission"] })),
      invalid,
    ],
    ["it is about another queue", policyOf(allows({ Resource: queueArn("another") })), invalid],
    [
      "it is about another account's queue",
      policyOf(allows({ Resource: `arn:aws:sqs:*:${theirs}:*` })),
      invalid,
    ],
    ["it has no resource", policyOf(allows({ Resource: undefined })), invalid],
    ["it has no principal", policyOf(allows({ Principal: undefined })), invalid],
    ["it has both principals", policyOf(allows({ NotPrincipal: "*" })), invalid],
    ["it has no effect", policyOf(allows({ Effect: undefined })), invalid],
    ["its effect is in other letters", policyOf(allows({ Effect: "allow" })), invalid],
    ["an element is misspelled", policyOf(allows({ Conditions: {} })), invalid],
    [
      "an element is there twice",
      policyOf(allows()).replace('"Effect"', '"Effect":"Deny","Effect"'),
      invalid,
    ],
    ["an element is a prototype", policyOf(allows()).replace('"Effect"', '"__proto__":{},"Effect"'), invalid],
    ["an operator is unknown", policyOf(allows({ Condition: { Equals: { a: "b" } } })), invalid],
    ["an operator is a constructor", policyOf(allows({ Condition: { constructor: { a: "b" } } })), invalid],
    [
      "an address is none",
      policyOf(allows({ Condition: { IpAddress: { "aws:SourceIp": "10.0/8" } } })),
      invalid,
    ],
    ["its user does not exist", policyOf(allows({ Principal: { AWS: userArn("nobody") } })), invalid],
    ["its role does not exist", policyOf(allows({ Principal: { AWS: roleArn("nothing") } })), invalid],
    [
      "a stranger of it does not exist",
      policyOf(allows({ Principal: { AWS: userArn("none", theirs) } })),
      invalid,
    ],
    ["a principal has a wildcard", policyOf(allows({ Principal: { AWS: userArn("*") } })), invalid],
    ["its version is another", policyOf(allows()).replace("2012-10-17", "2022-10-17"), invalid],
  ])("is refused where %s, and the former one stays", async (_why, policy, fault) => {
    const former = policyOf(allows({ Sid: "former" }));
    const url = await accounts.createQueue(undefined, { Policy: former });
    expect(await faultOf(setPolicy(url, policy))).toEqual(fault);
    expect(await policyNow(url)).toBe(former);
    const name = accounts.fresh("never");
    expect(await faultOf(accounts.createQueue(name, { Policy: policy }))).toEqual(fault);
    expect(await faultOf(accounts.sqs().getQueueUrl({ QueueName: name }))).toMatchObject({
      code: "AWS.SimpleQueueService.NonExistentQueue",
    });
  });

  it.each([
    ["20 statements", statements(20)],
    ["7 actions", policyOf(allows({ Action: actions(7) }))],
    ["50 principals", policyOf(allows({ Principal: principals(50) }))],
    ["10 conditions", policyOf(allows({ Condition: conditions(10) }))],
    ["8192 bytes", bytes(8192)],
  ])("may have %s", async (_what, policy) => {
    const url = await accounts.createQueue();
    await setPolicy(url, policy);
    expect(await policyNow(url)).toBe(policy);
  });
});

const userArn = (name: string, account = ours) => `arn:aws:iam::${account}:user/${name}`;
const roleArn = (name: string, account = ours) => `arn:aws:iam::${account}:role/${name}`;

describe("whom a policy names", () => {
  const sends = (AWS: string) => ({
    Effect: "Allow",
    Principal: { AWS },
    Action: "sqs:SendMessage",
    Resource: "*",
  });

  it("is a user, and no namesake that comes after; it is shown by its id then", async () => {
    const url = await accounts.createQueue();
    const user = await accounts.addUser();
    const text = policyOf(sends(user.arn));
    await setPolicy(url, text);
    await send(url, accounts.sqs(user));
    expect(await policyNow(url)).toBe(text);

    await accounts.removeUser(user);
    expect(await policyNow(url)).toBe(policyOf(sends(user.userId)));
    const namesake = await accounts.addUser({ name: user.name });
    expect(namesake.arn).toBe(user.arn);
    expect(await faultOf(send(url, accounts.sqs(namesake)))).toEqual({
      ...denied,
      message: `User: ${user.arn} is not authorized to perform: sqs:sendmessage on resource: ${queueArn(nameOf(url))} because no identity-based policy allows the sqs:sendmessage action`,
    });
    expect(await policyNow(url)).toBe(policyOf(sends(user.userId)));
    // Given back as it is shown, it still means the one who is gone.
    await setPolicy(url, policyOf(sends(user.userId)));
    expect(await faultOf(send(url, accounts.sqs(namesake)))).toMatchObject(denied);
    await setPolicy(url, text);
    await send(url, accounts.sqs(namesake));
  });

  it("is not denied any more when it is another under its name", async () => {
    const url = await accounts.createQueue();
    const user = await accounts.addUser({ policy: identityPolicies.allows });
    await setPolicy(url, policyOf({ ...sends(user.arn), Effect: "Deny" }));
    expect(await faultOf(send(url, accounts.sqs(user)))).toMatchObject(denied);
    await accounts.removeUser(user);
    const namesake = await accounts.addUser({ name: user.name, policy: identityPolicies.allows });
    await send(url, accounts.sqs(namesake));
  });

  it("is a role, and no namesake that comes after", async () => {
    const url = await accounts.createQueue();
    const role = await accounts.addRole();
    const session = await accounts.assume(role);
    await setPolicy(url, policyOf(sends(role.arn)));
    await send(url, accounts.sqs(session));
    await accounts.iam().deleteRole({ RoleName: role.name });
    const again = await accounts.addRole({ name: role.name });
    expect(again.arn).toBe(role.arn);
    expect(await faultOf(send(url, accounts.sqs(await accounts.assume(again))))).toMatchObject(denied);
    expect(await policyNow(url)).toMatch(/"AWS":"AROA[A-Z2-7]{17}"/);
  });

  it("is a session of a role, and no session of a role that takes the role's name", async () => {
    const url = await accounts.createQueue();
    const role = await accounts.addRole();
    await setPolicy(url, policyOf(sends(`arn:aws:sts::${ours}:assumed-role/${role.name}/one`)));
    await send(url, accounts.sqs(await accounts.assume(role, "one")));
    expect(await faultOf(send(url, accounts.sqs(await accounts.assume(role, "two"))))).toMatchObject(denied);
    await accounts.iam().deleteRole({ RoleName: role.name });
    const again = await accounts.addRole({ name: role.name });
    expect(await faultOf(send(url, accounts.sqs(await accounts.assume(again, "one"))))).toMatchObject(denied);
  });

  it("of another account is bound to its id all the same", async () => {
    const url = await accounts.createQueue();
    const by = accounts.theirAdmin;
    const user = await accounts.addUser({ by, policy: identityPolicies.allows });
    await setPolicy(url, policyOf(sends(user.arn)));
    await send(url, accounts.sqs(user));
    const iam = accounts.iam(by);
    await iam.deleteAccessKey({ UserName: user.name, AccessKeyId: user.accessKeyId });
    await iam.deleteUserPolicy({ UserName: user.name, PolicyName: "p" });
    await iam.deleteUser({ UserName: user.name });
    const namesake = await accounts.addUser({ by, name: user.name, policy: identityPolicies.allows });
    expect(namesake.arn).toBe(user.arn);
    expect(await faultOf(send(url, accounts.sqs(namesake)))).toMatchObject(denied);
  });

  it("is everyone but those of a NotPrincipal", async () => {
    const url = await accounts.createQueue();
    const [spared, other] = [
      await accounts.addUser({ policy: identityPolicies.allows }),
      await accounts.addUser({ policy: identityPolicies.allows }),
    ];
    const statement = { Effect: "Deny", NotPrincipal: { AWS: spared.arn }, Action: "sqs:SendMessage" };
    await setPolicy(url, policyOf({ ...statement, Resource: "*" }));
    await send(url, accounts.sqs(spared));
    expect(await faultOf(send(url, accounts.sqs(other)))).toMatchObject({
      ...denied,
      message: expect.stringContaining("with an explicit deny in a resource-based policy"),
    });
  });
});

describe("a changed policy", () => {
  const sends = (Effect: "Allow" | "Deny", AWS: string) => ({
    Effect,
    Principal: { AWS },
    Action: ["sqs:SendMessage", "sqs:ReceiveMessage"],
    Resource: "*",
  });

  it("holds from the next request on, in either direction", async () => {
    const url = await accounts.createQueue();
    const stranger = accounts.sqs(accounts.theirAdmin);
    const colleague = accounts.sqs(await accounts.addUser({ policy: identityPolicies.allows }));
    for (let round = 0; round < 5; round++) {
      await setPolicy(url, policyOf(sends("Allow", theirs)));
      await send(url, stranger);
      await send(url, colleague);
      await setPolicy(url, policyOf(sends("Deny", theirs), sends("Deny", ours)));
      expect(await faultOf(send(url, stranger))).toMatchObject(denied);
      expect(await faultOf(send(url, colleague))).toMatchObject(denied);
    }
    await setPolicy(url, "");
    const AttributeNames = ["ApproximateNumberOfMessages" as const];
    const { Attributes } = await accounts.sqs().getQueueAttributes({ QueueUrl: url, AttributeNames });
    expect(Attributes).toEqual({ ApproximateNumberOfMessages: "10" });
  });

  it("ends a poll that waits, which takes no message any more", async () => {
    const url = await accounts.createQueue(undefined, { Policy: policyOf(sends("Allow", theirs)) });
    const stranger = accounts.sqs(accounts.theirAdmin);
    const poll = faultOf(stranger.receiveMessage({ QueueUrl: url, WaitTimeSeconds: 20 }));
    await policyNow(url);
    await setPolicy(url, "");
    await send(url);
    expect(await poll).toMatchObject(denied);
    const { Messages = [] } = await accounts.sqs().receiveMessage({
      QueueUrl: url,
      AttributeNames: ["All"],
    });
    expect(Messages.map(({ Attributes }) => Attributes?.ApproximateReceiveCount)).toEqual(["1"]);
  });

  it("of an identity holds from the next request on as well", async () => {
    const url = await accounts.createQueue();
    const user = await accounts.addUser();
    const iam = accounts.iam();
    for (let round = 0; round < 3; round++) {
      expect(await faultOf(send(url, accounts.sqs(user)))).toMatchObject(denied);
      const policy = { UserName: user.name, PolicyName: "p" };
      await iam.putUserPolicy({ ...policy, PolicyDocument: JSON.stringify(identityPolicies.allows) });
      await send(url, accounts.sqs(user));
      await iam.deleteUserPolicy(policy);
    }
  });
});
