import pytest
from jinja2 import TemplateNotFound, UndefinedError

from calibration.report.layout import load_template


@pytest.mark.parametrize("name", ["report.html.j2", "prompt_text.html.j2"])
def test_a_page_that_lacks_a_value_is_an_error_not_a_gap(name: str):
    with pytest.raises(UndefinedError):
        load_template(name).render()


def test_there_is_no_page_of_another_name():
    with pytest.raises(TemplateNotFound):
        load_template("nothing.html.j2")
