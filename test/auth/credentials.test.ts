import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Credentials, createCredentials } from "../../src/auth/credentials.ts";
import { accessKeyOwner, newSessionKey } from "../../src/auth/identity.ts";
import { policyOf } from "../../src/auth/policy/document.ts";
import { type Session, sealSession, sessionKeys } from "../../src/auth/session-token.ts";
import type { KeyPrincipal, ManagedPolicy, RolePrincipal } from "../../src/catalog/principals.ts";
import { rootKeys, sealSecret } from "../../src/encryption/secrets.ts";
import { limits } from "../../src/queue/limits.ts";
import { policyTo } from "../support/callers.ts";

const rootKeyRing = rootKeys("ZWRnZS1zcXMgbG9jYWwgcm9vdCBrZXksIG5vdCBzZWM=");
const tokenKeys = sessionKeys(rootKeyRing);
const id = "AKIAIOSFODNN7EXAMPLE";
const account = "123456789012";
const root = { rootAccountId: "000000000000", rootAccessKeyId: "test", rootSecretAccessKey: "root secret" };

const document = (action: string) => JSON.stringify(policyTo("Allow", action));
const parsed = (action: string) => policyOf(document(action), "identity");

const stored = (accessKeyId = id, change: Partial<KeyPrincipal> = {}): KeyPrincipal => ({
  accessKeyId,
  account,
  userName: "alice",
  userId: "AIDAEXAMPLEALICE",
  path: "/",
  tags: {},
  policies: [],
  awsPolicyArns: [],
  sealedSecret: sealSecret(rootKeyRing, {
    text: `secret of ${accessKeyId}`,
    owner: accessKeyOwner(accessKeyId),
  }),
  status: "Active",
  ...change,
});

const credentialOf = (accessKeyId = id) => ({
  secretAccessKey: `secret of ${accessKeyId}`,
  caller: {
    kind: "user",
    account,
    arn: "arn:aws:iam::123456789012:user/alice",
    userId: "AIDAEXAMPLEALICE",
    userName: "alice",
    accessKeyId,
    policies: [],
  },
});

const role: RolePrincipal = {
  account: "210987654321",
  roleName: "Worker",
  roleId: "AROAEXAMPLEWORKER",
  path: "/jobs/",
  tags: {},
  policies: [],
  awsPolicyArns: [],
  trustPolicy: "{}",
  maxSessionSeconds: 3600,
};

/** A database in the hand: it counts what it is asked, can be away, and can be slow. */
function database(...rows: KeyPrincipal[]) {
  const db = {
    keys: new Map(rows.map((row) => [row.accessKeyId, row])),
    /** By account and name. */
    roles: new Map<string, RolePrincipal>(),
    policies: new Map<string, ManagedPolicy>(),
    asked: [] as string[],
    away: false,
    answers: Promise.resolve(),
    findPrincipalOfKey: (accessKeyId: string) => answer(accessKeyId, db.keys.get(accessKeyId)),
    findRole: (of: string, name: string) =>
      answer(`${of}/${name}`, db.roles.get(`${of}/${name.toLowerCase()}`)),
    findPolicy: (of: string, name: string) => answer(`${of}/${name}`, db.policies.get(`${of}/${name}`)),
  };
  async function answer<T>(asked: string, row: T): Promise<T> {
    db.asked.push(asked);
    await db.answers;
    if (db.away) throw new Error("no database");
    return row;
  }
  const all = createCredentials(root, db, { rootKeys: rootKeyRing, sessionKeys: tokenKeys });
  return { db, all, credentials: longLived(all) };
}

/** Of keys without a session token. */
function longLived({ find, forget, forgetAccount }: Credentials) {
  return {
    find: (accessKeyId: string, nowMs: number) => find(accessKeyId, undefined, nowMs),
    forget,
    forgetAccount,
  };
}

beforeEach(() => void vi.spyOn(console, "warn").mockImplementation(() => undefined));
afterEach(() => void vi.restoreAllMocks());

