import { expect, it } from "vitest";
import { chooseCertificate } from "../../scripts/certificate-choice.ts";

it.each([
  [[], "none"],
  [["--https"], "kept"],
  [["--cert", "c.pem", "--key", "k.pem"], { certPath: "c.pem", keyPath: "k.pem" }],
  [["--https", "--key", "k.pem", "--cert", "c.pem"], { certPath: "c.pem", keyPath: "k.pem" }],
])("npm start with %j serves with the certificate it was told to", (args, choice) => {
  expect(chooseCertificate(args, false)).toEqual(choice);
});

it("the setting HTTPS does what the option does, and does not replace a certificate that is given", () => {
  expect(chooseCertificate([], true)).toBe("kept");
  expect(chooseCertificate(["--cert", "c.pem", "--key", "k.pem"], true)).toEqual({
    certPath: "c.pem",
    keyPath: "k.pem",
  });
});

it.each([
  [["--http"], /Unknown option '--http'/],
  [["https"], /^npm start +serves HTTP\n/],
  [["--cert", "c.pem"], /^--cert needs --key/],
  [["--key", "k.pem"], /^--cert needs --key/],
])("npm start with %j is refused with the usage", (args, message) => {
  expect(() => chooseCertificate(args, false)).toThrow(message);
  expect(() => chooseCertificate(args, true)).toThrow("npm start -- --https ");
});
