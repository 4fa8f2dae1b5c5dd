import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { der } from "./der.ts";

/** A certificate and its private key, both as PEM. */
export interface TlsIdentity {
  readonly cert: string;
  readonly key: string;
}

/** How long a certificate of ours is good for. Apple's systems accept 825 days at most. */
export const certificateDays = 365;

/**
 * A new self-signed certificate for `localhost`, `127.0.0.1` and `::1`, good from an hour before `nowMs`.
 *
 * It is marked as no certificate authority: whoever steals its key can pose as this machine towards those who
 * trust it, but cannot sign for any other name.
 *
 * @see https://www.rfc-editor.org/rfc/rfc5280
 */
export function selfSignedCertificate(nowMs: number): TlsIdentity {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const validity = der.sequence(der.time(nowMs - hourMs), der.time(nowMs + certificateDays * 24 * hourMs));
  const name = der.sequence(der.set(der.sequence(der.oid(oids.commonName), der.utf8("localhost"))));
  const certified = der.sequence(
    der.wrapped(0, der.integer(Buffer.of(2))), // version 3
    der.integer(serialNumber()),
    ecdsaWithSha256,
    name, // who signs
    validity,
    name, // for whom
    publicKey.export({ type: "spki", format: "der" }),
    der.wrapped(3, der.sequence(...extensions(publicKey))),
  );
  const signature = sign("sha256", certified, { key: privateKey, dsaEncoding: "der" });
  const certificate = der.sequence(certified, ecdsaWithSha256, der.bits(signature));
  return {
    cert: pem("CERTIFICATE", certificate),
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

/** Strict verifiers, such as Python's since 3.13, want all of these. */
function extensions(publicKey: KeyObject): Buffer[] {
  const keyId = createHash("sha1").update(publicKeyBits(publicKey)).digest();
  const names = [
    der.tagged(2, Buffer.from("localhost")),
    der.tagged(7, Buffer.of(127, 0, 0, 1)),
    der.tagged(7, Buffer.from("00000000000000000000000000000001", "hex")),
  ];
  return [
    critical(oids.basicConstraints, der.sequence()),
    critical(oids.keyUsage, der.bits(Buffer.of(0x80), 7)), // to sign, and nothing else
    extension(oids.extendedKeyUsage, der.sequence(der.oid(oids.serverAuthentication))),
    extension(oids.subjectAltName, der.sequence(...names)),
    extension(oids.subjectKeyIdentifier, der.octets(keyId)),
    extension(oids.authorityKeyIdentifier, der.sequence(der.tagged(0, keyId))),
  ];
}

function extension(oid: string, value: Buffer): Buffer {
  return der.sequence(der.oid(oid), der.octets(value));
}

function critical(oid: string, value: Buffer): Buffer {
  return der.sequence(der.oid(oid), der.true(), der.octets(value));
}

/** Of an uncompressed P-256 point, which ends the key's DER: a byte 4 and two coordinates of 32. */
function publicKeyBits(publicKey: KeyObject): Buffer {
  return publicKey.export({ type: "spki", format: "der" }).subarray(-65);
}

/** Random, positive and without a leading zero. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x3f) | 0x40, 0);
  return bytes;
}

function pem(label: string, content: Buffer): string {
  const lines = content.toString("base64").match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

const hourMs = 3_600_000;

const oids = {
  commonName: "2.5.4.3",
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyIdentifier: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
  serverAuthentication: "1.3.6.1.5.5.7.3.1",
};

const ecdsaWithSha256 = der.sequence(der.oid("1.2.840.10045.4.3.2"));
