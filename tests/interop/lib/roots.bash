# shellcheck shell=bash
# Mail servers from Debian's packages, each unpacked into a root of its own: the packages exclude one another, and
# nothing of them is to be left on the machine. To be sourced behind e2e.bash.
#
#   unpack postfix postfix dash     # root "$work/postfix", from these packages and the libraries that they need
#   add_user postfix postfix 61001  # in that root only
#
# Downloads are kept in $cache.
cache=${XDG_CACHE_HOME:-$HOME/.cache}/sluice-interop

# The packages and all libraries that they depend on. What else they depend on (debconf, cron, adduser) is for installing.
with_libraries() { # PACKAGE...
    local all=" $* " next="$*" name found
    while [ -n "$next" ]; do
        # shellcheck disable=SC2086 # a list
        found=$(apt-cache depends --important $next 2>/dev/null |
            sed -n 's/^ *|\{0,1\}\(Pre\)\{0,1\}Depends: \(lib[^ :]*\|zlib1g\|gcc-[0-9]*-base\)$/\2/p' | sort -u)
        next=""
        for name in $found; do
            [[ $all == *" $name "* ]] || next="$next $name" all="$all$name "
        done
    done
    printf '%s\n' "$all"
}

# The files that apt would download, one per line. Where a folder bears the name of a package, apt takes that: hence /.
deb_files() { # PACKAGE...
    (cd / && apt-get download --print-uris "$@") 2>/dev/null | cut -d' ' -f2
}

# Sets `files`. While another apt renews the package index, a part of the answer may be missing.
find_files() { # PACKAGE...
    local packages name
    packages=$(with_libraries "$@")
    # shellcheck disable=SC2086 # a list
    files=$(deb_files $packages)
    for name in $packages; do
        [[ $'\n'$files == *$'\n'"$name"_* ]] || return 1
    done
}

unpack() { # SERVER PACKAGE...
    local root=$work/$1 files file missing=""
    shift
    if ! find_files "$@"; then # no package index, or an old one
        apt-get update -qq >/dev/null 2>&1
        until_true 60 find_files "$@" || fail "apt does not know all of: $(with_libraries "$@")"
    fi
    mkdir -p "$cache" || fail "cannot make $cache"
    for file in $files; do
        [ -s "$cache/$file" ] || missing="$missing ${file%%_*}"
    done
    if [ -n "$missing" ]; then
        mkdir -p "$work/debs"
        # shellcheck disable=SC2086
        (cd "$work/debs" && apt-get download -qq $missing >"$work/apt.log" 2>&1) || {
            tail -n 5 "$work/apt.log"
            fail "apt-get download failed:$missing"
        }
        for file in "$work"/debs/*.deb; do
            mv "$file" "$cache/.${file##*/}.part" && mv "$cache/.${file##*/}.part" "$cache/${file##*/}" ||
                fail "cannot write $cache"
        done
    fi
    mkdir -p "$root"
    for file in $files; do
        dpkg-deb -x "$cache/$file" "$root" || fail "cannot unpack $cache/$file"
    done
    furnish "$root"
}

# dpkg -x leaves a tree of files: devices, users and names come from here.
furnish() { # ROOT
    local root=$1 dir
    for dir in bin sbin lib lib64; do # Debian 12 has one /usr
        [ -L "$root/$dir" ] || [ ! -d "$root/$dir" ] || {
            mkdir -p "$root/usr/$dir" && cp -a "$root/$dir/." "$root/usr/$dir/" && rm -r "${root:?}/$dir"
        }
        mkdir -p "$root/usr/$dir"
        [ -L "$root/$dir" ] || ln -s "usr/$dir" "$root/$dir"
    done
    mkdir -p "$root/dev" "$root/etc" "$root/root" "$root/run" "$root/tmp" "$root/var/log" "$root/var/tmp" "$root/var/vmail"
    [ -e "$root/var/run" ] || ln -s ../run "$root/var/run"
    chmod 1777 "$root/tmp" "$root/var/tmp"
    mknod -m 666 "$root/dev/null" c 1 3 && mknod -m 666 "$root/dev/zero" c 1 5 &&
        mknod -m 666 "$root/dev/random" c 1 8 && mknod -m 666 "$root/dev/urandom" c 1 9 || fail "cannot make devices"
    true 2>/dev/null >"$root/dev/null" || fail "devices do not work below ${TMPDIR:-/tmp}; set TMPDIR to another place"
    printf 'root:x:0:0:root:/root:/bin/sh\n' >"$root/etc/passwd"
    printf 'root:x:0:\n' >"$root/etc/group"
    printf 'passwd: files\ngroup: files\nhosts: files\nservices: files\nprotocols: files\n' >"$root/etc/nsswitch.conf"
    printf '127.0.0.1 localhost mail.bomnal.example\n' >"$root/etc/hosts"
    printf 'smtp 25/tcp mail\n' >"$root/etc/services"
    add_user "${root##*/}" nobody 65534
    add_user "${root##*/}" vmail "$vmail_id"
    chown "$vmail_id:$vmail_id" "$root/var/vmail"
}

vmail_id=61000 # of everybody's mailbox; like all below only known within the roots

add_user() { # SERVER NAME ID
    printf '%s:x:%d:%d::/var/vmail:/bin/sh\n' "$2" "$3" "$3" >>"$work/$1/etc/passwd"
    add_group "$1" "$2" "$3"
}

add_group() { # SERVER NAME ID
    printf '%s:x:%d:\n' "$2" "$3" >>"$work/$1/etc/group"
}

# version_of SERVER PACKAGE: the Debian version that is unpacked.
version_of() {
    deb_files "$1" | cut -d_ -f2 | sed 's/%3a/:/'
}
