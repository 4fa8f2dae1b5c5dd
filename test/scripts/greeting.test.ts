import { expect, it } from "vitest";
import { greeting } from "../../scripts/greeting.ts";
import { localSettings } from "../../scripts/local-settings.ts";

const url = "http://127.0.0.1:8787";

it("npm start says where it listens, which credentials to use, and what to paste", () => {
  const text = greeting(url, localSettings({ DATA_DIR: "/data" }));
  expect(text).toContain(`edge-sqs listens on ${url}\n`);
  expect(text).toContain(
    "Access key test, secret test, account 000000000000, region us-east-1. Data in /data.",
  );
  expect(text).toContain(
    [
      `  export AWS_ENDPOINT_URL=${url} AWS_DEFAULT_REGION=us-east-1`,
      "  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test",
      "  aws sqs create-queue --endpoint-url $AWS_ENDPOINT_URL --queue-name hello",
    ].join("\n"),
  );
  expect(text).not.toContain("AWS_CA_BUNDLE");
});

it("npm start says how to make a client trust the certificate that it has made", () => {
  const text = greeting(url, localSettings({}), { certPath: "/data/cert.pem", keyPath: "/data/key.pem" });
  expect(text).toContain(
    "  export AWS_CA_BUNDLE=/data/cert.pem NODE_EXTRA_CA_CERTS=/data/cert.pem\n  aws sqs create-queue",
  );
  expect(text).not.toContain("key.pem");
});

it("npm start keeps an operator's secret off the screen", () => {
  const text = greeting(url, localSettings({ ROOT_SECRET_ACCESS_KEY: "do-not-print-me" }));
  expect(text).not.toContain("do-not-print-me");
  expect(text.match(/"\$ROOT_SECRET_ACCESS_KEY"/g)).toHaveLength(2);
});
