"""Find the model behind the name a request gives: the same one has many names in clouds and at brokers."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

_LONGEST = 512  # characters; names of models are short, and what callers make up is not kept
_VERTEX_OR_GEMINI = re.compile(r"(?:.*/)?models/(?P<name>[^/]+)")
_BEDROCK_ARN = re.compile(r"arn:aws[^:]*:bedrock:[^/]+/(?P<name>.+)")
_BEDROCK = re.compile(
    r"(?:(?:us|eu|apac|jp|au|ca|sa|me|af|us-gov|global)\.)?"
    r"(?:ai21|amazon|anthropic|cohere|deepseek|google|luma|meta|minimax|mistral|moonshot|nvidia|openai|qwen"
    r"|stability|twelvelabs|writer|zai)\."
    r"(?P<name>.+?)(?:-v\d+)?(?::\d+)?(?::\w+)?"
)
_FINE_TUNED = re.compile(r"ft:(?P<name>[^:]+):.*")
_BROKERED = re.compile(  # OpenRouter; Ollama's tags (llama3:8b) say which model it is, and stay
    r"(?:[^/]+/)+(?P<name>[^/:]+(?::\w[\w.-]*)?)"
)
_WAY_OF_SERVING = re.compile(r"(?P<name>.+):(?:free|nitro|floor|online|extended|exacto|beta|thinking)")
_VERTEX_VERSION = re.compile(r"(?P<name>[^@]+)@(?:default|latest)")
_SHAPES = (
    _BEDROCK_ARN,
    _VERTEX_OR_GEMINI,
    _FINE_TUNED,
    _BROKERED,
    _WAY_OF_SERVING,
    _BEDROCK,
    _VERTEX_VERSION,
)


class ModelNames:
    """The settings' model map, and the shapes of names that clouds and brokers use."""

    def __init__(self, model_map: Mapping[str, str], known: Iterable[str]) -> None:
        """Map names first by `model_map`; `known` are the models the settings speak of."""
        self._map = dict(model_map)
        self._known = frozenset({*known, *model_map.values()})
        self._found = lru_cache(maxsize=1024)(self._find)

    @property
    def labels(self) -> frozenset[str]:
        """Names that may become a label of metrics; all others are made up by callers."""
        return self._known

    def canonical(self, name: str) -> str:
        """Return the model whose rules and profile apply; date suffixes stay."""
        return self._found(name) if len(name) <= _LONGEST else name

    def _find(self, name: str) -> str:
        while True:
            if name in self._map:
                return self._map[name]
            if name in self._known:
                return name
            shorter = _shorten(name)
            if shorter == name:
                return name
            name = shorter


@lru_cache(maxsize=1024)
def plain_name(name: str) -> str:
    """Return a name without what clouds and brokers put around it; date suffixes stay."""
    if len(name) > _LONGEST:
        return name
    while (shorter := _shorten(name)) != name:
        name = shorter
    return name


def _shorten(name: str) -> str:
    for shape in _SHAPES:
        match = shape.fullmatch(name)
        if match is not None:
            return match["name"]
    return name.replace("@", "-")
