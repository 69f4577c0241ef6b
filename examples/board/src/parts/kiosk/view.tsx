import { AppProvider } from "../../app/client";

/** The kiosk. */
export default function Kiosk() {
  return <AppProvider wanted="" origin="kiosk">{null}</AppProvider>;
}
