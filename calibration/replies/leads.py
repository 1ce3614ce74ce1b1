r"""What may stand before an answer, and how it is set off from what follows.

Every pattern that ends in `\Z` is searched in the few hundred characters before a word: the time is bounded.
"""

import re

from calibration.replies.lexicon import matcher, one_of
from calibration.replies.names import ANSWERS

_SIGNS = r"[^\w\n]{0,12}"
_DEGREES = (
    *("an?", "the", "simply", "clearly", "therefore", "thus", "definitely", "definite", "clear", "firm"),
    *("resounding", "still", "option", "letter", "choice", "that", "just", "hence", "both", "images", "now"),
)
_DEGREE = rf"(?:{one_of(*_DEGREES)}{_SIGNS}\s){{0,3}}"
_I = r"\bi(?:['’](?:d|ll)| would| will| must| should| shall| can)?"
_CERTAINLY = (
    r"(?!possibly|potentially|arguably|theoretically|probably|only|unfortunately|family|apply)\w{4,}ly"
)

# An answer that is set off or named.
TAG = matcher(r"(?:[<＜《【\[{☑✓✔]|&lt;)\s?/?\s?[\"']?\**(?:(?:option|choice) )?\(?\Z")
BOXED = matcher(r"\\boxed\s?\{(?:\W{0,3}\\?(?:text(?:bf|rm)?|mathrm|mathbf)\W{0,3})?\W{0,3}\Z")
_BEING = one_of(
    "is", "would be", "will be", "must be", "should be", "has to be", "remains", "stays", "becomes", "=", "→"
)
LABEL = matcher(
    rf"(?:(?P<kind>\w+)[ _-])?(?<![^\W_]){one_of(*ANSWERS)}(?:['’]s letter)?\b"
    r"(?: (?:to|for|regarding|here|in|based)\b[^.!?\n:]{0,100}?)?"
    rf"{_SIGNS}\s{{0,3}}(?:{_BEING}{_SIGNS}\s?)?{_DEGREE}{_SIGNS}\Z"
)
CHINESE_LABEL = matcher(
    r"(?:答案|结论|结果|回答|因此|所以|综上|判断|选项?|选择)(?:应该|应当)?(?:是|为|选)?[\W]{0,6}\Z"
)
FIELD = matcher(
    r"(?:\A|[\n{,;.!|(•<\[>#–—-])[^\w\n]*(?P<name>[^\W\d_][\w '’/();?-]{0,90}?)[\"'*_`\s)\]]*"
    r"(?:[:：=]|\||\s[–—-]\s|(?<=\w)>)[\s\"'*_`<\[({（]*(?:option |choice )?\(?\Z"
)
VERB = matcher(r"\b(?:is|are|was|were|there|looks?|shows?|not|no|do|does|but|and)\b")  # no name has one
QUESTION = matcher(r"(?P<question>[^.!?\n。！？]*)[?？][^\w\n]{0,6}\s{0,3}[^\w\n]{0,6}\Z")
CLOSED = re.compile(r"</\s?\w+\s?>")

# An answer that is concluded.
_SO = one_of(
    *("so", "hence", "therefore", "thus", "ergo", "overall", "finally", "ultimately", "consequently"),
    *(
        "accordingly",
        "in (?:conclusion|summary|short|sum|brief|one word|the end)",
        "all in all",
        "put simply",
    ),
    *("bottom line", "which means", "here you go", "i conclude", "final", "visually,? though"),
    *(r"to (?:conclude|sum up|summari[sz]e|answer|be clear|your question)\b[^.,:\n]{0,40}",),
    *("(?:as )?(?:to|for) your question", "for (?:these|this|that) reasons?", r"you asked for[^.:\n]{0,20}"),
    r"if (?:i (?:have to|had to|must)|forced|asked|pressed)[^.,:\n]{0,30}",
)
_IT_IS = one_of(
    "it is", "it's", "that's", "i think", "i'd say", "i say", "again", "my answer is", "to your question"
)
CONCLUDES = matcher(rf"\b{_SO}[\s,:—–.…*-]{{1,6}}(?:{_IT_IS}[\s,:]{{1,3}}){{0,2}}{_DEGREE}{_SIGNS}\Z")
_SAY = one_of(
    *(
        "say",
        "answer",
        "conclude",
        "respond",
        "reply",
        "go with",
        "choose",
        "pick",
        "select",
        "return",
        "vote",
    ),
    *("lean(?: towards?)?", "settle on"),
)
_I_SAY = rf"{_I}(?: have to| need to| want to)?(?: \w+)? {_SAY}"
_I_AM = r"\bi(?:['’]m| am) (?:leaning towards?|going with|inclined to say)"
SAYS = matcher(rf"(?:{_I_AM}|{_I_SAY})(?: with| that| is| for)?{_SIGNS}{_DEGREE}{_SIGNS}\Z")
IS_A = matcher(
    rf"\b(?:it|that|this)(?:['’]s| is| would be| makes (?:it|this)) (?:an? )?(?:\w+ )?{_SIGNS}\Z",
    rf"\bi['’]?m at (?:an? )?(?:\w+ )?{_SIGNS}\Z",
)
LEADS_TO = matcher(r"(?:→|⇒|=>|->|➜)\s?[*_`\"]{0,3}\Z")
LAST_WORD = re.compile(r"[,:;—–-]\W{0,4}\Z")

