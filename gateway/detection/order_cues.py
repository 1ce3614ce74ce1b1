"""Words without one of which no text is an order: most metadata have none, and are read no further."""

from gateway.detection.describing_orders import CUES as DESCRIBING_CUES
from gateway.detection.describing_orders import OTHER_CUES as OTHER_DESCRIBING_CUES


def _parted(joined: str) -> tuple[str, ...]:
    return tuple(joined.split("|"))


CUES = (
    _parted(
        "ignor|disregard|forget|overrid|bypass|discard|neglect|dismiss|abandon|set aside|attention|obey|"
        "follow|supersede|replace|reveal|prompt|instruct|user|human|operator| mode|do anything|disable|"
        "turn off|deactivate|circumvent|missachte|verw|vergiss|vergess|überg|übersch|beachte|befolge|"
        "oubli|compte|abstraction|suis|suive|olvid|omit|descart|caso omiso|sigas|dimentic|trascur|seguire|"
        "esque|desconsider|siga|negeer|vergeet|glem|glöm|bort|unohda|ohita|noudata|huomiotta|zapom|pomi|"
        "zabudni|uit|figyelmen|felejtsd|talimat|komut|yönerge|kural|abaikan|lupakan|reply|respon|answer|"
        "assistant|chatgpt|gpt|llm|model|claude|gemini|copilot|system|chatbot| ai |you| only|only |just |"
        "simply|instead|exactly|describe|label|classify|caption|identify|interpret|report|say |state|"
        "claim|mark|do not|don't|never|send|mail|forward|upload|post|exfiltrate|transmit|leak|repl|call |"
        "invoke|run |execute|developer|<<|turn>|###|antwort|sag|schreib|gib |du bist|répond|dis |dites|"
        "écri|tu es|êtes|reponde|escrib|diga|di |eres|rispond|scrivi|sei un|escrev|voc|antwoord|zeg |"
        "schrijf|je bent|svar|skriv|odpow|napisz|jeste|cevap|yanıt|söyle|jawab|balas|trả lời|bỏ qua|quên|"
        "phớt|[inst|/inst|instr"
    )
    + DESCRIBING_CUES
)
OTHER_CUES = (
    _parted(
        "игнор|забуд|след|ігнор|ответ|отвеч|скаж|напиш|теперь|"
        "αγνο|αγνό|ξέχ|ξεχ|忽|视|視|忘|不要|放弃|只|仅|僅|必|请始|现在|現在|従|だけ|"
        "のみ|あなた|무시|잊|따르|만 |라고|이제|지금|เพิก|ละเ|ลืม|ไม่|تجاهل|انس|"
        "نادی|فرام|התע|שכח|अन|नज|भू|उपे|केव|सिर|हमे|अब |উপে|ভু|"
        "অগ্|أجب|رد |قل |اكتب|أنت"
    )
    + OTHER_DESCRIBING_CUES
)
