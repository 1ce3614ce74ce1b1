from predictor.learning.critic.scale_tables import table_through


def test_the_ends_lie_as_far_on_as_the_slope_goes():
    knots, values = table_through([1.0, 2.0, 4.0], [10.0, 30.0, 80.0])

    assert knots.tolist() == [0.5, 1.0, 2.0, 4.0, 4.8]
    assert values.tolist() == [0.0, 10.0, 30.0, 80.0, 100.0]


def test_a_knot_below_the_one_before_is_raised_to_it():
    knots, _ = table_through([1.0, 3.0, 2.5, 4.0], [10.0, 30.0, 50.0, 80.0])

    assert knots.tolist() == sorted(knots.tolist())
