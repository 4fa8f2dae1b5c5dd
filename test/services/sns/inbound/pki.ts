import type { Buffer } from "node:buffer";
import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { utf8 } from "../../../../src/lib/bytes.ts";
import {
  bits,
  boolean,
  explicit,
  implicit,
  instant,
  integer,
  nothing,
  objectId,
  octets,
  sequence,
  set,
  text,
} from "./der.ts";

/** A certificate with its key: that of a root, an authority or a server. */
export interface Identity {
  readonly commonName: string;
  readonly key: KeyObject;
  readonly der: Buffer;
  readonly pem: string;
}

export interface CertificateOptions {
  readonly commonName: string;
  /** Who signs; itself if there is none. */
  readonly issuer?: Identity;
  /** The name that it says its issuer has, if that is not the issuer's. */
  readonly issuerName?: string;
  /** Another one's key instead of its own. */
  readonly key?: KeyObject;
  readonly ca?: boolean;
  /** What its key may sign, if not what is usual: certificates for an authority, and data for others. */
  readonly signs?: "certificates" | "data" | "anything";
  readonly dnsNames?: readonly string[];
  /** Where its issuer's certificate is said to be. */
  readonly issuerUrl?: string;
  readonly notBeforeMs?: number;
  readonly notAfterMs?: number;
}

export const validFromMs = Date.parse("2026-01-01T00:00:00Z");
export const validToMs = Date.parse("2027-01-01T00:00:00Z");

/** Issues a certificate with an RSA key of 2048 bits, unless told otherwise. */
export function issue(options: CertificateOptions): Identity {
  const { commonName, issuer, key = rsaKey() } = options;
  const tbs = sequence(
    explicit(0, integer(2)),
    integer(1),
    SHA256_WITH_RSA,
    nameOf(options.issuerName ?? issuer?.commonName ?? commonName),
    sequence(instant(options.notBeforeMs ?? validFromMs), instant(options.notAfterMs ?? validToMs)),
    nameOf(commonName),
    publicKeyOf(key),
    explicit(3, sequence(...extensionsOf(options))),
  );
  const der = sequence(tbs, SHA256_WITH_RSA, bits(sign("sha256", tbs, issuer?.key ?? key)));
  return { commonName, key, der, pem: pemOf(der) };
}

/** @param length in bits. */
export function rsaKey(length = 2048): KeyObject {
  return generateKeyPairSync("rsa", { modulusLength: length }).privateKey;
}

export function ecKey(): KeyObject {
  return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
}

const SHA256_WITH_RSA = sequence(objectId("1.2.840.113549.1.1.11"), nothing());

const DIGITAL_SIGNATURE = 0x80;
const KEY_CERT_SIGN = 0x04;

function nameOf(commonName: string): Buffer {
  return sequence(set(sequence(objectId("2.5.4.3"), text(commonName))));
}

function publicKeyOf(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: "spki", format: "der" });
}

function extensionsOf(options: CertificateOptions): Buffer[] {
  const { ca = false, signs = ca ? "certificates" : "data", dnsNames = [], issuerUrl } = options;
  const extensions = [extension("2.5.29.19", sequence(...(ca ? [boolean(true)] : [])))];
  if (signs === "certificates")
    extensions.push(extension("2.5.29.15", bits(Uint8Array.of(KEY_CERT_SIGN), 2)));
  if (signs === "data") extensions.push(extension("2.5.29.15", bits(Uint8Array.of(DIGITAL_SIGNATURE), 7)));
  if (dnsNames.length > 0) {
    extensions.push(extension("2.5.29.17", sequence(...dnsNames.map((name) => implicit(2, utf8(name))))));
  }
  if (issuerUrl !== undefined) {
    const access = sequence(objectId("1.3.6.1.5.5.7.48.2"), implicit(6, utf8(issuerUrl)));
    extensions.push(extension("1.3.6.1.5.5.7.1.1", sequence(access)));
  }
  return extensions;
}

function extension(id: string, value: Uint8Array): Buffer {
  return sequence(objectId(id), octets(value));
}

function pemOf(der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
