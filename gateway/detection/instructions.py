"""Tell text that gives orders to a model from the captions, notices and settings that pictures carry.

Patterns and weights, no model: two points are an alarm. What a photographer asks of an editor, a licence, or
the prompt a picture was generated from comes to less.
"""

import html
import re
import unicodedata

ALARM = 2  # points

_TAG_CHARACTERS = re.compile(r"[\U000e0020-\U000e007e]{8,}")  # letters that no font shows
_INVISIBLE = re.compile(r"[\u200b-\u200f\u2060-\u2064\ufeff\u00ad]")
_MARKUP = re.compile(r"</?[a-z][\w.-]{0,40}:[\w.-]{1,60}|xmlns:\w+=\"[^\"]*\"", re.IGNORECASE)  # of XMP
_SPACES = re.compile(r"[\s\0]+")
_RUNS = re.compile(r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]{6,}")
# Any two bytes are some letter: of those read in pairs, only what few scripts hold together is text.
_WIDE_RUNS = re.compile(
    r"[\t\n\r -~\xa0-\u024f]{12,}|[ -~\u0370-\u052f]{12,}|[ -~\u0600-\u06ff]{12,}"
    r"|[ -~\u3000-\u30ff\u4e00-\u9fff]{8,}"
)
_MOST_BYTES = 262_144

_INSTRUCTIONS = r"(?:instructions?|prompts?|rules|guidelines|directions|commands?|orders|messages?)"
# Photographs have models, agents and assistants of flesh; what forbids training is addressed to AI as well.
_AI = (
    r"(?:ai|ai assistants?|ai models?|ai agents?|llms?|language models?|chatbots?|chatgpt|gpt-?\d\w*)\b"
    r"(?! (?:training|generated|generation|use|compan|crawl|develop|scrap|firm|system|vendor|provider))"
)
_ANY = r"[^.!?;\n]{0,40}?"

