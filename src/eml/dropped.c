#include "eml_private.h"

#include <string.h>

#define NAMES_MAX 20

/* What the job says, what the message's making says again, and the traces of its way. */
static const char *const silent[] = {"From",
                                     "To",
                                     "Subject",
                                     "Date",
                                     "Message-ID",
                                     "MIME-Version",
                                     "Received",
                                     "Return-Path",
                                     "Delivered-To",
                                     "DKIM-Signature",
                                     "DomainKey-Signature",
                                     "Authentication-Results",
                                     "Sender",
                                     "References",
                                     "In-Reply-To",
                                     "User-Agent",
                                     "Status",
                                     "Envelope-To",
                                     "Importance",
                                     "Priority",
                                     "Accept-Language",
                                     "Autocrypt",
                                     "X-Priority",
                                     "X-Mailer",
                                     "X-MimeOLE",
                                     "X-Status",
                                     "X-Keywords",
                                     "X-Received",
                                     "X-UIDL",
                                     "X-UID",
                                     "X-Unsent",
                                     "X-Account-Key",
                                     "X-Originating-IP",
                                     "X-OriginalArrivalTime",
                                     "X-Identity-Key",
                                     "X-Mailer-Version",
                                     "X-Virus-Scanned"};
static const char *const silent_beginning[] = {
    "Content-",     "ARC-",       "Received-",     "Thread-",   "X-MS-",       "X-Microsoft-",
    "X-Forefront-", "X-Google",   "X-Gm-",         "X-Mozilla", "X-Apple",     "X-Spam",
    "X-Exchange",   "X-Naver",    "X-NHN-",        "X-Daum",    "X-Hm-",       "X-EOP",
    "X-TM-AS",      "X-Incoming", "X-Universally", "X-TNEF",    "X-Proofpoint"};

static bool is_silent(const char *name)
{
    for (size_t i = 0; i < sizeof silent / sizeof *silent; i++) {
        if (str_eq_nocase(str_of(name), str_of(silent[i])))
            return true;
    }
    for (size_t i = 0; i < sizeof silent_beginning / sizeof *silent_beginning; i++) {
        size_t n = strlen(silent_beginning[i]);

        if (strlen(name) >= n && str_eq_nocase(str_n(name, n), str_of(silent_beginning[i])))
            return true;
    }
    return false;
}

static bool is_printable(const char *s)
{
    for (; *s; s++) {
        if (*s <= ' ' || *s > 0x7e)
            return false;
    }
    return true;
}

void eml_warn_of_headers(struct reading *r, GMimeObject *message)
{
    GMimeHeaderList *list = g_mime_object_get_header_list(message);
    const char *seen[NAMES_MAX];
    struct buf names;
    size_t n = 0;

    buf_init(&names, 4000);
    for (int i = 0; i < g_mime_header_list_get_count(list) && n < NAMES_MAX; i++) {
        const char *name = g_mime_header_get_name(g_mime_header_list_get_header_at(list, i));
        bool is_seen = is_silent(name) || !is_printable(name) || strlen(name) > 76;

        for (size_t k = 0; k < n && !is_seen; k++)
            is_seen = str_eq_nocase(str_of(name), str_of(seen[k]));
        if (is_seen)
            continue;
        seen[n++] = name;
        buf_printf(&names, "%s%s", n > 1 ? ", " : "", name);
    }
    if (n)
        problems_warn(r->problems, r->file, 0,
                      "header fields of the message that are not used: %s; what shall be sent "
                      "stands in the job",
                      names.data);
    buf_done(&names);
}
