// The PIN: principals and interpreters bring it from another way than the invitation. It stays in the field and in one request.
import { useRef } from "preact/hooks";
import { t } from "../lang";
import type { Invited } from "../wire.gen";

export interface PinField { asked: boolean; field: { current: HTMLInputElement | null }; value(): string; good(): boolean; failure(code: string): string | null }

/** usePin is the field's hold; where no PIN is asked for, it is always good and empty. */
export function usePin(invited: Invited | null): PinField {
  const field = useRef<HTMLInputElement>(null), asked = invited?.pin === true;
  return {
    asked, field,
    value: () => (asked ? field.current?.value.replace(/\s/g, "") ?? "" : ""),
    good: () => {
      if (!asked || field.current?.value.trim()) return true;
      field.current?.focus();
      return false;
    },
    failure: (code) => {
      if (!code.startsWith("pin")) return null;
      field.current?.focus();
      return /locked|many|rate/.test(code) ? t.value.pinLocked : t.value.pinWrong;
    },
  };
}

export function Pin({ pin }: { pin: PinField }) {
  if (!pin.asked) return null;
  return (
    <div class="stack t pin">
      <label for="pin"><strong>{t.value.pin}</strong></label>
      <input ref={pin.field} id="pin" type="text" inputMode="numeric" autocomplete="one-time-code" maxLength={16} dir="ltr" aria-describedby="pin-help" data-act="pin" />
      <p id="pin-help" class="q sm">{t.value.pinHelp}</p>
    </div>
  );
}
