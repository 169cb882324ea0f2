# shellcheck shell=bash
# OpenSMTPD as it is: it announces neither PIPELINING nor CHUNKING, and has no switch for them. Unknown users are those
# without a mailbox; without helpers of ours it neither puts off nor refuses after the dot, so these are left out.
#
# Debian 12 built it with an OpenSSL that it cannot do TLS with (OpenSMTPD issue 1171): it announces STARTTLS, and every
# handshake ends with "EVP lib". "tls-broken" shows that the mail goes out in clear text then.

opensmtpd_modes="none tls-broken"
opensmtpd_lacks="later refused"

opensmtpd_version() { version_of opensmtpd; }

opensmtpd_prepare() {
    local root=$work/opensmtpd number=0 mode
    unpack opensmtpd opensmtpd dash # its mailbox program is started by /bin/sh
    add_user opensmtpd opensmtpd 61021
    add_user opensmtpd opensmtpq 61022
    install -d -m 711 "$root/var/spool/smtpd"
    install -d -m 755 "$root/var/lib/opensmtpd" "$root/var/lib/opensmtpd/empty"
    install -m 600 "$work/key.pem" "$root/etc/key.pem"
    install -m 644 "$work/cert.pem" "$root/etc/cert.pem"
    printf 'mx.opensmtpd.example\n' >"$root/etc/mailname"
    awk '{ print $0, "vmail" }' "$work/opensmtpd.users" >"$root/etc/mailboxes"
    domains_of opensmtpd >"$root/etc/domains"
    {
        printf 'pki interop cert "/etc/cert.pem"\npki interop key "/etc/key.pem"\n'
        printf 'table domains file:/etc/domains\ntable mailboxes file:/etc/mailboxes\n'
        for mode in $opensmtpd_modes; do
            number=$((number + 1))
            printf 'listen on %s port %d hostname mx.opensmtpd.example' "$(address_of opensmtpd $number)" "$smtp_port"
            if has "$mode" tls-broken; then printf ' tls pki interop\n'; else printf '\n'; fi
        done
        printf 'action "keep" maildir "/var/vmail/%%{dest.domain}" virtual <mailboxes>\n'
        printf 'match from any for domain <domains> action "keep"\n'
    } >"$root/etc/smtpd.conf"
    chmod 600 "$root/etc/smtpd.conf"
}

opensmtpd_start() {
    start_server opensmtpd chroot "$work/opensmtpd" /usr/sbin/smtpd -d -f /etc/smtpd.conf
}

opensmtpd_is_idle() {
    [ -z "$(find "$work/opensmtpd/var/spool/smtpd/queue" "$work/opensmtpd/var/spool/smtpd/incoming" \
        -type f -print -quit 2>/dev/null)" ]
}

opensmtpd_log() { printf '%s\n' "$work/opensmtpd.log"; }
