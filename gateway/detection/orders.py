"""The words in which people give orders to a model, in thirty languages: patterns for folded letters.

Three strengths: what nobody writes for people (`FORGETTING`), what is addressed to whoever answers about a
picture (`TALKING`), and what is only now and then (`HINTS`). Written against captions, licences, alternative
texts and makers' notes, and tried on made-up ones of both kinds; no language model reads anything.
"""

import re
import unicodedata
from collections.abc import Iterator

from gateway.detection.describing_orders import DESCRIBING
from gateway.detection.order_cues import CUES, OTHER_CUES

_PUBLIC = ("traffic", "road", "parking", "lockdown", "curfew", "evacuation")  # what people are told to do
_OF_PEOPLE = "".join(f"(?<!{what} )" for what in _PUBLIC)
_THINGS = (
    rf"{_OF_PEOPLE}(?:instructions?|prompts?|rules|guidelines|directions|directives?|commands?|orders"
    r"|messages?|constraints|policies|programming|training|tasks?|queries|restrictions)"
)
# Photographs have models, agents and assistants of flesh; what forbids training is addressed to AI as well.
_AI = (
    r"(?:ai|ai assistants?|ai models?|ai agents?|ai systems?|llms?|vlms?|language models?|vision models?"
    r"|chatbots?"
    r"|chatgpt|gpt-?\d\w*|copilot)\b"
    r"(?! (?:training|generated|generation|use|compan|crawl|develop|scrap|firm|vendor|provider))"
)
_WHOEVER = rf"(?:{_AI}|assistant\b|claude\b|gemini\b|model\b|system\b)"
_ANY = r"[^.!?;]{0,40}?"
# Of whom it is told that they do so, nobody is told to do it.
_TELLERS = "people they who men women children we ers ors ists ians residents versions"
_TOLD_OF = "".join(f"(?<!{who} )" for who in _TELLERS.split())
_HANDS = r"(?!(?:this|that|\w*search|crop|clone|stamp|lasso|brush|pen|wand|selection|eraser|healing|zoom) )"
_LEAVE = (
    rf"(?:(?<!not )(?<!n't )(?<!never ){_TOLD_OF}"
    r"(?:ignor(?:e|ing)|disregard(?:ing)?|forget|neglect|dismiss)"
    r"|overrid(?:e|ing)|bypass|discard|abandon"
    r"|set aside"
    r"|pay no attention to|do not follow|don't follow|do not obey|don't obey|stop following|stop obeying"
    r"|instead of following|supersedes?|replaces all)"
)
_SAY = r"(?:say|reply|respond|answer|output|print|write|return|state|repeat|type|display|produce|emit)"
_BEFORE = (
    r"(?:previous(?:ly)?|prior|above|earlier|preceding|original|existing|system|former|initial|given|received"
    r"|all|any|your|other|user'?s?|so far|before)"
)
_LEAVE_SIGHT = (  # what is in front of the model
    r"(?<!not )(?<!n't )(?<!never )\b(?:ignore|disregard|forget) "
    r"(?:(?:about|what|the|this|whatever is|any|all|visible|rest of) )*"
    r"(?:users?|humans?|images?|pictures?|photos?|photographs?|screenshots?|questions?|quer(?:y|ies)"
    r"|documents?|texts?|contents?)(?:'s)?\b"
)

