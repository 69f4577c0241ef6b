// A program that makes a board, lets go of it and ends: what it prints, and when it ends, is what the test looks at.

import WebSocket from "ws"
import { addMonths, Client, MemoryStorage } from "@tavle/client"

const url = process.argv[2] || null
const client = await Client.open({ url, storage: new MemoryStorage(), origin: "phone", webSocket: WebSocket, secondPlace: null })
const board = await client.createBoard({ title: "Courtyard" })
await board.openMonths(2)
const draft = board.newDraft("request", "en")
await board.addPost({ ...draft, month: addMonths(draft.month, -1), title: "Ladder", author: "Ida" })
await board.openMonths(1)
await board.addPost({ ...board.newDraft("request", "en"), title: "Sofa", author: "Ida" })
await client.forgetBoard(board.id)
await client.close()
