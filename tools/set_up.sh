#!/usr/bin/env bash
# Make a fresh machine ready for one of the make targets, which call this:
#
#     tools/set_up.sh demo     .venv with what `make demo` needs
#     tools/set_up.sh dev      .venv with what everything else needs
#     tools/set_up.sh peers    other people's programs that `make peers` starts
#
# Installs Debian packages where that is allowed (root, or sudo without a question), else stops with the command to type.
# PYTHON names the interpreter, TORCH_INDEX where torch comes from (empty: pip's own index).
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
torch_index=${TORCH_INDEX-https://download.pytorch.org/whl/cpu}

stop() { printf '%s\n' "$@" >&2; exit 1; }

has() { command -v "$1" >/dev/null 2>&1; }

install_packages() {
    local run command="apt-get update -qq && apt-get install -qq -y --no-install-recommends $*"
    has apt-get || stop "Missing programs, named here by their Debian packages: $*. Install them the way this system does."
    if [ "$(id -u)" = 0 ]; then
        run=(sh -c)
    elif sudo -n true 2>/dev/null; then
        run=(sudo sh -c)
    elif has sudo; then
        stop "Missing Debian packages: $*. Type this, then try again:" "    sudo sh -c '$command'"
    else
        stop "Missing Debian packages: $*. Type this, then try again:" "    su -c '$command'"
    fi
    echo "Installing the Debian packages $* ..."
    "${run[@]}" "export DEBIAN_FRONTEND=noninteractive; $command" >/dev/null ||
        stop "the Debian packages $* could not be installed; the reason stands above"
}

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    [ "$python" != python3 ] || has python3 || install_packages python3 python3-venv
    has "$python" || stop "expected a Python of version 3.11 or newer, found no program named $python"
    is_new_enough "$python" || stop "expected Python 3.11 or newer, got $("$python" --version 2>&1) ($(command -v "$python"))." \
        "Name another one, such as: make demo PYTHON=python3.12"
    "$python" -c 'import ensurepip, venv' 2>/dev/null || install_packages \
        "$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
}

# A set-up cut short leaves its mark behind, and the next one starts over: half a package can look like a whole one.
set_up_python() {
    local ready="$1" extras="$2" unfinished=.venv/.unfinished
    local pip=(.venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt)
    if [ -e "$unfinished" ] || ! is_new_enough .venv/bin/python || ! .venv/bin/pip --version >/dev/null 2>&1; then
        find_python
        rm -rf .venv
        mkdir .venv
        touch "$unfinished"
        "$python" -m venv .venv
    fi
    touch "$unfinished"
    echo "Installing Python packages into .venv ..."
    install_light_torch "${pip[@]}"
    "${pip[@]}" -e ".[$extras]"
    touch "$ready"
    rm "$unfinished"
}

# On Linux, pip's own index has torch with gigabytes of CUDA, which nothing here needs.
install_light_torch() {
    [ "$(uname)" = Linux ] && [ -n "$torch_index" ] || return 0
    "$@" --no-deps --timeout 15 --retries 1 --index-url "$torch_index" "$(grep '^torch==' constraints.txt)" 2>/dev/null ||
        echo "No torch from $torch_index: taking it from pip's own index, with CUDA." >&2
}

set_up_peers() {
    local packages=()
    has chromium || has chromium-browser || has google-chrome || has chrome || packages+=(chromium fonts-dejavu-core)
    has prometheus && has promtool || packages+=(prometheus)
    [ "${#packages[@]}" = 0 ] || install_packages "${packages[@]}"
}

case "${1:-}" in
demo) set_up_python .venv/.ready-for-demo demo ;;
dev)
    set_up_python .venv/.ready-for-dev local,cluster,dev
    touch .venv/.ready-for-demo
    ;;
peers) set_up_peers ;;
*) stop "expected demo, dev or peers, got '${1:-}'" ;;
esac
