# shellcheck shell=bash
# aiosmtpd: a server of a few lines in Python. It announces neither PIPELINING nor CHUNKING.

aiosmtpd_modes="none tls"

aiosmtpd_version() { dpkg-query -W -f '${Version}\n' python3-aiosmtpd; }

aiosmtpd_prepare() {
    mkdir -p "$work/aiosmtpd/var/vmail"
}

# /usr/bin/python3: the one that the package belongs to.
aiosmtpd_start() {
    local number=0 mode listen=()
    for mode in $aiosmtpd_modes; do
        number=$((number + 1))
        listen+=("$(address_of aiosmtpd $number):$smtp_port:$mode")
    done
    start_server aiosmtpd /usr/bin/python3 "$here/lib/aiosmtpd_server.py" "$work/aiosmtpd.users" "$work/aiosmtpd/var/vmail" \
        "$work/cert.pem" "$work/key.pem" "$work/aiosmtpd.refusals" "${listen[@]}"
}

aiosmtpd_is_idle() { true; } # it answers when the message is in its file

aiosmtpd_log() { printf '%s\n' "$work/aiosmtpd.refusals"; }
