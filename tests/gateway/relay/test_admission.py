import pytest
from prometheus_client import CollectorRegistry, Gauge

from gateway.errors import QueueFullError
from gateway.relay.admission import Admission


@pytest.fixture
def gauge():
    return Gauge("bytes", "Bytes.", registry=CollectorRegistry())


def test_work_is_refused_only_while_its_bytes_do_not_fit(gauge):
    admission = Admission(100, gauge)

    with admission.admit(60):
        with pytest.raises(QueueFullError), admission.admit(60):
            pass
        with admission.admit(40):
            assert gauge.collect()[0].samples[0].value == 100

    with admission.admit(60):
        pass
    assert gauge.collect()[0].samples[0].value == 0


def test_work_larger_than_the_bound_gets_in_alone(gauge):
    with Admission(100, gauge).admit(500):
        pass


def test_place_is_given_back_when_the_work_fails(gauge):
    admission = Admission(100, gauge)

    with pytest.raises(ZeroDivisionError), admission.admit(100):
        1 / 0  # noqa: B018 - stands for any failure

    with admission.admit(100):
        pass
