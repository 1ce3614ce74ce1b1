from predictor.learning.critic.split import FOLDS, fold_of, is_held_out


def test_a_third_of_names_is_held_out_and_the_rest_falls_into_even_folds():
    names = [f"ss03_{number}.jpg" for number in range(3000)]

    held = [name for name in names if is_held_out(name)]
    folds = [fold_of(name) for name in names if not is_held_out(name)]

    assert 900 < len(held) < 1100
    assert all(folds.count(fold) > 330 for fold in range(FOLDS))


def test_the_split_never_changes():
    assert [name for name in map(str, range(12)) if is_held_out(name)] == ["0", "6", "8", "9", "10"]
