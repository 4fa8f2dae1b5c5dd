import { describe, expect, it } from "vitest";
import { localSettings } from "../../scripts/local-settings.ts";
import { readSettings } from "../../src/env.ts";

describe("the settings of a server on this machine", () => {
  it("are ones that the Worker accepts, without a variable set", () => {
    const { worker, https } = localSettings({});
    expect(readSettings(worker as never)).toMatchObject({ ok: true });
    expect(https).toBe(false);
  });

  it("trust no header on a client's address, unless the operator names one", () => {
    const headerOf = (env: NodeJS.ProcessEnv) => localSettings(env).worker.CLIENT_IP_HEADER;
    expect(headerOf({})).toBe("");
    expect(headerOf({ CLIENT_IP_HEADER: "x-real-ip" })).toBe("x-real-ip");
  });

  it.each(["1", "true", "ON"])("turn HTTPS on with HTTPS=%s", (value) => {
    expect(localSettings({ HTTPS: value }).https).toBe(true);
  });

  it.each(["", "0", "no", "off"])("leave HTTPS off with HTTPS=%j", (value) => {
    expect(localSettings({ HTTPS: value }).https).toBe(false);
  });

  it("have a port from 0 to 65535", () => {
    expect(localSettings({ PORT: "0" }).port).toBe(0);
    expect(localSettings({ PORT: "65535" }).port).toBe(65_535);
    for (const PORT of ["65536", "-1", "80a"]) {
      expect(() => localSettings({ PORT })).toThrow(`PORT must be 0 to 65535, not "${PORT}".`);
    }
  });

  it("hand on what only the Worker reads, if it is set", () => {
    const given = {
      ROOT_KEY_PREVIOUS: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
      DATA_KEY_DAYS: "7",
      PUBLIC_URL: "https://sqs.example.com",
      STRICT_SQS_TIMING: "1",
    };
    expect(localSettings(given).worker).toMatchObject(given);
    for (const name of Object.keys(given)) expect(localSettings({}).worker).not.toHaveProperty(name);
  });
});
