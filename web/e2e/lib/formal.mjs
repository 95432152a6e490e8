// A formal meeting in six languages as the node would show it: people, phases, floor. All invented.
const parties = [
  {
    id: 'avelmar', zone: 'Australia/Lord_Howe', emblem: 'a'.repeat(64),
    name: { en: "Avelmar", ar: "أفيلمار", zh: "阿韦尔马", fr: "Avelmar", ru: "Авельмар", es: "Avelmar" },
    longName: { en: "Republic of Avelmar", ar: "جمهورية أفيلمار", zh: "阿韦尔马共和国", fr: "République d'Avelmar", ru: "Республика Авельмар", es: "República de Avelmar" },
    city: { en: "Ilverne", ar: "إلفيرن", zh: "伊尔韦恩", fr: "Ilverne", ru: "Ильверн", es: "Ilverne" },
  },
  {
    id: 'tolmeria', zone: 'Australia/Brisbane', emblem: 'b'.repeat(64),
    name: { en: "Tolmeria", ar: "تولميريا", zh: "托尔梅里亚", fr: "Tolmérie", ru: "Толмерия", es: "Tolmeria" },
    longName: { en: "Kingdom of Tolmeria", ar: "مملكة تولميريا", zh: "托尔梅里亚王国", fr: "Royaume de Tolmérie", ru: "Королевство Толмерия", es: "Reino de Tolmeria" },
    city: { en: "Lanneth", ar: "لانيث", zh: "兰内斯", fr: "Lanneth", ru: "Ланнет", es: "Lanneth" },
  },
];

