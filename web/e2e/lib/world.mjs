// A meeting as the node would show it, and the pictures of its people: all invented.
export const emblems = {
  avelmar: '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><circle cx="32" cy="32" r="30" fill="#1f5b4a" stroke="#f1eee6" stroke-width="1.5"/><g fill="#f1eee6"><path d="M31.2 14h1.6v30h-1.6z"/><ellipse cx="32" cy="11.5" rx="2.6" ry="5.5"/><ellipse cx="24.5" cy="19" rx="2.4" ry="6.5" transform="rotate(-50 24.5 19)"/><ellipse cx="39.5" cy="19" rx="2.4" ry="6.5" transform="rotate(50 39.5 19)"/><ellipse cx="23.5" cy="27" rx="2.4" ry="7" transform="rotate(-55 23.5 27)"/><ellipse cx="40.5" cy="27" rx="2.4" ry="7" transform="rotate(55 40.5 27)"/><ellipse cx="23" cy="35.5" rx="2.4" ry="7.5" transform="rotate(-60 23 35.5)"/><ellipse cx="41" cy="35.5" rx="2.4" ry="7.5" transform="rotate(60 41 35.5)"/></g><path fill="none" stroke="#f1eee6" stroke-width="2" d="M12 47q5-4 10 0t10 0 10 0 10 0M18 53q3.5-3 7 0t7 0 7 0 7 0"/></svg>',
  tolmeria: '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><circle cx="32" cy="32" r="30" fill="#5a2a4a" stroke="#f1eee6" stroke-width="1.5"/><path fill="#f1eee6" d="M10 32h44v14h-4a8 8 0 0 0-16 0h-4a8 8 0 0 0-16 0h-4zM32 9l6 9-6 9-6-9z"/><path fill="none" stroke="#f1eee6" stroke-width="2" d="M14 52q4.5-3.5 9 0t9 0 9 0 9 0"/></svg>',
};

const person = (id, party, role, precedence, en, ar, officeEn, officeAr) => ({ id, party, role, precedence, name: { en, ar }, office: { en: officeEn, ar: officeAr } });

export const meeting = {
  id: 'avelmar-tolmeria-2026',
  title: { en: 'Ninth Annual Meeting of the Heads of Government of Avelmar and Tolmeria', ar: 'الاجتماع السنوي التاسع لرئيسي حكومتي أفيلمار وتولميريا' },
  start: '2026-12-09T23:30:00Z',
  parties: [
    { id: 'avelmar', name: { en: 'Avelmar', ar: 'أفيلمار' }, longName: { en: 'Republic of Avelmar', ar: 'جمهورية أفيلمار' }, city: { en: 'Ilverne', ar: 'إلفيرن' }, zone: 'Australia/Lord_Howe', emblem: 'a'.repeat(64) },
    { id: 'tolmeria', name: { en: 'Tolmeria', ar: 'تولميريا' }, longName: { en: 'Kingdom of Tolmeria', ar: 'مملكة تولميريا' }, city: { en: 'Lanneth', ar: 'لانيث' }, zone: 'Australia/Brisbane', emblem: 'b'.repeat(64) },
  ],
  members: [
    person('avelmar-tarroven', 'avelmar', 'principal', 1, 'Maelin Tarroven', 'مايلين تاروفن', 'Prime Minister of the Republic of Avelmar', 'رئيسة وزراء جمهورية أفيلمار'),
    person('avelmar-aldesh', 'avelmar', 'delegate', 2, 'Corvan Aldesh', 'كورفان ألديش', 'Minister of Transport and Inland Navigation', 'وزير النقل والملاحة الداخلية'),
    person('avelmar-ombrand', 'avelmar', 'delegate', 3, 'Sirenna Ombrand', 'سيرينا أومبراند', 'Minister of Education and Science', 'وزيرة التعليم والعلوم'),
    person('tolmeria-kosvane', 'tolmeria', 'principal', 1, 'Edran Kosvane', 'إدران كوسفان', 'Prime Minister of the Kingdom of Tolmeria', 'رئيس وزراء مملكة تولميريا'),
    person('tolmeria-thorrick', 'tolmeria', 'delegate', 2, 'Wenna Thorrick', 'وينا ثوريك', 'Minister of Ports and Customs', 'وزيرة الموانئ والجمارك'),
    person('tolmeria-soste', 'tolmeria', 'delegate', 3, 'Ambrel Soste', 'أمبريل سوست', 'Minister of Higher Education', 'وزير التعليم العالي'),
  ],
};

export const camera = { width: 640, height: 360, fps: 15 };

const here = (member, mic = false, cam = true, far = '') => ({ member, mic, camera: cam, far });
const up = { party: 'tolmeria', state: 'up', rttMs: 38, loss: 0, code: '', way: 'one' };

/** The state a delegate of Avelmar sees: both principals, and one delegate of each side. */
export function asDelegate(change = {}) {
  return {
    present: [here('avelmar-tarroven'), here('avelmar-aldesh'), here('avelmar-ombrand'), here('tolmeria-kosvane', true), here('tolmeria-thorrick')],
    stage: ['avelmar-tarroven', 'tolmeria-kosvane', 'avelmar-ombrand', 'tolmeria-thorrick', '', ''],
    links: [up], alarm: '', ...change,
  };
}

/** The state the principal of Avelmar sees. */
export function asPrincipal(change = {}) {
  return { present: [here('avelmar-tarroven'), here('tolmeria-kosvane', true)], stage: ['', 'tolmeria-kosvane', '', '', '', ''], links: [up], alarm: '', ...change };
}

/** The state with the link cut. */
export function cut() {
  const s = asDelegate();
  return { ...s, present: s.present.map((p) => (p.member.startsWith('tolmeria') ? { ...p, far: 'interrupted' } : p)), links: [{ ...up, state: 'interrupted' }] };
}
