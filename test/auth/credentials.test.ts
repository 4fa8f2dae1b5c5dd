import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createCredentials, type StoredAccessKey } from "../../src/auth/credentials.ts";
import { accessKeyOwner } from "../../src/auth/identity.ts";
import { rootKey, sealSecret } from "../../src/encryption/secrets.ts";
import { limits } from "../../src/queue/limits.ts";

const key = rootKey("ZWRnZS1zcXMgbG9jYWwgcm9vdCBrZXksIG5vdCBzZWM=");
const id = "AKIAIOSFODNN7EXAMPLE";
const root = { rootAccountId: "000000000000", rootAccessKeyId: "test", rootSecretAccessKey: "root secret" };

const stored = (accessKeyId = id, change: Partial<StoredAccessKey> = {}): StoredAccessKey => ({
  accessKeyId,
  account: "123456789012",
  userName: "alice",
  userId: "AIDAEXAMPLEALICE",
  sealedSecret: sealSecret(key, { text: `secret of ${accessKeyId}`, owner: accessKeyOwner(accessKeyId) }),
  status: "Active",
  ...change,
});

const credentialOf = (accessKeyId = id) => ({
  secretAccessKey: `secret of ${accessKeyId}`,
  caller: {
    account: "123456789012",
    arn: "arn:aws:iam::123456789012:user/alice",
    principalId: "AIDAEXAMPLEALICE",
    accessKeyId,
  },
});

/** A database in the hand: it counts what it is asked, can be away, and can be slow. */
function database(...rows: StoredAccessKey[]) {
  const keys = new Map(rows.map((row) => [row.accessKeyId, row]));
  const db = {
    keys,
    asked: [] as string[],
    away: false,
    answers: Promise.resolve(),
    async findAccessKey(accessKeyId: string) {
      db.asked.push(accessKeyId);
      const row = keys.get(accessKeyId);
      await db.answers;
      if (db.away) throw new Error("no database");
      return row;
    },
  };
  return { db, credentials: createCredentials(root, db, key) };
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
        principalId: "000000000000",
        accessKeyId: "test",
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
    const sealedSecret = sealSecret(key, { text: "new secret", owner: accessKeyOwner(id) });
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
