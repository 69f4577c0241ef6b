// The sync server that automerge-repo's own packages make, as a yardstick: what passes here and fails elsewhere is not the test's fault.
// It takes the command line of syncd and prints the same line.
//
//   node reference-server.mjs serve --open --listen 127.0.0.1:0 --data DIR

import { createServer } from "node:http"
import { parseArgs } from "node:util"
import { WebSocketServer } from "ws"
import { Repo } from "@automerge/automerge-repo"
import { NodeWSServerAdapter } from "@automerge/automerge-repo-network-websocket"
import { NodeFSStorageAdapter } from "@automerge/automerge-repo-storage-nodefs"

const { values } = parseArgs({
  allowPositionals: true,
  options: {
    open: { type: "boolean" },
    listen: { type: "string", default: "127.0.0.1:0" },
    "admin-listen": { type: "string" },
    data: { type: "string" },
  },
})
const [host, port] = values.listen.split(":")

const http = createServer((_, response) => response.end("reference server\n"))
const repo = new Repo({
  network: [new NodeWSServerAdapter(new WebSocketServer({ server: http }))],
  storage: new NodeFSStorageAdapter(values.data),
  sharePolicy: async () => false,
  enableRemoteHeadsGossiping: true,
})
await repo.storageId()
http.listen(Number(port), host, () => console.log(`listening on http://${host}:${http.address().port}`))
process.on("SIGTERM", async () => {
  await repo.flush()
  process.exit(0)
})
