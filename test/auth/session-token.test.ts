import { describe, expect, it } from "vitest";
import { newSessionKey } from "../../src/auth/identity.ts";
import {
  openSession,
  packedPolicyBytes,
  type Session,
  sealSession,
  sessionKeys,
} from "../../src/auth/session-token.ts";
import { rootKeys } from "../../src/encryption/secrets.ts";
import { limits } from "../../src/queue/limits.ts";

const rootKeyOf = (text: string) => Buffer.from(text.padEnd(32, ".")).toString("base64");
const first = rootKeyOf("first");
const second = rootKeyOf("second");
const keys = sessionKeys(rootKeys(first));

const { accessKeyId, secretAccessKey } = newSessionKey();
const ofUser: Session = {
  secretAccessKey,
  issuingKeyId: "AKIAIOSFODNN7EXAMPLE",
  issuedAtSeconds: 1_795_000_000,
  expiresAtSeconds: 1_795_003_600,
  holder: { kind: "user", userId: "AIDAEXAMPLEALICE" },
};
const ofRole: Session = {
  ...ofUser,
  holder: {
    kind: "role",
    account: "123456789012",
    roleName: "worker",
    roleId: "AROAEXAMPLEWORKER",
    sessionName: "one",
  },
};
const full: Session = {
  ...ofRole,
  limits: { policy: '{"Statement":[]}', policyArns: ["arn:aws:iam::aws:policy/AmazonSQSFullAccess"] },
  tags: [
    ["Team", "résumé 안녕"],
    ["Stage", ""],
  ],
  transitiveTagKeys: ["Team"],
  sourceIdentity: "alice",
};

describe("a session token", () => {
  it.each([
    ["of a user", ofUser],
    ["of a role", ofRole],
    ["of a role with everything", full],
    ["limited by an inline policy alone", { ...ofRole, limits: { policy: "{}" } }],
    [
      "limited by a managed policy alone",
      { ...ofRole, limits: { policyArns: ["arn:aws:iam::aws:policy/A"] } },
    ],
  ])("opens to what was sealed: %s", (_, session) => {
    expect(openSession(keys, accessKeyId, sealSession(keys, accessKeyId, session))).toEqual(session);
  });

  it("is another one each time, of base64, and shows nothing of what it holds", () => {
    const tokens = [sealSession(keys, accessKeyId, full), sealSession(keys, accessKeyId, full)];
    expect(tokens[0]).not.toBe(tokens[1]);
    for (const token of tokens) {
      expect(token).toMatch(/^[A-Za-z0-9+/]+={0,2}$/);
      const bytes = Buffer.from(token, "base64").toString("latin1");
      for (const secret of [secretAccessKey, ofUser.issuingKeyId, "worker", "Team", "alice"]) {
        expect(bytes).not.toContain(secret);
      }
    }
  });

  it("does not open with any byte changed, cut off or added", () => {
    const sealed = Buffer.from(sealSession(keys, accessKeyId, ofRole), "base64");
    const open = (bytes: Buffer) => openSession(keys, accessKeyId, bytes.toString("base64"));
    expect(open(sealed)).toEqual(ofRole);
    for (let i = 0; i < sealed.length; i++) {
      for (const bit of [1, 128]) {
        const changed = Buffer.from(sealed);
        changed[i] = (changed[i] ?? 0) ^ bit;
        expect(open(changed), `byte ${i}`).toBeUndefined();
      }
      expect(open(sealed.subarray(0, i)), `${i} bytes`).toBeUndefined();
    }
    expect(open(Buffer.concat([sealed, Buffer.from([0])]))).toBeUndefined();
  });

  it("does not open in another spelling of its bytes", () => {
    const token = sealSession(keys, accessKeyId, ofUser);
    const bare = token.replace(/=+$/, "");
    const spellings = [
      ` ${token}`,
      `${token}=`,
      `${token}\n`,
      Buffer.from(token, "base64").toString("base64url"),
    ];
    for (const spelling of bare === token ? spellings : [...spellings, bare]) {
      if (spelling !== token) expect(openSession(keys, accessKeyId, spelling)).toBeUndefined();
    }
  });

  it.each(["", "A", "AAAA", "not base64!", "AQ==", "A".repeat(4 * 100)])(
    "does not open if it is none: %j",
    (text) => {
      expect(openSession(keys, accessKeyId, text)).toBeUndefined();
    },
  );

  it("does not open beside another access key", () => {
    const token = sealSession(keys, accessKeyId, ofRole);
    expect(openSession(keys, newSessionKey().accessKeyId, token)).toBeUndefined();
    expect(openSession(keys, accessKeyId.toLowerCase(), token)).toBeUndefined();
  });

  it("is not looked into if it is longer than any of ours", () => {
    const tokenOf = (characters: number) =>
      sealSession(keys, accessKeyId, { ...ofUser, limits: { policy: "x".repeat(characters) } });
    const overhead = Buffer.from(tokenOf(0), "base64").length;
    const longest = (limits.sessionTokenLength / 4) * 3;
    expect(tokenOf(longest - overhead)).toHaveLength(limits.sessionTokenLength);
    expect(openSession(keys, accessKeyId, tokenOf(longest - overhead))).toBeDefined();
    expect(openSession(keys, accessKeyId, tokenOf(longest - overhead + 1))).toBeUndefined();
  });
});

