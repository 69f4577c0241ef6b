import { defineConfig } from "vitest/config";
import { messages } from "./scripts/messages.ts";

export default defineConfig({
  test: {
    projects: [
      { plugins: [messages()], test: { name: "unit", include: ["src/**/*.test.{ts,tsx}", "test/*.test.ts"], environment: "node" } },
      {
        test: {
          name: "browser",
          // Once more: a whole browser on a machine under load may be late without anything being wrong.
          retry: 1,
          include: ["test/browser/**/*.test.ts"],
          environment: "node",
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
