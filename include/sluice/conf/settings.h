/* settings.h: the daemon's configuration, checked, as one value. Documented field by field in
 * docs/configuration.md.
 *
 *     struct settings *s = settings_load("conf/sluice.conf", &problems);
 *     if (!s) print(&problems);
 */
#ifndef SLUICE_CONF_SETTINGS_H
#define SLUICE_CONF_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <sluice/base/err.h>
#include <sluice/conf/tree.h>
#include <sluice/dkim/dkim.h>
#include <sluice/model/job.h>
#include <sluice/shape/shaping.h>

#define TEST_GROUP_MAX 100
/* What a client's messages have in common, by name. "" is what holds for everybody else: the top level of the
 * configuration; a client inherits each member that it does not set. */
struct client_message {
    char *client;
    struct message_spec message;
    struct conf_strings test_group; /* addresses: the in-house group; at most TEST_GROUP_MAX */
};

struct settings {
    /* Relative paths are relative to the folder of the configuration file; all stored absolute. */
    char *drop_dir;     /* upstream drops jobs here */
    char *accepted_dir; /* ACCEPTED/NAME/: the files of jobs that were taken in */
    char *failed_dir;   /* FAILED/NAME/: with NAME.error */
    char *out_dir;      /* OUT/JOBID/result.csv, rejected.csv */
    char *spool_dir;
    char *list_db;
    char *template_dir;
    char *control_socket;
    char *log_file; /* NULL: stderr */
    int log_level;  /* enum log_level */

    char *ehlo_name;                      /* our host name; default: gethostname() */
    struct conf_strings source_addresses; /* the short form of `sources`, which shaping has, too */
    int64_t max_connections;              /* over all providers: worker threads; default 500 */
    int64_t utc_offset_min;               /* of Date: headers; default 540 (Korea) */
    struct conf_strings prohibited_hosts; /* networks never dialled; default as in vocabulary.md */

    struct {
        char *servers; /* "127.0.0.1:5353"; NULL: the system's */
        int64_t timeout_ms, tries, cache_max, in_flight_max, ttl_min_sec, ttl_max_sec, servfail_ms;
        bool use_ipv4, use_ipv6;
    } dns;
    struct { /* ms; defaults of RFC 5321 4.5.3.2 */
        int64_t connect, banner, ehlo, starttls, mail_from, rcpt_to, data, data_block, data_dot;
    } timeouts;
    struct {                          /* what input may be */
        int64_t job_file_bytes;       /* 1 MB */
        int64_t recipients_bytes;     /* of a recipients file, unpacked; 64 GB */
        int64_t row_bytes;            /* of one row; 1 MB */
        int64_t columns;              /* 256 */
        int64_t template_bytes;       /* of one template file; 4 MB */
        int64_t template_total_bytes; /* of all of a template; 8 MB */
        int64_t min_free_bytes;       /* intake pauses below; 512 MB */
        int64_t trigger_file_bytes;   /* of one standing job's drop; 64 MB */
    } caps;
    struct shaping shaping; /* providers, sources, clients, named limits, rules; `defaults` is its
                             * profiles.fallback */
    char *dkim_dir; /* where `sluice key new` puts keys: DOMAIN.SELECTOR.pem; default "keys" */
    struct dkim_entry *dkim;
    size_t dkims;
    char *token_key_file;                  /* of links in mails; NULL: no tokens, so no tracking */
    struct client_message *client_message; /* the first is that of "" */
    size_t client_messages;
    char *provider_dir;    /* *.conf */
    char *maintenance_dir; /* NAME.ics and NAME.anything.ics: when the provider NAME is closed */
    char *holiday_dir; /* NAME.ics: days on which send windows with holidays = "NAME" stay shut */
    char *timezone;    /* IANA: of times that are shown, and of windows that name none */
    struct conf_tree *tree; /* file names of origins point into it; may be several chained */
};
/* Problems and origins name files absolutely, wherever `path` is given from. */
struct settings *settings_load(const char *path, struct problems *p);
void settings_free(struct settings *s); /* NULL is fine */
/* Never NULL. */
const struct client_message *settings_message(const struct settings *s, const char *client);

#endif