describe("a session token under root keys that change", () => {
  it("opens under the older key that it was sealed under", () => {
    const token = sealSession(keys, accessKeyId, ofRole);
    const rotated = sessionKeys(rootKeys(second, [first]));
    expect(openSession(rotated, accessKeyId, token)).toEqual(ofRole);
  });

  it("is sealed under the current key", () => {
    const token = sealSession(sessionKeys(rootKeys(second, [first])), accessKeyId, ofRole);
    expect(openSession(sessionKeys(rootKeys(second)), accessKeyId, token)).toEqual(ofRole);
    expect(openSession(keys, accessKeyId, token)).toBeUndefined();
  });

  it("of one deployment does not open in another, though it names that one's key", () => {
    const theirs = Buffer.from(sealSession(sessionKeys(rootKeys(second)), accessKeyId, ofRole), "base64");
    const ours = Buffer.from(sealSession(keys, accessKeyId, ofRole), "base64");
    expect(openSession(keys, accessKeyId, theirs.toString("base64"))).toBeUndefined();
    ours.copy(theirs, 1, 1, 7);
    expect(openSession(keys, accessKeyId, theirs.toString("base64"))).toBeUndefined();
  });
});

it("what policies and tags take of a token is counted in bytes, and nothing else is", () => {
  expect(packedPolicyBytes(ofRole)).toBe(0);
  expect(packedPolicyBytes({ limits: { policy: "é" } })).toBe(4);
  expect(packedPolicyBytes({ tags: [["a", "b"]] })).toBe('[["a","b"]]'.length);
  const { sourceIdentity, transitiveTagKeys, ...rest } = full;
  expect(packedPolicyBytes(full)).toBe(packedPolicyBytes(rest));
  expect(packedPolicyBytes(full)).toBeGreaterThan(0);
});

it("the largest session fits into a token", () => {
  const policy = "x".repeat(limits.packedPolicyBytes - 2);
  const largest: Session = {
    ...ofRole,
    holder: {
      kind: "role",
      account: "123456789012",
      roleName: "r".repeat(64),
      roleId: "AROA".padEnd(21, "X"),
      sessionName: "s".repeat(64),
    },
    limits: { policy },
    sourceIdentity: "i".repeat(64),
  };
  expect(packedPolicyBytes(largest)).toBe(limits.packedPolicyBytes);
  const token = sealSession(keys, accessKeyId, largest);
  expect(openSession(keys, accessKeyId, token)).toEqual(largest);
  expect(token.length).toBeLessThan(limits.sessionTokenLength);
});