describe("the root credential", () => {
  it("is the account itself, and known without the database", () => {
    const { db, credentials } = database();
    expect(credentials.find("test", 0)).toEqual({
      secretAccessKey: "root secret",
      caller: {
        account: "000000000000",
        arn: "arn:aws:iam::000000000000:root",
        userId: "000000000000",
        kind: "root",
        accessKeyId: "test",
        policies: [],
      },
    });
    expect(db.asked).toEqual([]);
  });
});

describe("an access key of a user", () => {
  it("is found in the database, and stands for the user", async () => {
    const { credentials } = database(stored());
    expect(await credentials.find(id, 0)).toEqual(credentialOf());
  });

  it("is answered at once, without a promise, once it is remembered", async () => {
    const { db, credentials } = database(stored());
    await credentials.find(id, 0);
    expect(credentials.find(id, limits.credentialRefreshMs - 1)).toEqual(credentialOf());
    expect(db.asked).toEqual([id]);
  });

  it("is unknown when it is inactive", async () => {
    const { credentials } = database(stored(id, { status: "Inactive" }));
    expect(await credentials.find(id, 0)).toBeUndefined();
  });

  it.each(["disabled", "deleted"] as const)(
    "is refused within 60 seconds of being %s elsewhere",
    async (how) => {
      const { db, credentials } = database(stored());
      await credentials.find(id, 0);
      if (how === "deleted") db.keys.delete(id);
      else db.keys.set(id, stored(id, { status: "Inactive" }));
      expect(await credentials.find(id, limits.credentialRefreshMs)).toBeUndefined();
      expect(await credentials.find(id, 59_999)).toBeUndefined();
    },
  );

  it("has the new secret within 60 seconds of being given one elsewhere", async () => {
    const { db, credentials } = database(stored());
    await credentials.find(id, 0);
    const sealedSecret = sealSecret(rootKeyRing, { text: "new secret", owner: accessKeyOwner(id) });
    db.keys.set(id, stored(id, { sealedSecret }));
    await credentials.find(id, limits.credentialRefreshMs);
    expect(credentials.find(id, 59_999)).toMatchObject({ secretAccessKey: "new secret" });
  });

  it("is looked up again by one request while the others go on with what is remembered", async () => {
    const { db, credentials } = database(stored());
    await credentials.find(id, 0);
    const first = credentials.find(id, limits.credentialRefreshMs);
    expect(first).toBeInstanceOf(Promise);
    expect(credentials.find(id, limits.credentialRefreshMs)).toEqual(credentialOf());
    expect(await first).toEqual(credentialOf());
    expect(db.asked).toHaveLength(2);
  });

  it("is looked up by the next request when the one that asked got no answer", async () => {
    const { db, credentials } = database(stored());
    await credentials.find(id, 0);
    db.answers = new Promise(() => undefined);
    void credentials.find(id, limits.credentialRefreshMs);
    const retryAtMs = limits.credentialRefreshMs + limits.credentialRetryMs;
    expect(credentials.find(id, retryAtMs - 1)).toEqual(credentialOf());
    db.answers = Promise.resolve();
    expect(credentials.find(id, retryAtMs)).toBeInstanceOf(Promise);
    expect(db.asked).toHaveLength(3);
  });

  it("is refused after 60 seconds, though whoever asks again and again hangs up before the answer", async () => {
    const { db, credentials } = database(stored());
    await credentials.find(id, 0);
    db.keys.delete(id);
    db.answers = new Promise(() => undefined);
    for (let nowMs = limits.credentialRefreshMs; nowMs < 60_000; nowMs += limits.credentialRetryMs) {
      expect(credentials.find(id, nowMs)).toBeInstanceOf(Promise);
      expect(credentials.find(id, nowMs + limits.credentialRetryMs - 1)).toEqual(credentialOf());
    }
    void credentials.find(id, 60_000);
    db.answers = Promise.resolve();
    expect(await credentials.find(id, 60_000)).toBeUndefined();
  });

  it("stays in use while the database is away, asking for it every few seconds only", async () => {
    const { db, credentials } = database(stored());
    await credentials.find(id, 0);
    db.away = true;
    const hourMs = 3_600_000;
    expect(await credentials.find(id, hourMs)).toEqual(credentialOf());
    expect(credentials.find(id, hourMs + limits.credentialRetryMs - 1)).toEqual(credentialOf());
    expect(db.asked).toHaveLength(2);
    expect(await credentials.find(id, hourMs + limits.credentialRetryMs)).toEqual(credentialOf());
    expect(db.asked).toHaveLength(3);
    db.away = false;
    db.keys.delete(id);
    expect(await credentials.find(id, 2 * hourMs)).toBeUndefined();
  });

  it("cannot be told from none while the database is away and nothing is remembered", async () => {
    const { db, credentials } = database(stored());
    db.away = true;
    await expect(credentials.find(id, 0)).rejects.toThrow("no database");
    db.away = false;
    expect(await credentials.find(id, 1)).toEqual(credentialOf());
  });

  it("stops the request, not quietly, when its secret does not open", async () => {
    const another = stored("AKIAANOTHERANOTHER00");
    const { credentials } = database(stored(id, { sealedSecret: another.sealedSecret }));
    await expect(credentials.find(id, 0)).rejects.toThrow(`the secret of access key ${id} does not open`);
  });
});

