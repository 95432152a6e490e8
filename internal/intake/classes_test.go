package intake_test

import (
	"strings"
	"testing"

	"visavis/internal/intake"
	"visavis/internal/readout"
)

// wording is one way in which texts of a class say something: the sentence that is looked at, behind a lede that names two principals.
type wording struct {
	class, lang, text string
	kind              readout.Kind
	speaker           string
	present           []string
}

// ledes name the principals of the wordings.
var ledes = map[string]string{
	"en": "Rivers and ports\n\nThe Minister of Ports of Tolmeria, Ms Wenna Thorrick, and the Minister of Transport of Avelmar, Mr Corvan Aldesh, met by video link on 3 May 2026 to speak about the river.\n\n",
	"fr": "Les rivières et les ports\n\nLa ministre des ports de Tolmérie, Mme Wenna Thorrick, et le ministre des transports d'Avelmar, M. Corvan Aldesh, se sont entretenus le 3 mai 2026 en visioconférence de la rivière.\n\n",
	"es": "Los ríos y los puertos\n\nLa ministra de Puertos de Tolmeria, Wenna Thorrick, y el ministro de Transporte de Avelmar, Corvan Aldesh, mantuvieron el 3 de mayo de 2026 una reunión por videoconferencia sobre el río.\n\n",
	"ru": "Реки и порты\n\nМинистр портов Толмерии Венна Торрик и министр транспорта Авельмара Корван Альдеш 3 мая 2026 года провели переговоры по видеосвязи о реке и её портах.\n\n",
	"ar": "الأنهار والموانئ\n\nعقدت وزيرة الموانئ في تولميريا السيدة وينا ثوريك ووزير النقل في أفيلمار السيد كورفان ألديش اجتماعا عبر الاتصال المرئي يوم 3 مايو 2026 حول النهر.\n\n",
	"zh": "河流与港口\n\n2026年5月3日，托尔梅里亚港口大臣温娜·索里克与阿韦尔马交通部长科尔万·阿尔德什举行视频会晤，就河流问题进行商谈。\n\n",
}

