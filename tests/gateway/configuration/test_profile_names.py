from calibration.known_profiles import resolve_profile
from gateway.configuration.profile_names import check_profile, source_of


def test_known_models_pass_and_their_source_is_said():
    assert check_profile("embedded") == check_profile("gpt-4o") == check_profile("human") == []
    assert source_of(resolve_profile("embedded")) == "measured"
    assert source_of(resolve_profile("gpt-4o")).startswith("published prior")
    assert source_of(resolve_profile("no-such-model")).startswith("default")


def test_a_name_nobody_knows_is_a_warning_with_the_nearest():
    ((severity, message),) = check_profile("gpt-4oo")

    assert severity == "warning"
    assert "did you mean gpt-4o?" in message


def test_a_path_that_leads_nowhere_and_a_file_that_is_no_profile_are_errors(tmp_path):
    other = tmp_path / "profile.json"
    other.write_text("[]")

    for name in (str(tmp_path / "none.json"), str(other)):
        ((severity, message),) = check_profile(name)
        assert severity == "error"
        assert "; write a published name such as gpt-4o, or the folder that" in message
