import pytest

from gateway.compression.compressor import CompressionPlan
from gateway.estimate.estimator import new_estimate
from gateway.estimate.summary import TargetError, read_targets, summary_line
from gateway.estimate.totals import Outcome
from gateway.providers.prices import PricesError


def test_targets_are_read_once_each_with_the_price_that_is_known():
    claude, unknown = read_targets(["anthropic:claude-sonnet-4-5", "vllm:org/m:v1", "vllm:org/m:v1"], None)

    assert claude.price is not None
    assert (unknown.provider, unknown.model, unknown.price) == ("vllm", "org/m:v1", None)


def test_a_price_of_ones_own_holds_for_every_target():
    targets = read_targets(["openai:gpt-4o", "other:mine"], 0.7)

    assert [target.price.per_million for target in targets if target.price] == [0.7, 0.7]


@pytest.mark.parametrize("text", ["gpt-4o", ":gpt-4o", "openai:", ""])
def test_a_target_written_otherwise_is_shown_how(text: str):
    with pytest.raises(TargetError, match="PROVIDER:MODEL"):
        read_targets([text], None)


@pytest.mark.parametrize("price", [-1.0, float("nan"), float("inf")])
def test_a_price_that_is_none_is_refused(price: float):
    with pytest.raises(PricesError):
        read_targets(["openai:gpt-4o"], price)


def test_the_last_line_holds_the_promised_fields_and_each_target():
    estimate = new_estimate(read_targets(["openai:gpt-4o", "other:mine"], None), "lean")
    for number, target in enumerate(estimate.targets):
        plan = CompressionPlan("webp", 80, 9, 9, 100, 40 + number, 70, 70, 0.0, "lean", "")
        estimate.outcomes[target] = {b"a": Outcome("chart", plan, 2.0)}
    estimate.times[b"a"] = 2
    estimate.verdicts[b"a"] = "imperceptible_edit"

    line = summary_line(estimate)

    assert {key: line[key] for key in ("images", "bytes_in", "bytes_out", "tokens_in", "tokens_out")} == {
        "images": 2,
        "bytes_in": 200,
        "bytes_out": 80,
        "tokens_in": 140,
        "tokens_out": 140,
    }
    assert line["by_class"]["chart"]["bytes_out"] == 80
    assert (line["unchecked"], line["flagged"], line["milliseconds_p50"]) == (0, 2, 2.0)
    assert [target["bytes_out"] for target in line["targets"]] == [80, 82]
    assert line["targets"][1]["money"] is None
