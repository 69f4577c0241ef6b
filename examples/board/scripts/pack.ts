/**
 * Packs what was built: beside each file that shrinks stands the same as .br and as .gz, which syncd serves to whoever reads them. The same files in
 * give the same files out. It goes after the plugin that writes the service worker.
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const TEXT = /\.(css|html|js|json|svg|wasm|webmanifest)$/;
/** Under this size packing gains nothing. */
const BYTES_MIN = 512;
const FORMATS = [
  [".br", (plain: Buffer) => brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: plain.length } })],
  [".gz", (plain: Buffer) => gzipSync(plain, { level: 9 })],
] as const;

/** pack is the plugin for what is built into a folder that was empty before. */
export function pack(dist: string): Plugin {
  return {
    name: "pack",
    apply: "build",
    closeBundle: {
      order: "post",
      sequential: true,
      async handler(error?: Error) {
        if (error) return;
        for (const name of await readdir(dist, { recursive: true })) {
          if (!TEXT.test(name)) continue;
          const plain = await readFile(join(dist, name));
          if (plain.length < BYTES_MIN) continue;
          for (const [ending, compress] of FORMATS) {
            const packed = compress(plain);
            if (packed.length < plain.length) await writeFile(join(dist, name + ending), packed);
          }
        }
      },
    },
  };
}
