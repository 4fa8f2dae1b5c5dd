import type { TlsIdentity } from "./certificate.ts";
import { parseCommandLine } from "./command-line.ts";
import { keepTlsIdentity, readTlsIdentity, type TlsFiles } from "./tls-identity.ts";
import { UserError } from "./user-error.ts";

/** None at all, the one that is made for the data directory and kept there, or the operator's. */
export type CertificateChoice = "none" | "kept" | TlsFiles;

/**
 * What the arguments of `npm start` say of HTTPS.
 *
 * @param byDefault what holds without them: the setting `HTTPS`
 * @throws UserError with the usage
 */
export function chooseCertificate(args: readonly string[], byDefault: boolean): CertificateChoice {
  const text = { type: "string" } as const;
  const options = { https: { type: "boolean" }, cert: text, key: text } as const;
  const { values, positionals } = parseCommandLine(args, options, usage);
  if (positionals.length > 0) throw new UserError(usage);
  const { cert, key } = values;
  if (cert !== undefined && key !== undefined) return { certPath: cert, keyPath: key };
  if (cert !== undefined || key !== undefined) throw new UserError(`--cert needs --key.\n\n${usage}`);
  return values.https || byDefault ? "kept" : "none";
}

/** @throws UserError when the operator's cannot be read. */
export function identityOf(certificate: "kept" | TlsFiles, dataDir: string): TlsIdentity {
  return certificate === "kept" ? keepTlsIdentity(dataDir, Date.now()) : readTlsIdentity(certificate);
}

const usage = `npm start                                  serves HTTP
npm start -- --https                       serves HTTPS, with a certificate made for localhost; so does HTTPS=1
npm start -- --cert cert.pem --key key.pem serves HTTPS, with a certificate of yours`;
