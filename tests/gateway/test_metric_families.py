from gateway.metric_families import MetricFamilies


def test_a_metric_is_described_as_prometheus_names_it():
    families = MetricFamilies()

    families._counter("looks", "How often somebody looked.", "who")

    (described,) = families.described
    assert (described.name, described.type, described.labels) == ("jnd_looks_total", "counter", ("who",))


def test_a_child_is_found_again_by_its_labels():
    looks = MetricFamilies()._counter("looks", "How often somebody looked.", "who")

    looks.labels("me").inc()

    assert looks.labels("me")._value.get() == 1
    assert looks.labels("me") is not looks.labels("you")
