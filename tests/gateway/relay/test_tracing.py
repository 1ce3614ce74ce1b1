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