var wordings = []wording{
	// who was present, with the verb before the names
	{"joined", "en", "They were joined by the chief engineer, Paola Resk, and the harbour master, Jonas Ettering.", readout.Attendance, "", []string{"Paola Resk", "Jonas Ettering"}},
	{"joined", "fr", "Se sont joints à eux la directrice du port, Paola Resk, et le secrétaire général, Jonas Ettering.", readout.Attendance, "", []string{"Paola Resk", "Jonas Ettering"}},
	{"joined", "es", "Se sumaron a la conversación la directora del puerto, Paola Resk, y el secretario general, Jonas Ettering.", readout.Attendance, "", []string{"Paola Resk", "Jonas Ettering"}},
	{"joined", "ru", "К беседе подключились директор порта Паола Реск и генеральный секретарь Йонас Эттеринг.", readout.Attendance, "", []string{"Паола Реск", "Йонас Эттеринг"}},
	{"joined", "ar", "وانضم إلى اللقاء مديرة الميناء السيدة باولا ريسك، والأمين العام السيد يوناس إيترينغ.", readout.Attendance, "", []string{"باولا ريسك", "يوناس إيترينغ"}},
	{"joined", "zh", "港务局局长宝拉·雷斯克、秘书长约纳斯·埃特林一同出席。", readout.Attendance, "", []string{"宝拉·雷斯克", "约纳斯·埃特林"}},
	// who accompanied whom, the other way round
	{"accompanied", "en", "Mr Aldesh was accompanied by the chief engineer, Paola Resk.", readout.Attendance, "", []string{"Paola Resk"}},
	{"accompanied", "fr", "M. Aldesh était accompagné de la directrice du port, Mme Paola Resk.", readout.Attendance, "", []string{"Paola Resk"}},
	{"accompanied", "es", "El ministro Aldesh estuvo acompañado por la directora del puerto, Paola Resk.", readout.Attendance, "", []string{"Paola Resk"}},
	{"accompanied", "ru", "Министра Альдеша сопровождала директор порта Паола Реск.", readout.Attendance, "", []string{"Паола Реск"}},
	{"accompanied", "ar", "ورافق الوزير ألديش مديرة الميناء السيدة باولا ريسك.", readout.Attendance, "", []string{"باولا ريسك"}},
	{"accompanied", "zh", "陪同出席的有港务局局长宝拉·雷斯克。", readout.Attendance, "", []string{"宝拉·雷斯克"}},
	// words that no table has: nothing but people with their offices
	{"roll", "en", "Beside her at the long table: the chief engineer, Paola Resk, and the harbour master, Jonas Ettering.", readout.Attendance, "", []string{"Paola Resk", "Jonas Ettering"}},
	{"roll", "fr", "À sa droite avaient trouvé place la directrice du port, Paola Resk, et le secrétaire général, Jonas Ettering.", readout.Attendance, "", []string{"Paola Resk", "Jonas Ettering"}},
	{"roll", "es", "Ocuparon las otras sillas la directora del puerto, Paola Resk, y el secretario general, Jonas Ettering.", readout.Attendance, "", []string{"Paola Resk", "Jonas Ettering"}},
	{"roll", "ru", "Рядом расположились директор порта Паола Реск и генеральный секретарь Йонас Эттеринг.", readout.Attendance, "", []string{"Паола Реск", "Йонас Эттеринг"}},
	// one who was present and says something
	{"beside", "en", "Ms Paola Resk, the chief engineer, who also attended the meeting, said that drilling would begin in May.", readout.Statement, "Paola Resk", []string{"Paola Resk"}},
	{"beside", "fr", "Également présente, la directrice du port, Paola Resk, a estimé que les travaux commenceraient en mai.", readout.Statement, "Paola Resk", []string{"Paola Resk"}},
	{"beside", "es", "También presente, la directora del puerto, Paola Resk, señaló que las obras comenzarían en mayo.", readout.Statement, "Paola Resk", []string{"Paola Resk"}},
	{"beside", "ru", "Присутствовавшая на встрече директор порта Паола Реск сообщила, что работы начнутся в мае.", readout.Statement, "Паола Реск", []string{"Паола Реск"}},
	{"beside", "ar", "وقالت مديرة الميناء السيدة باولا ريسك، التي حضرت الاجتماع، إن الأعمال ستبدأ في مايو.", readout.Statement, "باولا ريسك", []string{"باولا ريسك"}},
	{"beside", "zh", "出席会议的港务局局长宝拉·雷斯克表示，工程将于五月开工。", readout.Statement, "宝拉·雷斯克", []string{"宝拉·雷斯克"}},
	// to meet again is an undertaking
	{"again", "en", "The two ministers agreed to speak again in Carsolle.", readout.Commit, "", nil},
	{"again", "fr", "Les deux ministres sont convenus de se revoir à Carsolle.", readout.Commit, "", nil},
	{"again", "es", "Ambos ministros acordaron volver a reunirse en Carsolle.", readout.Commit, "", nil},
	{"again", "ru", "Министры договорились вновь встретиться в Карсоле.", readout.Commit, "", nil},
	{"again", "ar", "واتفق الوزيران على الالتقاء مجددا في كارسول.", readout.Commit, "", nil},
	{"again", "zh", "双方商定在卡索勒再次会晤。", readout.Commit, "", nil},
	// the office alone, with its article or as a role
	{"office", "en", "The Minister of Ports said that the sluices would be open at night.", readout.Statement, "Wenna Thorrick", nil},
	{"office", "fr", "La ministre des ports a indiqué que les écluses seraient ouvertes la nuit.", readout.Statement, "Wenna Thorrick", nil},
	{"office", "es", "La ministra de Puertos indicó que las esclusas abrirían de noche.", readout.Statement, "Wenna Thorrick", nil},
	{"office", "ru", "Министр портов сообщила, что шлюзы будут открыты ночью.", readout.Statement, "Венна Торрик", nil},
	{"office", "ar", "وأعلنت معالي الوزيرة عن فتح الأهوسة ليلا.", readout.Statement, "وينا ثوريك", nil},
	{"office", "zh", "索里克大臣说，船闸夜间也将开放。", readout.Statement, "温娜·索里克", nil},
	// who was represented by whom, or made up a delegation
	{"delegation", "en", "The Avelmar delegation was made up of the chief engineer, Paola Resk, and the harbour master, Jonas Ettering.", readout.Attendance, "", []string{"Paola Resk", "Jonas Ettering"}},
	{"delegation", "fr", "La délégation d'Avelmar se composait de la directrice du port, Paola Resk, et du secrétaire général, Jonas Ettering.", readout.Attendance, "", []string{"Paola Resk", "Jonas Ettering"}},
	{"delegation", "es", "Formaban parte de la delegación la directora del puerto, Paola Resk, y el secretario general, Jonas Ettering.", readout.Attendance, "", []string{"Paola Resk", "Jonas Ettering"}},
	{"delegation", "ru", "В состав делегации вошли директор порта Паола Реск и генеральный секретарь Йонас Эттеринг.", readout.Attendance, "", []string{"Паола Реск", "Йонас Эттеринг"}},
	{"delegation", "ar", "وتألف الوفد من مديرة الميناء السيدة باولا ريسك، والأمين العام السيد يوناس إيترينغ.", readout.Attendance, "", []string{"باولا ريسك", "يوناس إيترينغ"}},
	{"delegation", "zh", "代表团成员包括港务局局长宝拉·雷斯克、秘书长约纳斯·埃特林。", readout.Attendance, "", []string{"宝拉·雷斯克", "约纳斯·埃特林"}},
	// a list behind a heading of its own
	{"list", "en", "Present on the call:\n- Paola Resk, chief engineer\n- Jonas Ettering, harbour master", readout.Attendance, "", []string{"Paola Resk", "Jonas Ettering"}},
	{"list", "fr", "Personnes présentes :\n- Paola Resk, directrice du port\n- Jonas Ettering, secrétaire général", readout.Attendance, "", []string{"Paola Resk", "Jonas Ettering"}},
	{"list", "es", "Relación de asistentes:\n- Paola Resk, directora del puerto\n- Jonas Ettering, secretario general", readout.Attendance, "", []string{"Paola Resk", "Jonas Ettering"}},
	{"list", "ru", "Состав участников:\n- Паола Реск, директор порта\n- Йонас Эттеринг, генеральный секретарь", readout.Attendance, "", []string{"Паола Реск", "Йонас Эттеринг"}},
	{"list", "ar", "أسماء المشاركين:\n- مديرة الميناء السيدة باولا ريسك\n- الأمين العام السيد يوناس إيترينغ", readout.Attendance, "", []string{"باولا ريسك", "يوناس إيترينغ"}},
	{"list", "zh", "与会名单：\n- 港务局局长宝拉·雷斯克\n- 秘书长约纳斯·埃特林", readout.Attendance, "", []string{"宝拉·雷斯克", "约纳斯·埃特林"}},
	// a greeting in a noun
	{"greeting", "en", "Ms Thorrick sent her condolences to the families of the crew.", readout.Greeting, "Wenna Thorrick", nil},
	{"greeting", "fr", "Mme Thorrick a adressé ses condoléances aux familles de l'équipage.", readout.Greeting, "Wenna Thorrick", nil},
	{"greeting", "es", "La señora Thorrick dio el pésame a las familias de la tripulación.", readout.Greeting, "Wenna Thorrick", nil},
	{"greeting", "ru", "Торрик принесла соболезнования семьям членов экипажа.", readout.Greeting, "Венна Торрик", nil},
	{"greeting", "ar", "وتقدمت السيدة ثوريك بالتعازي إلى أسر البحارة.", readout.Greeting, "وينا ثوريك", nil},
	{"greeting", "zh", "索里克大臣向船员家属表示深切慰问。", readout.Greeting, "温娜·索里克", nil},
	// an undertaking in a noun
	{"undertaking", "en", "Mr Aldesh gave his word to publish the charts by June.", readout.Commit, "Corvan Aldesh", nil},
	{"undertaking", "fr", "M. Aldesh a donné sa parole de publier les cartes avant juin.", readout.Commit, "Corvan Aldesh", nil},
	{"undertaking", "es", "El señor Aldesh dio su palabra de publicar las cartas antes de junio.", readout.Commit, "Corvan Aldesh", nil},
	{"undertaking", "ru", "Альдеш дал слово опубликовать карты до июня.", readout.Commit, "Корван Альдеш", nil},
	{"undertaking", "ar", "وتكفل السيد ألديش بنشر الخرائط قبل يونيو.", readout.Commit, "كورفان ألديش", nil},
	{"undertaking", "zh", "阿尔德什部长作出承诺，六月底前公布海图。", readout.Commit, "科尔万·阿尔德什", nil},
	// the passive of talks
	{"passive", "en", "The safety of night traffic was discussed as well.", readout.Exchange, "", nil},
	{"passive", "fr", "La sécurité de la navigation de nuit a été évoquée.", readout.Exchange, "", nil},
	{"passive", "es", "También se analizó la seguridad de la navegación nocturna.", readout.Exchange, "", nil},
	{"passive", "ru", "Обсуждалась и безопасность ночного судоходства.", readout.Exchange, "", nil},
	{"passive", "ar", "وجرى التباحث في سلامة الملاحة الليلية.", readout.Exchange, "", nil},
	{"passive", "zh", "会谈中还就夜航安全交换了看法。", readout.Exchange, "", nil},
	// verbs of saying that agencies like
	{"saying", "en", "“Nobody has ever regretted a lighthouse that was built,” quipped Thorrick.", readout.Quote, "Wenna Thorrick", nil},
	{"saying", "fr", "« Personne n'a jamais regretté un phare », a plaisanté Mme Thorrick.", readout.Quote, "Wenna Thorrick", nil},
	{"saying", "es", "«Nadie ha lamentado nunca la construcción de un faro», bromeó Thorrick.", readout.Quote, "Wenna Thorrick", nil},
	{"saying", "ru", "«Никто ещё не жалел о построенном маяке», — пошутила Торрик.", readout.Quote, "Венна Торрик", nil},
	{"saying", "ar", "وعلقت ثوريك قائلة: «لم يندم أحد يوما على بناء منارة».", readout.Quote, "وينا ثوريك", nil},
	{"saying", "zh", "“从来没有人后悔修过灯塔。”索里克笑着说。", readout.Quote, "温娜·索里克", nil},
	// credits and addresses under the text
	{"credit", "en", "(Additional reporting by Pell Hadrow in Carsolle)", readout.Notice, "", nil},
	{"credit", "fr", "(Avec Pell Hadrow à Carsolle)", readout.Notice, "", nil},
	{"credit", "es", "(Con información de Pell Hadrow en Carsolle)", readout.Notice, "", nil},
	{"credit", "ru", "(Подготовил Пелл Хадроу)", readout.Notice, "", nil},
	{"credit", "ar", "(إعداد: بيل هادرو)", readout.Notice, "", nil},
	{"credit", "zh", "（采写：佩尔·哈德罗）", readout.Notice, "", nil},
	// initials
	{"initials", "en", "W. Thorrick said that the sluices would be open at night.", readout.Statement, "Wenna Thorrick", nil},
	{"initials", "fr", "W. Thorrick a indiqué que les écluses seraient ouvertes la nuit.", readout.Statement, "Wenna Thorrick", nil},
	{"initials", "es", "W. Thorrick indicó que las esclusas abrirían de noche.", readout.Statement, "Wenna Thorrick", nil},
	{"initials", "ru", "В. А. Торрик сообщила, что шлюзы будут открыты ночью.", readout.Statement, "Венна Торрик", nil},
}

