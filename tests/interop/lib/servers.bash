# shellcheck shell=bash
# Mail servers on addresses of their own: who listens where, the DNS that leads there, start and end. To be sourced behind
# roots.bash, with the names of the servers in all_servers. A server is a file lib/NAME.bash with NAME_modes (words
# joined by commas: what an address announces), NAME_version, NAME_prepare, NAME_start, NAME_is_idle and NAME_log.
# shellcheck disable=SC1090,SC2154
for server in $all_servers; do . "$here/lib/$server.bash"; done

# ---- who listens where

has() { # MODE WORD
    [[ ,$1, == *,$2,* ]]
}

modes_of() { # SERVER
    local name=${1}_modes
    printf '%s\n' "${!name}"
}

address_of() { # SERVER NUMBER
    local server index=0
    for server in $all_servers; do
        index=$((index + 1))
        [ "$server" != "$1" ] || printf '127.61.%d.%d\n' $index "$2"
    done
}

addresses_of() { # SERVER
    local number=0
    for _ in $(modes_of "$1"); do
        number=$((number + 1))
        address_of "$1" $number
    done
}
# shellcheck disable=SC2034 # of postfix.bash
policy_address=127.61.250.1

domains_of() { # SERVER
    for mode in $(modes_of "$1"); do printf '%s.%s.example\n' "${mode//,/-}" "$1"; done
}

free_port() { # free on all addresses: a wildcard bind needs that
    python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])'
}

write_scenario() {
    local server mode number domain
    printf 'receivers = ();\ndomains = (\n'
    for server in $all_servers; do
        for domain in $(domains_of "$server"); do printf '  { name = "%s"; mx = "10 mx.%s"; },\n' "$domain" "$domain"; done
    done | sed '$s/,$//'
    printf ');\nnames = (\n'
    for server in $all_servers; do
        number=0
        for domain in $(domains_of "$server"); do
            number=$((number + 1))
            printf '  { name = "mx.%s"; a = "%s"; },\n' "$domain" "$(address_of "$server" $number)"
        done
    done | sed '$s/,$//'
    printf ');\n'
}

# ---- servers: each is the leader of a session of its own, so that all its processes can be found again

declare -A leaders=()

start_server() { # NAME COMMAND...
    local name=$1
    shift
    setsid "$@" >"$work/$name.log" 2>&1 </dev/null &
    leaders[$name]=$!
}

members_of() { # SESSION: its processes
    local stat fields
    for stat in /proc/[0-9]*/stat; do
        { read -r fields <"$stat"; } 2>/dev/null || continue
        fields=${fields##*) } # state, parent, group, session, ...
        # shellcheck disable=SC2086
        set -- "$1" $fields
        [ "$5" != "$1" ] || [ "$2" = Z ] || { stat=${stat%/stat} && printf '%s\n' "${stat##*/}"; }
    done
}

session_is_empty() {
    [ -z "$(members_of "$1")" ]
}

end_server() { # NAME
    local leader=${leaders[$1]:-} pid
    [ -n "$leader" ] || return 0
    unset "leaders[$1]"
    kill -TERM "$leader" 2>/dev/null
    until_true 5 session_is_empty "$leader" || for pid in $(members_of "$leader"); do kill -TERM "$pid" 2>/dev/null; done
    until_true 5 session_is_empty "$leader" || for pid in $(members_of "$leader"); do kill -KILL "$pid" 2>/dev/null; done
    wait "$leader" 2>/dev/null
}

at_interop_exit() {
    local status=$? name
    trap - EXIT
    for name in "${!leaders[@]}"; do end_server "$name"; done
    [ -z "${SUDO_UID:-}" ] || [ ! -d "$cache" ] || chown -R "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" "$cache"
    (exit $status)
    at_exit
}

# Listening in all its modes, and announcing what the mode says.
is_ready() { # SERVER
    local server=$1 number=0 mode name
    for name in "$server" "$server-policy"; do
        [ -z "${leaders[$name]:-}" ] || kill -0 "${leaders[$name]}" 2>/dev/null || {
            tail -n 15 "$work/$name.log" "$("${server}_log")" 2>/dev/null
            fail "$name ended at once"
        }
    done
    for mode in $(modes_of "$server"); do
        number=$((number + 1))
        python3 "$here/lib/probe.py" "$(address_of "$server" $number)" "$smtp_port" "$mode"
        case $? in
        0) ;;
        1) return 1 ;;
        *) fail "$server does not announce what '$mode' means" ;;
        esac
    done
}
