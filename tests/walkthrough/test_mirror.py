"""Every module has its tests in the mirrored place, or its line here that says where they are.

A module is named here when it holds no behaviour of its own, or when a test of it alone would need the very
thing it is made for: then the named tests drive it through its one caller.
"""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("calibration", "predictor", "gateway")

# Shapes and constants only: what could be tested of them is tested where they are used.
NO_BEHAVIOUR = {
    "calibration/observers/protocol.py",
    "calibration/opponent.py",
    "predictor/critic/critic.py",
    "predictor/learning/critic_lmm/judged.py",
    "calibration/procedures/protocol.py",
    "calibration/stimuli/distortion.py",
    "gateway/configuration/traffic.py",
    "gateway/review/tables.py",
    "gateway/stages.py",
}

# Tests, below tests/, that drive a module through whoever calls it.
TESTED_THROUGH = {
    "calibration/critic/judgements.py": "calibration/critic/test_page.py",
    "calibration/critic/record.py": "calibration/critic/test_command.py",
    "calibration/critic/sentences.py": "calibration/critic/test_page.py",
    "calibration/critic/workflow.py": "calibration/critic/test_command.py",
    "predictor/critic/network.py": "predictor/critic/test_specialist.py",
    "predictor/critic/origin_words.py": "predictor/critic/test_description.py",
    "predictor/critic/place_words.py": "predictor/critic/test_description.py",
    "predictor/critic/score.py": "predictor/critic/test_specialist.py",
    "predictor/learning/critic/authenticity_training.py": "predictor/learning/critic/test_training.py",
    "predictor/learning/critic/teacher.py": "predictor/learning/critic/test_training.py",
    "predictor/learning/critic/views.py": "predictor/learning/critic/test_lessons.py",
    "predictor/learning/critic_lmm/card.py": "predictor/learning/critic_lmm/test_training.py",
    "predictor/learning/critic_lmm/speaking.py": "predictor/learning/critic_lmm/test_training.py",
    "calibration/gif_blocks.py": "gateway/detection/test_container.py",
    "calibration/observers/embedded/architecture.py": "calibration/observers/embedded/test_training.py",
    "calibration/observers/transformers_loading.py": "calibration/observers/test_transformers_local.py",
    "calibration/observers/vision_language.py": "calibration/observers/test_transformers_local.py",
    "calibration/remote_options.py": "calibration/test_cli.py",
    "calibration/second_looks.py": "gateway/detection/test_container.py",
    "gateway/detection/faint_amplified.py": "gateway/detection/test_ocr_process.py",
    "gateway/detection/opacity.py": "gateway/detection/test_alpha.py",
    "gateway/asked.py": "gateway/test_pipeline.py",
    "gateway/outcome.py": "gateway/test_pipeline.py",
    "gateway/relay/images/enforcing.py": "gateway/relay/images/test_body.py",
    "calibration/session/conversation.py": "calibration/session/test_run.py",
    "calibration/workflow.py": "calibration/test_cli.py",
    "predictor/commands/labels_file.py": "predictor/commands/test_recalibrate.py",
    "predictor/commands/questions.py": "predictor/test_cli.py",
    "predictor/commands/training.py": "predictor/test_cli.py",
    "predictor/learning/noticeability/asking.py": "predictor/learning/test_train.py",
    "predictor/learning/residual/reencoding_training.py": "predictor/learning/residual/test_training.py",
    "predictor/learning/train_answers.py": "predictor/learning/answer_change/test_training.py",
    "gateway/commands/estimate.py": "gateway/test_cli.py",
    "gateway/compression/known_input.py": "gateway/compression/test_compressor.py",
    "gateway/compression/audit/session.py": "gateway/commands/test_audit.py",
    "gateway/client_metrics.py": "gateway/test_metrics.py",
    "gateway/distributions.py": "gateway/test_metrics.py",
    "gateway/detection/beneath.py": "gateway/detection/test_alpha.py",
    "gateway/detection/glyph_rows.py": "gateway/detection/test_alpha.py",
    "gateway/detection/grounds.py": "gateway/detection/test_alpha.py",
    "gateway/detection/hidden_frames.py": "gateway/detection/test_container.py",
    "gateway/detection/likeness.py": "gateway/detection/test_container.py",
    "gateway/detection/order_cues.py": "gateway/detection/test_orders.py",
    "gateway/detection/remembered.py": "gateway/detection/test_near_duplicate.py",
    "gateway/detection/scaling_phases.py": "gateway/detection/test_scaling.py",
    "gateway/demo/client.py": "walkthrough/test_demo.py",
    "gateway/relay/route.py": "gateway/relay/test_proxy.py",
    "gateway/relay/upstreams/upload.py": "gateway/relay/upstreams/test_connection.py",
    "gateway/review/request_parts.py": "gateway/review/test_page.py",
    "gateway/review/judging.py": "gateway/review/test_page.py",
    "gateway/review/labels.py": "gateway/review/test_page.py",
    "gateway/review/rendering.py": "gateway/review/test_page.py",
    "gateway/review/rows.py": "gateway/review/test_store.py",
    "gateway/review/views.py": "gateway/review/test_page.py",
    "gateway/serving/worker_process.py": "gateway/serving/test_supervisor.py",
}


def mirrored(module: str) -> Path:
    folder, _, name = module.rpartition("/")
    return ROOT / "tests" / folder / f"test_{name}"


def modules() -> list[str]:
    files = (file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
    return sorted(file.relative_to(ROOT).as_posix() for file in files if file.name != "__init__.py")


def excused() -> dict[str, str]:
    return TESTED_THROUGH | dict.fromkeys(NO_BEHAVIOUR, "")


def test_every_module_has_its_test_file_or_says_where_it_is_tested():
    assert [module for module in modules() if not mirrored(module).exists() and module not in excused()] == []


def test_nothing_is_excused_that_is_gone_or_has_a_test_file():
    assert [module for module in excused() if not (ROOT / module).exists() or mirrored(module).exists()] == []


@pytest.mark.parametrize(("module", "tests"), TESTED_THROUGH.items())
def test_the_tests_named_instead_exist_and_reach_the_module(module: str, tests: str):
    assert "def test_" in (ROOT / "tests" / tests).read_text(encoding="utf-8")
    assert module in reached(f"tests/{tests}")


@cache
def reached(start: str) -> frozenset[str]:
    """Follow imports from a test file and its fixtures: what of ours can run when it does."""
    folders = (ROOT / start).relative_to(ROOT).parents
    fixtures = [(folder / "conftest.py").as_posix() for folder in folders]
    found, waiting = set(), [start, *(file for file in fixtures if (ROOT / file).is_file())]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += imported(file)
    return frozenset(found)


@cache
def imported(file: str) -> list[str]:
    names: list[str] = []
    for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    files = (f"{name.replace('.', '/')}.py" for name in names)
    return [one for one in files if (ROOT / one).is_file()]
