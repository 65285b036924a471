// The widgets' JavaScript is tested in Node: core.js and shared/pooling.js need no browser.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { include: ["tests/course/widgets/**/*.test.js"], pool: "threads" },
});