describe("who is behind a key", () => {
  it("is a user with path, tags and every policy, AWS's own among them", async () => {
    const { credentials } = database(
      stored(id, {
        path: "/division/",
        tags: { Team: "red" },
        policies: [document("sqs:SendMessage")],
        awsPolicyArns: ["arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"],
      }),
    );
    const found = await credentials.find(id, 0);
    const { caller } = found === "expired" || found === undefined ? { caller: undefined } : found;
    expect(caller).toMatchObject({
      arn: "arn:aws:iam::123456789012:user/division/alice",
      tags: new Map([["Team", "red"]]),
    });
    expect(caller?.policies).toHaveLength(2);
    expect(caller?.policies[0]).toBe(parsed("sqs:SendMessage"));
  });

  it("is the account's root when the key has no user", async () => {
    const { credentials } = database(stored(id, { userName: "", userId: account }));
    expect(await credentials.find(id, 0)).toMatchObject({
      caller: { kind: "root", arn: "arn:aws:iam::123456789012:root", userId: account, policies: [] },
    });
  });

  it("has none of an attached policy that does not exist, which the log tells", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const { credentials } = database(stored(id, { awsPolicyArns: ["arn:aws:iam::aws:policy/Nonesuch"] }));
    expect(await credentials.find(id, 0)).toEqual(credentialOf());
    expect(logged).toHaveBeenCalledWith(
      `${id} has policy arn:aws:iam::aws:policy/Nonesuch, which does not exist`,
    );
  });

  it("may do within 60 seconds what its policies say by then", async () => {
    const { db, credentials } = database(stored());
    await credentials.find(id, 0);
    db.keys.set(id, stored(id, { policies: [document("sqs:*")] }));
    expect(credentials.find(id, limits.credentialRefreshMs - 1)).toMatchObject({ caller: { policies: [] } });
    await credentials.find(id, limits.credentialRefreshMs);
    expect(credentials.find(id, 59_999)).toMatchObject({ caller: { policies: [parsed("sqs:*")] } });
  });

  it("is remembered with no more policies than there is room for", async () => {
    const policies = [document("x".repeat(limits.credentialCharacters / 4))];
    const ids = [
      "AKIALARGE00000000001",
      "AKIALARGE00000000002",
      "AKIALARGE00000000003",
      "AKIALARGE00000000004",
    ];
    const { db, credentials } = database(...ids.map((each) => stored(each, { policies })));
    for (const each of ids) await credentials.find(each, 0);
    const [oldest = "", ...others] = ids;
    for (const other of others) expect(credentials.find(other, 1)).not.toBeInstanceOf(Promise);
    expect(db.asked).toHaveLength(4);
    expect(credentials.find(oldest, 1)).toBeInstanceOf(Promise);
  });
});

