import pytest
from pydantic import ValidationError

from gateway.integration.schemas import GuardrailAnswer, GuardrailRequest, ImageRequest


def test_every_field_a_caller_sends_is_described():
    for model in (ImageRequest, GuardrailRequest):
        assert all(field.description for field in model.model_fields.values())


def test_a_guardrail_has_three_answers():
    for action in ("BLOCKED", "NONE", "GUARDRAIL_INTERVENED"):
        assert GuardrailAnswer(action=action).action == action
    with pytest.raises(ValidationError):
        GuardrailAnswer(action="MAYBE")