# A word that is named, denied or weighed, not said.
_RATHER = one_of(r"\bnot", "n['’]t", r"\bcannot", r"\bnever", r"\brather than", r"\binstead of", r"\bthan")
NEGATED = matcher(_RATHER + r"[ \"\'“<*]+(?:\w+[ \"\'“<*]+){0,2}\Z")
_MAYBE = one_of(
    *("might", "may", "could", "possibly", "potentially", "arguably", "perhaps", "maybe", "theoretically"),
    *("either", "whether", "if", "when", "at first", "initial(?:ly)?", "first (?:impression|glance|thought)"),
    *("tempted", "wanted to", "almost", "nearly", "thought", "expect(?:ed)?", "would have", "was", "before"),
    *("until", "unless", "hesitate", "rather not"),
)
TENTATIVE = matcher(rf"\b{_MAYBE}\b[^,;:.!?\n]{{0,60}}\Z")

# What a reply or a sentence may begin with before it answers.
_IN_VIEW_OF = one_of(
    *(
        "based",
        "after",
        "upon",
        "looking",
        "having",
        "from",
        "in",
        "on",
        "as",
        "with",
        "given",
        "considering",
    ),
    *("comparing", "judging", "to", "for", "when", "at", "following", "between"),
)
OPENER = matcher(rf"{_IN_VIEW_OF}\b[^.!?;\n]{{0,160}}[,:—–-]\W*\Z")
_GREETINGS = (
    *("sure(?: thing)?", "of course", "ok(?:ay)?", "alright", "well", "hmm+", "right", "great(?: question)?"),
    *("good question", "hello", "hi(?: there)?", "hey", "got it", "understood", "i (?:think|believe|see)"),
    *("i'd say", "my", "analysis", "assistant", "ai", "model", "image quality"),
)
_ANNOUNCES = one_of(
    *("thanks", "thank you", "let me", "let['’]s", "here(?:['’]s| is)", "after", r"step \d"),
    "i(?:['’]ve|['’]ll| have| will| looked| compared)",
)
GREETING = matcher(
    rf"(?:{_CERTAINLY}|{one_of(*_GREETINGS)}|{_ANNOUNCES}\b[^.!?\n:]{{0,120}}|\d)(?:[.!:,…–—\n*]|\.{{2,3}}|\Z)"
)
QUALIFIED = matcher(
    r"(?:(?:it|that)(?:['’]s| is) )?(?:an? )?"
    r"(?:hard|clear|definite|firm|strong|solid|resounding|simple|big|plain) \W*\Z"
)
_BEGINS = r"(?:\A|\n|[.!?。！？)>](?=[\s\"*<_(]))[^\w\n]*"
_BY_THE_WAY = one_of(_CERTAINLY, "sure", "of course", "ok(?:ay)?", "well", "hmm+", "right", "again", "now")
_COMPARING = one_of(
    *("based", "after", "upon", "looking", "having", "given", "considering", "comparing", "judging", "on"),
    *("from", "with"),
)
SENTENCE = matcher(
    rf"{_BEGINS}(?:{_BY_THE_WAY}\W{{1,3}}){{0,2}}"
    rf"(?P<opener>{_COMPARING}\b[^.!?;\n]{{0,140}}[,:—–]\s*)?[\"'*_“(`<]*\Z"
)
THOUGH = matcher(
    r"(?:(?P<declines>\b(?:can|won|wouldn|could)(?:no|['’])?t\b|\bcannot|\bnot able|\bunable|\bsorry)"
    r"[^.!?\n]{0,120})?,? but\s[^\w\n]{0,3}\Z"
)
LOOSE = " \t\r\n\"'*_`#>|-–—.,:;!•·✅❌☑✔✓❎👍👎(<[“‘{~=→"

# What follows an answer.
ALONE = re.compile(r"[\"'*_`)\]}>”’]{0,4}\s*(?:[.!…]+|\([^)\n]{0,40}\)\.?|\Z|\n|(?<=\*\*)|(?<=__))")
DOUBTED = re.compile(r"[*_>\"]{0,4}\s?\?")
BREAK = re.compile(r"[^\w\n]{0,3}[,.—–:]")
RIGHT = matcher(r"\W{0,3}\s(?:is|would be) (?:the )?(?:correct|right|answer|choice)\b")
WITH_WORD = matcher(r"\W{0,3}[.):]\s?\W{0,3}(?:yes|no)\b")
ELLIPTIC = matcher(r"the(?:re|y)\b")  # "They are.": an answer only by itself
