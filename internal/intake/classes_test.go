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
