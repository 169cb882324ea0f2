# shellcheck shell=bash
# Postfix: one smtpd per mode and address, mailboxes by virtual(8), unknown users by their absence from its table.
# "later*" is put off once by a policy server of ours, "refused*" is refused after the dot by a header check.

postfix_modes="pipelining,chunking pipelining chunking none pipelining,chunking,tls"

postfix_version() { version_of postfix; }

postfix_prepare() {
    local root=$work/postfix spool=$work/postfix/var/spool/postfix dir number=0 mode discard more
    unpack postfix postfix
    add_user postfix postfix 61001
    add_group postfix postdrop 61002
    for dir in active bounce corrupt defer deferred flush hold incoming private saved trace; do
        install -d -o 61001 -m 700 "$spool/$dir"
    done
    install -d -o 61001 -g 61002 -m 730 "$spool/maildrop"
    install -d -o 61001 -g 61002 -m 710 "$spool/public"
    install -d -m 755 "$spool/pid"
    install -d -o 61001 -m 755 "$root/var/lib/postfix"
    cp "$work/cert.pem" "$work/key.pem" "$root/etc/postfix/"
    awk -F@ '{ print $0, $2 "/" }' "$work/postfix.users" >"$root/etc/postfix/mailboxes"
    printf '/^To:.*refused/ REJECT 5.7.1 We do not want this\n' >"$root/etc/postfix/header_checks"
    printf '/^later/ later\n' >"$root/etc/postfix/recipients"
    cat >"$root/etc/postfix/main.cf" <<END
compatibility_level = 3.6
queue_directory = /var/spool/postfix
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
data_directory = /var/lib/postfix
mail_owner = postfix
setgid_group = postdrop
maillog_file = /var/log/postfix.log
myhostname = mx.postfix.example
mydestination =
mynetworks = 192.0.2.1/32
inet_interfaces = loopback-only
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
virtual_mailbox_domains = $(domains_of postfix | paste -sd' ')
virtual_mailbox_maps = texthash:/etc/postfix/mailboxes
virtual_mailbox_base = /var/vmail
virtual_mailbox_limit = 0
virtual_uid_maps = static:$vmail_id
virtual_gid_maps = static:$vmail_id
smtpd_restriction_classes = later
later = check_policy_service inet:$policy_address:$smtp_port
smtpd_recipient_restrictions = reject_unauth_destination, check_recipient_access regexp:/etc/postfix/recipients
header_checks = regexp:/etc/postfix/header_checks
smtpd_tls_cert_file = /etc/postfix/cert.pem
smtpd_tls_key_file = /etc/postfix/key.pem
smtpd_tls_received_header = yes
END
    {
        for mode in $postfix_modes; do
            number=$((number + 1)) discard="" more=""
            has "$mode" pipelining || discard="pipelining"
            has "$mode" chunking || discard="$discard${discard:+,}chunking"
            ! has "$mode" tls || more="-o smtpd_tls_security_level=may"
            echo "$(address_of postfix $number):$smtp_port inet n - n - - smtpd -o smtpd_discard_ehlo_keywords=$discard $more"
        done
        cat <<'END'
pickup    unix  n       -       n       60      1       pickup
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       discard
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
verify    unix  -       -       n       -       1       verify
flush     unix  n       -       n       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
smtp      unix  -       -       n       -       -       error
relay     unix  -       -       n       -       -       error
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
local     unix  -       n       n       -       -       error
virtual   unix  -       n       n       -       -       virtual
anvil     unix  -       -       n       -       1       anvil
scache    unix  -       -       n       -       1       scache
postlog   unix-dgram n  -       n       -       1       postlogd
END
    } >"$root/etc/postfix/master.cf"
}

postfix_start() {
    start_server postfix-policy python3 "$here/lib/later_policy.py" "$policy_address" "$smtp_port"
    start_server postfix chroot "$work/postfix" /usr/lib/postfix/sbin/master -d -c /etc/postfix
}

# Nothing is on its way to a mailbox any more.
postfix_is_idle() {
    local spool=$work/postfix/var/spool/postfix
    [ -z "$(find "$spool/incoming" "$spool/active" "$spool/deferred" "$spool/maildrop" -type f -print -quit)" ]
}

postfix_log() { printf '%s\n' "$work/postfix/var/log/postfix.log"; }
