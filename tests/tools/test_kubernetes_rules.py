import re
import subprocess
import sys
from pathlib import Path

import yaml

from tests.walkthrough.deployment import alert_rules
from tools.kubernetes_rules import FILE, RUNBOOKS, written


def links(text: str) -> dict[str, str]:
    groups = yaml.safe_load(text)["spec"]["groups"]
    rules = [rule for group in groups for rule in group["rules"] if "alert" in rule]
    return {rule["alert"]: rule["annotations"]["runbook_url"] for rule in rules}


def test_the_file_is_what_the_rules_of_prometheus_say_and_no_page_is_at_localhost():
    shipped = FILE.read_text(encoding="utf-8")

    assert shipped == written()
    assert "localhost" not in shipped
    assert links(shipped) == {rule["alert"]: f"{RUNBOOKS}/{rule['alert']}.md" for rule in alert_rules()}


def test_runbooks_are_linked_where_somebody_says_they_are(tmp_path: Path):
    out, base = tmp_path / "rules.yaml", "https://wiki.example.com/runbooks"

    command = [sys.executable, "-m", "tools.kubernetes_rules", "--runbooks", f"{base}/", "--out", str(out)]
    subprocess.run(command, cwd=FILE.parents[3], check=True)

    text = out.read_text(encoding="utf-8")
    assert set(links(text)) == {rule["alert"] for rule in alert_rules()}
    assert all(url == f"{base}/{alert}.md" for alert, url in links(text).items())
    assert re.sub(re.escape(base), RUNBOOKS, text).split() == written().split()
