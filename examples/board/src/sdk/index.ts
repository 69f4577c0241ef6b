export * from "./types";
export { Board, Client } from "./fake";
