/* scene.h: a scenario as values: receivers with their hosts and rules, domains with their DNS.
 *
 * scene_read() fills it from a file (libconfig syntax, see README.md); everything else in the lab only
 * reads it, but for the counters and the switches that `sluice-lab ctl ... set` turns at run time.
 * The scenario is the single source for the DNS answers, the receivers' behaviour and the made lists.
 */
#ifndef LAB_SCENE_H
#define LAB_SCENE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sluice/base/err.h>
#include <sluice/base/map.h>
#include <sluice/base/rate.h>
#include "meter.h"
#include "pattern.h"

#define SCENE_ADDRESSES_MAX 8192 /* listening sockets */
#define SCENE_RECEIVERS_MAX 10000
#define SCENE_NAMES_MAX 100000
#define RECEIVER_HOSTS 16
#define MAINTENANCES_MAX 16  /* per receiver */
#define SCENE_RULES_MAX 1000 /* per receiver and stage */
#define REPLY_BYTES_MAX (4U << 20)

/* Where in the dialogue. Names: banner, ehlo, helo, starttls, mail, rcpt, data, body, dot, rset, quit. */
enum stage {
    AT_BANNER,
    AT_EHLO,
    AT_HELO,
    AT_STARTTLS,
    AT_MAIL,
    AT_RCPT,
    AT_DATA,
    AT_BODY,
    AT_DOT,
    AT_RSET,
    AT_QUIT,
    STAGES
};
const char *stage_name(enum stage s);
bool stage_from_name(struct str s, enum stage *out);

enum action {
    ACT_REPLY,             /* says `reply` */
    ACT_ACCEPT,            /* as if no rule were there; ends the search */
    ACT_DROP,              /* closes before the reply; nothing is accepted */
    ACT_RESET,             /* the same with a TCP reset */
    ACT_DROP_MID_REPLY,    /* half of the reply, then closes */
    ACT_DROP_AFTER_ACCEPT, /* dot only: counts as accepted, closes before the reply */
    ACT_STALL,             /* never says anything again */
    ACTIONS
};
const char *action_name(enum action a);

struct reply {
    int code;    /* of the first line; 0: none */
    char *bytes; /* exactly what is sent, CRLFs included */
    size_t n;
    char *text;    /* the first line without its CRLF, for records */
    bool has_vars; /* {rcpt} and the like must be put in */
};

struct rule {
    char *name; /* for expected lists and the log; never NULL */
    unsigned line;
    enum stage at;
    enum action action;
    char *domain, *local, *from; /* globs; NULL: any */
    double probability;          /* 1: always */
    uint64_t salt;               /* rules with one probability must not pick the same recipients */
    uint32_t times;              /* the first N attempts of a recipient; 0: all */
    uint32_t every;              /* each Nth time that it would apply; 0: always */
    int64_t from_ms, until_ms;   /* since the start of the lab; until 0: for ever */
    int64_t delay_ms;
    size_t after_bytes; /* body */
    bool closes;        /* after the reply */
    struct reply reply;
    double share;   /* percent of a receiver's recipients that make-list gives to it */
    char *expect;   /* overrides the worked-out final state in expected lists; may be NULL */
    char *category; /* passed through to expected lists; may be NULL */
    uint64_t seen, hits;
};

enum tls_mode { TLS_NONE, TLS_OK, TLS_BROKEN, TLS_INJECT, TLS_REFUSE };
enum tls_cert { CERT_SELF_SIGNED, CERT_LAB_CA, CERT_WRONG_NAME, CERT_EXPIRED };
enum reach { REACH_UP, REACH_REFUSE, REACH_TIMEOUT }; /* of the TCP port */

/* What a receiver offers in its EHLO reply. */
enum {
    OFFER_PIPELINING = 1,
    OFFER_8BITMIME = 2,
    OFFER_SIZE = 4,
    OFFER_CHUNKING = 8,
    OFFER_SMTPUTF8 = 16,
    OFFER_DSN = 32,
    OFFER_STARTTLS = 64
};

struct greylist {
    int64_t delay_ms;  /* 0: off. A retry that comes sooner is refused again */
    int64_t expire_ms; /* a retry that comes later starts anew */
    bool by_recipient; /* the key is the recipient alone, not (sender, recipient) */
    struct reply reply;
};

struct stretch {
    int64_t from_ms, until_ms; /* since the start of the lab; [from, until) */
};

/* What happened within maintenance windows, and right after them. */
struct inside {
    uint64_t windows;       /* begun so far */
    uint64_t open_at_begin; /* connections that were still there */
    uint64_t connections, mails, rcpts, messages;
    int64_t after_ms;    /* from the end of the last one to the next connection */
    uint64_t after_peak; /* connections open at once in the second that began with that one */
};

/* What a meter counts: connections made, MAIL commands, messages accepted. */
enum { METER_CONNECTIONS, METER_MAILS, METER_MESSAGES, METERS };

struct tally { /* counters of one receiver; reset by `ctl reset` */
    uint64_t connections, refused_connections, mails, messages, recipients;
    uint64_t refused[STAGES], dropped[STAGES];
    uint64_t peak_connections, peak_per_connection;
    struct meter meter[METERS];
    int64_t first_accepted_ms, last_accepted_ms; /* Unix; 0: none */
    struct inside inside;
    uint64_t tls, bytes;
    uint64_t over_rate;
    /* Things that a careful client never does. */
    uint64_t bad_commands, early_talk, bare_lf, long_lines, unannounced;
};

