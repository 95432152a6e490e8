// Parts of the page that are fetched when they are first shown, after the texts of the readout: forms, and what stands between the parties.
import { signal } from "@preact/signals";
import { h, type ComponentType, type VNode } from "preact";
import { useEffect } from "preact/hooks";
import { ready } from "../lang";

const again = 2000; // ms between attempts while the node does not give the file

/** later is a component whose file is fetched when it is first shown; until it is there, nothing stands in its place. */
export function later<P extends object>(load: () => Promise<ComponentType<P>>): (props: P) => VNode<object> | null {
  const got = signal<{ Part: ComponentType<P> } | null>(null);
  let asked = false;
  const fetch = async () => {
    while (!got.peek()) {
      try {
        const Part = await load();
        await ready(); // its texts
        got.value = { Part };
      } catch (err) {
        console.warn("page", err);
        await new Promise((done) => setTimeout(done, again));
      }
    }
  };
  return (props) => {
    useEffect(() => {
      if (!asked) { asked = true; void fetch(); }
    }, []);
    return got.value ? h(got.value.Part as ComponentType<object>, props) : null;
  };
}
