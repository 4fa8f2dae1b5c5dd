import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { certificateDays, selfSignedCertificate } from "../../scripts/certificate.ts";
import { keepTlsIdentity, keptTlsFiles, readTlsIdentity } from "../../scripts/tls-identity.ts";

const dayMs = 86_400_000;
const madeMs = Date.UTC(2026, 10, 22);
const renewalMs = madeMs + (certificateDays - 30) * dayMs;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "edge-sqs-tls-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
});

describe("the certificate of a data directory", () => {
  it("is made once and kept, its key for its owner alone", () => {
    const made = keepTlsIdentity(dir, madeMs);
    const { certPath, keyPath } = keptTlsFiles(dir);
    expect(readFileSync(certPath, "utf8")).toBe(made.cert);
    expect(readFileSync(keyPath, "utf8")).toBe(made.key);
    expect(statSync(keyPath).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(dir, "tls")).sort()).toEqual(["cert.pem", "key.pem"]);
    expect(keepTlsIdentity(dir, madeMs + dayMs)).toEqual(made);
  });

  it("is made anew from 30 days before its end", () => {
    const made = keepTlsIdentity(dir, madeMs);
    expect(keepTlsIdentity(dir, renewalMs - 1)).toEqual(made);
    const renewed = keepTlsIdentity(dir, renewalMs);
    expect(renewed.cert).not.toBe(made.cert);
    expect(keepTlsIdentity(dir, renewalMs)).toEqual(renewed);
  });

  it("is made anew when it is not good yet, as after the clock was set back", () => {
    const made = keepTlsIdentity(dir, madeMs);
    expect(keepTlsIdentity(dir, madeMs - 3_600_000)).toEqual(made);
    expect(keepTlsIdentity(dir, madeMs - 3_600_001)).not.toEqual(made);
  });

  it.each([
    ["a key that belongs to another one", "keyPath", () => selfSignedCertificate(madeMs).key],
    ["half a key", "keyPath", (key: string) => key.slice(0, 100)],
    ["half a certificate", "certPath", (cert: string) => cert.slice(0, 100)],
    ["nothing in it", "certPath", () => ""],
  ] as const)("is made anew when there is %s", (_, file, change) => {
    const made = keepTlsIdentity(dir, madeMs);
    const path = keptTlsFiles(dir)[file];
    writeFileSync(path, change(readFileSync(path, "utf8")));
    const renewed = keepTlsIdentity(dir, madeMs);
    expect(renewed.cert).not.toBe(made.cert);
    expect(readTlsIdentity(keptTlsFiles(dir))).toEqual(renewed);
  });

  it("is made anew when its key is gone", () => {
    const made = keepTlsIdentity(dir, madeMs);
    rmSync(keptTlsFiles(dir).keyPath);
    expect(keepTlsIdentity(dir, madeMs)).not.toEqual(made);
  });
});

describe("a certificate that the operator brings", () => {
  const given = selfSignedCertificate(madeMs);
  const files = (cert: string, key: string) => {
    const paths = { certPath: join(dir, "c.pem"), keyPath: join(dir, "k.pem") };
    writeFileSync(paths.certPath, cert);
    writeFileSync(paths.keyPath, key);
    return paths;
  };

  it("is taken as it is, with the chain that comes with it", () => {
    const chain = `${given.cert}${selfSignedCertificate(madeMs).cert}`;
    expect(readTlsIdentity(files(chain, given.key))).toEqual({ cert: chain, key: given.key });
  });

  it("is refused with the file's name when something is wrong with it", () => {
    const other = selfSignedCertificate(madeMs).key;
    expect(() => readTlsIdentity(files(given.cert, other))).toThrow(
      `${dir}/k.pem is not the private key of ${dir}/c.pem.`,
    );
    expect(() => readTlsIdentity(files("x", given.key))).toThrow(`${dir}/c.pem holds no certificate in PEM.`);
    expect(() => readTlsIdentity(files(given.cert, given.cert))).toThrow(
      `${dir}/k.pem holds no private key without a passphrase in PEM.`,
    );
    const missing = join(dir, "missing.pem");
    expect(() => readTlsIdentity({ certPath: missing, keyPath: missing })).toThrow(missing);
  });
});
