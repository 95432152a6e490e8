// Why the last thing was not done, said where its button is; and that the device asks for the passkey.
import { Icon } from "../../view/icons";
import { refusal } from "../codes";
import type { Desk } from "../desk";
import { b } from "./book";

/** Refused knows, beside the node's codes, two of the page's own: what a passkey can fail by before the node is asked. */
export function Refused({ desk, at }: { desk: Desk; at: string }) {
  const x = b.value, e = desk.error.value, here = e?.where === at ? e : null;
  const words = here ? ({ "page.passkeys": x.passkeyNone, "page.cancelled": x.passkeyCancelled } as Record<string, string>)[here.code] ?? refusal(here.code, here.args) : "";
  return <p class="refused alarm" role="alert" data-refused={here?.code}>{here ? <><Icon name="warn" /><span>{words}</span></> : null}</p>;
}

export function Asked({ asking }: { asking: boolean }) {
  return <p class="warn asked" role="status" data-asking={asking || undefined}>{asking ? b.value.asking : ""}</p>;
}
