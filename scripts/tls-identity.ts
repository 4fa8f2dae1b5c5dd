import { createPrivateKey, X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { selfSignedCertificate, type TlsIdentity } from "./certificate.ts";
import { UserError } from "./user-error.ts";

export interface TlsFiles {
  /** PEM: the certificate, and those between it and its authority, if any. */
  readonly certPath: string;
  /** PEM, without a passphrase. */
  readonly keyPath: string;
}

/** Where a data directory keeps the certificate that was made for it. */
export function keptTlsFiles(dataDir: string): TlsFiles {
  return { certPath: join(dataDir, "tls/cert.pem"), keyPath: join(dataDir, "tls/key.pem") };
}

/**
 * The certificate of a data directory: made once, and made anew within 30 days of its end or when its files
 * do not fit together. Only the holder of the directory's lock may call it.
 */
export function keepTlsIdentity(dataDir: string, nowMs: number): TlsIdentity {
  const files = keptTlsFiles(dataDir);
  const kept = tryRead(files);
  if (kept !== undefined && isFresh(kept, nowMs)) return kept;
  const made = selfSignedCertificate(nowMs);
  mkdirSync(join(dataDir, "tls"), { recursive: true });
  write(files.keyPath, made.key, 0o600);
  write(files.certPath, made.cert, 0o644);
  return made;
}

/**
 * A certificate that the operator brings.
 *
 * @throws UserError when a file cannot be read or the two do not belong together.
 */
export function readTlsIdentity(files: TlsFiles): TlsIdentity {
  const cert = read(files.certPath);
  const key = read(files.keyPath);
  const certificate = parsed(files.certPath, "certificate", () => new X509Certificate(cert));
  const privateKey = parsed(files.keyPath, "private key without a passphrase", () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new UserError(`${files.keyPath} is not the private key of ${files.certPath}.`);
  }
  return { cert, key };
}

function tryRead(files: TlsFiles): TlsIdentity | undefined {
  if (!existsSync(files.certPath)) return undefined;
  try {
    return readTlsIdentity(files);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

function isFresh({ cert }: TlsIdentity, nowMs: number): boolean {
  const { validFromDate, validToDate } = new X509Certificate(cert);
  return validFromDate.getTime() <= nowMs && nowMs < validToDate.getTime() - renewBeforeMs;
}

const renewBeforeMs = 30 * 86_400_000;

/** Complete or not at all. */
function write(path: string, text: string, mode: number): void {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, text, { mode });
  renameSync(draft, path);
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UserError(error instanceof Error ? error.message : String(error));
  }
}

function parsed<T>(path: string, what: string, parse: () => T): T {
  try {
    return parse();
  } catch {
    throw new UserError(`${path} holds no ${what} in PEM.`);
  }
}
