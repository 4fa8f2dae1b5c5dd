import { X509Certificate } from "node:crypto";
import { fromUtf8Strict } from "../../../lib/bytes.ts";

/**
 * The certificates of a file, in its order: PEM, of which a file may hold several, or the DER of one, which is what
 * authorities publish theirs as. None if any of them cannot be read.
 */
export function readCertificates(file: Uint8Array): readonly X509Certificate[] {
  const texts = file[0] === DER_SEQUENCE ? [file] : (fromUtf8Strict(file)?.match(PEM) ?? []);
  const certificates: X509Certificate[] = [];
  for (const text of texts) {
    const certificate = parse(text);
    if (certificate === undefined) return [];
    certificates.push(certificate);
  }
  return certificates;
}

const DER_SEQUENCE = 0x30;
const PEM = /-----BEGIN CERTIFICATE-----[\w+/=\s]+-----END CERTIFICATE-----/g;

function parse(text: string | Uint8Array): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(text);
    // A key of a kind that the runtime does not know shows only when it is asked for.
    return certificate.publicKey.type === "public" ? certificate : undefined;
  } catch {
    return undefined;
  }
}
