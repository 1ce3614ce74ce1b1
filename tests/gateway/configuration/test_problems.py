from gateway.configuration.problems import Place, Problem


def test_a_problem_is_a_line_that_editors_can_jump_to():
    assert str(Problem("error", "is wrong", "a.b", Place("f.yaml", 3))) == "f.yaml:3: a.b: is wrong"
    assert str(Problem("error", "means nothing", "", Place("JND_X"))) == "JND_X: means nothing"
    assert str(Problem("warning", "is surprising", "a.b")) == "a.b: is surprising"
