/* What a provider is allowed, why something waits, the calendar, a plan: answers as a person reads
 * them. docs/commands.md shows these very texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/base/utf8.h>
#include "pretty.h"

static const struct wall NOW = {1795342829000}; /* 2026-11-22T10:20:29Z */

/* JSON with ' for ". */
static json_t *parse(const char *text)
{
    json_error_t e;
    char *copy = mem_str(text);
    for (char *c = copy; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    json_t *o = json_loads(copy, 0, &e);
    if (!o)
        fail_msg("%s: %s", text, e.text);
    free(copy);
    return o;
}

struct look {
    void (*text_of)(const json_t *answer, struct wall now, size_t width, struct buf *out);
    const char *json, *text;
};

static void check(const struct look *l, size_t width)
{
    json_t *o = parse(l->json);
    struct buf b;
    buf_init(&b, 1 << 20);
    l->text_of(o, NOW, width, &b);
    if (strcmp(b.data, l->text) != 0)
        fail_msg("expected:\n%s\ngot:\n%s", l->text, b.data);
    buf_done(&b);
    json_decref(o);
}

/* ---- answers as the daemon gives them, and how they read on 100 columns ---- */

static const char PROVIDERS[] =
    "{'providers':[{'name':'naver','profile':true,'connections':5,"
    "'connections_now_at_most':5,'ready':40,'waiting':4200,'outage':false,"
    "'holds':[{'text':'max_message_rate 10/s of naver is used up for the moment',"
    "'file':'/etc/sluice/providers/naver.conf','line':9,"
    "'until':'2026-11-22T10:20:31.000Z'}]},{'name':'daum','profile':true,'connections':0,"
    "'connections_now_at_most':0,'ready':0,'waiting':3107,'outage':true,"
    "'holds':[{'text':'outage: daum refused nearly everything, it rests',"
    "'file':'/etc/sluice/sluice.conf','line':112,'until':'2026-11-22T10:50:12.000Z'}]},"
    "{'name':'gmail','profile':true,'connections':3,'connections_now_at_most':5,"
    "'ready':12,'waiting':12,'outage':false,'holds':[]},{'name':'mx.hanbit.example',"
    "'profile':false,'connections':1,'connections_now_at_most':10,'ready':1,'waiting':1,"
    "'outage':false,'holds':[]},{'name':'nate','profile':true,'connections':0,"
    "'connections_now_at_most':0,'ready':0,'waiting':1,'outage':false,"
    "'holds':[{'text':'suspended by lee: their postmaster asked',"
    "'until':null}]}]}";
static const char PROVIDERS_TEXT[] =
    "provider           limits   conns  at most now  ready  waiting\n"
    "naver              own          5            5     40    4,200\n"
    "    max_message_rate 10/s of naver is used up for the moment "
    "(/etc/sluice/providers/naver.conf:9),\n"
    "    until 10:20:31 UTC (in 2s)\n"
    "daum               own          -            0      -    3,107\n"
    "    OUTAGE, for an operator to settle; outage: daum refused nearly everything, it rests\n"
    "    (/etc/sluice/sluice.conf:112), until 10:50:12 UTC (in 29m 43s)\n"
    "gmail              own          3            5     12       12\n"
    "mx.hanbit.example  default      1           10      1        1\n"
    "nate               own          -            0      -        1\n"
    "    suspended by lee: their postmaster asked\n";

static const char PROVIDER[] =
    "{'name':'daum','profile':true,'file':'/etc/sluice/providers/daum.conf','line':3,"
    "'mx_suffix':['.hanmail.net','.daum.net','.kakao.com'],'domains':['hanmail.net',"
    "'daum.net','kakao.com'],'values':[{'name':'connection_limit','value':'5',"
    "'file':'/etc/sluice/providers/daum.conf','line':7},{'name':'max_connection_rate',"
    "'value':'100/min','file':'/etc/sluice/sluice.conf','line':82},"
    "{'name':'max_message_rate','value':'10/s','file':'/etc/sluice/providers/daum.conf',"
    "'line':9},{'name':'max_deliveries_per_connection','value':'50',"
    "'file':'/etc/sluice/providers/daum.conf','line':8},"
    "{'name':'per_source_connection_limit','value':'none',"
    "'file':'/etc/sluice/sluice.conf','line':85},{'name':'per_source_max_message_rate',"
    "'value':'none','file':'/etc/sluice/sluice.conf','line':86},"
    "{'name':'additional_limits','value':'none'},{'name':'retry_interval','value':'20m',"
    "'file':'/etc/sluice/sluice.conf','line':88},{'name':'max_retry_interval',"
    "'value':'4h','file':'/etc/sluice/sluice.conf','line':89},"
    "{'name':'consecutive_connection_failures_before_delay','value':'100',"
    "'file':'/etc/sluice/sluice.conf','line':90},{'name':'idle','value':'1m',"
    "'file':'/etc/sluice/sluice.conf','line':91},{'name':'smtp_port','value':'25',"
    "'file':'/etc/sluice/sluice.conf','line':92},{'name':'enable_tls',"
    "'value':'Opportunistic','file':'/etc/sluice/sluice.conf','line':93},"
    "{'name':'remember_broken_tls','value':'3d','file':'/etc/sluice/sluice.conf',"
    "'line':94},{'name':'ip_lookup_strategy','value':'both',"
    "'file':'/etc/sluice/sluice.conf','line':95},{'name':'ramp_up','value':'5s',"
    "'file':'/etc/sluice/sluice.conf','line':97},{'name':'drain','value':'30s',"
    "'file':'/etc/sluice/sluice.conf','line':98},{'name':'backoff_connection_limit',"
    "'value':'none','file':'/etc/sluice/sluice.conf','line':101},"
    "{'name':'backoff_max_message_rate','value':'none','file':'/etc/sluice/sluice.conf',"
    "'line':102},{'name':'backoff_max_connection_rate','value':'none',"
    "'file':'/etc/sluice/sluice.conf','line':103},{'name':'backoff_retry_interval',"
    "'value':'none','file':'/etc/sluice/sluice.conf','line':104},"
    "{'name':'backoff_to_normal_after','value':'1h','file':'/etc/sluice/sluice.conf',"
    "'line':105},{'name':'outage_sample','value':'50','file':'/etc/sluice/sluice.conf',"
    "'line':109},{'name':'outage_refused_percent','value':'90 %',"
    "'file':'/etc/sluice/sluice.conf','line':110},{'name':'outage_window','value':'10m',"
    "'file':'/etc/sluice/sluice.conf','line':111},{'name':'outage_rest','value':'30m',"
    "'file':'/etc/sluice/sluice.conf','line':112}],"
    "'maintenance':[{'text':'FREQ=MONTHLY;BYDAY=4WE from 2026-01-28T01:00 for 4h Asia/Seoul',"
    "'file':'/etc/sluice/providers/daum.conf','line':10}],'send_windows':[],"
    "'state':{'connections':0,'connections_now_at_most':0,'ready':0,'waiting':3107,"
    "'message_ms':84.2,'dial_ms':131,'outage':true,"
    "'holds':[{'text':'outage: daum refused nearly everything, it rests',"
    "'file':'/etc/sluice/sluice.conf','line':112,'until':'2026-11-22T10:50:12.000Z'}],"
    "'quarantined':[{'job':'spring-2026','recipients':212},{'job':'cart',"
    "'recipients':3}]}}";
static const char PROVIDER_TEXT[] =
    "provider daum: profile in /etc/sluice/providers/daum.conf:3\n"
    "  MX suffixes     .hanmail.net, .daum.net, .kakao.com\n"
    "  domains         hanmail.net, daum.net, kakao.com\n"
    "\n"
    "setting                                       value          where\n"
    "connection_limit                              5              "
    "/etc/sluice/providers/daum.conf:7\n"
    "max_connection_rate                           100/min        /etc/sluice/sluice.conf:82\n"
    "max_message_rate                              10/s           "
    "/etc/sluice/providers/daum.conf:9\n"
    "max_deliveries_per_connection                 50             "
    "/etc/sluice/providers/daum.conf:8\n"
    "per_source_connection_limit                   none           /etc/sluice/sluice.conf:85\n"
    "per_source_max_message_rate                   none           /etc/sluice/sluice.conf:86\n"
    "additional_limits                             none           built in\n"
    "retry_interval                                20m            /etc/sluice/sluice.conf:88\n"
    "max_retry_interval                            4h             /etc/sluice/sluice.conf:89\n"
    "consecutive_connection_failures_before_delay  100            /etc/sluice/sluice.conf:90\n"
    "idle                                          1m             /etc/sluice/sluice.conf:91\n"
    "smtp_port                                     25             /etc/sluice/sluice.conf:92\n"
    "enable_tls                                    Opportunistic  /etc/sluice/sluice.conf:93\n"
    "remember_broken_tls                           3d             /etc/sluice/sluice.conf:94\n"
    "ip_lookup_strategy                            both           /etc/sluice/sluice.conf:95\n"
    "ramp_up                                       5s             /etc/sluice/sluice.conf:97\n"
    "drain                                         30s            /etc/sluice/sluice.conf:98\n"
    "backoff_connection_limit                      none           /etc/sluice/sluice.conf:101\n"
    "backoff_max_message_rate                      none           /etc/sluice/sluice.conf:102\n"
    "backoff_max_connection_rate                   none           /etc/sluice/sluice.conf:103\n"
    "backoff_retry_interval                        none           /etc/sluice/sluice.conf:104\n"
    "backoff_to_normal_after                       1h             /etc/sluice/sluice.conf:105\n"
    "outage_sample                                 50             /etc/sluice/sluice.conf:109\n"
    "outage_refused_percent                        90 %           /etc/sluice/sluice.conf:110\n"
    "outage_window                                 10m            /etc/sluice/sluice.conf:111\n"
    "outage_rest                                   30m            /etc/sluice/sluice.conf:112\n"
    "\n"
    "maintenance windows:\n"
    "  FREQ=MONTHLY;BYDAY=4WE from 2026-01-28T01:00 for 4h Asia/Seoul\n"
    "      (/etc/sluice/providers/daum.conf:10)\n"
    "\n"
    "send windows: none, open always\n"
    "\n"
    "now:\n"
    "  connections     0\n"
    "  at most now     0\n"
    "  ready           0\n"
    "  waiting         3,107\n"
    "  takes           84 ms a message, 131 ms a dial\n"
    "  OUTAGE: it refused nearly everything and rests. Quarantined: 212 of job spring-2026, 3 of "
    "job\n"
    "    cart. `sluice provider daum release` tries them again, `... confirm` lets them bounce; "
    "either\n"
    "    ends it.\n"
    "  outage: daum refused nearly everything, it rests (/etc/sluice/sluice.conf:112), until "
    "10:50:12 UTC\n"
    "    (in 29m 43s)\n";

static const char WHY_JOB[] =
    "{'kind':'job','subject':'spring-2026',"
    "'state':'active: 11890 delivered, 34 on the way, 7347 wait',"
    "'facts':[{'name':'client','value':'hanbit'},{'name':'priority','value':'bulk'},"
    "{'name':'recipients','value':'20000'},{'name':'waiting','value':'6810'},"
    "{'name':'deferred','value':'512'},{'name':'delivered','value':'11890'},"
    "{'name':'bounced','value':'734'},{'name':'suppressed','value':'53'},"
    "{'name':'in-doubt','value':'1'},{'name':'finish_by',"
    "'value':'2026-11-22T18:00:00.000Z'}],'waits':[{'job':'spring-2026',"
    "'what':'domain naver.com at naver','recipients':4200,"
    "'why':'max_message_rate 10/s of naver is used up for the moment',"
    "'file':'/etc/sluice/providers/naver.conf','line':9,"
    "'until':'2026-11-22T10:20:31.000Z'},{'job':'spring-2026','what':'3 domains at daum',"
    "'recipients':3107,'why':'outage: daum refused nearly everything, it rests',"
    "'file':'/etc/sluice/sluice.conf','line':112,'until':'2026-11-22T10:50:12.000Z'},"
    "{'job':'spring-2026','what':'domain dead.example','recipients':40,"
    "'why':'no host answers (connection refused)','until':'2026-11-23T00:39:41.000Z'}],"
    "'more':0}";
static const char WHY_JOB_TEXT[] =
    "job spring-2026: active: 11890 delivered, 34 on the way, 7347 wait\n"
    "  client          hanbit\n"
    "  priority        bulk\n"
    "  recipients      20000\n"
    "  waiting         6810\n"
    "  deferred        512\n"
    "  delivered       11890\n"
    "  bounced         734\n"
    "  suppressed      53\n"
    "  in-doubt        1\n"
    "  finish_by       2026-11-22T18:00:00.000Z\n"
    "\n"
    "4,200 recipients of domain naver.com at naver: max_message_rate 10/s of naver is used up for "
    "the\n"
    "    moment (/etc/sluice/providers/naver.conf:9); moves at 10:20:31 UTC (in 2s)\n"
    "3,107 recipients of 3 domains at daum: outage: daum refused nearly everything, it rests\n"
    "    (/etc/sluice/sluice.conf:112); moves at 10:50:12 UTC (in 29m 43s)\n"
    "40 recipients of domain dead.example: no host answers (connection refused); moves at "
    "2026-11-23\n"
    "    00:39 UTC (in 14h 19m)\n";

static const char WHY_PROVIDER[] =
    "{'kind':'provider','subject':'nate',"
    "'state':'1 waits: nate is suspended by lee: their postmaster asked',"
    "'facts':[{'name':'connections','value':'0, at most 0 now'},{'name':'ready',"
    "'value':'0'},{'name':'waiting','value':'1'},{'name':'held',"
    "'value':'suspended by lee: their postmaster asked'},"
    "{'name':'connection_limit','value':'5 (/etc/sluice/providers/nate.conf:7)'},"
    "{'name':'max_connection_rate','value':'100/min (/etc/sluice/sluice.conf:82)'},"
    "{'name':'max_message_rate','value':'10/s (/etc/sluice/providers/nate.conf:9)'}],"
    "'waits':[{'job':'spring-2026','what':'domain nate.com at nate','recipients':1,"
    "'why':'nate is suspended by lee: their postmaster asked',"
    "'until':null}],'more':0}";
static const char WHY_PROVIDER_TEXT[] =
    "provider nate: 1 waits: nate is suspended by lee: their postmaster asked\n"
    "  connections          0, at most 0 now\n"
    "  ready                0\n"
    "  waiting              1\n"
    "  held                 suspended by lee: their postmaster asked\n"
    "  connection_limit     5 (/etc/sluice/providers/nate.conf:7)\n"
    "  max_connection_rate  100/min (/etc/sluice/sluice.conf:82)\n"
    "  max_message_rate     10/s (/etc/sluice/providers/nate.conf:9)\n"
    "\n"
    "1 recipient of domain nate.com at nate in job spring-2026: nate is suspended by lee: their\n"
    "    postmaster asked; no time is set\n";

static const char WINDOWS[] =
    "{'at':'2026-11-22T10:20:29.000Z','days':7,'timezone':'Asia/Seoul',"
    "'parties':[{'kind':'provider','name':'daum','open':true,"
    "'changes_at':'2026-11-24T16:00:00.000Z','spans':[{'from':'2026-11-24T16:00:00.000Z',"
    "'until':'2026-11-24T20:00:00.000Z','from_local':'Wed 2026-11-25 01:00 KST',"
    "'until_local':'Wed 2026-11-25 05:00 KST',"
    "'reason':'maintenance of daum: FREQ=MONTHLY;BYDAY=4WE from 2026-01-28T01:00 for 4h "
    "Asia/Seoul',"
    "'file':'/etc/sluice/providers/daum.conf','line':10}]},{'kind':'provider',"
    "'name':'nate','open':false,'changes_at':null,"
    "'spans':[{'from':'2026-11-20T00:00:00.000Z','until':null,"
    "'from_local':'Fri 2026-11-20 09:00 KST','until_local':null,"
    "'reason':'maintenance of nate: 2026-11-20T00:00:00Z without end (새 서버로 이사)',"
    "'file':'/etc/sluice/providers/nate.conf','line':12}]},{'kind':'client',"
    "'name':'hanbit','open':true,'changes_at':'2026-11-22T11:00:00.000Z',"
    "'spans':[{'from':'2026-11-22T11:00:00.000Z','until':'2026-11-22T23:00:00.000Z',"
    "'from_local':'Sun 2026-11-22 20:00 KST','until_local':'Mon 2026-11-23 08:00 KST',"
    "'reason':'send windows of client hanbit: outside Mon-Sun 08:00-20:00 Asia/Seoul',"
    "'file':'/etc/sluice/sluice.conf','line':41},{'from':'2026-11-23T11:00:00.000Z',"
    "'until':'2026-11-23T23:00:00.000Z','from_local':'Mon 2026-11-23 20:00 KST',"
    "'until_local':'Tue 2026-11-24 08:00 KST',"
    "'reason':'send windows of client hanbit: outside Mon-Sun 08:00-20:00 Asia/Seoul',"
    "'file':'/etc/sluice/sluice.conf','line':41},{'from':'2026-11-24T11:00:00.000Z',"
    "'until':'2026-11-24T23:00:00.000Z','from_local':'Tue 2026-11-24 20:00 KST',"
    "'until_local':'Wed 2026-11-25 08:00 KST',"
    "'reason':'send windows of client hanbit: outside Mon-Sun 08:00-20:00 Asia/Seoul',"
    "'file':'/etc/sluice/sluice.conf','line':41},{'from':'2026-11-25T11:00:00.000Z',"
    "'until':'2026-11-25T23:00:00.000Z','from_local':'Wed 2026-11-25 20:00 KST',"
    "'until_local':'Thu 2026-11-26 08:00 KST',"
    "'reason':'send windows of client hanbit: outside Mon-Sun 08:00-20:00 Asia/Seoul',"
    "'file':'/etc/sluice/sluice.conf','line':41},{'from':'2026-11-26T11:00:00.000Z',"
    "'until':'2026-11-26T23:00:00.000Z','from_local':'Thu 2026-11-26 20:00 KST',"
    "'until_local':'Fri 2026-11-27 08:00 KST',"
    "'reason':'send windows of client hanbit: outside Mon-Sun 08:00-20:00 Asia/Seoul',"
    "'file':'/etc/sluice/sluice.conf','line':41},{'from':'2026-11-27T11:00:00.000Z',"
    "'until':'2026-11-27T23:00:00.000Z','from_local':'Fri 2026-11-27 20:00 KST',"
    "'until_local':'Sat 2026-11-28 08:00 KST',"
    "'reason':'send windows of client hanbit: outside Mon-Sun 08:00-20:00 Asia/Seoul',"
    "'file':'/etc/sluice/sluice.conf','line':41},{'from':'2026-11-28T11:00:00.000Z',"
    "'until':'2026-11-28T23:00:00.000Z','from_local':'Sat 2026-11-28 20:00 KST',"
    "'until_local':'Sun 2026-11-29 08:00 KST',"
    "'reason':'send windows of client hanbit: outside Mon-Sun 08:00-20:00 Asia/Seoul',"
    "'file':'/etc/sluice/sluice.conf','line':41}]},{'kind':'job','name':'spring-2026',"
    "'open':true,'changes_at':null,'spans':[]}],"
    "'contradictions':[{'text':'send window Wed 01:00-04:00 Asia/Seoul of client shop lies wholly "
    "inside the maintenance of daum',"
    "'file':'/etc/sluice/sluice.conf','line':48}]}";
static const char WINDOWS_TEXT[] =
    "what is closed in 7 days from 2026-11-22 10:20 UTC, in local time of Asia/Seoul\n"
    "\n"
    "provider daum: open until Wed 2026-11-25 01:00 KST\n"
    "  Wed 2026-11-25 01:00-05:00 KST  maintenance of daum: FREQ=MONTHLY;BYDAY=4WE from "
    "2026-01-28T01:00\n"
    "                                  for 4h Asia/Seoul (/etc/sluice/providers/daum.conf:10)\n"
    "\n"
    "provider nate: closed\n"
    "  from Fri 2026-11-20 09:00 KST, no end  maintenance of nate: 2026-11-20T00:00:00Z without "
    "end (새\n"
    "                                         서버로 이사) (/etc/sluice/providers/nate.conf:12)\n"
    "\n"
    "client hanbit: open until Sun 2026-11-22 20:00 KST\n"
    "  Sun 2026-11-22 20:00 - Mon 2026-11-23 08:00 KST  send windows of client hanbit: outside "
    "Mon-Sun\n"
    "                                                   08:00-20:00 Asia/Seoul\n"
    "                                                   (/etc/sluice/sluice.conf:41)\n"
    "  ... daily, 7 times, the last: Sat 2026-11-28 20:00 - Sun 2026-11-29 08:00 KST\n"
    "\n"
    "job spring-2026: open all the time\n"
    "\n"
    "contradictions:\n"
    "  send window Wed 01:00-04:00 Asia/Seoul of client shop lies wholly inside the maintenance of "
    "daum\n"
    "    (/etc/sluice/sluice.conf:48)\n";

static const char PLAN[] =
    "{'job':'summer-2026','now':'2026-11-22T10:20:29.000Z','recipients':1000000,"
    "'finish':'2026-11-22T18:40:12.000Z','finish_by':'2026-11-22T18:00:00.000Z',"
    "'meets':false,"
    "'against':'naver is through at 2026-11-22T18:40:12.000Z: max_message_rate "
    "10/s of naver is used up for the moment (/etc/sluice/providers/naver.conf:9)',"
    "'providers':[{'provider':'naver','recipients':290000,'rate_per_s':9.98,"
    "'first':'2026-11-22T10:20:30.000Z','finish':'2026-11-22T18:40:12.000Z',"
    "'window_wait_s':0,'other_wait_s':0,"
    "'limit':'max_message_rate 10/s of naver is used up for the moment "
    "(/etc/sluice/providers/naver.conf:9)',"
    "'undeliverable':0},{'provider':'gmail','recipients':400000,'rate_per_s':212.4,"
    "'first':'2026-11-22T10:20:30.000Z','finish':'2026-11-22T10:51:54.000Z',"
    "'window_wait_s':0,'other_wait_s':0,"
    "'limit':'connection_limit 5 of gmail is reached (/etc/sluice/providers/gmail.conf:8)',"
    "'undeliverable':0},{'provider':'daum','recipients':180000,'rate_per_s':10,"
    "'first':'2026-11-22T10:20:30.000Z','finish':'2026-11-22T16:21:40.000Z',"
    "'window_wait_s':3600,'other_wait_s':70,"
    "'limit':'max_message_rate 10/s of daum is used up for the moment "
    "(/etc/sluice/providers/daum.conf:9)',"
    "'undeliverable':0},{'provider':'nosuch.example','recipients':45,'rate_per_s':0,"
    "'first':null,'finish':null,'window_wait_s':0,'other_wait_s':0,'limit':'',"
    "'undeliverable':45}],'providers_more':118,'checks':{'bad_rows':3,'duplicates':12,"
    "'suppressed':53,'capped':1204,'dead_domains':[{'domain':'nosuch.example',"
    "'recipients':45,'why':'the domain does not exist'}],'dead_recipients':45,"
    "'typos':[{'domain':'gmial.com','suggestion':'gmail.com','recipients':12}],"
    "'missing_variables':[{'variable':'이름','rows':1203,'line':17}],'warnings':[]},"
    "'simulated_s':29983,'took_ms':2140,"
    "'assumes':['every receiver accepts everything at the first attempt',"
    "'where nothing was measured yet, dialling takes 200 ms and a message 100 ms',"
    "'the other open jobs go on as they are, and no new ones come',"
    "'the job is dropped now']}";
static const char PLAN_TEXT[] =
    "job summer-2026: 1,000,000 recipients\n"
    "\n"
    "provider        finishes (UTC)    recipients  dead    rate  windows   waits\n"
    "naver           2026-11-22 18:40     290,000     -  10.0/s        -       -\n"
    "    max_message_rate 10/s of naver is used up for the moment "
    "(/etc/sluice/providers/naver.conf:9)\n"
    "gmail           2026-11-22 10:51     400,000     -   212/s        -       -\n"
    "    connection_limit 5 of gmail is reached (/etc/sluice/providers/gmail.conf:8)\n"
    "daum            2026-11-22 16:21     180,000     -  10.0/s       1h  1m 10s\n"
    "    max_message_rate 10/s of daum is used up for the moment "
    "(/etc/sluice/providers/daum.conf:9)\n"
    "nosuch.example  never                     45    45       -        -       -\n"
    "and 118 smaller providers\n"
    "\n"
    "finishes 2026-11-22 18:40 UTC (in 8h 19m)\n"
    "finish_by 2026-11-22 18:00 UTC: cannot be met by 40m 12s: naver is through at\n"
    "  2026-11-22T18:40:12.000Z: max_message_rate 10/s of naver is used up for "
    "the moment\n"
    "  (/etc/sluice/providers/naver.conf:9)\n"
    "\n"
    "checks:\n"
    "  bad rows        3\n"
    "  duplicates      12\n"
    "  suppressed      53\n"
    "  capped          1,204\n"
    "  dead domains    45 recipients\n"
    "    nosuch.example: 45 recipients, the domain does not exist\n"
    "  likely typos    1 domain\n"
    "    gmial.com: 12 recipients; did you mean gmail.com?\n"
    "  no value for    1 variable\n"
    "    이름: 1,203 rows, such as line 17\n"
    "\n"
    "assumed:\n"
    "  every receiver accepts everything at the first attempt\n"
    "  where nothing was measured yet, dialling takes 200 ms and a message 100 ms\n"
    "  the other open jobs go on as they are, and no new ones come\n"
    "  the job is dropped now\n";

static const char FORECAST[] =
    "{'job':'spring-2026','now':'2026-11-22T10:20:29.000Z','recipients':6810,"
    "'delivered_already':11890,'finish':'2026-11-23T03:02:00.000Z',"
    "'finish_by':'2026-11-23T09:00:00.000Z','meets':true,'against':null,"
    "'providers':[{'provider':'naver','recipients':6810,'rate_per_s':9.6,"
    "'first':'2026-11-22T10:20:30.000Z','finish':'2026-11-23T03:02:00.000Z',"
    "'window_wait_s':14400,'other_wait_s':0,"
    "'limit':'max_message_rate 10/s of naver is used up for the moment "
    "(/etc/sluice/providers/naver.conf:9)',"
    "'undeliverable':0}],'simulated_s':60091,'took_ms':32,"
    "'assumes':['every receiver accepts everything at the first attempt',"
    "'the other open jobs go on as they are, and no new ones come',"
    "'34 recipients that are under way just now are left out'],'providers_more':0}";
static const char FORECAST_TEXT[] =
    "job spring-2026: 6,810 recipients, delivered already: 11,890\n"
    "\n"
    "provider  finishes (UTC)    recipients  dead   rate  windows  waits\n"
    "naver     2026-11-23 03:02       6,810     -  9.6/s       4h      -\n"
    "    max_message_rate 10/s of naver is used up for the moment "
    "(/etc/sluice/providers/naver.conf:9)\n"
    "\n"
    "finishes 2026-11-23 03:02 UTC (in 16h 41m)\n"
    "finish_by 2026-11-23 09:00 UTC: is met with 5h 58m to spare\n"
    "\n"
    "assumed:\n"
    "  every receiver accepts everything at the first attempt\n"
    "  the other open jobs go on as they are, and no new ones come\n"
    "  34 recipients that are under way just now are left out\n";

static const struct look WHOLE[] = {
    {pretty_providers, PROVIDERS, PROVIDERS_TEXT}, {pretty_provider, PROVIDER, PROVIDER_TEXT},
    {pretty_why, WHY_JOB, WHY_JOB_TEXT},           {pretty_why, WHY_PROVIDER, WHY_PROVIDER_TEXT},
    {pretty_windows, WINDOWS, WINDOWS_TEXT},       {pretty_plan, PLAN, PLAN_TEXT},
    {pretty_plan, FORECAST, FORECAST_TEXT},
};

static void test_whole_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof WHOLE / sizeof *WHOLE; i++)
        check(&WHOLE[i], 100);
}

