/* keep.c: kept messages, Message-IDs and the log of transactions. See sess.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <strings.h>
#include <unistd.h>
#include <sluice/os/file.h>
#include <sluice/os/log.h>
#include "sess.h"

#define LOG_BATCH (64U << 10)

/* DIR/RECEIVER/000001.eml: what a mail store would write, envelope in front. */
void keep_message(struct session *s)
{
    struct receiver *v = s->receiver;
    char path[1024];
    struct buf head;
    struct err e;
    int n = snprintf(path, sizeof path, "%s/%s", s->lab->scene->keep, v->name);
    if (buf_is_full(&s->keep) || n >= (int)sizeof path || !file_make_dirs(path, &e))
        return;
    n = snprintf(path, sizeof path, "%s/%s/%06llu.eml", s->lab->scene->keep, v->name,
                 (unsigned long long)++v->kept);
    int fd = n < (int)sizeof path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640) : -1;
    if (fd < 0)
        return;
    buf_init(&head, 1 << 20);
    buf_printf(&head, "Return-Path: <%.*s>\r\n", (int)s->from_n, s->from);
    for (size_t i = 0; i < s->tos; i++)
        buf_printf(&head, "Delivered-To: %s\r\n", s->record[i]->addr);
    if (write(fd, head.data, head.len) < 0 || write(fd, s->keep.data, s->keep.len) < 0)
        (void)fprintf(stderr, "sluice-lab: %s: %s\n", path, strerror(errno));
    buf_done(&head);
    close(fd);
}

uint64_t keep_message_id(const struct session *s)
{
    struct str rest = str_n(s->keep.data, s->keep.len);
    struct str line;
    while (str_cut(&rest, '\n', &line)) {
        line = str_trim(line);
        if (line.n == 0)
            return 0;
        if (line.n > 11 && strncasecmp(line.p, "Message-ID:", 11) == 0)
            return str_hash(str_trim(str_n(line.p + 11, line.n - 11))) | 1;
    }
    return 0;
}

void log_flush(struct lab *lab)
{
    if (lab->log_fd >= 0 && lab->log.len)
        (void)!write(lab->log_fd, lab->log.data, lab->log.len);
    buf_clear(&lab->log);
}

void log_deal(struct session *s, const struct record *r, enum stage at, int code, const char *text,
              bool accepted)
{
    struct lab *lab = s->lab;
    char from[PATH_BYTES + 8];
    char to[PATH_BYTES + 8];
    char quoted[700];
    if (lab->log_fd < 0)
        return;
    buf_printf(&lab->log,
               "ms=%lld mail_us=%lld receiver=%s host=%s serial=%llu from=%s to=%s stage=%s "
               "code=%d accepted=%d "
               "bytes=%llu text=%s\n",
               (long long)lab->loop.wall_ms, (long long)s->mail_us, s->receiver->name, s->host,
               (unsigned long long)s->serial,
               log_quote(str_n(s->from, s->from_n), from, sizeof from),
               log_quote(r ? str_n(r->addr, r->addr_n) : str_of(""), to, sizeof to), stage_name(at),
               code, accepted, accepted ? (unsigned long long)s->body.bytes : 0ULL,
               log_quote(str_of(text), quoted, sizeof quoted));
    if (lab->log.len > LOG_BATCH)
        log_flush(lab);
}
