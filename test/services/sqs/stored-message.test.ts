import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { fromUtf8, toHex, utf8 } from "../../../src/lib/bytes.ts";
import type { MessageAttribute } from "../../../src/queue/message-attributes.ts";
import { md5 } from "../../../src/queue/message-digest.ts";
import {
  decodeStoredMessage,
  encodeStoredMessage,
  type MessageIds,
  type StoredMessage,
} from "../../../src/services/sqs/stored-message.ts";
import { type Random, randomFrom } from "../../support/random.ts";

const golden = {
  body: "hé",
  bodyMd5: Uint8Array.from({ length: 16 }, (_, index) => index),
  senderId: "AIDA",
  traceHeader: "Root=1",
  attributes: [
    { name: "n", dataType: "Number.int", value: "42" },
    { name: "b", dataType: "Binary", value: Uint8Array.of(0, 255) },
  ],
  ids: { groupId: "gr", dedupId: "é" },
} satisfies StoredMessage;

const goldenHex = [
  "02",
  "000102030405060708090a0b0c0d0e0f",
  "03" + "68c3a9",
  "04" + "41494441",
  "06" + "526f6f743d31",
  "03" + "02" + "6772" + "02" + "c3a9",
  "02",
  "01" + "6e" + "0a" + "4e756d6265722e696e74" + "01" + "02" + "3432",
  "01" + "62" + "06" + "42696e617279" + "02" + "02" + "00ff",
].join("");

/** As releases before version 2 wrote it. */
const versionOneHex = [
  "01",
  "000102030405060708090a0b0c0d0e0f",
  "03" + "68c3a9",
  "04" + "41494441",
  "06" + "526f6f743d31",
  "02",
  "01" + "6e" + "0a" + "4e756d6265722e696e74" + "01" + "02" + "3432",
  "01" + "62" + "06" + "42696e617279" + "02" + "02" + "00ff",
].join("");

const goldenBytes = (): Uint8Array => new Uint8Array(Buffer.from(goldenHex, "hex"));

/** Bytes may be views, whose classes differ; only what they hold counts. */
function plain(message: StoredMessage): unknown {
  const attributes = message.attributes.map(({ value, ...rest }) => ({
    ...rest,
    value: typeof value === "string" ? value : { hex: toHex(value) },
  }));
  return { ...message, bodyMd5: toHex(message.bodyMd5), attributes };
}

describe("the stored format", () => {
  test("is written byte for byte as it was when it was released", () => {
    expect(toHex(encodeStoredMessage(golden))).toBe(goldenHex);
  });

  test("is read as it was when it was released", () => {
    expect(plain(decodeStoredMessage(goldenBytes()))).toEqual(plain(golden));
  });

  test("of version 1 is still read, and has no ids", () => {
    const bytes = new Uint8Array(Buffer.from(versionOneHex, "hex"));
    expect(plain(decodeStoredMessage(bytes))).toEqual({ ...(plain(golden) as object), ids: undefined });
  });

  test("adds 22 bytes to a short message without sender, attributes and ids", () => {
    const bare = { body: "x".repeat(100), senderId: "", traceHeader: undefined, attributes: [], ids: {} };
    expect(encodeStoredMessage({ ...golden, ...bare }).length).toBe(100 + 22);
  });

  test("of another version is an error that names it", () => {
    const later = goldenBytes();
    for (const version of [0, 3]) {
      later[0] = version;
      expect(() => decodeStoredMessage(later)).toThrow(`stored message has unknown version ${version}`);
    }
  });

  test("cut short at any byte is an error", () => {
    const bytes = goldenBytes();
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeStoredMessage(bytes.subarray(0, length)), `${length} bytes`).toThrow();
    }
  });

  test("with bytes behind its end is an error", () => {
    const longer = new Uint8Array(Buffer.concat([goldenBytes(), Uint8Array.of(0)]));
    expect(() => decodeStoredMessage(longer)).toThrow("behind its end");
  });

  test("with an attribute that is neither text nor bytes is an error", () => {
    const bytes = goldenBytes();
    bytes[bytes.length - 4] = 3;
    expect(() => decodeStoredMessage(bytes)).toThrow("unknown field 3");
  });
});

test("a digest of another length is our bug", () => {
  expect(() => encodeStoredMessage({ ...golden, bodyMd5: new Uint8Array(15) })).toThrow("16 bytes");
});

test.each(Array.from({ length: 50 }, (_, seed) => seed))("what is stored is read back (seed %d)", (seed) => {
  const message = anyMessage(randomFrom(seed));
  const encoded = encodeStoredMessage(message);
  // As the shard hands it back: in the middle of a larger buffer.
  const shifted = new Uint8Array(encoded.length + 7).subarray(3, 3 + encoded.length);
  shifted.set(encoded);
  expect(plain(decodeStoredMessage(shifted))).toEqual(plain(message));
});

function anyMessage(random: Random): StoredMessage & { readonly ids: MessageIds } {
  const body = anyText(random, random.pick([1, 127, 128, 300, 20_000]));
  const attributes: MessageAttribute[] = Array.from({ length: random.between(0, 10) }, (_, index) => ({
    name: `${index}${anyText(random, 20)}`,
    dataType: random.pick(["String", "Number", "Number.int", "String.ø"]),
    value: anyText(random, 200),
  }));
  if (random.chance(0.5)) {
    const value = Uint8Array.from({ length: random.between(1, 300) }, () => random.between(0, 255));
    attributes.push({ name: "bytes", dataType: "Binary", value });
  }
  return {
    body,
    bodyMd5: md5(body),
    senderId: random.pick(["000000000000", "AIDAWORKER"]),
    traceHeader: random.chance(0.5) ? anyText(random, 100) : undefined,
    attributes,
    ids: {
      ...(random.chance(0.5) && { groupId: "g".repeat(random.between(1, 128)) }),
      ...(random.chance(0.5) && { dedupId: "~".repeat(random.between(1, 128)) }),
    },
  };
}

function anyText(random: Random, length: number): string {
  const characters = ["a", "é", "€", "\u{1f600}", "\n", "\ufffd"];
  return Array.from({ length }, () => random.pick(characters)).join("");
}

test("a body of a byte-order mark keeps it", () => {
  const body = `\ufeff${fromUtf8(utf8("x"))}`;
  expect(decodeStoredMessage(encodeStoredMessage({ ...golden, body })).body).toBe(body);
});