struct receiver {
    char *name;
    unsigned line;
    struct reply banner;
    char *ehlo; /* the keyword lines, CRLF-separated; NULL: the default ones */
    unsigned offers;
    uint64_t max_message_bytes;
    uint64_t max_recipients, max_command_bytes;
    uint64_t max_connections, max_messages_per_connection; /* 0: no limit */
    struct reply over_connections, over_messages, over_rate;
    struct rate connection_rate, message_rate;
    enum stage message_rate_at;
    struct greylist grey;
    struct rule *rule[STAGES];
    size_t rules[STAGES];
    enum tls_mode tls;
    enum tls_cert cert;
    bool rejects_bare_lf;
    bool requires_tls; /* 530 to MAIL in clear text */
    enum reach reach;
    bool rules_off;
    int64_t delay_ms; /* before every reply */
    struct reply refuse_all;
    enum stage refuse_at;
    struct stretch maintenance[MAINTENANCES_MAX];
    size_t maintenances;
    struct reply maintenance_reply;
    int64_t first_after_ms; /* since the start of the lab: of the first connection after one */
    size_t number;          /* its place in scene->receiver */
    uint64_t keep_limit;
    uint64_t kept;
    char *host
        [RECEIVER_HOSTS]; /* the first host names, for MX answers of domains that name the receiver */
    size_t hosts;
    uint64_t open; /* connections now */
    uint64_t serial;
    struct tally tally;
    void *ssl_ctx; /* SSL_CTX *; NULL without STARTTLS */
};

/* One listening address. */
struct address {
    struct sockaddr_storage sa; /* port 0 */
    char *host;                 /* the first host name that has it */
    struct receiver *receiver;
};

enum quirk {
    DNS_OK,
    DNS_NXDOMAIN,
    DNS_NODATA,
    DNS_SERVFAIL,
    DNS_REFUSED,
    DNS_FORMERR,
    DNS_TIMEOUT,
    DNS_TRUNCATE,
    DNS_WRONG_ID,
    DNS_WRONG_QUESTION,
    DNS_GARBAGE,
    DNS_LOOP,
    DNS_SPOOF,
    QUIRKS
};
const char *quirk_name(enum quirk q);
bool quirk_from_name(struct str s, enum quirk *out);

/* Addresses low..low+count-1; name number i of a pattern gets low + i % count. */
struct addresses {
    struct in6_addr low; /* v4-mapped for IPv4 */
    uint64_t count;
};

enum { SEES_MX = 1, SEES_A = 2, SEES_AAAA = 4, SEES_TXT = 8, SEES_CNAME = 16, SEES_TLSA = 32 };

/* What the DNS knows about a name, or about all names of a pattern. */
struct name {
    struct pattern pattern;
    unsigned line;
    char **mx; /* templates "10 host" */
    size_t mxs;
    struct addresses *a; /* IPv4 and IPv6 */
    size_t as;
    char **txt;
    size_t txts;
    char **tlsa; /* "3 1 1 hex" or "cert" */
    size_t tlsas;
    char *cname; /* template; NULL: none */
    uint32_t ttl, negative_ttl;
    enum quirk quirk;
    unsigned quirk_types; /* SEES_*; 0: all */
    uint32_t quirk_times; /* the first N queries per name and type; 0: all */
    int64_t delay_ms;
    bool ad;          /* says that it was validated (DNSSEC) */
    bool is_wildcard; /* "*.example" */
    struct receiver
        *receiver;       /* the hosts' and, for make-list, the domains' receiver; may be NULL */
    char *receiver_name; /* as written; resolved after reading */
    bool is_domain;      /* can stand in lists */
    double share;
    char *expect, *category; /* for expected lists; NULL: worked out */
};

struct scene {
    char *file;
    char *dns; /* host:port */
    int smtp_port;
    uint64_t seed;
    char *dump, *log, *keep, *control, *ca_file;
    uint64_t keep_limit;
    int64_t idle_ms;
    uint64_t max_records;
    bool wants_message_id;
    struct periods measure;
    struct name **name; /* in the order of the file */
    size_t names;
    struct map exact;     /* lower-case name -> struct name *, for names without ranges */
    struct name **ranged; /* the others */
    size_t rangeds;
    struct receiver **receiver;
    size_t receivers;
    struct map receiver_by_name;
    struct address *address;
    size_t addresses;
    struct map address_owner; /* "127.1.0.1" -> struct receiver * */
    struct map behaviours;    /* name -> struct rule_set *, while reading */
    void **kept;              /* every allocation above, freed by scene_free */
    size_t keeps, keeps_cap;
};

/* Reads and checks a scenario; every problem goes into *p. NULL when there are errors. */
struct scene *scene_read(const char *path, struct problems *p);
void scene_free(struct scene *s);

/* Memory that lives as long as the scene. */
void *scene_new(struct scene *s, size_t bytes);
char *scene_str(struct scene *s, struct str text);

/* The receiver of that name, or NULL. */
struct receiver *scene_receiver(const struct scene *s, struct str name);
/* The entry that answers for a name (exact before patterns before wildcards) or NULL; *index is the
 * name's number in the entry's pattern. */
struct name *scene_name(const struct scene *s, struct str name, uint64_t *index);
/* The receiver that takes the mail of a name: as declared, or through its best MX. NULL: none. */
struct receiver *scene_receiver_of(const struct scene *s, const struct name *n, uint64_t index);
/* A name's k-th address as a socket address of port 0. */
struct sockaddr_storage scene_address(const struct addresses *a, uint64_t index);

/* The address without its port; returns out. */
const char *address_text(const struct sockaddr_storage *sa, char out[64]);

/* Fills *r from lines without CRLF (false: the first has no reply code), or from raw bytes. */
bool reply_set(struct scene *s, struct reply *r, const struct str *line, size_t lines);
bool reply_set_raw(struct scene *s, struct reply *r, struct str raw, uint64_t repeat);
bool reply_set_text(struct scene *s, struct reply *r, const char *line);

#endif
