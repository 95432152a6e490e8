// The technician's console.
import type { Call } from "../call/call";
import { t } from "../lang";
import { Refused } from "../view/controls";
import { PhaseBar } from "../view/phases";
import { TopBar } from "../view/top";

export { Enter as Invitation } from "../view/enter";

export function Seated({ call }: { call: Call }) {
  return (
    <div class="stage technician">
      <TopBar call={call} who={t.value.roleTechnician} />
      <main><PhaseBar call={call} /><Refused call={call} /></main>
    </div>
  );
}
