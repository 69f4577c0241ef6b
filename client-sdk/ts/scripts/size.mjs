// Says how large the package's own code is: minified, and gzipped, without its dependencies.

import { build } from "esbuild"
import { gzipSync } from "node:zlib"

const limit = 68_000
const { outputFiles } = await build({
  entryPoints: ["src/index.ts"],
  bundle: true,
  minify: true,
  write: false,
  format: "esm",
  target: "es2022",
  external: ["@automerge/*", "fast-sha256", "react"],
})
const { contents } = outputFiles[0]
console.log(`own code: ${contents.length} bytes minified, ${gzipSync(contents).length} gzipped`)
if (contents.length > limit) {
  console.error(`more than ${limit} bytes`)
  process.exit(1)
}