describe("an unknown key", () => {
  it("is remembered as such for a few seconds", async () => {
    const { db, credentials } = database();
    expect(await credentials.find(id, 0)).toBeUndefined();
    expect(credentials.find(id, limits.unknownKeyMs - 1)).toBeUndefined();
    expect(db.asked).toHaveLength(1);
    db.keys.set(id, stored());
    expect(await credentials.find(id, limits.unknownKeyMs)).toEqual(credentialOf());
  });

  it.each([
    "",
    "short",
    "a".repeat(15),
    "a".repeat(129),
    "AKIA IOSFODNN7EXAMPLE",
    "AKIA'IOSFODNN7EXAMPLE",
    "ÄKIAIOSFODNN7EXAMPLE",
  ])("is not asked for if it cannot be one: %j", (accessKeyId) => {
    const { db, credentials } = database();
    expect(credentials.find(accessKeyId, 0)).toBeUndefined();
    expect(db.asked).toEqual([]);
  });

  it.each([16, 128])("is asked for if it has %i characters", async (length) => {
    const { db, credentials } = database();
    await credentials.find("a".repeat(length), 0);
    expect(db.asked).toHaveLength(1);
  });

  it("pushes out the oldest unknown one when there are many, and never a known one", async () => {
    const { db, credentials } = database(stored());
    await credentials.find(id, 0);
    const madeUp = (n: number) => `AKIAMADEUP${String(n).padStart(10, "0")}`;
    for (let n = 0; n <= limits.unknownKeys; n++) await credentials.find(madeUp(n), 0);
    const before = db.asked.length;
    expect(credentials.find(madeUp(1), 1)).toBeUndefined();
    expect(credentials.find(id, 1)).toEqual(credentialOf());
    expect(db.asked).toHaveLength(before);
    await credentials.find(madeUp(0), 1);
    expect(db.asked).toHaveLength(before + 1);
  });
});

describe("a key written in this isolate", () => {
  it("is effective at once", async () => {
    const { db, credentials } = database(stored());
    await credentials.find(id, 0);
    db.keys.delete(id);
    credentials.forget(id);
    expect(await credentials.find(id, 1)).toBeUndefined();
    db.keys.set(id, stored());
    credentials.forget(id);
    expect(await credentials.find(id, 2)).toEqual(credentialOf());
  });

  it("is not undone by a look-up that began before it", async () => {
    const { db, credentials } = database(stored());
    let answer = () => {};
    db.answers = new Promise((resolve) => {
      answer = () => resolve();
    });
    const before = credentials.find(id, 0);
    db.keys.delete(id);
    credentials.forget(id);
    answer();
    expect(await before).toEqual(credentialOf());
    expect(await credentials.find(id, 1)).toBeUndefined();
  });
});

describe("an account that was written to in this isolate", () => {
  const others = "AKIAOTHERSOTHERSOTH0";

  it("is looked up again, and no other is", async () => {
    const { db, credentials } = database(stored(), stored(others, { account: "210987654321" }));
    await credentials.find(id, 0);
    await credentials.find(others, 0);
    db.keys.set(id, stored(id, { policies: [document("sqs:*")] }));
    credentials.forgetAccount(account);
    expect(await credentials.find(id, 1)).toMatchObject({ caller: { policies: [parsed("sqs:*")] } });
    expect(credentials.find(others, 1)).not.toBeInstanceOf(Promise);
  });

  it("has its new keys at once, though one was asked for too early", async () => {
    const { db, credentials } = database();
    await credentials.find(id, 0);
    db.keys.set(id, stored());
    credentials.forgetAccount(account);
    expect(await credentials.find(id, 1)).toEqual(credentialOf());
  });

  it("is not remembered as it was before, while look-ups of other accounts are remembered", async () => {
    const { db, credentials } = database(stored(), stored(others, { account: "210987654321" }));
    let answer = () => {};
    db.answers = new Promise((resolve) => {
      answer = () => resolve();
    });
    const before = [credentials.find(id, 0), credentials.find(others, 0)];
    db.keys.delete(id);
    credentials.forgetAccount(account);
    answer();
    await Promise.all(before);
    expect(await credentials.find(id, 1)).toBeUndefined();
    expect(credentials.find(others, 1)).not.toBeInstanceOf(Promise);
  });

  it("is not remembered as it was before, however many others were written to since", async () => {
    const { db, credentials } = database(stored());
    let answer = () => {};
    db.answers = new Promise((resolve) => {
      answer = () => resolve();
    });
    const before = credentials.find(id, 0);
    credentials.forgetAccount(account);
    for (let n = 0; n < limits.rememberedWrites; n++) credentials.forgetAccount(String(n).padStart(12, "0"));
    answer();
    await before;
    expect(credentials.find(id, 1)).toBeInstanceOf(Promise);
  });
});

