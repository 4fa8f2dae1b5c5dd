import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { sealedTables } from "../../src/catalog/reseal.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/storage.md"), "utf8");

/** Who asks by hand whether an old root key is needed, and is told no too early, loses what is still under it. */
describe.each(sealedTables.map(({ place }) => place.split(".")))(
  "docs/storage.md knows what is sealed in %s, column %s:",
  (table, column) => {
    test("whether any of it is under an old root key", () => {
      const count = `(SELECT count(*) FROM ${table} WHERE substr(${column}, 4, 8) = '{root key id}')`;
      expect(page).toContain(count);
    });

    test("what it is sealed for", () => {
      expect(page).toContain(`| \`${table}.${column}\` | \``);
    });
  },
);