const members = [
  {
    id: 'avelmar-tarroven', party: 'avelmar', role: 'principal', precedence: 1,
    name: { en: "Maelin Tarroven", ar: "مايلين تاروفن", zh: "梅琳·塔罗文", fr: "Maelin Tarroven", ru: "Маэлин Тарровен", es: "Maelin Tarroven" },
    office: { en: "Prime Minister of the Republic of Avelmar", ar: "رئيسة وزراء جمهورية أفيلمار", zh: "阿韦尔马共和国总理", fr: "Première Ministre de la République d'Avelmar", ru: "Премьер-министр Республики Авельмар", es: "Primera Ministra de la República de Avelmar" },
    second: {},
  },
  {
    id: 'avelmar-aldesh', party: 'avelmar', role: 'delegate', precedence: 2,
    name: { en: "Corvan Aldesh", ar: "كورفان ألديش", zh: "科尔万·阿尔德什", fr: "Corvan Aldesh", ru: "Корван Альдеш", es: "Corvan Aldesh" },
    office: { en: "Minister of Transport and Inland Navigation", ar: "وزير النقل والملاحة الداخلية", zh: "运输和内河航运部长", fr: "Ministre des transports et de la navigation intérieure", ru: "Министр транспорта и внутреннего судоходства", es: "Ministro de Transporte y Navegación Interior" },
    second: {},
  },
  {
    id: 'avelmar-ombrand', party: 'avelmar', role: 'delegate', precedence: 3,
    name: { en: "Sirenna Ombrand", ar: "سيرينا أومبراند", zh: "西伦娜·翁布兰德", fr: "Sirenna Ombrand", ru: "Сиренна Омбранд", es: "Sirenna Ombrand" },
    office: { en: "Minister of Education and Science", ar: "وزيرة التعليم والعلوم", zh: "教育和科学部长", fr: "Ministre de l'éducation et des sciences", ru: "Министр образования и науки", es: "Ministra de Educación y Ciencia" },
    second: {},
  },
  {
    id: 'avelmar-kell', party: 'avelmar', role: 'delegate', precedence: 4,
    name: { en: "Tibren Kell", ar: "تيبرن كيل", zh: "蒂布伦·凯尔", fr: "Tibren Kell", ru: "Тибрен Келл", es: "Tibren Kell" },
    office: { en: "Director-General, Hydrometeorological Service", ar: "المدير العام لهيئة الأرصاد الجوية والمائية", zh: "水文气象局局长", fr: "Directeur général du Service hydrométéorologique", ru: "Генеральный директор Гидрометеорологической службы", es: "Director General del Servicio Hidrometeorológico" },
    second: {},
  },
  {
    id: 'avelmar-vost', party: 'avelmar', role: 'officer', precedence: 5,
    name: { en: "Lirien Vost", ar: "ليريين فوست", zh: "莉里恩·沃斯特", fr: "Lirien Vost", ru: "Лириен Вост", es: "Lirien Vost" },
    office: { en: "Deputy Chief of Protocol, Ministry of Foreign Affairs", ar: "نائبة رئيس المراسم بوزارة الخارجية", zh: "外交部礼宾司副司长", fr: "Cheffe adjointe du protocole, Ministère des affaires étrangères", ru: "Заместитель директора Департамента протокола Министерства иностранных дел", es: "Subjefa de Protocolo del Ministerio de Relaciones Exteriores" },
    second: {},
  },
  {
    id: 'avelmar-ormeran', party: 'avelmar', role: 'technician', precedence: 6,
    name: { en: "Dask Ormeran", ar: "داسك أورميران", zh: "达斯克·奥梅兰", fr: "Dask Ormeran", ru: "Даск Ормеран", es: "Dask Ormeran" },
    office: { en: "Head of Conference Systems, Office of the Prime Minister", ar: "رئيس قسم نظم المؤتمرات بمكتب رئيسة الوزراء", zh: "总理办公室会议系统主管", fr: "Chef des systèmes de conférence, Cabinet de la Première Ministre", ru: "Начальник отдела систем конференц-связи Аппарата Премьер-министра", es: "Jefe de Sistemas de Conferencias, Gabinete de la Primera Ministra" },
    second: {},
  },
  {
    id: 'tolmeria-kosvane', party: 'tolmeria', role: 'principal', precedence: 1,
    name: { en: "Edran Kosvane", ar: "إدران كوسفان", zh: "埃德兰·科斯万", fr: "Edran Kosvane", ru: "Эдран Косван", es: "Edran Kosvane" },
    office: { en: "Prime Minister of the Kingdom of Tolmeria", ar: "رئيس وزراء مملكة تولميريا", zh: "托尔梅里亚王国首相", fr: "Premier Ministre du Royaume de Tolmérie", ru: "Премьер-министр Королевства Толмерия", es: "Primer Ministro del Reino de Tolmeria" },
    second: { en: "Chair of the Conference of Velune Riparian States", ar: "رئيس مؤتمر الدول المشاطئة لنهر فيلون", zh: "维伦河沿岸国会议主席", fr: "Président de la Conférence des États riverains de la Velune", ru: "Председатель Конференции прибрежных государств Велюны", es: "Presidente de la Conferencia de Estados Ribereños del Velune" },
  },
  {
    id: 'tolmeria-thorrick', party: 'tolmeria', role: 'delegate', precedence: 2,
    name: { en: "Wenna Thorrick", ar: "وينا ثوريك", zh: "文娜·索里克", fr: "Wenna Thorrick", ru: "Венна Торрик", es: "Wenna Thorrick" },
    office: { en: "Minister of Ports and Customs", ar: "وزيرة الموانئ والجمارك", zh: "港口和海关大臣", fr: "Ministre des ports et des douanes", ru: "Министр портов и таможни", es: "Ministra de Puertos y Aduanas" },
    second: {},
  },
  {
    id: 'tolmeria-soste', party: 'tolmeria', role: 'delegate', precedence: 3,
    name: { en: "Ambrel Soste", ar: "أمبريل سوست", zh: "安布雷尔·索斯特", fr: "Ambrel Soste", ru: "Амбрель Сост", es: "Ambrel Soste" },
    office: { en: "Minister of Higher Education", ar: "وزير التعليم العالي", zh: "高等教育大臣", fr: "Ministre de l'enseignement supérieur", ru: "Министр высшего образования", es: "Ministro de Educación Superior" },
    second: {},
  },
  {
    id: 'tolmeria-estigar', party: 'tolmeria', role: 'delegate', precedence: 4,
    name: { en: "Ruvanna Estigar", ar: "روفانا إستيغار", zh: "鲁万娜·埃斯蒂加", fr: "Ruvanna Estigar", ru: "Руванна Эстигар", es: "Ruvanna Estigar" },
    office: { en: "Director, Royal Meteorological Institute", ar: "مديرة المعهد الملكي للأرصاد الجوية", zh: "皇家气象研究所所长", fr: "Directrice de l'Institut royal de météorologie", ru: "Директор Королевского метеорологического института", es: "Directora del Real Instituto Meteorológico" },
    second: {},
  },
  {
    id: 'tolmeria-quintar', party: 'tolmeria', role: 'officer', precedence: 5,
    name: { en: "Lothen Quintar", ar: "لوثن كوينتار", zh: "洛森·昆塔尔", fr: "Lothen Quintar", ru: "Лотен Квинтар", es: "Lothen Quintar" },
    office: { en: "Head of Protocol, Office of the Prime Minister", ar: "رئيس المراسم بمكتب رئيس الوزراء", zh: "首相府礼宾长", fr: "Chef du protocole, Cabinet du Premier Ministre", ru: "Начальник протокола Аппарата Премьер-министра", es: "Jefe de Protocolo, Gabinete del Primer Ministro" },
    second: {},
  },
  {
    id: 'tolmeria-haskin', party: 'tolmeria', role: 'technician', precedence: 6,
    name: { en: "Mirrel Haskin", ar: "ميريل هاسكين", zh: "米雷尔·哈斯金", fr: "Mirrel Haskin", ru: "Миррель Хаскин", es: "Mirrel Haskin" },
    office: { en: "Conference Engineer, State Communications Service", ar: "مهندسة المؤتمرات بدائرة الاتصالات الحكومية", zh: "国家通信局会议工程师", fr: "Ingénieure de conférence, Service des communications de l'État", ru: "Инженер конференц-связи Государственной службы связи", es: "Ingeniera de Conferencias, Servicio de Comunicaciones del Estado" },
    second: {},
  },
];

