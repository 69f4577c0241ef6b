import { AppProvider } from "../../app/client";

/** The desk. */
export default function Desk() {
  return <AppProvider wanted="" origin="desk">{null}</AppProvider>;
}
