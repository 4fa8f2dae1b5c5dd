import { createPrivateKey, X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import { certificateDays, selfSignedCertificate } from "../../scripts/certificate.ts";
import { der } from "../../scripts/der.ts";

const dayMs = 86_400_000;
const nowMs = Date.UTC(2026, 10, 22, 21, 30);

describe("a self-signed certificate", () => {
  const { cert, key } = selfSignedCertificate(nowMs);
  const certificate = new X509Certificate(cert);

  it("is for this machine by name and by either address, and for nothing else", () => {
    expect(certificate.subject).toBe("CN=localhost");
    expect(certificate.issuer).toBe("CN=localhost");
    expect(certificate.subjectAltName).toBe(
      "DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
    );
    expect(certificate.checkHost("localhost")).toBe("localhost");
    expect(certificate.checkIP("127.0.0.1")).toBe("127.0.0.1");
    expect(certificate.checkIP("::1")).toBe("::1");
    expect(certificate.checkHost("example.com")).toBeUndefined();
    expect(certificate.checkHost("a.localhost")).toBeUndefined();
    expect(certificate.checkIP("127.0.0.2")).toBeUndefined();
  });

  it("is signed with its own key, and that key can sign for no other name", () => {
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(certificate.ca).toBe(false);
    // Server authentication.
    expect(certificate.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
  });

  it("is good from an hour before it is made, for a year", () => {
    expect(certificate.validFromDate).toEqual(new Date(nowMs - 3_600_000));
    expect(certificate.validToDate).toEqual(new Date(nowMs + certificateDays * dayMs));
  });

  it("writes years as X.509 wants them, before 2050 and from then on", () => {
    const end = Date.UTC(2050, 0, 1);
    for (const endMs of [end - 1000, end]) {
      const { cert } = selfSignedCertificate(endMs - certificateDays * dayMs);
      expect(new X509Certificate(cert).validToDate).toEqual(new Date(endMs));
    }
    expect(der.time(end - 1000).toString("latin1")).toBe("\x17\x0d491231235959Z");
    expect(der.time(end).toString("latin1")).toBe("\x18\x0f20500101000000Z");
  });

  it("is another one each time, with a positive serial number of 16 bytes", () => {
    const serials = Array.from({ length: 50 }, () => {
      return new X509Certificate(selfSignedCertificate(nowMs).cert).serialNumber;
    });
    expect(new Set(serials).size).toBe(50);
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/);
  });
});

describe("a TLS handshake with it", () => {
  async function handshake(trust: { ca?: string; servername?: string }): Promise<string> {
    const identity = selfSignedCertificate(Date.now());
    const server = createServer(identity, (socket) => socket.end()).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const ca = trust.ca ?? identity.cert;
    const client = connect({ host: "127.0.0.1", port, servername: trust.servername ?? "localhost", ca });
    onTestFinished(() => void client.destroy());
    const outcome = once(client, "secureConnect").then(() => client.getProtocol() ?? "");
    return await outcome.catch((error: NodeJS.ErrnoException) => error.code ?? error.message);
  }

  it("succeeds for who trusts it", async () => {
    expect(await handshake({})).toBe("TLSv1.3");
  });

  it("fails for who trusts another of the same name, or asks for another name", async () => {
    const other = selfSignedCertificate(Date.now()).cert;
    expect(await handshake({ ca: other })).toBe("DEPTH_ZERO_SELF_SIGNED_CERT");
    expect(await handshake({ servername: "example.com" })).toBe("ERR_TLS_CERT_ALTNAME_INVALID");
  });
});

describe("DER", () => {
  it("writes a length in as few bytes as it takes", () => {
    const header = (length: number) =>
      der
        .octets(Buffer.alloc(length))
        .subarray(0, -length || undefined)
        .toString("hex");
    expect(header(0)).toBe("0400");
    expect(header(127)).toBe("047f");
    expect(header(128)).toBe("048180");
    expect(header(255)).toBe("0481ff");
    expect(header(256)).toBe("04820100");
    expect(header(65_535)).toBe("0482ffff");
    expect(header(65_536)).toBe("0483010000");
  });

  it("writes object identifiers in seven bits a byte", () => {
    expect(der.oid("1.2.840.10045.4.3.2").toString("hex")).toBe("06082a8648ce3d040302");
    expect(der.oid("2.5.29.17").toString("hex")).toBe("0603551d11");
    expect(der.oid("1.3.127.128.16383.16384").toString("hex")).toBe("06092b7f8100ff7f818000");
  });
});
