// Says how large the package's own code is: minified, and gzipped, without its dependencies. What is loaded when it is needed, as after the
// server has refused something, counts apart.

import { build } from "esbuild"
import { gzipSync } from "node:zlib"

const limit = 98_000
const { outputFiles, metafile } = await build({
  entryPoints: ["src/index.ts"],
  bundle: true,
  splitting: true,
  minify: true,
  write: false,
  metafile: true,
  outdir: "/size",
  format: "esm",
  target: "es2022",
  external: ["@automerge/*", "fast-sha256", "react"],
})

const outputs = Object.entries(metafile.outputs)
const nameOf = path => path.split("/").at(-1)
const entry = outputs.find(([, { entryPoint }]) => entryPoint === "src/index.ts")[0]
const first = new Set([nameOf(entry)])
for (const name of first) {
  const { imports } = outputs.find(([path]) => nameOf(path) === name)[1]
  for (const { path, kind, external } of imports) if (kind === "import-statement" && !external) first.add(nameOf(path))
}
const weigh = files => files.reduce((all, { contents }) => [all[0] + contents.length, all[1] + gzipSync(contents).length], [0, 0])
const [bytes, gzipped] = weigh(outputFiles.filter(({ path }) => first.has(nameOf(path))))
const [laterBytes, laterGzipped] = weigh(outputFiles.filter(({ path }) => !first.has(nameOf(path))))
console.log(`own code: ${bytes} bytes minified, ${gzipped} gzipped; when needed ${laterBytes}, ${laterGzipped} gzipped`)
if (bytes > limit) {
  console.error(`more than ${limit} bytes`)
  process.exit(1)
}
