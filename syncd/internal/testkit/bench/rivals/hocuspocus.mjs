// Hocuspocus with its sqlite extension and otherwise its own defaults, on PORT, in DATA_DIR.

import { Server } from "@hocuspocus/server"
import { SQLite } from "@hocuspocus/extension-sqlite"

const server = new Server({
  port: Number(process.env.PORT),
  address: "127.0.0.1",
  quiet: true,
  extensions: [new SQLite({ database: `${process.env.DATA_DIR}/documents.sqlite` })],
})
await server.listen()
