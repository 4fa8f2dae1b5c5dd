import { availableParallelism } from "node:os";
import { join } from "node:path";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";

const migrations = await readD1Migrations(join(import.meta.dirname, "migrations"));

/** Settings of the Worker under test; the same as those of `npm start`. */
const bindings = {
  ROOT_ACCOUNT_ID: "000000000000",
  ROOT_ACCESS_KEY_ID: "test",
  ROOT_SECRET_ACCESS_KEY: "test",
  ROOT_KEY: "ZWRnZS1zcXMgbG9jYWwgcm9vdCBrZXksIG5vdCBzZWM=",
};

const pure = [
  "lib",
  "queue",
  "shapes",
  "protocols",
  "auth",
  "encryption",
  "services",
  "conformance",
  "scripts",
];

export default defineConfig({
  test: {
    // Vitest leaves one core alone: on two, all files would wait for each other, and most of them wait for a server.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        // No network, database or sleep: milliseconds a test.
        test: {
          name: "pure",
          environment: "node",
          include: pure.map((room) => `test/${room}/**/*.test.ts`),
          // Nothing of ours remembers anything between two tests; to load it all anew for each file took 45 s.
          isolate: false,
        },
      },
      {
        // Inside the Workers runtime: real SQLite, D1, alarms and evictions.
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: { bindings: { ...bindings, TEST_MIGRATIONS: migrations } },
          }),
        ],
        test: {
          name: "workers",
          include: ["test/shard/**/*.test.ts", "test/catalog/**/*.test.ts"],
          setupFiles: ["test/support/migrate.ts"],
        },
      },
      {
        // Real clients against the served Worker.
        test: {
          name: "sdk",
          environment: "node",
          include: ["test/sdk/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "crash",
          environment: "node",
          include: ["test/crash/**/*.test.ts"],
          testTimeout: 600_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
