import subprocess
import sys

from gateway.relay.exchange import Exchange
from gateway.relay.tracing import NoTracer


def test_without_a_collector_nothing_is_kept_and_nothing_changed():
    headers = [(b"traceparent", b"00-1"), (b"accept", b"*/*")]
    tracer = NoTracer()

    first, second = tracer.begin("POST", "/", headers), tracer.begin("POST", "/", [])

    assert first is second
    assert first.asking(headers) is headers
    with first.part("look") as part:
        part.tell("images", 1)
    first.finish(Exchange("openai_chat", "openai", "/"))
    tracer.close()


def test_a_failure_in_a_part_is_the_callers():
    try:
        with NoTracer().begin("POST", "/", []).part("look"):
            raise LookupError
    except LookupError:
        return
    raise AssertionError("the failure was swallowed")


WITHOUT_SDK = """
import sys
from importlib.abc import MetaPathFinder

class Blocker(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.startswith("opentelemetry.sdk"):
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Blocker())
from gateway.relay.tracing import tracer_for
from gateway.settings import Telemetry
try:
    tracer_for(Telemetry(otlp_endpoint="http://127.0.0.1:1"))
except ValueError as error:
    print(error)
"""


def test_what_is_missing_is_named_as_the_extra_that_brings_it():
    ran = subprocess.run([sys.executable, "-c", WITHOUT_SDK], capture_output=True, text=True, check=True)

    assert "pip install 'lmm-jnd[telemetry]'" in ran.stdout
