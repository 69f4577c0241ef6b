/**
 * The one Client of the page, and the board that is open. Owns neither the views nor the address: the phone chooses a board by
 * the address, kiosk and desk take the server's default.
 */
import { createContext, type ReactNode, Suspense, useContext, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import wasm from "@automerge/automerge/automerge.wasm?url";
import { type Board, Client, type ClientOptions, type Ended, type Membership, NotHere } from "@tavle/client";
import { useObservable } from "@tavle/client/react";
import { later } from "../components/later";
import { useMembership } from "../parts/join/member";
import { choose, settings } from "./settings";
import { setTimeZone } from "./time";

const EndedView = later(() => import("../parts/revoked/ended"), true);
const none: readonly Ended[] = [];
const still = () => () => undefined;

/** How many months are open from the start: this one and the one before, in which most open posts are. */
export const MONTHS_OPEN = 2;
/** How many where all that stands is to be seen, kiosk and desk: a post for a neighbour may stand for 90 days. */
export const MONTHS_STANDING = 4;

const spans = new WeakMap<Board, number>();

/** openMonths opens this month and the n - 1 before it; those that somebody opened already stay open. */
export function openMonths(board: Board, n: number): void {
  const most = Math.max(n, spans.get(board) ?? 0);
  spans.set(board, most);
  void board.openMonths(most);
}

/** What the server says about itself at /app/config.json. */
export interface ServerConfig {
  /** Address of the board to open when the person has chosen none ("automerge:…"), or null. */
  defaultBoard: string | null;
}

export interface App {
  client: Client | null;
  /** The open board; null while it opens, or when none is chosen. */
  board: Board | null;
  /** True when there is no board to open: neither in the address, nor remembered, nor the server's. */
  noBoard: boolean;
  /** Why the wanted board cannot be shown: "unknown" to the server that was asked, "away" until the server is reached; "" when it can. */
  missing: "" | "unknown" | "away";
  /** Why the device cannot keep a board, in the browser's words; "" when all is well. */
  failure: string;
}

const Context = createContext<App>({ client: null, board: null, noBoard: false, missing: "", failure: "" });
/** For a part that shows another board than the open one. */
export const AppContext = Context;

/** useApp gives client and board to any component. */
export function useApp(): App {
  return useContext(Context);
}

/** useBoard for the parts that are only shown with an open board. */
export function useBoard(): Board {
  const { board } = useContext(Context);
  if (!board) throw new Error("useBoard outside of an open board");
  return board;
}

export { useObservable };

/** useWaiting counts what was made here and is not on the board yet: posts, replies, offers of help. */
export function useWaiting(board: Board): number {
  const posts = useObservable(board.posts);
  return useMemo(() => {
    const own = posts.flatMap((post) => [post, ...post.replies, ...post.offers]).filter((x) => x.mine);
    return own.filter((x) => x.delivery !== "board").length;
  }, [posts]);
}

/**
 * AppProvider opens the client and the board `wanted` (a document id; "" for the one open last, or the server's).
 * `storage` "memory" keeps no document after the page is closed.
 */
export function AppProvider(props: { wanted: string; origin: "phone" | "kiosk" | "desk"; storage?: ClientOptions["storage"]; children: ReactNode }) {
  const { wanted, origin, storage } = props;
  const membership = useMembership();
  const [client, setClient] = useState<Client | null>(null);
  const [board, setBoard] = useState<Board | null>(null);
  const [noBoard, setNoBoard] = useState(false);
  const [missing, setMissing] = useState<App["missing"]>("");
  const [failure, setFailure] = useState("");
  const ended = useSyncExternalStore(
    client ? (fn) => client.ended.subscribe(fn) : still,
    () => client?.ended.get() ?? none,
  );

  useEffect(() => {
    openClient({ origin, storage, membership: membership ?? undefined }).then(setClient, (err: unknown) => setFailure(String(err)));
  }, [origin, storage, membership]);

  useEffect(() => {
    if (!client) return;
    let gone = false;
    const open = async () => {
      const url = await address(wanted, membership);
      if (gone) return;
      setNoBoard(!url);
      if (!url) return;
      try {
        const opened = await client.openBoard(url);
        if (gone) return;
        stop();
        openMonths(opened, origin === "phone" ? MONTHS_OPEN : MONTHS_STANDING);
        choose({ board: opened.url });
        setMissing("");
        setTimeZone(opened.info.get().timeZone);
        setBoard(opened);
      } catch (err) {
        if (gone) return;
        if (err instanceof NotHere) setMissing(err.why === "offline" || err.why === "slow" ? "away" : "unknown");
        else setFailure(String(err));
      }
    };
    // What was not to be had is asked for again as soon as the server is reached.
    let state = client.connection.get().state;
    const stop = client.connection.subscribe(() => {
      const before = state;
      state = client.connection.get().state;
      if (state === "connected" && before !== "connected") void open();
    });
    setBoard(null);
    setMissing("");
    void open();
    return () => {
      gone = true;
      stop();
    };
  }, [client, wanted, membership, origin]);

  useEffect(() => {
    if (!board) return;
    const follow = () => setTimeZone(board.info.get().timeZone);
    follow();
    return board.info.subscribe(follow);
  }, [board]);

  // A phone follows all its boards: what waits on one that is not looked at is sent too, and what is new there is fetched for offline.
  const following = origin === "phone" && board !== null;
  useEffect(() => {
    if (client && following) return follow(client);
  }, [client, following]);

  return <Context value={{ client, board, noBoard, missing, failure }}>{client && ended.length > 0 ? <Suspense fallback={null}><EndedView client={client} /></Suspense> : props.children}</Context>;
}

/** How many boards besides the open one are followed: those opened last. */
const FOLLOWED = 8;

/** follow opens the boards that the device remembers, and those it could not get again when the server is reached. Returns how to stop. */
function follow(client: Client): () => void {
  const open = () => {
    for (const { url } of client.boards.get().slice(-FOLLOWED)) {
      client.openBoard(url).then(
        (board) => openMonths(board, MONTHS_OPEN),
        () => undefined, // Not here now: at the next contact.
      );
    }
  };
  let state = "";
  const look = () => {
    const before = state;
    state = client.connection.get().state;
    if (state === "connected" && before !== "connected") open();
  };
  open();
  return client.connection.subscribe(look);
}

let opening: Promise<Client> | null = null;

/** openClient opens the one client of this page; whoever asks first says how. */
export function openClient(options: Pick<ClientOptions, "origin" | "storage" | "membership">): Promise<Client> {
  const url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/sync`;
  opening ??= Client.open({ url, wasm, ...options });
  return opening;
}

/** finishForgetting removes what is left of who was here before, where that was interrupted. */
export async function finishForgetting(membership: Membership): Promise<void> {
  if (membership.forgetting) await (await Client.open({ url: null, origin: "phone", wasm, membership })).close();
}

/** The address of the board to open, or "". The server is asked only when the device knows none. */
async function address(wanted: string, membership: Membership | null): Promise<string> {
  const me = membership?.me.get();
  if (wanted && !me?.ended?.includes(wanted)) return `automerge:${wanted}`;
  const own = me?.boards.filter((b) => !b.archived).map((b) => `automerge:${b.id}`);
  if (own) return own.includes(settings().board) ? settings().board : (own[0] ?? "");
  if (settings().board) return settings().board;
  return (await serverConfig()).defaultBoard ?? "";
}

/** serverConfig asks the server; without it there is no default board. */
export async function serverConfig(): Promise<ServerConfig> {
  try {
    const response = await fetch("/app/config.json", { cache: "no-store" });
    if (response.ok) return (await response.json()) as ServerConfig;
  } catch {
    // Not reachable now: as if it had no default.
  }
  return { defaultBoard: null };
}
