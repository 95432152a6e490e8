// The fixed set of sections that a member's page offers (docs/protocol.md).
const numbered = (name: string, n: number) => Array.from({ length: n }, (_, i) => name + i);

export const floorSlots = numbered("floor", 3); // the loudest admitted microphones
export const stageSlots = numbered("stage", 6); // principals, then delegates by precedence