const agenda = [
  { minutes: 25, title: { en: "Navigation and upkeep of the River Velune", ar: "الملاحة في نهر فيلون وصيانة مجراه", zh: "维伦河航运与航道养护", fr: "Navigation et entretien de la Velune", ru: "Судоходство по реке Велюне и содержание русла", es: "Navegación y mantenimiento del río Velune" } },
  { minutes: 20, title: { en: "Ports and paperless transit", ar: "الموانئ والعبور اللاورقي", zh: "港口与无纸化过境通关", fr: "Ports et transit sans papier", ru: "Порты и безбумажный транзит", es: "Puertos y tránsito sin papel" } },
  { minutes: 15, title: { en: "Student exchange", ar: "التبادل الطلابي", zh: "学生交流", fr: "Échanges d'étudiants", ru: "Студенческие обмены", es: "Intercambio de estudiantes" } },
  { minutes: 15, title: { en: "Weather and water-level data", ar: "بيانات الطقس ومناسيب المياه", zh: "气象与水位数据", fr: "Données météorologiques et niveaux d'eau", ru: "Данные о погоде и уровне воды", es: "Datos meteorológicos y de nivel de las aguas" } },
];

/** meeting is formal: every party has an officer. It begins in the open part, with statements of five minutes. */
export const meeting = {
  id: 'avelmar-tolmeria-2026', start: '2026-12-09T23:30:00Z', parties, members, agenda,
  title: { en: "Ninth Annual Meeting of the Heads of Government of Avelmar and Tolmeria", ar: "الاجتماع السنوي التاسع لرئيسي حكومتي أفيلمار وتولميريا", zh: "阿韦尔马与托尔梅里亚政府首脑第九次年度会晤", fr: "Neuvième réunion annuelle des chefs de gouvernement d'Avelmar et de Tolmérie", ru: "Девятая ежегодная встреча глав правительств Авельмара и Толмерии", es: "Novena Reunión Anual de los Jefes de Gobierno de Avelmar y Tolmeria" },
  formal: true, mode: 'statements', begin: 'open', chair: 'avelmar-tarroven', limit: 300, languages: ['ar', 'en', 'es'],
};

const here = (member, change = {}) => ({ member, mic: false, camera: true, far: '', capacity: 0, maySpeak: false, admitted: false, ...change });
const up = { party: 'tolmeria', state: 'up', rttMs: 38, loss: 0, code: '', way: 'two' };

/** ago is a time as the node writes it, s before now. */
export const ago = (s) => new Date(Date.now() - s * 1000).toISOString();

/** order is the floor: nobody has it, or as changed. */
export const order = (change = {}) => ({ mode: 'statements', holder: '', since: '', acknowledged: false, limit: 0, hands: [], orders: [], item: 2, spoken: [], ...change });

/** held gives member the floor. */
export const held = (member, change = {}) => order({ holder: member, since: ago(78), acknowledged: true, limit: 300, ...change });

/** standing is the State of an open meeting in which everybody is present, as changed. */
export function standing(change = {}) {
  return {
    present: members.map((m) => here(m.id)), stage: ['avelmar-tarroven', 'tolmeria-kosvane', 'avelmar-aldesh', 'tolmeria-thorrick', '', ''],
    links: [up], alarm: '', now: '', phase: 'open', since: ago(600), epoch: 3, head: '7f'.repeat(32), recording: false, keys: [], order: order(),
    muted: [], ready: [], waiting: [], notes: [], alarms: [], signals: [], ...change,
  };
}

/** cut is standing with the link lost. */
export function cut(change = {}) {
  const s = standing(change);
  return { ...s, present: s.present.map((p) => (p.member.startsWith('tolmeria') ? { ...p, far: 'interrupted' } : p)), links: [{ ...up, state: 'interrupted' }] };
}

/** present is everybody, with changes for single members. */
export const present = (changes) => members.map((m) => here(m.id, changes[m.id] ?? {}));
