import openai
import pytest

from calibration.observers.addresses import identity, is_azure, method_url, split_spec

AZURE = "https://x.openai.azure.com/openai/deployments/D?api-version=2024-10-21"


@pytest.mark.parametrize(
    "base",
    [
        "http://h/v1",
        "http://h/v1/",
        "http://h/v1//",
        "http://h/v1/chat/completions",
        "http://h/v1/chat/completions/",
        "http://h/v1/responses",
    ],
)
def test_however_a_base_url_is_pasted_the_method_is_called_once(base: str):
    assert method_url(base, "/chat/completions") == "http://h/v1/chat/completions"
    assert method_url(base, "/responses") == "http://h/v1/responses"


def test_the_path_goes_before_the_query():
    expected = "https://x.openai.azure.com/openai/deployments/D/chat/completions?api-version=2024-10-21"

    assert method_url(AZURE, "/chat/completions") == expected
    assert method_url(AZURE.replace("D?", "D/chat/completions?"), "/chat/completions") == expected
    assert (
        method_url(AZURE, "/responses")
        == "https://x.openai.azure.com/openai/responses?api-version=2024-10-21"
    )


def test_azures_address_is_what_the_official_sdk_makes_of_it():
    client = openai.AzureOpenAI(
        azure_endpoint="https://x.openai.azure.com",
        azure_deployment="D",
        api_version="2024-10-21",
        api_key="k",
    )
    request = client._build_request(
        openai._models.FinalRequestOptions(method="post", url="/chat/completions", json_data={"model": "m"})
    )
    client.close()

    assert str(request.url) == method_url(AZURE, "/chat/completions")
    assert request.headers["api-key"] == "k"


@pytest.mark.parametrize("base", ["https://h", "https://h/", "https://h/v1", "https://h/v1/messages"])
def test_a_version_is_not_doubled(base: str):
    assert method_url(base, "/v1/messages") == "https://h/v1/messages"


def test_googles_version_is_not_doubled():
    path = "/v1beta/models/g:generateContent"

    assert method_url("https://h/v1beta/", path) == method_url("https://h", path) == f"https://h{path}"


@pytest.mark.parametrize(
    ("base", "azure"),
    [
        (AZURE, True),
        ("https://x.services.ai.azure.com/openai/v1", True),
        ("https://apim.azure-api.net/openai", True),
        ("https://api.openai.com/v1", False),
        ("https://azure.com.example.org/v1", False),
        ("http://[::1", False),
    ],
)
def test_azures_hosts_are_known(base: str, azure: bool):
    assert is_azure(base) is azure


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("http://h/v1", "http://h:80/v1/chat/completions/"),
        ("https://H.example/v1", "https://user:secret@h.example:443/v1/"),
        (AZURE, AZURE.replace("D?", "D/?key=abc&")),
    ],
)
def test_the_same_server_is_the_same(first: str, second: str):
    assert identity(first) == identity(second)
    assert "secret" not in identity(second)
    assert "abc" not in identity(second)


@pytest.mark.parametrize(
    "other", ["http://h:8001/v1", "http://g/v1", "https://h/v1", "http://h/v2", "http://h/v1?a=1"]
)
def test_another_server_is_another(other: str):
    assert identity(other) != identity("http://h/v1")


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("m@http://h/v1", ("m", "http://h/v1")),
        ("org/m@2@http://h/v1", ("org/m@2", "http://h/v1")),
        ("m@http://user:pw@h/v1", ("m", "http://user:pw@h/v1")),
        ("@http://h/v1", None),
        ("m@h/v1", None),
        ("m", None),
    ],
)
def test_model_and_address_are_told_apart(spec: str, expected: tuple[str, str] | None):
    assert split_spec(spec) == expected
