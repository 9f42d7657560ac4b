import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const here = import.meta.dirname;

/** The client's types are those of the document that the server serves; there is no second description of it. */
const generatedClient: Plugin = {
  name: "generated-client",
  buildStart() {
    const generator = join(here, "node_modules/openapi-typescript/bin/cli.js");
    const words = [generator, join(here, "../golden/openapi.json"), "-o", join(here, "src/api/generated.d.ts")];
    execFileSync(process.execPath, words, { stdio: "ignore" });
  },
};

/** Packed once here, not at each request: @fastify/static hands out the `.br` beside a file. */
const compressed: Plugin = {
  name: "compressed",
  apply: "build",
  writeBundle({ dir }) {
    for (const name of readdirSync(join(dir!, "assets"))) {
      const file = join(dir!, "assets", name);
      if (/\.(js|css|svg)$/.test(name)) writeFileSync(`${file}.br`, brotliCompressSync(readFileSync(file)));
    }
  },
};

/** `LONGWATCH_URL` says where the server is that the pages under development talk to. */
export default defineConfig({
  plugins: [generatedClient, react(), tailwindcss(), compressed],
  build: { target: "es2024", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { proxy: { "^/(v1|health|sign-in|openapi.json)": process.env.LONGWATCH_URL ?? "http://127.0.0.1:4780" } },
});
