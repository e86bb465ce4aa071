# Installs the outside programs of tests and rehearsals into tests/.tools. To be sourced by a script
# that stands in the root of the repository and has set `program`, its own name for messages.
#
# A run that finds everything in place installs nothing and needs no network.

support=$PWD/tests/support
tools=$PWD/tests/.tools

stop() {
    echo "$program: $1" >&2
    echo "  to install: $2" >&2
    exit 1
}

need_cargo() {
    command -v cargo >/dev/null 2>&1 ||
        stop "cargo is missing, so nothing can be built" "Rust, see https://rustup.rs"
}

need_python() {
    command -v python3 >/dev/null 2>&1 ||
        stop "python3 is missing; it reads YAML and runs the emulator of AWS" "Python 3.9 or later (Debian: apt-get install python3 python3-venv)"
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))' ||
        stop "$(python3 --version 2>&1) is too old" "Python 3.9 or later"
    python3 -c 'import venv, ensurepip' >/dev/null 2>&1 ||
        stop "python3 has no venv or no pip" "both (Debian: apt-get install python3-venv)"
}

need_node() {
    command -v node >/dev/null 2>&1 ||
        stop "node is missing; the tests run the Control Plane client with it" "Node.js 18 or later (Debian: apt-get install nodejs npm)"
    node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' ||
        stop "Node.js $(node --version) is too old" "Node.js 18 or later"
    command -v npm >/dev/null 2>&1 ||
        stop "npm is missing; it installs the Control Plane client" "npm (Debian: apt-get install npm)"
}

# What an installation was made from: it is made again when the pins or the interpreter change.
stamp_of() {
    cat "$@" | cksum
}

# The Control Plane client and js-yaml, in tests/.tools/npm.
install_npm() {
    need_node
    npm_stamp="$(stamp_of "$support/package.json" "$support/package-lock.json") $(node --version)"
    [ "$(cat "$tools/npm.stamp" 2>/dev/null || true)" != "$npm_stamp" ] || return 0
    echo "$program: installing the npm packages into tests/.tools/npm" >&2
    rm -rf "$tools/npm" "$tools/npm.stamp"
    mkdir -p "$tools/npm"
    cp "$support/package.json" "$support/package-lock.json" "$tools/npm/"
    (cd "$tools/npm" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2) ||
        stop "npm could not install the packages in tests/support/package-lock.json" "they need the npm registry once; run $program again when it can be reached"
    echo "$npm_stamp" >"$tools/npm.stamp"
}

# A Python environment in tests/.tools/NAME, from a file of pinned packages in tests/support.
install_python() {
    need_python
    python_stamp="$(stamp_of "$support/$2") $(python3 --version 2>&1)"
    if [ "$(cat "$tools/$1.stamp" 2>/dev/null || true)" = "$python_stamp" ] &&
        "$tools/$1/bin/python" -c '' >/dev/null 2>&1; then
        return 0
    fi
    echo "$program: installing the Python packages of tests/support/$2 into tests/.tools/$1" >&2
    rm -rf "${tools:?}/$1" "$tools/$1.stamp"
    mkdir -p "$tools"
    { python3 -m venv "$tools/$1" &&
        "$tools/$1/bin/python" -m pip install --quiet --disable-pip-version-check \
            --require-hashes -r "$support/$2" >&2; } ||
        stop "pip could not install the packages in tests/support/$2" "they need PyPI once; run $program again when it can be reached"
    echo "$python_stamp" >"$tools/$1.stamp"
}

# The reader of YAML, in tests/.tools/python.
install_yaml() {
    install_python python requirements.txt
}

# The emulator of AWS (moto) and the AWS CLI, in tests/.tools/aws.
install_aws() {
    install_python aws requirements-aws.txt
}

# Programs that this machine may not have, as NAME=PACKAGE[,PACKAGE…], or NAME=+PACKAGE for all that it needs as
# well: those on PATH are taken, others are unpacked from Debian's packages into tests/.tools/debian, without root.
install_debian() {
    debian=$tools/debian
    lists=
    for wanted in "$@"; do
        name=${wanted%%=*} packages=$(echo "${wanted#*=}" | tr ',' ' ')
        command -v "$name" >/dev/null 2>&1 && continue
        [ -e "$debian/$name.stamp" ] && continue
        command -v apt-get >/dev/null 2>&1 && command -v dpkg >/dev/null 2>&1 ||
            stop "$name is missing, and this is no Debian to get it from" "$name, by your system's packages"
        echo "$program: unpacking ${packages#+} into tests/.tools/debian" >&2
        mkdir -p "$debian/lists/partial" "$debian/archives/partial"
        # Lists of our own, since those of the system may be missing or old, and are root's.
        if [ -z "$lists" ]; then
            apt_own update >&2 || stop "Debian's lists of packages cannot be had" "network once, or $name on PATH"
            lists=1
        fi
        case $packages in
        +*)
            packages=$(apt_own -s install --no-install-recommends "${packages#+}" |
                sed -n 's/^Inst \([^ ]*\) .*/\1/p')
            [ -n "$packages" ] || stop "what $name needs is not known" "network once, or $name on PATH"
            ;;
        esac
        for package in $packages; do
            (cd "$debian/archives" && apt_own download "$package" >&2) ||
                stop "the package $package cannot be had" "network once, or $name on PATH"
            for file in "$debian/archives/${package}"_*.deb; do
                dpkg -x "$file" "$debian"
            done
        done
        # fish finds its files only where both folders are beside its own.
        [ -e "$debian/usr/etc" ] || ln -s ../etc "$debian/usr/etc"
        touch "$debian/$name.stamp"
    done
    # Long, and of no use any more.
    [ -z "$lists" ] || rm -rf "$debian/lists" "$debian/archives"
}

# apt-get with nothing of the system's but its sources.
apt_own() {
    apt-get -q=2 -o Dir::State::Lists="$debian/lists" -o Dir::Cache="$debian" \
        -o Dir::Cache::archives="$debian/archives" -o Debug::NoLocking=1 -o APT::Sandbox::User="$(id -un)" "$@"
}
