// When the meeting begins, at each place's own clock.
import { clock, day, fill, pick, t } from "../lang";
import type { Meeting } from "../wire.gen";
import { parties } from "./parts";

export function When({ meeting, own }: { meeting: Meeting; own: string }) {
  const start = new Date(meeting.start);
  return (
    <dl class="when">
      {parties(meeting, own).map((p) => (
        <div key={p.id}>
          <dt>{fill(t.value.placeTime, { city: pick(p.city) })}</dt>
          <dd><time dateTime={meeting.start}><bdi class="n">{clock(start, p.zone)}</bdi></time></dd>
          <dd class="sm"><bdi>{day(start, p.zone)}</bdi></dd>
        </div>
      ))}
    </dl>
  );
}
