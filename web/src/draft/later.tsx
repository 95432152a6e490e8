// Parts of the page that are fetched when they are first shown, after the texts of the readout: forms, and what stands between the parties.
import { signal } from "@preact/signals";
import { h, type ComponentType, type VNode } from "preact";
import { useEffect } from "preact/hooks";
import { ready } from "../lang";
import { LostPart } from "../lost/lost";

const again = 2000; // ms between attempts while the node does not give the file

/** lacking counts the parts that have failed twice and are not there yet. */
const lacking = signal(0);

/** later is a component whose file is fetched when it is first shown; until it is there, nothing stands in its place. One that has failed twice is said
 * to be lost: where it is asked for (here), else by Lacking, once for all. It is fetched on; nothing loads the page anew, for there may be texts in it. */
export function later<P extends object>(load: () => Promise<ComponentType<P>>, here = false): (props: P) => VNode<object> | null {
  const got = signal<{ Part: ComponentType<P> } | null>(null), lost = signal(false);
  let asked = false;
  const fetch = async () => {
    for (let failures = 0; !got.peek(); failures++) {
      try {
        const Part = await load();
        await ready(); // its texts
        got.value = { Part };
      } catch (err) {
        console.warn("page", err);
        if (failures === 1) { lost.value = true; if (!here) lacking.value++; }
        await new Promise((done) => setTimeout(done, again));
      }
    }
    if (lost.peek() && !here) lacking.value--;
  };
  return (props) => {
    useEffect(() => {
      if (!asked) { asked = true; void fetch(); }
    }, []);
    return got.value ? h(got.value.Part as ComponentType<object>, props) : here && lost.value ? <LostPart /> : null;
  };
}

/** Lacking says that parts of the page have not come. */
export const Lacking = () => (lacking.value ? <LostPart /> : null);
