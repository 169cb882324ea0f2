/* What receivers mean by their words, whoever they are.
 *
 * The order is a decision of its own. What is about us (authentication, block lists, rates) comes
 * before what is about the mailbox, because texts name both ("user@x rejected: listed at ...") and
 * taking our fault for a bad address empties lists; within that, what can only mean one thing comes
 * before what may mean several. */
#include "rules.h"

#define ROW(c, n, t)                                                                               \
    {                                                                                              \
        .name = n, .category = CAT_##c, .text = t                                                  \
    }

/* clang-format off */
static const struct rule row[] = {
    ROW(GREYLISTED, "greylist", "gr(e|a)ylist*|gr(e|a)y list*|postgrey*|first contact*"),
    ROW(GREYLISTED, "greylist", "come back later"),
    ROW(GREYLISTED, "greylist-wait", "(try|retry|again|wait|for)~(seconds|minutes)"),

    /* ---- who we are: authentication */
    ROW(AUTH_FAILED, "dmarc", "dmarc"),
    ROW(AUTH_FAILED, "spf", "spf|sender policy framework|permitted sender hosts*|openspf*"),
    ROW(AUTH_FAILED, "spf-words", "not (allowed|permitted|authorized) to send~(from|as|behalf)"),
    ROW(AUTH_FAILED, "spf-words", "(doesnt|does not) allow~(sending|send)~from|designated sender*"),
    ROW(AUTH_FAILED, "dkim", "dkim~(fail*|invalid|required|missing|bad|did not|verif*|neutral|"
                             "none)"),
    ROW(AUTH_FAILED, "dkim", "(fail*|invalid|missing|bad|no|without)~dkim|domainkeys"),
    ROW(AUTH_FAILED, "unauthenticated", "unauthenticated|not authenticated|authentication results"),
    ROW(AUTH_FAILED, "unauthenticated", "authentication (checks|information|level)"),
    ROW(AUTH_FAILED, "unauthenticated", "failed authentication"),
    ROW(AUTH_FAILED, "unauthenticated", "fails to pass*authentication*|pass authentication*"),
    ROW(AUTH_FAILED, "spoofing", "(anti |)spoof*|forged {message}|forged sender*|sender~forged"),
    ROW(AUTH_FAILED, "spoofing", "impersonat*"),
    ROW(AUTH_FAILED, "mismatch", "mismatch*~(ip|header|sender|from)*|mail from~mismatch*"),
    ROW(AUTH_FAILED, "mismatch", "ip check (error|fail*)"),

    /* ---- who we are: lists and names */
    ROW(SPAM_CONTENT, "content-list", "*uribl*|*surbl*|blocked using dbl.*"),
    ROW(SENDER_BLOCKED, "block-list", "*blacklist*|black (list*|ip)|*blocklist*|block list*"),
    ROW(SENDER_BLOCKED, "block-list", "black hole*"),
    ROW(SENDER_BLOCKED, "block-list", "*blackhole*|deny list*|denylist*|rbl*|*dnsbl*|drbl*|sbl"),
    ROW(SENDER_BLOCKED, "block-list", "xbl|pbl|cbl"),
    ROW(SENDER_BLOCKED, "block-list", "listed (at|in|on|by)|*.rbl.*|an rbl|bl lookup"),
    ROW(SENDER_BLOCKED, "block-list-owner", "*spamhaus*|*spamcop*|*sorbs*|*barracuda*reput*"),
    ROW(SENDER_BLOCKED, "block-list-owner", "*barracudacentral*"),
    ROW(SENDER_BLOCKED, "block-list-owner", "uceprotect*|invaluement*|mailspike*|*hostkarma*"),
    ROW(SENDER_BLOCKED, "block-list-owner", "*cloudmark*"),
    ROW(SENDER_BLOCKED, "block-list-owner", "*senderscore*|*senderbase*|*talosintelligence*"),
    ROW(SENDER_BLOCKED, "block-list-owner", "*denyip*"),
    ROW(SENDER_BLOCKED, "block-list-owner", "*ipcheck*|prs.proofpoint*|nixspam*|abuseat*|*psbl*"),
    ROW(SENDER_BLOCKED, "block-list-owner", "*mail-abuse*"),
    ROW(SENDER_BLOCKED, "reverse-dns", "ptr|rdns|reverse (dns|lookup|mapping|host*|name*|record*)"),
    ROW(SENDER_BLOCKED, "reverse-dns", "cannot find your (reverse |)(hostname|host name)"),
    ROW(SENDER_BLOCKED, "reverse-dns", "name lookup failed"),
    ROW(SENDER_BLOCKED, "reverse-dns", "unable to (find|resolve)~(hostname|host name)"),
    ROW(SENDER_BLOCKED, "reverse-dns", "unverif*~sending ip*"),
    ROW(SENDER_BLOCKED, "helo", "(helo|ehlo)~(resolve|not found|rejected|invalid|no a record|"
                                "denied|refused)"),
    ROW(SENDER_BLOCKED, "blocked-host", "(client|sending|remote|source|your|connecting|sender) "
                                        "{host}~{blocked}"),
    ROW(SENDER_BLOCKED, "blocked-host", "(adresse ip|ip|ip address|host #|client #|server "
                                        "#)~{blocked}"),
    ROW(SENDER_BLOCKED, "blocked-host", "{blocked} (ip|ips|sending ip|host|client|ip address|"
                                        "connection)*"),
    ROW(SENDER_BLOCKED, "blocked-host", "# (has been |is |was |)(now |)(blocked|banned)|bad ip"),
    ROW(SENDER_BLOCKED, "blocked-host", "blocked using*"),
    ROW(SENDER_BLOCKED, "blocked-host", "(access|connection*|mail) from~{blocked}"),
    ROW(SENDER_BLOCKED, "blocked-host", "(by|from) your ip"),
    ROW(SENDER_BLOCKED, "blocked-host", "(mail|messages) from (#|ip)~not (allowed|accepted)"),
    ROW(SENDER_BLOCKED, "blocked-host", "host network not*"),
    ROW(SENDER_BLOCKED, "blocked-host", "blocked by (this |our |the |)(firewall|ip)*|geographic*"),
    ROW(SENDER_BLOCKED, "blocked-host", "from your country"),
    ROW(SENDER_BLOCKED, "dynamic-address", "(dynamic|residential|dialup|dial up|generic) (ip|"
                                           "address|host)*"),
    ROW(SENDER_BLOCKED, "no-access", "not (allowed|permitted|authorized) to connect"),
    ROW(SENDER_BLOCKED, "no-access", "connections~not~accepted"),
    ROW(SENDER_BLOCKED, "no-access", "your access~{blocked}|access to (this|our)~{blocked}"),
    ROW(SENDER_BLOCKED, "no-access", "not accepting (connections|mail) from*"),
    ROW(SENDER_BLOCKED, "no-access", "not accepting connections"),
    ROW(SENDER_BLOCKED, "no-access", "use the smtp server of your isp"),
    ROW(SENDER_BLOCKED, "no-access", "you are (banned|blocked|not welcome)"),
    ROW(SENDER_BLOCKED, "no-access", "your (domain|network|organi*ation) (is |was |has been |"
                                     ")(blocked|banned)"),
    ROW(SENDER_BLOCKED, "reputation", "reputation*|spam (source|sender|origin|list)|spammer"),
    ROW(SENDER_BLOCKED, "reputation", "spammers|sent spam"),
    ROW(SENDER_BLOCKED, "reputation", "sending spam|source of spam|block* for (spam*|abuse)"),
    ROW(SENDER_BLOCKED, "reputation", "incident de spam"),

    /* ---- how fast we are */
    ROW(RATE_LIMITED, "too-many-recipients", "(too (many|much)|out of allow*|number of) (rcpt*|"
                                             "recipient*)"),
    ROW(SENDER_BLOCKED, "too-many-bad", "too many (invalid|unknown|bad|wrong|nonexist*)"),
    ROW(MAILBOX_FULL, "many-messages", "too many (messages|mails) (on|in) (the |this |)(server|"
                                       "mailbox|inbox)"),
    ROW(RATE_LIMITED, "too-many", "too many~{traffic}|(received|sent|send) too many"),
    ROW(RATE_LIMITED, "too-many", "so many {traffic}|trop de *"),
    ROW(RATE_LIMITED, "too-many", "max*~(connections|sessions)|concurrent (connections|sessions)*"),
    ROW(RATE_LIMITED, "too-many", "{traffic} (limit|limits) (exceeded|reached|is)*"),
    ROW(RATE_LIMITED, "too-many", "connection limit*"),
    ROW(RATE_LIMITED, "rate", "rate (limit*|exceed*|control*|quota)|ratelimit*"),
    ROW(RATE_LIMITED, "rate", "frequency (limit*|exceed*)|throttl*"),
    ROW(RATE_LIMITED, "rate", "(exceed*|over|reached)~(rate|hourly|daily|per hour|per day|sending "
                              "limit|frequency)"),
    ROW(RATE_LIMITED, "rate", "exceed*~(number of {traffic}|{traffic} limit|limit for the "
                              "number)*"),
    ROW(RATE_LIMITED, "rate", "too (fast|quickly|frequent*|often)|slow down|within 24 hours"),
    ROW(RATE_LIMITED, "rate", "flood*"),
    ROW(RATE_LIMITED, "rate", "(unusual*|excessive|high|unexpected) (volume|rate)"),
    ROW(RATE_LIMITED, "rate", "(daily|hourly)~(quota|limit)*"),
    ROW(RATE_LIMITED, "rate", "{traffic} (per|an|each) (second|minute|hour|day)"),
    ROW(RATE_LIMITED, "rate", "receiving mail at a rate"),

    /* ---- sizes */
    ROW(MESSAGE_TOO_LARGE, "size", "{message}~too (big|large|long)"),
    ROW(MESSAGE_TOO_LARGE, "size", "too (big|large) (message|mail)*"),
    ROW(MESSAGE_TOO_LARGE, "size", "{message}~exceed*~(size|maximum|limit|length)*"),
    ROW(MESSAGE_TOO_LARGE, "size", "{message} size*|sizelimit*"),
    ROW(MESSAGE_TOO_LARGE, "size", "(exceed*|maximum|max|fixed|over)~(message|mail) size*"),
    ROW(MESSAGE_TOO_LARGE, "size", "mailsize*|size limit*"),
    ROW(MESSAGE_TOO_LARGE, "size", "exceed*~(maximum|max|size)~(size|limit)*|larger than*"),
    ROW(SYSTEM_ERROR, "system-storage", "insufficient (system |disk )(storage|space|resource*)"),
    ROW(SYSTEM_ERROR, "system-storage", "system~full"),
    ROW(SYSTEM_ERROR, "system-storage", "(disk|file system|spool)~full|no space left*"),
    ROW(SYSTEM_ERROR, "system-storage", "out of memory"),
    ROW(MAILBOX_FULL, "full", "{mailbox}~(full|overfull)|(mail|mailbox|user|disk|storage) quota*"),
    ROW(MAILBOX_FULL, "full", "over(-| |)quota*"),
    ROW(MAILBOX_FULL, "full", "quota~(exceed*|violat*|reached|full|exhaust*|limit)"),
    ROW(MAILBOX_FULL, "full", "*quotaexceeded*|overquota*"),
    ROW(MAILBOX_FULL, "full", "(over|exceed*|out of|above|insufficient|not enough|reached|violat*|"
                              "hit)~quota*"),
    ROW(MAILBOX_FULL, "full", "exceed*~(storage|allocation|allotted|space|mailbox limit)*"),
    ROW(MAILBOX_FULL, "full", "out of storage*"),
    ROW(MAILBOX_FULL, "full", "{mailbox} (size |)(limit |)(is |was |has been |)(exce*ded|over*)"),
    ROW(MAILBOX_FULL, "full", "mailbox limit*"),
    ROW(MAILBOX_FULL, "full", "(no|not enough|insufficient|lack of|out of) (storage |disk |)(space|"
                              "room|storage)*"),
    ROW(MAILBOX_FULL, "full", "{mailbox}~exceed*~(limit|size|storage)*|zuviele mails*"),
    ROW(MAILBOX_FULL, "full", "postfach*voll|boite*pleine"),
    ROW(MAILBOX_FULL, "full", "casella*piena|buz*n*lleno|cuota*excedid*|quota*d*pass*"),
    ROW(MAILBOX_FULL, "full", "przepe*nion*|*メールボックス*満杯*"),
    ROW(MAILBOX_FULL, "full", "*信箱*满*|*邮箱*满*|*信箱*滿*|*容量*超*"),

    /* ---- what we asked for */
    ROW(RELAY_DENIED, "relay", "relay*~(denied|denies|refused|prohibited|not|disallowed|rejected|"
                               "forbidden)"),
    ROW(RELAY_DENIED, "relay", "(no|not|unable|cannot|cant|den*|refus*|unauthorized|insecure|"
                               "open)~relay*"),
    ROW(RELAY_DENIED, "relay", "*rcpthosts|gatewaying|as a relay|we do not relay"),
    ROW(RELAY_DENIED, "relay", "relay access denied"),
    ROW(RELAY_DENIED, "relay", "domain (is |)(not|isnt) (local|hosted|handled|served|configured)*"),
    ROW(RELAY_DENIED, "login", "no auth command*|client was not authenticated*|must authenticate*"),
    ROW(RELAY_DENIED, "login", "authentication (is |)required|not authenticated to send*"),
    ROW(RELAY_DENIED, "login", "requires authentication"),
    ROW(TLS_FAILED, "tls", "starttls*|(must|require*|need*)~(tls|ssl|encrypt*)"),
    ROW(TLS_FAILED, "tls", "(tls|ssl|encryption)~(required|mandatory)"),
    ROW(TLS_FAILED, "tls", "(tls|ssl)~(handshake|negotiation|failed|failure|not available|error)"),

    /* ---- our sender address, before the words about recipients */
    ROW(POLICY_REFUSED, "sender-address", "sender (address|domain|email|verif*)~(reject*|invalid|"
                                          "not|unknown|fail*)"),
    ROW(POLICY_REFUSED, "sender-address", "sender (address|domain)~(must|does|doesnt|unresolv*|"
                                          "unroutable|refused|denied)"),
    ROW(POLICY_REFUSED, "sender-address", "(unroutable|unresolvable|invalid|bad|unknown|illegal) "
                                          "(sender|return)*"),
    ROW(POLICY_REFUSED, "sender-address", "domain of sender*|sender*s domain"),
    ROW(POLICY_REFUSED, "sender-address", "purported responsible*|callback~fail*"),
    ROW(POLICY_REFUSED, "sender-address", "(verify|verification of|verifying) (mailfrom|mail from|"
                                          "sender)*"),
    ROW(POLICY_REFUSED, "sender-address", "(from|mailfrom|mail from|return path) (address |domain |"
                                          ")(@ |)(is |)(invalid|unknown|not)*"),
    ROW(POLICY_REFUSED, "sender-address", "sender (is |was |has been |@ |)(rejected|refused|denied|"
                                          "blocked|unknown|not)*"),
    ROW(POLICY_REFUSED, "sender-domain", "invalid dns (mx|a)*|from domain*|domain~in from*"),

    /* ---- there is no such mailbox */
    ROW(USER_UNKNOWN, "no-such-user", "(no|not) such {mailbox}|nosuchuser"),
    ROW(USER_UNKNOWN, "no-such-user", "no {mailbox} (here|by that|with|found|for)*"),
    ROW(USER_UNKNOWN, "no-such-user", "{unknown} (local |virtual |email |mail |or illegal |or "
                                      "invalid |)(user|rcpt|{mailbox}|local part)"),
    ROW(USER_UNKNOWN, "no-such-user", "{mailbox} (@ |name |id |address |account |email |in |or "
                                      "alias |)(is |was |are |has |)(been |){unknown}"),
    ROW(USER_UNKNOWN, "no-such-user", "{mailbox}~(does not|doesnt|did not|do not|not|never|cannot "
                                      "be) (exist*|found|known|recogni*)"),
    ROW(USER_UNKNOWN, "no-such-user", "{mailbox}~(no longer|not) (exist*|valid|on (this |our |the |"
                                      ")(system|server)|available here|in use)*"),
    ROW(USER_UNKNOWN, "no-such-user", "@ (is |)(does not|doesnt|did not|not|no longer) (exist*|"
                                      "found|known|valid|a known|a valid)*"),
    ROW(USER_UNKNOWN, "no-such-user", "(not|isnt|is not) (a |an |our |)(known |valid |local |"
                                      "registered |)(user|recipient|mailbox|customer|account)"),
    ROW(USER_UNKNOWN, "no-such-user", "(do|does) not have (a|an)~{mailbox}*"),
    ROW(USER_UNKNOWN, "no-such-user", "(doesnt|does not) have an account*"),
    ROW(USER_UNKNOWN, "no-such-user", "could not be found or was*"),
    ROW(USER_UNKNOWN, "no-such-user", "{mailbox} (lookup |verification |)(failed|not found|no "
                                      "match)"),
    ROW(USER_UNKNOWN, "no-such-user", "recipnotfound|there is no {mailbox}*"),
    ROW(USER_UNKNOWN, "no-such-user", "lookup in domain map failed|badrcptto*|blank mailhost"),
    ROW(USER_UNKNOWN, "no-such-user", "not configured to receive*|addressee unknown"),
    ROW(USER_UNKNOWN, "undeliverable", "(undeliverable|unrouteable|unroutable|unreachable|"
                                       "incorrect) {mailbox}"),
    ROW(USER_UNKNOWN, "gone", "(person|user|employee|colleague)~(left|retired|no longer (works|"
                              "with|employed|here))*"),
    ROW(USER_UNKNOWN, "gone", "has moved*"),
    ROW(USER_UNKNOWN, "gone", "{mailbox}~(deleted|removed|expired|cancel*ed|terminated)"),
    ROW(USER_UNKNOWN, "gone", "mailbox has moved"),
    ROW(USER_UNKNOWN, "not-an-address", "not a valid rfc*|bad address syntax"),
    ROW(USER_UNKNOWN, "not-an-address", "(malformed|invalid|bad) (recipient |)address*"),
    ROW(USER_UNKNOWN, "unknown-de-fr", "unbekannt*|existiert nicht"),
    ROW(USER_UNKNOWN, "unknown-de-fr", "destinataire*(invalide|inconnu)*"),
    ROW(USER_UNKNOWN, "unknown-de-fr", "(utilisateur|adresse) inconnu*"),
    ROW(USER_UNKNOWN, "unknown-es-it-pl", "(desconocido|no existe|sconosciuto|non esiste|"
                                          "inesistente|nie ma takiego*|nie istnieje)"),
    ROW(USER_UNKNOWN, "unknown-ja-zh", "*存在しません*|*宛先*不明*|*不存在*|*用户未找到*|*无此用户*|*查無*|*沒有此*"),

    /* ---- the mailbox sleeps, or is closed */
    ROW(MAILBOX_DISABLED, "disabled", "{mailbox} (@ |account |address |mailbox |status |)(is |was |"
                                      "has |are |)(been |)(currently |temporarily |){closed}"),
    ROW(MAILBOX_DISABLED, "disabled", "{closed} (email |mail |)(mailbox|mbox|account|user|"
                                      "recipient|address|customer)"),
    ROW(MAILBOX_DISABLED, "disabled", "(recipient address rejected|tried to reach is|mailbox) "
                                      "({closed}|blocked)"),
    ROW(MAILBOX_DISABLED, "disabled", "{mailbox}~(disabled|inactive|suspended|deactivated|dormant|"
                                      "frozen)"),
    ROW(MAILBOX_DISABLED, "disabled", "(mailbox|account|user) (@ |)(is |was |has been )blocked"),
    ROW(MAILBOX_DISABLED, "inactivity", "inactivity|disableduser|no longer active"),
    ROW(MAILBOX_DISABLED, "inactivity", "not (yet |)activ(e|ated)|inactive"),
    ROW(MAILBOX_DISABLED, "domain-closed", "domain~suspended|mailbox not available konto*"),
    ROW(MAILBOX_DISABLED, "disabled-eu", "(compte|konto|cuenta)*(bloque|desactive|inactif|"
                                         "zablokowane|nieaktywne|niedostepne|gesperrt|desactivada)*"),

    /* ---- this person does not want it */
    ROW(RECIPIENT_REFUSED, "person", "(receiver|recipient|user|addressee) (has |)(denied|refused|"
                                     "rejected|blocked|declined) (your|this|mail|the)*"),
    ROW(RECIPIENT_REFUSED, "person", "(denied|refused|rejected|blocked) by (the |this |"
                                     ")(recipient*|user|receiver|addressee)"),
    ROW(RECIPIENT_REFUSED, "person", "recipient preferences"),
    ROW(RECIPIENT_REFUSED, "person", "recipient (@ |)(denied|refused)"),
    ROW(RECIPIENT_REFUSED, "person", "blocked your (address|email)|personal block*|unsubscribed"),
    ROW(RECIPIENT_REFUSED, "person", "(does not|doesnt) (want|wish|accept)~(mail|email|messages) "
                                     "from (you|this|your)*"),

    /* ---- the message */
    ROW(PROTOCOL_ERROR, "rfc", "rfc (2821|2822|5321|5322|822|821)*|rfc*complian*"),
    ROW(SPAM_CONTENT, "virus", "virus*|malware*|phish*|trojan*|infected|malicious*"),
    ROW(SPAM_CONTENT, "virus", "presents a potential*|security (issue|threat)"),
    ROW(SPAM_CONTENT, "spam", "*spam*|ube|junk*|unsolicited*|bulk (e|)mail*|mass mail*"),
    ROW(SPAM_CONTENT, "spam", "suspicious*|matches a profile*"),
    ROW(SPAM_CONTENT, "content", "{message} (content|data|body)~{blocked}"),
    ROW(SPAM_CONTENT, "content", "content~({blocked}|filter*|reject)|aisp"),
    ROW(SPAM_CONTENT, "content", "(banned|prohibited|objectionable|blocked|forbidden) (content|"
                                 "attachment|file|extension)*"),
    ROW(SPAM_CONTENT, "content", "{message}~score*|scored*points|messagescoring*"),
    ROW(SPAM_CONTENT, "content", "triggered~(block|filter|rule)|content filter*"),

    /* ---- the domain */
    ROW(HOST_UNKNOWN, "no-such-host", "(host|domain|hostname)~{unknown}"),
    ROW(HOST_UNKNOWN, "no-such-host", "{unknown} (host|domain|hostname)|no such (host|domain)"),
    ROW(HOST_UNKNOWN, "no-such-host", "(host|domain)~(does not|doesnt|not) (exist|reachable|"
                                      "found)"),
    ROW(HOST_UNKNOWN, "no-such-host", "domain*unreachable|unresolvable domain"),
    ROW(HOST_UNKNOWN, "no-mx", "no (valid |)(mx|mail exchanger)*|null mx|nullmx|nxdomain"),
    ROW(HOST_UNKNOWN, "no-mx", "(does not|doesnt) (accept|receive) (any |)(mail|email)"),

    /* ---- our words were wrong */
    ROW(PROTOCOL_ERROR, "syntax", "syntax*|bad (syntax|sequence|command)*"),
    ROW(PROTOCOL_ERROR, "syntax", "(improper|wrong|invalid) (sequence|command)*|sequence error"),
    ROW(PROTOCOL_ERROR, "syntax", "(command|parameter*)~(implemented|recogni*|supported|unknown)*"),
    ROW(PROTOCOL_ERROR, "syntax", "unrecogni*ed command*|need rcpt*"),
    ROW(PROTOCOL_ERROR, "line-ends", "(bare|stray|naked) (lf|linefeed|newline|cr|line)*"),
    ROW(PROTOCOL_ERROR, "line-ends", "line~too long|8bit*|non ascii*"),
    ROW(PROTOCOL_ERROR, "format", "protocol (violation|error)*|synchroni*ation error"),
    ROW(PROTOCOL_ERROR, "format", "illegal character*"),
    ROW(PROTOCOL_ERROR, "format", "(missing|malformed|duplicate|multiple|empty|no|"
                                  "invalid)~(header*|mime|structure|subject|message id|date)"),
    ROW(PROTOCOL_ERROR, "format", "header (error|syntax|is|format)*|mime (error|reject)*"),
    ROW(PROTOCOL_ERROR, "format", "media error|(invalid|bad) (data|structure|message)*"),
    ROW(PROTOCOL_ERROR, "format", "(missing|multiple|no|invalid)~(from|addresses in from)*header*"),
    ROW(PROTOCOL_ERROR, "format", "addresses in from*"),

    /* ---- policy */
    ROW(POLICY_REFUSED, "policy", "*policy|*policies|policy*|*polic(y|ies)*|prohibit*"),
    ROW(POLICY_REFUSED, "policy", "administrative*|closed system"),
    ROW(POLICY_REFUSED, "access", "access~denied*|accessdenied*|no permit|not permitted*"),
    ROW(POLICY_REFUSED, "access", "permission denied|local user only"),
    ROW(POLICY_REFUSED, "access", "(authentication|authorization) fail*|not authorized*"),
    ROW(POLICY_REFUSED, "access", "unauthorized*|redundant*|verify mailfrom*"),
    ROW(POLICY_REFUSED, "access", "{message} (has been |was |is |)(rejected|refused|blocked|not "
                                  "(allowed|accepted|permitted))"),
    ROW(POLICY_REFUSED, "access", "mail rejete*"),
    ROW(POLICY_REFUSED, "access", "envelope (blocked|rejected)"),
    ROW(POLICY_REFUSED, "access", "(this |)(account|user|address) is not allowed*|restricted"),

    /* ---- the way there */
    ROW(NETWORK, "loop", "(mail |message |forwarding |routing |)loop*|loops back*"),
    ROW(NETWORK, "loop", "(too many|hop count|maximum)~hop*|hop count*"),
    ROW(EXPIRED, "expired", "(message|delivery|queue|time|mail)~expired|queue.expired*"),
    ROW(EXPIRED, "expired", "queued too long|retry time*exceeded"),
    ROW(NETWORK, "network", "(connection|connect|session|network|host)*(timed out|refused|reset|"
                            "lost|dropped|unreachable)*"),
    ROW(NETWORK, "network", "timed out"),
    ROW(NETWORK, "network", "timeout*|no (answer|route|response|reply)~(host|server)"),
    ROW(NETWORK, "network", "network (is |)busy|lost connection*|broken pipe"),
    ROW(NETWORK, "network", "dns (resolv*|query|error|lookup|server|timeout)*|could not connect*"),
    ROW(NETWORK, "network", "unable to connect*"),

    /* ---- not now */
    ROW(SYSTEM_ERROR, "busy", "(server|system|service|resource*|queue|host|ports)~(unavailable|"
                              "busy|overload*|down|not ready|not available)"),
    ROW(SYSTEM_ERROR, "busy", "(service|system)~(not accepting|shutting|closing)*|too busy"),
    ROW(SYSTEM_ERROR, "busy", "under~load|low on*|maintenance*|load~high"),
    ROW(SYSTEM_ERROR, "temporary", "temporar*|tempfail*|(try|retry) (again |)(later|after)*|later"),
    ROW(SYSTEM_ERROR, "temporary", "not ready|deferred|delayed"),
    ROW(SYSTEM_ERROR, "internal", "(internal|local|upstream|system|config*|configuration|software|"
                                  "mailer|backend|database)~(error|failure)*"),
    ROW(SYSTEM_ERROR, "internal", "lookup fail*|unverified address*|cannot verify*"),
    ROW(SYSTEM_ERROR, "internal", "verification in progress|insufficient*"),
    ROW(SYSTEM_ERROR, "internal", "unable to (process|read|correctly|complete)*"),
    ROW(SYSTEM_ERROR, "internal", "service (is |)(unavailable|not available|refused)*"),
    ROW(SYSTEM_ERROR, "internal", "service refuse*|could not (load|process|complete)*"),

    /* ---- codes that can only mean us go before words that may mean anything */
    {.name = "code-auth", .category = CAT_AUTH_FAILED, .enhanced = "x.7.20|x.7.21|x.7.22|x.7.23"},
    {.name = "code-auth", .category = CAT_AUTH_FAILED, .enhanced = "x.7.24|x.7.26|x.7.30|x.7.31"},
    {.name = "code-auth", .category = CAT_AUTH_FAILED, .enhanced = "x.7.32"},
    {.name = "code-ptr", .category = CAT_SENDER_BLOCKED, .enhanced = "x.7.25"},

    /* ---- what is mostly meant where nothing better was said */
    ROW(USER_UNKNOWN, "rejected-address", "(recipient|address|rcpt|mailbox) (address |@ |"
                                          ")(rejected|refused|invalid)"),
    ROW(USER_UNKNOWN, "rejected-address", "mailbox (is |)(unavailable|not available)"),
    ROW(SENDER_BLOCKED, "word-blocked", "blocked|banned|client host rejected*|connection refused*"),
    ROW(POLICY_REFUSED, "word-refused", "rejected|refused|denied|forbidden|not (accepted|allowed)"),
    ROW(POLICY_REFUSED, "word-refused", "disallowed|rejecting|reject"),
};
/* clang-format on */

const struct rules rules_texts = {row, sizeof row / sizeof *row};