_OVERRIDES = (
    rf"\b{_LEAVE}\b{_ANY}\b{_BEFORE}\b{_ANY}\b{_THINGS}\b",
    rf"\b{_LEAVE}\b{_ANY}\b{_THINGS}\b{_ANY}\b(?:above|before|earlier|previously|so far|you (?:were"
    rf"|have been|got"
    r"|received|had))\b",
    rf"\b{_LEAVE}\b (?:about )?(?:everything|all|anything|what|whatever)\b.{{0,30}}"
    r"\b(?:above|before|previously|earlier|told|asked|the user|user'?s (?:question|request))\b",
    rf"{_LEAVE_SIGHT}.{{0,40}}\b(?:and|instead|just|only),? (?:just |only |instead )*{_SAY}\b",
    rf"{_LEAVE_SIGHT}.{{0,40}}[;:.,!–—-] ?(?:please |then |just |only |instead |simply )*"
    r"(?:say|tell|output|state|(?:reply|respond|answer)(?! (?:keys?|sheets?|cards?|boxes|papers?)\b))\b",
    rf"\b(?:reveal|print|output|repeat|show|leak|disclose|display|recite|share)\b{_ANY}\b(?:system prompt"
    r"|your (?:hidden |secret |initial |system |full |original )*(?:prompt|instructions))",
    r"\b(?:do not|don't|never|without) (?:tell|telling|mention\w*|inform\w*|reveal\w*|alert\w*|let|warn\w*)\b"
    r".{0,30}\b(?:the )?(?:user|human|operator)s?\b",
    r"\b(?:developer|debug|god|dan|jailbreak|maintenance|admin) mode (?:is )?(?:now )?(?:enabled"
    r"|activated|on\b)",
    r"\bdo anything now\b",
    r"(?<!not )(?<!n't )(?<!never )\b(?:bypass|disable|turn off|deactivate|ignore|circumvent) "
    r"(?:all |any |the |your |every )*"
    r"(?:safety|content|security|moderation|ethical|guard ?rails?)\b ?(?:filters?|checks?|polic\w+|guidelines"
    r"|rules|measures|restrictions|mechanisms|protocols?)?",
    r"\bsystem[ _-]?(?:override|prompt override)\b|\b(?:admin(?:istrator)?|security|priority) override\b",
    # With all spaces lost
    r"(?:ignore|disregard|forget|override)(?:all|the|any|your|every|of)*"
    r"(?:previous|prior|above|earlier|preceding|system)\w{0,12}(?:instruction|prompt|rule|command)",
    # German
    # Looks ahead stand behind the verb: before it, they are taken at every word of a text.
    r"\b(?:(?:ignorier\w*|vergiss|vergessen sie|missachte\w*|verwirf|verwerfen sie"
    r"|übergeh\w*|überschreib\w*)\b(?!.{0,80}\bnicht\b)"
    r"|(?<!ich )(?:beachte|befolge|(?:beachten|befolgen) sie) nicht\b(?! nur\b))"
    r".{0,40}\b(?:anweisung|instruktion|befehl|anleitung|regel|vorgabe|prompt"
    r"|richtlinie|aufforderung)",
    # French
    rf"\b(?=[ino]|fai)(?<!n')(?<!pas )(?<!not )(?<!n't )(?<!never ){_TOLD_OF}"
    r"(?:ignore[zr]?|oublie[zr]?|ne (?:tiens|tenez) (?:pas|aucun) compte|n[e']\w* (?:suis"
    r"|suivez) (?:pas|plus)"
    r"|fai(?:s|tes) abstraction)\b(?:(?! and |\. ).){0,30}"
    r"\b(?:instructions?|consignes?|r[eè]gles|directives|ordres"
    r"|commandes)\b",
    # Spanish, Catalan
    r"(?<!no )(?<!nunca )(?<!se )\b(?:ignor[ae]\w*|olvid[ae]\w*|omit[ae]\w*|descart[ae]\w*|haz caso omiso"
    r"|no sigas)\b.{0,30}"
    r"\b(?:instrucci(?:ones|ons)|indicaciones|[oó]rdenes|reglas|directrices)\b",
    # Italian
    r"(?<!non )\b(?:ignor(?:a|ate|are|i)|dimentica\w*|trascura\w*|non seguire)\b.{0,30}"
    r"\b(?:istruzioni|indicazioni|regole|ordini|direttive)\b",
    # Portuguese
    r"(?<!n[aã]o )(?<!nunca )\b(?:ignor[ae]\w*|esque[cç][ae]\w*|desconsider[ae]\w*|n[aã]o siga)\b.{0,30}"
    r"\b(?:instru[cç][oõ]es|ordens|regras|diretrizes)\b",
    # Dutch, Danish, Norwegian, Swedish, Finnish
    r"\b(?:negeer|vergeet)\b(?!.{0,80}\bniet\b).{0,30}\b(?:instructies|opdrachten|regels|aanwijzingen)",
    r"\b(?:ignorer\w*|glem(?! ikke)|glöm(?! inte)|bortse från|se bort fra)\b.{0,40}\b(?:instruks\w*"
    r"|instruktion\w*|anvisning\w*"
    r"|regler\w*)",
    r"\b(?:unohda|ohita|älä noudata|jätä huomiotta)\b.{0,40}\b(?:ohjee\w*|käsky\w*|säännö\w*|ohjeet)",
    r"\b(?:ohjeet|käskyt)\b.{0,20}\b(?:unohda|ohita)",
    # Polish, Czech, Slovak, Romanian, Hungarian, Greek
    r"(?<!nie )\b(?:zignoruj\w*|ignoruj\w*|zapomnij|pomi[nń])\b.{0,30}\b(?:instrukcj|polece|zasad|wytyczn)",
    r"\b(?:ignoruj\w*|zapome[nň]\w*|zabudni\w*)\b.{0,40}\b(?:instrukc|pokyn|p[rř][ií]kaz|pravid)",
    r"\b(?:ignor[aă]\w*|uit[aă]\w*)\b.{0,30}\b(?:instruc[tțţ]iuni|regul|comenzi)",
    r"\bhagyd figyelmen k[ií]v[uü]l\b.{0,40}\b(?:utas[ií]t|szab[aá]ly)|\bfelejtsd el\b.{0,40}\butas[ií]t",
    r"(?:αγνόησε|αγνοήστε|ξέχασε|ξεχάστε).{0,40}(?:οδηγίε|εντολέ|κανόνε)",
    # Russian, Ukrainian
    r"(?<!не )(?:игнорируй|проигнорируй|забудь|не следуй)(?:те)?.{0,40}(?:инструкц|указани|команд|правил)",
    r"(?<!не )(?:ігноруй|проігноруй|забудь)(?:те)?.{0,40}(?:інструкц|вказівк|команд|правил)",
    # Turkish, Vietnamese, Indonesian and Malay
    r"(?:talimat|komut|yönerge|kural)\w*.{0,30}(?:yok say|görmezden gel(?!in?iyor|ini?r|indi|di)|unut(?!ma)"
    r"|dikkate alma)",
    r"(?<!đừng )(?:bỏ qua|quên|phớt lờ).{0,30}(?:hướng dẫn|chỉ dẫn|lệnh|chỉ thị|quy tắc)",
    r"(?<!jangan )\b(?:abaikan|lupakan)\b.{0,30}\b(?:instruksi|perintah|arahan|aturan)",
    # Chinese, Japanese, Korean, Thai
    r"(?<!不要)(?<!别)(?<!別)(?<!勿)(?:忽略|无视|無視|忘记|忘記|忽視|不要理会|不要遵循|不要遵守|放弃).{0,14}(?:指令|指示|提示|命令|说明|說明|規則|规则|要求)",
    r"(?:指示(?!された)|命令|プロンプト|指令|ルール|規則).{0,12}(?:無視(?!しない|され)|忘れ(?![なず])|従わないで)",
    r"(?:지시|명령|지침|프롬프트|규칙|안내).{0,12}(?:무시(?!합니다|함|한다|됩|되|된)|잊어|잊으|따르지)",
    r"(?<!อย่า)(?:เพิกเฉย|ละเว้น|ลืม|ไม่ต้องสนใจ).{0,30}(?:คำสั่ง|คำแนะนำ|กฎ)",
    # Arabic, Persian, Hebrew, Hindi, Bengali
    r"(?:تجاهل|انس|تجاهلي|تجاهلوا).{0,30}(?:التعليمات|الأوامر|التوجيهات|القواعد|تعليمات|أوامر)",
    r"(?:دستور|دستورات|دستورالعمل|قوانین).{0,30}(?:نادیده|فراموش)",
    r"(?<!אל )(?:התעלם|התעלמי|התעלמו|שכח|תשכח).{0,30}(?:הוראות|ההוראות|פקודות|כללים)",
    r"(?:निर्देश|आदेश|नियम)\S*.{0,20}(?:अनदेखा|अनदेखी|नज़रअंदाज़|नजरअंदाज|भूल|उपेक्षा)",
    r"(?:নির্দেশ|আদেশ|নিয়ম)\S*.{0,30}(?:উপেক্ষা|ভুলে|অগ্রাহ্য)",
)
_ADDRESSED = (
    rf"\b(?:attention|important|note|notice|message|instructions?|warning|system|reminder)\b:?,? "
    rf"(?:to|for) (?:all |any |the |every |whatever )*{_AI}",
    rf"\b(?:if|as) (?:you are |you're |an? |the )+(?:large |multimodal |vision |language |ai "
    rf"|helpful )*{_AI}.{{0,40}}"
    rf"\b(?:you|must|should|please|do|{_SAY})\b",
    r"\b(?:if|when|once) you (?:can |are )?(?:read|see|reading|processing|process|parse|analy[sz]e"
    r"|describe)\b"
    r".{0,30}\b(?:this|it|image|picture|photo|text|message|metadata)\b.{0,20}[,:;] ?(?:then |please "
    r"|you must "
    r"|you should |just |only |always )*(?:say|reply|respond|answer|output|repeat|state|claim|tell)\b",
    rf"\b(?:dear|hey|hello|attention) (?:{_AI}|assistant\b)",
    rf"\b{_WHOEVER} ?[:,] ?(?:please |now |you must |you should |you will )*(?:ignore|{_SAY}|tell|reveal"
    rf"|describe"
    r"|do not|don't|never|always|add|append|call|execute|run)\b",
    rf"\b(?:the |any |every |an? )?{_WHOEVER} (?:must|should|shall|has to|needs to|is required to|is to) "
    rf"(?:now |only |always |never |not |instead |immediately )*(?:{_SAY}|tell|ignore|describe|refuse|reveal"
    r"|recommend|report|claim|include|pretend|comply)\b",
    rf"\b{_SAY}\b (?:to (?:the|every|any|all)\b.{{0,40}}? )?(?:only |exactly |simply |just |always "
    rf"|nothing but )+"
    r"(?:with |in )?(?:the )?(?:words?|phrase|text|sentence|string|following|letters?|[\"'“‘«])",
    r"\b(?:reply|respond|answer) (?:only |exactly |simply |just |always )*(?:with|in) (?:only |exactly "
    r"|just )?"
    r"(?:the (?:single )?(?:word|words|phrase|text|sentence|string|following)|[\"'“‘«])",
    r"\b(?:reply|respond|answer)(?: to)? (?:only|always|exclusively|solely|nothing but)\b",
    r"\b(?:answer|respond to|reply to) (?:every|all|any|each)\b.{0,40}\bwith\b",
    rf"\b(?:you must|you should|you shall|instead,?|you will now) (?:now |only |always |just "
    rf"|never )*(?:{_SAY}|claim"
    r"|pretend|comply|obey|tell|describe)\b",
    r"\b(?:just|only|simply|instead|merely),? (?:reply|respond|answer|output)\b"
    r"(?! (?:on|to|in|down|back|for|under|at|by|after|of|is)\b)",
    r"\b(?:just|only|simply|instead|merely),? (?:say|write|print|repeat) (?:the words?\b|the phrase\b"
    r"|[\"'“‘«])",
    r"\b(?:tell|inform|convince|assure|instruct|persuade|trick|ask) the user\b",
    r"(?:^|[.;:,!?] |\band |\bthen )(?:(?:please|then|now|just|simply|always) )*"
    r"(?:answer|reply|respond) that\b",
    r"\b(?:describe|label|classify|caption|identify|interpret) (?:this|the) (?:image|picture|photo"
    r"|photograph"
    r"|content|scene) (?:only |simply |just )?as\b",
    r"\b(?:say|state|claim|answer|respond|report|pretend|insist) that (?:this|the) (?:image|picture|photo"
    r"|photograph"
    r"|person|document) (?:shows?|is|contains?|depicts?|was)\b",
    r"\bmark (?:this|the) (?:image|picture|content|ticket|e-?mail|message|document|request) as (?:safe"
    r"|approved"
    r"|verified|not spam|benign|harmless|trusted)\b",
    r"\b(?:do not|don't|never) (?:describe|mention|acknowledge|analy[sz]e|discuss|disclose|reveal) "
    r"(?:this|the|these|that|anything|any|what)\b.{0,20}\b(?:image|picture|photo|text|message"
    r"|instructions?|prompt"
    r"|contents?|note|metadata)\b",
    r"\b(?:send|e-?mail|forward|upload|post|exfiltrate|transmit|leak)\b.{0,60}\b(?:conversation|chat history"
    r"|credentials|api keys?|passwords?|context window|user data|secrets?|environment variables)\b"
    r".{0,60}(?:\bto\b|@|http)",
    r"\b(?:new|updated|hidden|secret|real|actual|urgent) (?:system )?(?:instructions?|prompt|task"
    r"|directive) ?:",
    r"\b(?:your (?:new|real|actual|only|sole|updated) (?:task|job|goal|role|instructions?|objective|mission)"
    r"|the (?:new|real|actual|only|sole|updated) (?:task|instructions?|objective)) (?:is|are)\b",
    r"\bfrom now on,? you\b|\bfrom this (?:point|moment) (?:on|onwards?|forward),? you\b",
    r"\byou are now\b.{0,40}\b(?:assistant|dan|mode|unrestricted|persona|evil|pirate|jailbroken|bot"
    r"|chatbot|ai|free"
    r"|hacker)\b",
    r"\b(?:start|begin|end|finish|preface|conclude) (?:your|every|each|all) (?:answers?|responses?"
    r"|repl(?:y|ies)"
    r"|outputs?|messages?|sentences?) with\b",
    r"\b(?:append|include|insert|add|embed|put)\b.{0,60}\b(?:to|in|into|at the end of) (?:your|every|each) "
    r"(?:answers?|responses?|repl(?:y|ies)|outputs?|messages?)\b",
    rf"\b(?:call|invoke|use|run|execute) (?:the |your )?{_HANDS}[\w-]{{2,30}} (?:tool|function|api)\b"
    r".{0,40}\b(?:with|to|on|and|using|immediately|now)\b",
    r"\b(?:this|the following) (?:is|are) (?:a |an |the )?(?:new |updated )?(?:system|developer) "
    r"(?:message|prompt"
    r"|instructions?)\b",
    r"<\|(?:im_start|im_end|system|user|assistant|endoftext|start_header_id|eot_id)\|>",
    r"\[/?inst\]|<</?sys>>|<start_of_turn>|\b(?:begin|start|end) (?:of )?system (?:prompt|message)\b",
    r"###? ?(?:instructions?|system|new task) ?:|\bhuman ?: .{1,300}\bassistant ?:",
    r"</?(?:system|assistant|system_prompt|instructions|tool_call|function_calls?|user_query)>"
    r"|\[\[?system\]?\]",
    r"<(?:invoke|tool|function)(?: name)?=[\"\w]",
    # "Answer only with …" and "from now on you are …" elsewhere
    r"\b(?:antworte|antworten sie|sage?|sagen sie|schreibe?|gib) (?:ab jetzt |immer |nur |ausschließlich "
    r"|einfach "
    r"|lediglich |stattdessen )+(?:noch )?(?:mit|das|ja|nein|den|\"|„)|\bdu bist (?:jetzt|nun|ab sofort) ein",
    r"\b(?:r[eé]pond(?:s|ez)|dis|dites|[eé]cri(?:s|vez)) (?:uniquement|seulement|simplement|toujours"
    r"|juste|plut[oô]t)"
    r"\b|\btu es (?:maintenant|d[eé]sormais) un|\bvous [eê]tes (?:maintenant|d[eé]sormais) un",
    r"\b(?:responde|responda|di|diga|escribe) (?:[uú]nicamente|solamente|s[oó]lo|siempre|simplemente)\b"
    r"|\bahora eres un",
    r"\b(?:rispondi|rispondete|scrivi|di') (?:solo|solamente|unicamente|soltanto|sempre|esclusivamente)\b"
    r"|\b(?:ora|adesso) sei un",
    r"\b(?:responda|diga|escreva) (?:apenas|somente|s[oó]|sempre|unicamente)\b|\bagora voc[eê] [eé] um",
    r"\b(?:antwoord|zeg|schrijf) (?:alleen|uitsluitend|enkel|altijd|slechts)\b|\bje bent nu een",
    r"\b(?:svara|svar|skriv) (?:endast|bara|kun|bare|alltid|altid)\b",
    r"\b(?:odpowiedz|odpowiadaj|napisz) (?:tylko|wy[lł][aą]cznie|zawsze|jedynie)\b|\bjeste[sś] teraz\b",
    r"(?:ответь|отвечай|скажи|напиши)(?:те)? (?:только|всегда|лишь|просто)|теперь ты\b",
    r"(?:sadece|yalnızca|her zaman).{0,30}(?:cevap ver|yanıtla|yanıt ver|söyle|yaz\b)",
    r"(?:只|仅|僅|只需|只要|只能|请始终|[你您](?:必须|必須))(?:回答|回复|回覆|输出|輸出|说|說)"
    r"|(?:必须|必須)(?:回答|回复|回覆|说|說)|你现在是|你現在是|从现在开始,?你",
    r"とだけ出力|(?:とだけ|のみ(?:で|を)?|だけを?)(?:答え|回答|返答|返し|言|出力(?!する(?!こと|よう)|します|した|され))"
    r"|あなたは今から|今からあなたは",
    r"(?:라고만|만) (?:대답|답|출력(?!합니다|함|한다|됩|되|된)|말)|당신은 이제|너는 이제|지금부터 당신은",
    r"(?:أجب|رد|قل|اكتب) (?:فقط|دائما|دائمًا)|أنت الآن",
    r"(?:केवल|सिर्फ|सिर्फ़|हमेशा).{0,30}(?:उत्तर|जवाब|कहो|कहें|लिखें|लिखो)|अब तुम|अब आप एक",
    r"\b(?:chỉ trả lời|chỉ nói|jawab hanya|balas hanya|hanya jawab)\b|\bbạn bây giờ là",
)
_MAYBE = (
    r"\byou (?:must|shall|will now|have to)\b",
    r"\b(?:call|invoke|use|run|execute) the\b.{0,30}\b(?:tool|function|shell|command|terminal)\b",
    r"\byour (?:task|goal|instructions?|response|answer|output|reply)\b",
    r"\bsystem prompt\b",
    r"\b(?:the )?user'?s? (?:asks|question|request|query)\b",
    r"\b(?:language model|ai assistant|chatbot)\b",
    r"\bwhen (?:asked|describing|summari[sz]ing|analy[sz]ing|processing)\b",
    r"\binstead of (?:describing|answering)\b",
    r"\b(?:pretend|act as|roleplay as)\b",
    r"\b(?:approve|authori[sz]e|transfer|grant|delete|purchase)\b.{0,40}\b(?:payment|transaction|access"
    r"|funds|account"
    r"|files?|refund|usd|\$|eur|btc)",
    r"\brm -rf\b|\bcurl (?:-\w+ )*https?:|\bwget https?:|\bpowershell\b|\bsudo \w",
    r"\b(?:immediately|urgent|top priority|high(?:est)? priority|mandatory)\b",
)


_OTHER_SCRIPTS = re.compile(r"[\u0370-\u1dff\u1f00-\u1fff\u2e80-\uffff]")
FORGETTING, TALKING, HINTS = (
    # As texts are folded: NFKC takes letters of Thai apart.
    tuple(
        (re.compile(unicodedata.normalize("NFKC", pattern)), _OTHER_SCRIPTS.search(pattern) is None)
        for pattern in patterns
    )
    for patterns in (_OVERRIDES, _ADDRESSED + DESCRIBING, _MAYBE)
)


def found(patterns: tuple[tuple[re.Pattern[str], bool], ...], plain: str) -> Iterator[re.Match[str]]:
    """Give what patterns find in folded text, one match each; those of other scripts where it has any."""
    may_be_latin = "<|" in plain or any(cue in plain for cue in CUES)
    has_other = not plain.isascii() and any(cue in plain for cue in OTHER_CUES)
    for pattern, is_latin in patterns:
        if (may_be_latin if is_latin else has_other) and (match := pattern.search(plain)):
            yield match