// TestWordings: each class of wording in each language that has it.
func TestWordings(t *testing.T) {
	for _, w := range wordings {
		t.Run(w.class+"/"+w.lang, func(t *testing.T) {
			original := []byte(ledes[w.lang] + w.text + "\n")
			got, err := intake.Read(original, intake.Options{Language: w.lang})
			if err != nil || len(got.Blocks) == 0 {
				t.Fatalf("%d blocks, %v", len(got.Blocks), err)
			}
			whole(t, original, got)
			b := got.Blocks[len(got.Blocks)-1]
			name := ""
			if b.Speaker != nil {
				name = b.Speaker.Name
			}
			if b.Kind != w.kind || name != w.speaker || b.Text != w.text {
				t.Errorf("%s by %q: %q", b.Kind, name, b.Text)
			}
			var names []string
			for _, p := range got.Attendance {
				names = append(names, p.Name)
			}
			if strings.Join(names, "; ") != strings.Join(w.present, "; ") {
				t.Errorf("present are %q, want %q (%+v)", names, w.present, got.Attendance)
			}
		})
	}
}

// TestBackground: sentences about the matter itself, which use words like those of people who met, make no block of what people did: the control of the wide tables.
func TestBackground(t *testing.T) {
	for lang, texts := range map[string][]string{
		"en": {"Snow covered the pass for nine weeks.", "Forty ships took part in the race of 1961.", "The treaty guaranteed free passage to every barge.", "The pilot project had nine gauges."},
		"fr": {"Les inondations ont fait sept morts dans la vallée.", "La ligne représentait un tiers du trafic.", "Le projet pilote comptait neuf capteurs."},
		"es": {"Las lluvias tocaron la costa durante nueve semanas.", "La línea fue abierta en 1958 y mide nueve kilómetros."},
		"ru": {"Паромная линия открыта в 1958 году.", "Компании принадлежат девять судов.", "Сотрудничество в области навигации началось в 1961 году."},
		"ar": {"ويقع الميناء بين النهر والبحر ضمن منطقة جبلية.", "ويبلغ طول الخط تسعة كيلومترات."},
		"zh": {"该航线全长412公里，是河上货运量最大的航线。", "项目预计2030年完工。"},
	} {
		for _, text := range texts {
			got, err := intake.Read([]byte(ledes[lang]+text+"\n"), intake.Options{Language: lang})
			if err != nil {
				t.Fatal(err)
			}
			if b := got.Blocks[len(got.Blocks)-1]; b.Kind != readout.Plain || len(got.Attendance) > 0 {
				t.Errorf("%s: %s, present %v: %q", lang, b.Kind, got.Attendance, b.Text)
			}
		}
	}
}