describe("temporary credentials", () => {
  const issuedAtSeconds = 1_795_000_000;
  const nowMs = issuedAtSeconds * 1000;
  const { accessKeyId, secretAccessKey } = newSessionKey();
  const ofUser: Session = {
    secretAccessKey,
    issuingKeyId: id,
    issuedAtSeconds,
    expiresAtSeconds: issuedAtSeconds + 900,
    holder: { kind: "user", userId: "AIDAEXAMPLEALICE" },
  };
  const ofRole: Session = {
    ...ofUser,
    holder: {
      kind: "role",
      account: role.account,
      roleName: "Worker",
      roleId: role.roleId,
      sessionName: "one",
    },
  };
  const tokenOf = (session: Session) => sealSession(tokenKeys, accessKeyId, session);

  const roleCaller = {
    kind: "role",
    account: role.account,
    arn: "arn:aws:sts::210987654321:assumed-role/Worker/one",
    roleArn: "arn:aws:iam::210987654321:role/jobs/Worker",
    userId: "AROAEXAMPLEWORKER:one",
    accessKeyId,
    policies: [],
    tokenIssuedAtMs: nowMs,
    session: { issuingKeyId: id },
  };

  function deployment(change: Partial<RolePrincipal> = {}) {
    const { db, all } = database(stored());
    db.roles.set("210987654321/worker", { ...role, ...change });
    return { db, all };
  }

  it("of a user stand for the user, but not before IAM", async () => {
    const { all } = deployment();
    expect(await all.find(accessKeyId, tokenOf(ofUser), nowMs)).toEqual({
      secretAccessKey,
      caller: {
        ...credentialOf().caller,
        accessKeyId,
        tokenIssuedAtMs: nowMs,
        session: { issuingKeyId: id },
      },
      notFor: ["iam"],
    });
  });

  it("of the deployment's root need no database", () => {
    const { db, all } = deployment();
    const session = {
      ...ofUser,
      issuingKeyId: "test",
      holder: { kind: "user", userId: "000000000000" },
    } as const;
    expect(all.find(accessKeyId, tokenOf(session), nowMs)).toMatchObject({
      secretAccessKey,
      caller: { kind: "root", account: "000000000000", accessKeyId, session: { issuingKeyId: "test" } },
    });
    expect(db.asked).toEqual([]);
  });

  it("of a role stand for its session", async () => {
    const { all } = deployment();
    expect(await all.find(accessKeyId, tokenOf(ofRole), nowMs)).toEqual({
      secretAccessKey,
      caller: roleCaller,
    });
  });

  it("are answered at once, without a promise, once user and role are remembered", async () => {
    const { db, all } = deployment();
    await all.find(accessKeyId, tokenOf(ofRole), nowMs);
    expect(all.find(accessKeyId, tokenOf(ofRole), nowMs + 1)).toEqual({
      secretAccessKey,
      caller: roleCaller,
    });
    expect(all.find(accessKeyId, tokenOf(ofUser), nowMs + 1)).toMatchObject({ caller: { kind: "user" } });
    expect(db.asked).toHaveLength(2);
  });

  it("may do what the role may, and have its tags under the session's", async () => {
    const { all } = deployment({ policies: [document("sqs:*")], tags: { Team: "red", Stage: "prod" } });
    const session: Session = {
      ...ofRole,
      tags: [
        ["team", "blue"],
        ["Cost", "7"],
      ],
      transitiveTagKeys: ["Cost"],
      sourceIdentity: "alice",
    };
    expect(await all.find(accessKeyId, tokenOf(session), nowMs)).toEqual({
      secretAccessKey,
      caller: {
        ...roleCaller,
        policies: [parsed("sqs:*")],
        tags: new Map([
          ["Stage", "prod"],
          ["team", "blue"],
          ["Cost", "7"],
        ]),
        session: {
          issuingKeyId: id,
          transitiveTags: new Map([["Cost", "7"]]),
          sourceIdentity: "alice",
        },
      },
    });
  });

  it("end with their last second, and cost no look-up then", async () => {
    const { db, all } = deployment();
    const endsAtMs = nowMs + 900_000;
    expect(await all.find(accessKeyId, tokenOf(ofRole), endsAtMs - 1)).toMatchObject({ secretAccessKey });
    db.asked.length = 0;
    expect(all.find(accessKeyId, tokenOf(ofRole), endsAtMs)).toBe("expired");
    expect(all.find(accessKeyId, tokenOf(ofUser), endsAtMs)).toBe("expired");
    expect(db.asked).toEqual([]);
  });

  describe("limited by session policies", () => {
    const own = "arn:aws:iam::210987654321:policy/teams/Own";
    const aws = "arn:aws:iam::aws:policy/AmazonSQSFullAccess";
    const limited = (limiting: NonNullable<Session["limits"]>) => tokenOf({ ...ofRole, limits: limiting });

    it("have the inline one and the managed ones as one set", async () => {
      const { db, all } = deployment();
      db.policies.set("210987654321/Own", { arn: own, document: document("sqs:SendMessage") });
      const token = limited({ policy: document("sqs:ReceiveMessage"), policyArns: [own, aws] });
      const found = await all.find(accessKeyId, token, nowMs);
      const sessionPolicies = found === "expired" ? undefined : found?.caller.sessionPolicies;
      expect(sessionPolicies).toHaveLength(3);
      expect(sessionPolicies?.slice(0, 2)).toEqual([parsed("sqs:ReceiveMessage"), parsed("sqs:SendMessage")]);
      expect(all.find(accessKeyId, token, nowMs + 1)).not.toBeInstanceOf(Promise);
    });

    it.each([
      ["there is none", undefined],
      ["one of another path has its name", { arn: own.replace("teams", "others"), document: document("*") }],
    ])("may do nothing once one of them is gone: %s", async (_, policy) => {
      const { db, all } = deployment();
      if (policy) db.policies.set("210987654321/Own", policy);
      const token = limited({ policy: document("sqs:*"), policyArns: [own] });
      expect(await all.find(accessKeyId, token, nowMs)).toMatchObject({ caller: { sessionPolicies: [] } });
    });

    it("see a change of a managed one at once in the isolate that made it", async () => {
      const { db, all } = deployment();
      db.policies.set("210987654321/Own", { arn: own, document: document("sqs:*") });
      const token = limited({ policyArns: [own] });
      await all.find(accessKeyId, token, nowMs);
      db.policies.delete("210987654321/Own");
      all.forgetAccount("210987654321");
      expect(await all.find(accessKeyId, token, nowMs + 1)).toMatchObject({
        caller: { sessionPolicies: [] },
      });
    });
  });

  describe("are refused", () => {
    const change: [string, Session, (db: ReturnType<typeof deployment>["db"]) => void][] = [
      ["its key is deleted", ofUser, (db) => db.keys.delete(id)],
      ["its key is disabled", ofUser, (db) => db.keys.set(id, stored(id, { status: "Inactive" }))],
      ["its key is another user's", ofUser, (db) => db.keys.set(id, stored(id, { userId: "AIDANEW" }))],
      ["the key that assumed the role is deleted", ofRole, (db) => db.keys.delete(id)],
      [
        "the key that assumed the role is disabled",
        ofRole,
        (db) => db.keys.set(id, stored(id, { status: "Inactive" })),
      ],
      ["the role is deleted", ofRole, (db) => db.roles.clear()],
      [
        "the role is deleted and created again",
        ofRole,
        (db) => db.roles.set("210987654321/worker", { ...role, roleId: "AROANEW" }),
      ],
    ];

    it.each(change)("within 60 seconds when elsewhere %s", async (_, session, make) => {
      const { db, all } = deployment();
      expect(await all.find(accessKeyId, tokenOf(session), nowMs)).toMatchObject({ secretAccessKey });
      make(db);
      expect(all.find(accessKeyId, tokenOf(session), nowMs + limits.credentialRefreshMs - 1)).toMatchObject({
        secretAccessKey,
      });
      expect(
        await all.find(accessKeyId, tokenOf(session), nowMs + limits.credentialRefreshMs),
      ).toBeUndefined();
      expect(await all.find(accessKeyId, tokenOf(session), nowMs + 59_999)).toBeUndefined();
    });

    it.each(change)("at once when in this isolate %s", async (_, session, make) => {
      const { db, all } = deployment();
      await all.find(accessKeyId, tokenOf(session), nowMs);
      make(db);
      for (const written of [account, role.account]) all.forgetAccount(written);
      expect(await all.find(accessKeyId, tokenOf(session), nowMs + 1)).toBeUndefined();
    });

    it.each([
      ["without a token", accessKeyId, undefined],
      ["with a token that does not open", accessKeyId, "made-up"],
      ["with another's token", newSessionKey().accessKeyId, tokenOf(ofUser)],
      ["with a token sealed in another deployment", accessKeyId, foreignToken()],
      ["with a long-lived key beside the token", id, tokenOf(ofUser)],
      ["with the deployment's root beside the token", "test", tokenOf(ofUser)],
      ["with an id that is none", "ASIA", tokenOf(ofUser)],
    ])("without any look-up %s", (_, keyId, token) => {
      const { db, all } = deployment();
      expect(all.find(keyId, token, nowMs)).toBeUndefined();
      expect(db.asked).toEqual([]);
    });

    function foreignToken(): string {
      const theirs = sessionKeys(rootKeys(Buffer.from("another".padEnd(32)).toString("base64")));
      return sealSession(theirs, accessKeyId, ofUser);
    }
  });

  it("of a role that was created again elsewhere are good at once", async () => {
    const { db, all } = deployment();
    await all.find(accessKeyId, tokenOf(ofRole), nowMs);
    const again = { ...role, roleId: "AROANEWROLE" };
    db.roles.set("210987654321/worker", again);
    const token = tokenOf({
      ...ofRole,
      holder: {
        ...ofRole.holder,
        kind: "role",
        account: role.account,
        roleName: "Worker",
        roleId: again.roleId,
        sessionName: "two",
      },
    });
    expect(await all.find(accessKeyId, token, nowMs + 1)).toMatchObject({
      caller: { userId: "AROANEWROLE:two" },
    });
  });

  it("are theirs alone, also once their token is known", async () => {
    const { all } = deployment();
    await all.find(accessKeyId, tokenOf(ofRole), nowMs);
    const token = tokenOf(ofUser);
    for (let time = 0; time < 2; time++) {
      expect(await all.find(accessKeyId, token, nowMs)).toMatchObject({ caller: { kind: "user" } });
      for (const other of [newSessionKey().accessKeyId, id, "test"]) {
        expect(all.find(other, token, nowMs)).toBeUndefined();
      }
    }
  });

  it("stay what they are however many others come", async () => {
    const { all } = deployment();
    const token = tokenOf(ofUser);
    for (let n = 0; n <= limits.openedTokens; n++) await all.find(accessKeyId, tokenOf(ofRole), nowMs);
    expect(await all.find(accessKeyId, token, nowMs)).toMatchObject({ caller: { kind: "user" } });
  });

  it("stay in use while the database is away", async () => {
    const { db, all } = deployment();
    await all.find(accessKeyId, tokenOf(ofRole), nowMs);
    db.away = true;
    const laterMs = nowMs + 800_000;
    expect(await all.find(accessKeyId, tokenOf(ofRole), laterMs)).toEqual({
      secretAccessKey,
      caller: roleCaller,
    });
  });

  it("cannot be told from none while the database is away and nothing is remembered", async () => {
    const { db, all } = deployment();
    db.away = true;
    await expect(all.find(accessKeyId, tokenOf(ofRole), nowMs)).rejects.toThrow("no database");
  });

  it("that are made up push out nothing that is remembered", async () => {
    const { db, all } = deployment();
    await all.find(accessKeyId, tokenOf(ofRole), nowMs);
    for (let n = 0; n <= limits.credentials; n++) all.find(newSessionKey().accessKeyId, "made-up", nowMs);
    expect(all.find(accessKeyId, tokenOf(ofRole), nowMs + 1)).not.toBeInstanceOf(Promise);
    expect(db.asked).toHaveLength(2);
  });
});
