from gateway.dialects.openai_chat import OpenAIChat
from gateway.dialects.registry import DIALECTS

PATHS = [
    "/v1/chat/completions",
    "/v1/responses",
    "/v1/conversations",
    "/v1/threads",
    "/v1/threads/runs",
    "/v1/threads/t/messages",
    "/openai/threads/t/runs",
    "/openai/deployments/d/chat/completions",
    "/openai/v1/chat/completions",
    "/models/chat/completions",
    "/invocations",
    "/tokenize",
    "/api/v1/chat/completions",
    "/v1beta/openai/chat/completions",
    "/v1/projects/p/locations/l/endpoints/openapi/chat/completions",
    "/anthropic/v1/messages",
    "/openai/v1/responses",
    "/openai/responses",
    "/v1/messages",
    "/v1/messages/batches",
    "/v1beta/models/m:generateContent",
    "/v1/projects/p/locations/l/publishers/anthropic/models/m:rawPredict",
    "/v1/projects/p/locations/l/publishers/google/models/m:generateContent",
    "/v1beta/cachedContents",
    "/v1beta/interactions",
    "/api/chat",
    "/api/generate",
]


def test_every_path_is_one_dialects_and_no_others():
    assert [sum(dialect.takes(path) for dialect in DIALECTS) for path in PATHS] == [1] * len(PATHS)


def test_names_are_labels_and_differ():
    names = [dialect.name for dialect in DIALECTS]

    assert len(set(names)) == len(names)
    assert all(name.replace("_", "").isalpha() and name.islower() for name in names)


def test_the_chat_dialect_comes_first_and_speaks_for_paths_that_are_nobodys():
    assert isinstance(DIALECTS[0], OpenAIChat)


def test_markers_are_lower_case_so_that_one_search_serves_all():
    assert [marker for dialect in DIALECTS for marker in dialect.markers if marker != marker.lower()] == []
