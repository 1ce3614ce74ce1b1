from calibration.observers.account import RetryAccount
from calibration.observers.options import ObserverOptions
from calibration.run_notes import how_asked


class Local:
    name = "m"
    stimulus_side = 64
    input_side = None


class Remote(Local):
    address = "http://host/v1"
    max_tokens = 32_768
    side_by_side = True

    def __init__(self) -> None:
        self.retries = RetryAccount("m")


class OnACluster(Local):
    address = "http://host/v1"


def test_nothing_is_noted_of_how_a_local_model_was_asked():
    assert how_asked(Local(), ObserverOptions()) == {}


def test_the_limit_reached_the_joined_pictures_and_the_retries_are_noted():
    observer = Remote()
    observer.retries.note("HTTP 429", 2.04, "HTTP 429")

    assert how_asked(observer, ObserverOptions(effort="low")) == {
        "address": "http://host/v1",
        "max_tokens": 32_768,
        "effort": "low",
        "thinking": None,
        "side_by_side": True,
        "retries": {"HTTP 429": 1},
        "waited_seconds": 2.0,
    }


def test_of_a_clusters_workers_what_was_asked_for_is_noted():
    noted = how_asked(OnACluster(), ObserverOptions(max_tokens=500, side_by_side=True))

    assert (noted["max_tokens"], noted["side_by_side"]) == (500, True)
    assert "retries" not in noted
