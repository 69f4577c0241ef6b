/**
 * Parts that load when they are opened. Where one cannot be had, in a window without a service worker when the network goes or the server has
 * another version by now, its place says so; everything around it stays.
 */
import { Component, type ComponentType, lazy, type ReactNode } from "react";
import { useT } from "../app/i18n";
import { Banner } from "./banner";
import { Button } from "./button";

/** later is React's lazy, and a part that fails does not take the page with it. What is fetched `soon` is there when the network goes. */
export function later<P extends object>(load: () => Promise<{ default: ComponentType<P> }>, soon = false): ComponentType<P> {
  if (soon) load().catch(() => undefined); // it is asked for again when it is opened
  let Part = lazy(load);
  const failed = () => {
    Part = lazy(load); // React asks a lazy part once
  };
  return function Later(props: P) {
    return (
      <Fence failed={failed}>
        {() => <Part {...props} />}
      </Fence>
    );
  };
}

class Fence extends Component<{ failed: () => void; children: () => ReactNode }, { down: boolean }> {
  override state = { down: false };
  static getDerivedStateFromError() {
    return { down: true };
  }
  override componentDidCatch() {
    this.props.failed();
  }
  override render() {
    return this.state.down ? <NotHere onAgain={() => this.setState({ down: false })} /> : this.props.children();
  }
}

/** The page begins anew where the server is reached: it may have files of another version only. Where it is not, that would end the page. */
function NotHere({ onAgain }: { onAgain: () => void }) {
  const { t } = useT();
  const again = async () => {
    const reached = await fetch("/app/config.json", { cache: "no-store" }).then((answer) => answer.ok, () => false);
    if (reached) location.reload();
    else onAgain();
  };
  return (
    <Banner tone="warn" icon="warning">
      <div className="stack-s">
        <p role="status">{t("part.failed")}</p>
        <div>
          <Button onClick={() => void again()}>{t("conn.retry")}</Button>
        </div>
      </div>
    </Banner>
  );
}
