import { describe, expect, it } from "vitest";
import { SettingsCache } from "../../src/catalog/settings-cache.ts";
import { defaultAttributes } from "../../src/queue/attributes.ts";
import type { QueueSettings } from "../../src/queue/settings.ts";

const settings = (name: string, changes: Partial<QueueSettings> = {}): QueueSettings => ({
  uid: `uid of ${name}`,
  account: "000000000000",
  region: "us-east-1",
  name,
  version: 1,
  createdAtSeconds: 1,
  modifiedAtSeconds: 1,
  handleKey: "k",
  attributes: defaultAttributes,
  ...changes,
});
const [a, b, c] = [settings("a"), settings("b"), settings("c")];

describe("the settings cache", () => {
  it("forgets the longest unused when it is full", () => {
    const cache = new SettingsCache(2);
    cache.put(a, 0);
    cache.put(b, 0);
    expect(cache.get(a)?.settings).toBe(a);
    cache.put(c, 0);
    expect(cache.get(b)).toBeUndefined();
    expect(cache.get(a)?.settings).toBe(a);
    expect(cache.get(c)?.settings).toBe(c);
  });

  it("trusts a copy for a minute", () => {
    const cache = new SettingsCache(2);
    cache.put(a, 5);
    expect(cache.get(a)?.freshUntilMs).toBe(60_005);
  });

  it("takes newer settings of a queue, never older ones", () => {
    const cache = new SettingsCache(2);
    const newer = settings("a", { version: 2 });
    cache.put(newer, 0);
    cache.put(a, 0);
    expect(cache.get(a)?.settings).toBe(newer);
  });

  it("takes another creation of the same name, whatever its version", () => {
    const cache = new SettingsCache(2);
    const next = settings("a", { uid: "another" });
    cache.put(settings("a", { version: 9 }), 0);
    cache.put(next, 0);
    expect(cache.get(a)?.settings).toBe(next);
  });

  it("keeps accounts, regions and names apart", () => {
    const cache = new SettingsCache(9);
    cache.put(a, 0);
    expect(cache.get(settings("A"))).toBeUndefined();
    expect(cache.get(settings("a", { region: "eu-west-1" }))).toBeUndefined();
    expect(cache.get(settings("a", { account: "111111111111" }))).toBeUndefined();
    cache.delete(a);
    expect(cache.get(a)).toBeUndefined();
  });
});