/* On 80 columns nothing is wider, and no file name is cut. */
static void test_narrow_terminals(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof WHOLE / sizeof *WHOLE; i++) {
        json_t *o = parse(WHOLE[i].json);
        struct buf b;
        buf_init(&b, 1 << 20);
        WHOLE[i].text_of(o, NOW, 80, &b);
        for (const char *line = b.data; *line; line += strcspn(line, "\n") + 1)
            if (utf8_columns(line, strcspn(line, "\n")) > 80)
                fail_msg("too wide: %s", line);
        if (strstr(b.data, "\xe2\x80\xa6"))
            fail_msg("something was cut:\n%s", b.data);
        buf_done(&b);
        json_decref(o);
    }
}

/* ---- what is missing or odd ---- */

static void test_small_answers(void **state)
{
    static const struct look rows[] = {
        {pretty_providers, "{'providers':[]}", "no providers\n"},
        {pretty_providers, "{'providers':[{'name':'x','outage':true,'holds':[]}]}",
         "provider  limits   conns  at most now  ready  waiting\n"
         "x         default      -            0      -        -\n"
         "    OUTAGE, for an operator to settle\n"},
        {pretty_why, "{'kind':'job','subject':'x','state':'done','waits':[]}", "job x: done\n"},
        {pretty_why,
         "{'kind':'job','subject':'x','state':'paused by operator lee','waits':[{'job':'x','what':"
         "'job','recipients':1,'why':'paused','file':'x.conf','line':0,'until':"
         "'2026-11-22T10:20:29.000Z'}]}",
         "job x: paused by operator lee\n\n1 recipient: paused (x.conf); moves now\n"},
        {pretty_why,
         "{'kind':'domain','subject':'x.kr','state':'waits','waits':[{'job':'b','what':"
         "'domain x.kr','recipients':2,'until':null}]}",
         "domain x.kr: waits\n\n"
         "2 recipients of domain x.kr in job b: no reason is known; no time is set\n"},
        {pretty_windows, "{'at':'2026-11-22T10:20:29.000Z','days':7,'parties':[]}",
         "what is closed in 7 days from 2026-11-22 10:20 UTC\n"
         "no windows: everything is open all the time\n"},
        {pretty_plan,
         "{'job':'x','recipients':1,'finish':null,'finish_by':'2026-11-22T18:00:00.000Z','meets':"
         "false,'against':'naver is suspended','simulated_s':604800}",
         "job x: 1 recipient\n\ndoes not finish within 7d\n"
         "finish_by 2026-11-22 18:00 UTC: cannot be met: naver is suspended\n"},
        {pretty_plan,
         "{'job':'x','recipients':0,'finish':null,'checks':{'bad_rows':1,'warnings':['x.job:3: "
         "warning: y']}}",
         "job x: 0 recipients\n\nnothing is left to be sent\n\n"
         "checks:\n  bad rows        1\n  x.job:3: warning: y\n"},
        {pretty_windows,
         "{'at':'2026-11-22T10:20:29.000Z','days':7,'parties':[{'kind':'client','name':'x','open':"
         "true,'changes_at':'2026-12-24T00:00:00.000Z','spans':[]}]}",
         "what is closed in 7 days from 2026-11-22 10:20 UTC\n\n"
         "client x: open until 2026-12-24 00:00 UTC\n"},
        {pretty_plan,
         "{'job':'x','recipients':0,'finish':'2026-11-22T10:20:29.000Z','finish_by':"
         "'2026-11-22T10:50:29.000Z','meets':true,'checks':{'bad_rows':0,'typos':[]}}",
         "job x: 0 recipients\n\nfinishes 2026-11-22 10:20 UTC (now)\n"
         "finish_by 2026-11-22 10:50 UTC: is met with 30m to spare\n\nchecks: nothing found\n"},
        {pretty_reload, "{'warnings':[],'needs_restart':[]}", "the new configuration counts\n"},
        {pretty_reload,
         "{'warnings':['a.conf:3: warning: nobody uses this'],'needs_restart':['spool_dir',"
         "'control_socket']}",
         "a.conf:3: warning: nobody uses this\nthe new configuration counts\n"
         "changed, and taken up only by a restart: spool_dir, control_socket\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check(&rows[i], 100);
}

static void test_odd_answers(void **state)
{
    static const char *const rows[] = {
        "{}",
        "[]",
        "{'providers':[1,null,{},{'holds':5},{'holds':[7,{}]}],'providers_more':-4}",
        "{'values':[1,{}],'maintenance':[{}],'send_windows':3,'state':{'quarantined':[{},1],"
        "'holds':[{}],'outage':true},'mx_suffix':[1,'x'],'domains':{}}",
        "{'parties':[1,{},{'spans':[{},{},{},1]},{'open':true,'changes_at':5,'spans':[{'from':5}]}"
        "],'contradictions':[{},2]}",
        "{'parties':[{'spans':[{'from':'2026-11-22T10:20:29Z','until':'2026-11-22T10:20:29Z',"
        "'from_local':'a','until_local':'b c d e f'},{'from_local':'\\u001b a b c'}]}]}",
        "{'waits':[1,{},{'what':'\\u001b[2J','until':'soon'}],'facts':[{},{'name':5},'x'],"
        "'more':'x'}",
        "{'facts':[{'name':'a name that is longer than any column should be','value':'v v v v v v "
        "v'}]}",
        "{'providers':[{'rate_per_s':1e300,'window_wait_s':1e17,'finish':'x'}],'checks':{'typos':"
        "[1,{}],'dead_domains':[{},3],'missing_variables':[{},[]],'bad_rows':-1},'assumes':[1,"
        "null,'\\u001b'],'simulated_s':1e18}",
        "{'warnings':[1,'\\u001b'],'needs_restart':[{},'x']}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (size_t k = 0; k < sizeof WHOLE / sizeof *WHOLE; k++) {
            json_t *o = parse(rows[i]);
            struct buf b;
            buf_init(&b, 1 << 20);
            WHOLE[k].text_of(o, NOW, 40, &b);
            pretty_reload(o, NOW, 40, &b);
            pretty_waits(json_object_get(o, "waits"), NOW, 40, &b);
            assert_null(strchr(b.data, '\x1b'));
            buf_done(&b);
            json_decref(o);
        }
    }
}

/* What a place is shortened by when whole paths are too wide. */
static void test_places_without_their_folder(void **state)
{
    static const struct {
        const char *files[2];
        size_t width;
        const char *text;
    } rows[] = {
        {{"/etc/sluice/one-provider.conf", "/etc/sluice/b.conf"},
         0,
         "v      /etc/sluice/one-provider.conf:1\n"},
        {{"/etc/sluice/one-provider.conf", "/etc/sluice/b.conf"}, 50, "where, in /etc/sluice/\n"},
        {{"/etc/sluice/one-provider.conf", "/etc/sluice/b.conf"}, 50, "  v      b.conf:2\n"},
        {{"/etc/sluice/one/x.conf", "/etc/s/provider.conf"}, 42, "  v      sluice/one/x.conf:1\n"},
        {{"/etc/sluice-2/x.conf", "/etc/sluice/x.conf"}, 42, "  v      sluice-2/x.conf:1\n"},
        {{"/opt/one/provider.conf", "x.conf"}, 42, "v\n    /opt/one/provider.conf:1\n"},
        {{"/etc/sluice/a.conf", "/etc/sluice/b.conf"}, 20, "v\n    /etc/sluice/b.conf:2\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_t *o = json_pack("{s:[{s:s, s:s, s:s, s:i},{s:s, s:s, s:s, s:i}]}", "values", "name",
                              "retry_interval", "value", "v", "file", rows[i].files[0], "line", 1,
                              "name", "idle", "value", "v", "file", rows[i].files[1], "line", 2);
        struct buf b;
        buf_init(&b, 1 << 20);
        pretty_provider(o, NOW, rows[i].width, &b);
        if (!strstr(b.data, rows[i].text))
            fail_msg("row %zu: no %s in:\n%s", i, rows[i].text, b.data);
        buf_done(&b);
        json_decref(o);
    }
}

/* ---- parts ---- */

static void test_text_is_wrapped_by_columns(void **state)
{
    static const struct {
        const char *text;
        size_t at, hang, width;
        const char *out;
    } rows[] = {
        {"", 0, 0, 10, "\n"},
        {"one two three", 0, 2, 0, "one two three\n"},
        {"one two three", 0, 2, 8, "one two\n  three\n"},
        {"one two three", 0, 2, 7, "one two\n  three\n"},
        {"one two three", 1, 2, 7, "one\n  two\n  three\n"},
        {"가나 다라", 0, 1, 9, "가나 다라\n"},
        {"가나 다라", 0, 1, 8, "가나\n 다라\n"},
        {"a /etc/sluice/providers/naver.conf:9 b", 0, 2, 10,
         "a\n  /etc/sluice/providers/naver.conf:9\n  b\n"},
        {"  two  blanks ", 0, 2, 80, "two blanks\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b;
        buf_init(&b, 1000);
        pretty_wrap(&b, rows[i].text, rows[i].at, rows[i].hang, rows[i].width);
        assert_string_equal(b.data, rows[i].out);
        buf_done(&b);
    }
}

static void test_moments(void **state)
{
    static const struct {
        const char *json, *time, *moment;
    } rows[] = {
        {"['2026-11-22T10:20:31.900Z']", "10:20:31 UTC", "10:20:31 UTC (in 2.9s)"},
        {"['2026-11-22T10:20:29.000Z']", "10:20:29 UTC", "10:20:29 UTC (now)"},
        {"['2026-11-23T00:00:00.000Z']", "2026-11-23 00:00 UTC",
         "2026-11-23 00:00 UTC (in 13h 39m)"},
        {"['2026-11-21T23:59:59.000Z']", "2026-11-21 23:59 UTC",
         "2026-11-21 23:59 UTC (10h 20m ago)"},
        {"[null]", "", ""},
        {"['soon']", "", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_t *o = parse(rows[i].json);
        struct buf b;
        buf_init(&b, 1000);
        pretty_put_time(&b, json_array_get(o, 0), NOW);
        assert_string_equal(b.data, rows[i].time);
        buf_clear(&b);
        pretty_put_moment(&b, json_array_get(o, 0), NOW);
        assert_string_equal(b.data, rows[i].moment);
        buf_done(&b);
        json_decref(o);
    }
}

static void test_progress(void **state)
{
    static const char *const rows[][2] = {
        {"{\"stage\":\"reading recipients\",\"done\":0.4}", "reading recipients 40 %"},
        {"{\"stage\":\"asking for hosts\",\"done\":1}", "asking for hosts 100 %"},
        {"{\"stage\":\"reading the job\"}", "reading the job"},
        {"{\"stage\":\"x\",\"done\":7}", "x"},
        {"{\"done\":0.4}", ""},
        {"[1]", ""},
        {"", ""},
        {"{\"stage\":", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b;
        buf_init(&b, 1000);
        pretty_plan_progress(rows[i][0], strlen(rows[i][0]), &b);
        assert_string_equal(b.data, rows[i][1]);
        buf_done(&b);
    }
}

/* A daily window is one line and its last day; two days, other hours or other reasons are not. */
static void test_days_in_turn(void **state)
{
#define SPAN(day, until, why)                                                                      \
    "{'from':'2026-11-" day "T01:00:00Z','until':'2026-11-" day "T05:00:00Z','from_local':"        \
    "'Xyz 2026-11-" day " 01:00 UTC','until_local':'Xyz 2026-11-" day " " until                    \
    " UTC','reason':'" why "'}"
#define PARTY(spans) "{'days':9,'parties':[{'kind':'job','name':'x','spans':[" spans "]}]}"
    static const struct look rows[] = {
        {pretty_windows,
         PARTY(SPAN("21", "05:00", "m") "," SPAN("22", "05:00", "m") "," SPAN("23", "05:00", "m")),
         "what is closed in 9 days from\n\njob x: closed\n"
         "  Xyz 2026-11-21 01:00-05:00 UTC  m\n"
         "  ... daily, 3 times, the last: Xyz 2026-11-23 01:00-05:00 UTC\n"},
        {pretty_windows, PARTY(SPAN("21", "05:00", "m") "," SPAN("22", "05:00", "m")),
         "what is closed in 9 days from\n\njob x: closed\n"
         "  Xyz 2026-11-21 01:00-05:00 UTC  m\n"
         "  Xyz 2026-11-22 01:00-05:00 UTC  m\n"},
        {pretty_windows,
         PARTY(SPAN("21", "05:00", "m") "," SPAN("22", "05:00", "n") "," SPAN("24", "05:00", "n")),
         "what is closed in 9 days from\n\njob x: closed\n"
         "  Xyz 2026-11-21 01:00-05:00 UTC  m\n"
         "  Xyz 2026-11-22 01:00-05:00 UTC  n\n"
         "  Xyz 2026-11-24 01:00-05:00 UTC  n\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check(&rows[i], 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_answers),
        cmocka_unit_test(test_narrow_terminals),
        cmocka_unit_test(test_small_answers),
        cmocka_unit_test(test_odd_answers),
        cmocka_unit_test(test_places_without_their_folder),
        cmocka_unit_test(test_text_is_wrapped_by_columns),
        cmocka_unit_test(test_moments),
        cmocka_unit_test(test_progress),
        cmocka_unit_test(test_days_in_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
