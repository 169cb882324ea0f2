# shellcheck shell=bash
# Exim: one daemon; what it announces depends on the address that was dialled. "later*" is put off once with its
# own rate limiter (who comes a second time is above it), "refused*" is refused after the dot by an ACL.

exim_modes="pipelining,chunking pipelining chunking none pipelining,chunking,tls"

exim_version() { version_of exim4-daemon-light; }

# The addresses of the modes with this word, as an Exim host list that is expanded for each connection.
exim_offers() { # WORD
    local mode number=0 list=""
    for mode in $exim_modes; do
        number=$((number + 1))
        ! has "$mode" "$1" || list="$list${list:+:}$(address_of exim $number)"
    done
    printf '${if inlist{$received_ip_address}{%s}{*}{}}' "$list"
}

exim_prepare() {
    local root=$work/exim id=61011
    unpack exim exim4-daemon-light
    add_user exim Debian-exim $id
    mkdir -p "$root/etc/exim4"
    install -d -o $id -g $id -m 750 "$root/var/spool/exim4" "$root/var/log/exim4"
    install -d -o $id -g $id -m 755 "$root/run/exim4" "$root/var/lib/exim4"
    install -o root -g $id -m 640 "$work/cert.pem" "$root/etc/exim4/cert.pem"
    install -o root -g $id -m 640 "$work/key.pem" "$root/etc/exim4/key.pem"
    sed "s/$/: yes/" "$work/exim.users" >"$root/etc/exim4/users"
    cat >"$root/etc/exim4/exim4.conf" <<END
primary_hostname = mx.exim.example
domainlist ours = $(domains_of exim | paste -sd:)
local_interfaces = $(addresses_of exim | paste -sd:)
daemon_smtp_ports = $smtp_port
disable_ipv6
log_file_path = /var/log/exim4/%slog
log_selector = +pipelining +received_recipients +incoming_interface
keep_environment =
host_lookup =
rfc1413_query_timeout = 0s
smtp_accept_max = 0
smtp_accept_queue_per_connection = 0
queue_run_max = 20
pipelining_advertise_hosts = $(exim_offers pipelining)
chunking_advertise_hosts = $(exim_offers chunking)
tls_advertise_hosts = $(exim_offers tls)
tls_certificate = /etc/exim4/cert.pem
tls_privatekey = /etc/exim4/key.pem
trusted_users = Debian-exim
acl_smtp_rcpt = rcpt
acl_smtp_data = data

begin acl
rcpt:
  deny    message = relaying is not permitted
          !domains = +ours
  deny    message = 550 5.1.1 No such user here
          condition = \${if eq{\${lookup{\$local_part@\$domain}lsearch{/etc/exim4/users}{yes}{no}}}{no}}
  defer   message = 450 4.2.0 Come again later
          condition = \${if match{\$local_part}{^later}}
          !ratelimit = 1.5 / 1d / strict / per_cmd / \$local_part@\$domain
  accept

data:
  deny    message = 554 5.7.1 We do not want this
          log_message = not wanted, for \$recipients
          condition = \${if match{\$h_to:}{refused}}
  accept

begin routers
mailbox:
  driver = accept
  domains = +ours
  transport = maildir

begin transports
maildir:
  driver = appendfile
  maildir_format
  directory = /var/vmail/\$domain_data
  create_directory
  user = vmail
  group = vmail
  envelope_to_add
  return_path_add

begin retry
* * F,1h,1m
END
}

exim_start() {
    start_server exim chroot "$work/exim" /usr/sbin/exim4 -bdf
}

exim_is_idle() {
    [ -z "$(find "$work/exim/var/spool/exim4/input" -type f -print -quit 2>/dev/null)" ]
}

exim_log() { printf '%s\n' "$work/exim/var/log/exim4/mainlog"; }
