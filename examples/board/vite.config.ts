import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { VitePWA } from "vite-plugin-pwa";
import { messages } from "./scripts/messages.ts";
import { pack } from "./scripts/pack.ts";

/** Where the built app goes: syncd embeds it. TAVLE_DIST names another folder, for tests of a build of one's own. */
const DIST = process.env.TAVLE_DIST ?? fileURLToPath(new URL("../../syncd/internal/webapp/dist", import.meta.url));
/** The syncd that `npm run dev` and `vite preview` talk to. */
const SYNCD = process.env.TAVLE_SYNCD_URL ?? "http://127.0.0.1:3030";
/** What every address loads: React, the runtime of messages, and of our own what does not lead to the SDK, which joining loads late. */
const BASE =
  /\/node_modules\/(react|@messageformat|make-plural)\/|\/src\/app\/(i18n|message|route|time|worker)\.tsx?$|\/src\/(components|design)\/(?!post-card|state)[\w-]+\.tsx?$/;
const proxy = { "/sync": { target: SYNCD, ws: true }, "/app": { target: SYNCD }, "/v1": { target: SYNCD }, "^/p/": { target: SYNCD } };

export default defineConfig({
  server: { proxy },
  preview: { proxy },
  build: {
    outDir: DIST,
    emptyOutDir: true,
    target: "es2022",
    // Fonts, signs and wasm stay files: the Content-Security-Policy has no data:.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        // A part's file has the part's name: the weighing in scripts/size.mjs goes by it.
        chunkFileNames: (chunk) => `assets/${chunk.facadeModuleId?.match(/\/parts\/(\w+)\/view\.tsx$/)?.[1] ?? "[name]"}-[hash].js`,
        // What every part and every catalogue needs is one file instead of a dozen small ones, which pack badly.
        codeSplitting: { groups: [{ name: "base", test: BASE }] },
      },
    },
  },
  // One copy of each, also for the SDK that stands in another folder.
  resolve: {
    dedupe: ["react", "react-dom", "@automerge/automerge", "@automerge/automerge-repo"],
    // The other build makes functions from text as it loads, which the Content-Security-Policy refuses and browsers complain about.
    alias: [{ find: /^cbor-x$/, replacement: "cbor-x/index-no-eval" }],
  },
  plugins: [
    react(),
    messages(),
    VitePWA({
      strategies: "generateSW",
      // A new version waits until every window of the old one is closed: never in the middle of writing.
      registerType: "prompt",
      injectRegister: null,
      manifest: {
        name: "Tavle",
        short_name: "Tavle",
        description: "Nabolagets opslagstavle · het prikbord van de buurt · the neighbourhood board",
        lang: "da",
        start_url: "/",
        scope: "/",
        display: "standalone",
        background_color: "#f6efe1",
        theme_color: "#1b2233",
        icons: [
          { src: "/icon-192.png", sizes: "192x192", type: "image/png" },
          { src: "/icon-512.png", sizes: "512x512", type: "image/png" },
          { src: "/icon-maskable-512.png", sizes: "512x512", type: "image/png", purpose: "maskable" },
          { src: "/icon.svg", sizes: "any", type: "image/svg+xml" },
        ],
      },
      workbox: {
        globPatterns: ["**/*.{js,css,html,wasm,woff2,svg,png,webmanifest}"],
        maximumFileSizeToCacheInBytes: 8 << 20,
        navigateFallback: "/index.html",
        navigateFallbackAllowlist: [/^\/$/, /^\/kiosk\/?$/, /^\/desk\/?$/],
        // Scanned posters are counted by the server; without it, or one that does not count, they open all the same.
        runtimeCaching: [
          {
            urlPattern: ({ request, url, sameOrigin }) => sameOrigin && request.mode === "navigate" && url.pathname.startsWith("/p/"),
            handler: "NetworkOnly",
            options: {
              precacheFallback: { fallbackURL: "/index.html" },
              plugins: [
                {
                  fetchDidSucceed: async ({ response }) => {
                    if (response.status >= 400) throw new Error("nobody counts");
                    return response;
                  },
                },
              ],
            },
          },
        ],
        skipWaiting: false,
        clientsClaim: true,
        inlineWorkboxRuntime: true,
        sourcemap: false,
      },
    }),
    pack(DIST),
    keepPlaceholder(),
  ],
});

/** The dist folder is embedded by Go, which needs one file in it also when nothing is built: put it back after it was emptied. */
function keepPlaceholder() {
  return {
    name: "keep-placeholder",
    async closeBundle() {
      const { mkdir, writeFile } = await import("node:fs/promises");
      // Also after a build that failed, whose own error is the one to show.
      await mkdir(DIST, { recursive: true });
      await writeFile(`${DIST}/placeholder.txt`, "Built files of examples/board come here: npm run build.\n");
    },
  };
}