# Commands to forget what was said before: nobody writes these for people, in whatever field they stand.
_OVERRIDES = (
    rf"\b(?:ignore|disregard|forget|override|bypass|do not follow|don't follow|stop following)\b{_ANY}"
    rf"\b(?:previous|prior|above|earlier|preceding|original|existing|system|all|any|your|other|user'?s?)\b"
    rf"{_ANY}\b{_INSTRUCTIONS}\b",
    r"\b(?:ignore|disregard|forget)\b (?:everything|all|anything|what)\b.{0,30}\b(?:above|before|previously"
    r"|told|said|the user|user'?s (?:question|request))\b",
    r"\b(?:ignore|disregard)\b (?:the )?(?:user|human|image|picture|question)(?:'s)?\b.{0,40}"
    r"\b(?:and|instead|just|only),? (?:say|reply|respond|answer|output|print|write)\b",
    rf"\b(?:reveal|print|output|repeat|show|leak|disclose)\b{_ANY}\b(?:system prompt|your (?:hidden |secret |"
    rf"initial |system )?(?:prompt|instructions))",
    r"\b(?:do not|don't|never|without) (?:tell|telling|mention\w*|inform\w*|reveal\w*|alert\w*|let)\b.{0,30}"
    r"\b(?:the )?(?:user|human|operator)s?\b",
    r"\b(?:developer mode enabled|do anything now)\b",
    r"\bignor(?:iere|iert|ieren sie)\b.{0,30}\b(?:vorherigen?|bisherigen?|obigen?|alle[ns]?)\b.{0,30}"
    r"\b(?:anweisung|instruktion|befehl|anleitung|regel)",
    r"\b(?:vergiss|vergessen sie|missachte)\b.{0,30}\b(?:vorherigen?|bisherigen?|alle[ns]?)\b.{0,30}"
    r"\b(?:anweisung|instruktion|befehl|regel)",
    r"\b(?:ignore[zr]?|oublie[zr]?|ne tiens pas compte|ne tenez pas compte)\b.{0,30}\b(?:instructions?"
    r"|consignes?|r[eè]gles)\b.{0,20}\b(?:pr[eé]c[eé]dentes?|ant[eé]rieures?|ci-dessus)",
    r"\b(?:ignora|ignore|ignorar|olvida|olvide|omite)\b.{0,30}\b(?:instrucciones|indicaciones|[oó]rdenes|reglas)"
    r"\b.{0,20}\b(?:anteriores|previas)",
    r"\b(?:ignora|dimentica|ignorare)\b.{0,30}\b(?:istruzioni|indicazioni|regole)\b.{0,20}\bprecedenti",
    r"\b(?:ignora|dimentica|ignorare)\b.{0,30}\bprecedenti\b.{0,20}\b(?:istruzioni|indicazioni|regole)",
    r"\b(?:ignore|esque[cç]a|desconsidere)\b.{0,30}\b(?:instru[cç][oõ]es|ordens|regras)\b.{0,20}\banteriores",
    r"\bnegeer\b.{0,30}\b(?:vorige|eerdere|bovenstaande|alle)\b.{0,30}\b(?:instructies|opdrachten|regels)",
    r"\b(?:zignoruj|ignoruj)\b.{0,30}\b(?:poprzedni|wcze[sś]niejsz|wszystkie)\w*\b.{0,30}\b(?:instrukcj|polece)",
    r"(?:игнорируй|проигнорируй|забудь)(?:те)?.{0,30}(?:предыдущ|прежн|все).{0,30}(?:инструкц|указани|команд)",
    r"(?:önceki|yukarıdaki|tüm).{0,30}(?:talimat|komut)\w*.{0,20}(?:yok say|görmezden gel|unut)",
    r"(?:忽略|无视|無視|忘记|忘記|忽視).{0,12}(?:之前|以上|先前|上述|所有|前面).{0,12}(?:指令|指示|提示|命令|说明|規則|规则)",
    r"(?:これまで|以前|上記|前|すべて|全て)の.{0,10}(?:指示|命令|プロンプト|指令).{0,10}(?:無視|忘れ)",
    r"(?:이전|위의|앞선|모든).{0,12}(?:지시|명령|지침|프롬프트).{0,10}(?:무시|잊어)",
    r"(?:تجاهل|انس).{0,30}(?:التعليمات|الأوامر|التوجيهات)",
    r"(?:पिछले|पिछली|उपरोक्त|सभी).{0,20}(?:निर्देश|आदेश).{0,20}(?:अनदेखा|नज़रअंदाज़|भूल)",
)
# Addressed to a model; a generated picture's own prompt may hold them, and such fields are not asked.
_ADDRESSED = (
    rf"\b(?:attention|important|note|notice|message|instructions?|warning|system)\b:?,? "
    rf"(?:to|for) (?:all |any |the |every )?{_AI}",
    rf"\b(?:if|as) (?:you are|you're|an? |the )+(?:large |multimodal |vision |language |ai )*{_AI}.{{0,40}}"
    r"\b(?:you|must|should|please|do|say|respond|reply)\b",
    r"\b(?:dear|hey|hello|attention) (?:ai|assistant|llm|chatgpt|chatbot)\b",
    r"\b(?:reply|respond|answer)\b (?:to (?:the|every|any|all)\b.{0,40}? )?(?:only |exactly |simply |just )*"
    r"(?:with|in) (?:only |exactly |just )?(?:the (?:word|words|phrase|text|sentence|following)|[\"'“‘«])",
    r"\b(?:you must|you should|instead,?) (?:now |only |always |just )*"
    r"(?:say|reply|respond|answer|output|claim)\b",
    r"\b(?:just|only|simply) (?:say|reply|respond|output)\b",
    r"\b(?:tell|inform|convince|assure|instruct|persuade) the user\b",
    r"\b(?:describe|label|classify|caption) (?:this|the) (?:image|picture|photo|photograph) as\b",
    r"\b(?:send|e-?mail|forward|upload|post|exfiltrate)\b.{0,60}\b(?:conversation|chat history|credentials"
    r"|api keys?|passwords?|context window|user data)\b.{0,60}(?:\bto\b|@|http)",
    r"\b(?:new|updated|hidden|secret) (?:system )?(?:instructions?|prompt) ?:",
    r"\bfrom now on,? you\b",
    r"\byou are now\b.{0,40}\b(?:assistant|dan|mode|unrestricted|persona|evil|pirate)\b",
    r"<\|(?:im_start|im_end|system|user|assistant|endoftext|start_header_id|eot_id)\|>",
    r"\[/?inst\]|<</?sys>>|<start_of_turn>|\b(?:begin|start) (?:of )?system (?:prompt|message)\b",
    r"###? ?(?:instructions?|system) ?:|\bhuman ?: .{1,300}\bassistant ?:",
    r"</?(?:system|assistant)>",
)
_HINTS = (
    r"\byou (?:must|shall|will now|have to)\b",
    r"\b(?:call|invoke|use|run|execute) the\b.{0,30}\b(?:tool|function|shell|command|terminal)\b",
    r"\byour (?:task|goal|instructions?|response|answer|output|reply)\b",
    r"\bsystem prompt\b",
    r"\b(?:the )?user'?s? (?:asks|question|request|query)\b",
    r"\b(?:language model|ai assistant|chatbot)\b",
    r"\bwhen (?:asked|describing|summari[sz]ing|analy[sz]ing|processing)\b",
    r"\binstead of (?:describing|answering)\b",
    r"\b(?:pretend|act as|roleplay as)\b",
)
_FORGETTING = tuple(re.compile(pattern) for pattern in _OVERRIDES)
_TALKING = tuple(re.compile(pattern) for pattern in _ADDRESSED)
_WEAK = tuple(re.compile(pattern) for pattern in _HINTS)

_GENERATION = re.compile(
    r"\bsteps: \d+, (?:sampler|size|cfg)|negative prompt:|\"class_type\"|\"ksampler"
    r"|\"last_node_id\"|\"cfg_scale\"|\"sampler(?:_name)?\"|\"sui_image_params\"|\bsampler: "
)


def decoded_texts(block: bytes) -> tuple[str, ...]:
    """Read bytes as the texts they may hold, UTF-8 and UTF-16; of binary data the runs that read as one."""
    part = block[:_MOST_BYTES]
    if b"\0" not in part:
        return (part.decode("utf-8", errors="ignore"),)
    runs = _RUNS.findall(part.decode("utf-8", errors="ignore"))
    # XP fields of EXIF begin at an even or at an odd place of the block.
    wide = (
        part[start:].decode(order, errors="ignore")
        for start in (0, 1)
        for order in ("utf-16-le", "utf-16-be")
    )
    runs += [run for text in wide for run in _WIDE_RUNS.findall(text)]
    return ("\n".join(run for run in runs if " " in run or not run.isascii()),)


def points(text: str) -> int:
    """Return how much a text sounds like orders to a model; `ALARM` and more is one."""
    hidden = "".join(chr(ord(letter) - 0xE0000) for run in _TAG_CHARACTERS.findall(text) for letter in run)
    if hidden:
        return ALARM  # letters nobody can see have no honest use in a picture
    plain = _plain(text)
    if any(pattern.search(plain) for pattern in _FORGETTING):
        return ALARM
    if _GENERATION.search(plain):
        return 0
    if any(pattern.search(plain) for pattern in _TALKING):
        return ALARM
    return min(sum(pattern.search(plain) is not None for pattern in _WEAK) // 2, ALARM)


def excerpt(text: str) -> str:
    """Return the place of a text that sounds like an order, short and on one line."""
    plain = _plain(text)
    for pattern in (*_FORGETTING, *_TALKING, *_WEAK):
        if found := pattern.search(plain):
            start = max(0, found.start() - 20)
            return "".join(letter for letter in plain[start : start + 80] if letter.isprintable())
    return "letters that no font shows"


def _plain(text: str) -> str:
    normal = unicodedata.normalize("NFKC", html.unescape(text)).casefold()
    return _SPACES.sub(" ", _MARKUP.sub(" ", _INVISIBLE.sub("", normal)))
