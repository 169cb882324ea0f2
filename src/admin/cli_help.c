/* cli_help.c: the commands, and what each says about itself. docs/commands.md has the outputs. */
#include "cli_parts.h"

#include <string.h>

#define EXPORT_OPTIONS                                                                             \
    "  --format csv|ndjson  CSV (the default; UTF-8, RFC 4180) or one JSON object per line\n"      \
    "  --json               the same as --format ndjson\n"                                         \
    "  --output FILE        into FILE, which appears when it is whole\n"

const struct cli_command CLI_COMMANDS[] = {
    {"submit", cli_submit, "FILE.job [--wait] [--timeout TIME] [--json]",
     "drop a job and its recipients file",
     "Copies the recipients file that the job names, then the job, into the drop directory.\n"
     "\n"
     "  --wait          until the job is accepted (prints recipients, duplicates, bad rows) or\n"
     "                  refused (prints everything that is wrong with it; exit code 1)\n"
     "  --timeout TIME  with --wait: give up after 30s, 5min ... (exit code 1)\n"
     "  --json          print JSON\n"
     "\n"
     "  sluice submit campaigns/spring.job --wait\n"},
    {"status", cli_status, "[JOB] [--watch] [--json]", "the daemon and its jobs, or one job",
     "With a job: its states, refusals, providers, and what waits for what until when.\n"
     "\n"
     "  --watch  a line that is renewed every second; with a job, until the job is over\n"
     "  --json   print JSON\n"
     "\n"
     "  sluice status\n"
     "  sluice status spring --watch\n"},
    {"results", cli_results, "JOB [--format csv|ndjson] [--output FILE] [--json]",
     "one line per recipient: state, reply, host, times",
     "At any time; a snapshot of the moment.\n"
     "\n" EXPORT_OPTIONS "\n"
     "  sluice results spring --output spring.csv\n"
     "  sluice results spring --format ndjson | jq -r 'select(.state==\"bounced\").email'\n"},
    {"show", cli_show, "JOB [ADDRESS] [--message] [--output FILE] [--json]",
     "a job as it was accepted, or every attempt for one of its recipients",
     "  --message      the message as it is rendered for ADDRESS\n"
     "  --output FILE  the message into FILE\n"
     "  --json         print JSON\n"
     "\n"
     "  sluice show spring\n"
     "  sluice show spring kim@naver.com\n"
     "  sluice show spring kim@naver.com --message --output kim.eml\n"},
    {"render", cli_render, "JOB|FILE.job [--to ADDRESS] [-o|--output FILE] [--open]",
     "one message as it would leave now, signed and with its links",
     "The exact bytes, as .eml. A job, or a job file that is not dropped yet (the daemon reads "
     "it).\n"
     "\n"
     "  --to ADDRESS   for this recipient; otherwise for the first one\n"
     "  --output FILE  into FILE\n"
     "  --open         also a page for a browser, FILE.html or JOB.preview.html (FILE itself when\n"
     "                 that ends in .html); prints where it is. Nothing in it runs, and nothing "
     "is\n"
     "                 loaded from the network\n"
     "\n"
     "  sluice render spring --to kim@naver.com -o kim.eml\n"
     "  sluice render campaigns/spring.job --open\n"},
    {"lint", cli_lint, "JOB|FILE.job [--to ADDRESS] [--json]",
     "what is wrong with a message, and with its sender in the DNS",
     "Size, links, pictures, what inboxes strip, and what looks like spam; SPF, DKIM and DMARC of "
     "the\n"
     "sender. Exit code 1 when there are errors.\n"
     "\n"
     "  --to ADDRESS  the message to this recipient; otherwise to the first one\n"
     "  --json        print JSON\n"
     "\n"
     "  sluice lint campaigns/spring.job\n"},
    {"test", cli_test, "JOB [--to ADDRESS]... [--as ADDRESS] [--no-wait] [--json]",
     "send a job to the in-house group, by the real way",
     "As a job of its own, JOB-test-1, -2 ..., at once, with the variables of the job's first\n"
     "recipients. Suppressions count, frequency caps do not. Waits up to 60 s; exit code 1 unless\n"
     "everybody has got it.\n"
     "\n"
     "  --to ADDRESS  instead of the client's `test_group`; as often as needed\n"
     "  --as ADDRESS  as this recipient of the job would get it\n"
     "  --no-wait     print the test's name and end\n"
     "  --json        print JSON\n"
     "\n"
     "  sluice test spring\n"
     "  sluice test spring --to lee@shop.example --as kim@naver.com\n"},
    {"approve", cli_approve, "JOB [--untested]", "let a job go that waits for approval",
     "A job with `approval = true` sends nothing before. Survives a restart; `sluice show JOB` "
     "says who\n"
     "approved it.\n"
     "\n"
     "  --untested  also when no test of it has reached anybody\n"
     "\n"
     "  sluice approve spring\n"},
    {"pause", cli_lever, "JOB", "stop a job until it is resumed",
     "What is being sent at this moment ends; nothing new begins. Survives a restart.\n"
     "\n"
     "  sluice pause spring\n"},
    {"resume", cli_resume, "JOB  |  resume provider|source|client NAME",
     "let a paused job, or what was suspended, go on",
     "One word is a job. Two are a kind and a name: a provider also forgets what its replies and\n"
     "rests hold against it, and comes back gently (ramp_up).\n"
     "\n"
     "  sluice resume spring\n"
     "  sluice resume provider naver\n"},
    {"cancel", cli_lever, "JOB", "end a job; who was not mailed yet becomes `cancelled`",
     "This cannot be taken back. The results stay.\n"
     "\n"
     "  sluice cancel spring\n"},
    {"suspend", cli_suspend, "provider|source|client NAME [--for TIME] [--reason TEXT]",
     "begin nothing at a provider, from a source, or of a client",
     "What is being sent at this moment ends; the time counts neither as an attempt nor towards\n"
     "expiry. Survives a restart.\n"
     "\n"
     "  --for TIME     ends by itself after 30min, 2h ...; otherwise `sluice resume` ends it\n"
     "  --reason TEXT  for those who ask `sluice why`\n"
     "\n"
     "  sluice suspend provider naver --for 2h --reason 'their postmaster asked'\n"
     "  sluice suspend client shop\n"},
    {"why", cli_why, "JOB|ADDRESS|DOMAIN|PROVIDER [--json]",
     "what holds it, where that is written, when it moves",
     "The state in one line, then a sentence for each rule, window or limit that holds something,\n"
     "with the file and line it stands at; the largest 20 groups.\n"
     "\n"
     "  sluice why spring\n"
     "  sluice why kim@naver.com\n"
     "  sluice why naver\n"},
    {"provider", cli_provider, "[NAME [release|confirm]] [--json]",
     "the providers, or one with every limit and where it is written",
     "NAME is a profile, a set of hosts as `sluice status` names it, or a domain.\n"
     "\n"
     "  release  end its outage; who was refused meanwhile is tried again\n"
     "  confirm  end its outage; who was refused meanwhile bounces\n"
     "  --json   print JSON\n"
     "\n"
     "  sluice provider\n"
     "  sluice provider naver.com\n"
     "  sluice provider naver release\n"},
    {"windows", cli_windows, "[PROVIDER] [--at TIME] [--days N] [--json]",
     "the calendar: when providers, clients and jobs are closed",
     "Contradictions, such as a send window that lies wholly inside maintenance, stand at the "
     "end.\n"
     "\n"
     "  --at TIME  from then on, such as 2026-11-25T01:00:00+09:00; otherwise from now\n"
     "  --days N   so many days, 1 to 400; otherwise 7\n"
     "  --json     print JSON\n"
     "\n"
     "  sluice windows\n"
     "  sluice windows naver --days 60\n"},
    {"plan", cli_plan, "FILE.job [--json]",
     "when a job would be through, and what is wrong with it",
     "Sends nothing. Runs the planner on a virtual clock, beside the jobs that run already; looks "
     "up\n"
     "the domains; checks recipients and variables. The daemon reads the job and its recipients\n"
     "file: it must be allowed to. Exit code 1 when the job would be refused; a finish_by that\n"
     "cannot be met is information, and exit code 0.\n"
     "\n"
     "  --json  print JSON\n"
     "\n"
     "  sluice plan campaigns/spring.job\n"},
    {"forecast", cli_forecast, "JOB [--json]", "when a running job will be through",
     "As `plan` does, from where the job stands and with what was measured so far.\n"
     "\n"
     "  --json  print JSON\n"
     "\n"
     "  sluice forecast spring\n"},
    {"key new", cli_key_new, "DOMAIN SELECTOR [--ed25519] [--bits N] [-o|--output FILE]",
     "make a DKIM key and print its DNS record",
     "Without the daemon. The key goes into `dkim_dir` of the configuration (-c, $SLUICE_CONF); "
     "an\n"
     "existing file is never overwritten. What is printed is a piece of a zone file, with what "
     "else is\n"
     "to be done as comments.\n"
     "\n"
     "  --ed25519      Ed25519 instead of RSA; beside an RSA key, for few receivers know it\n"
     "  --bits N       of an RSA key; 2048 otherwise\n"
     "  --output FILE  into FILE\n"
     "\n"
     "  sluice -c /etc/sluice/sluice.conf key new shop.example s2026\n"},
    {"key token", cli_key_token, "[FILE] [--first]", "make a key for the links in mails",
     "Without the daemon. A line is added to FILE, or to `tracking_server.key_file` of the "
     "configuration:\n"
     "at the end, where it only reads; so every server can know a key before one uses it.\n"
     "\n"
     "  --first  in front: it writes from the next reload on\n"
     "\n"
     "  sluice key token\n"},
    {"key check", cli_key_check, "[DOMAIN] [--json]", "the DKIM keys against what the DNS says",
     "Exit code 1 unless all are good.\n"
     "\n"
     "  --json  print JSON\n"
     "\n"
     "  sluice key check\n"
     "  sluice key check shop.example\n"},
    {"reload", cli_reload, "[--json]", "read the configuration again",
     "Keys of DKIM and links, too. Nothing is dropped. A configuration with errors is refused with "
     "all of them, and the old "
     "one\n"
     "stays (exit code 1).\n"
     "\n"
     "  sluice reload\n"},
    {"list import", cli_list_import,
     "LIST FILE [--provenance TEXT] [--consent TEXT] [--consent-at TIME]\n"
     "                          [--charset utf-8|cp949] [--json]",
     "add contacts from CSV or NDJSON (.gz and .zst too)",
     "Column `email`; `provenance`, `consent` and `consent_at` where the file has them, else the\n"
     "options; every other column becomes a variable. Known contacts keep their counters. The\n"
     "daemon reads the file: it must be allowed to.\n"
     "\n"
     "  --provenance TEXT  where the addresses come from\n"
     "  --consent TEXT     what their owners agreed to, and how\n"
     "  --consent-at TIME  when, such as 2026-11-22T10:20:30+09:00\n"
     "  --charset NAME     utf-8 or cp949; told by the bytes otherwise\n"
     "  --json             print JSON\n"
     "\n"
     "  sluice list import shop customers.csv --provenance 'shop sign-up' --consent opt-in\n"},
    {"list export", cli_list_export, "LIST [--format csv|ndjson] [--output FILE] [--json]",
     "all contacts of a list with status and counters",
     EXPORT_OPTIONS "\n"
                    "  sluice list export shop --output shop.csv\n"},
    {"list show", cli_list_show, "ADDRESS [--json]", "all that is known about an address",
     "Its entry in every list, its suppressions, and its events with their causes.\n"
     "\n"
     "  sluice list show kim@naver.com\n"},
    {"list lists", cli_list_lists, "[--json]", "the lists and their sizes",
     "  sluice list lists\n"},
    {"list suppress", cli_list_suppress,
     "ADDRESS|@DOMAIN [--client NAME] [--class CLASS] [--reason TEXT]",
     "never mail an address or a domain again",
     "  --client NAME  only for this client; otherwise for all\n"
     "  --class CLASS  only ad, notice or transactional; otherwise all\n"
     "  --reason TEXT  \"operator\" otherwise\n"
     "\n"
     "  sluice list suppress kim@naver.com --class ad --reason 'asked by phone'\n"
     "  sluice list suppress @competitor.example\n"},
    {"list release", cli_list_release, "ADDRESS|@DOMAIN [--client NAME] [--class CLASS]",
     "take suppressions away",
     "All that match: without --client those for any client, without --class for any class.\n"
     "\n"
     "  sluice list release kim@naver.com --client shop\n"},
    {"list suppressions", cli_list_suppressions, "[--format csv|ndjson] [--output FILE] [--json]",
     "all suppressions",
     EXPORT_OPTIONS "\n"
                    "  sluice list suppressions --output suppressions.csv\n"},
    {"help", cli_help, "[COMMAND]", "this, or one command with its options and examples",
     "  sluice help list import\n"},
    {NULL, NULL, NULL, NULL, NULL},
};

static const char OVERVIEW_END[] =
    "\n"
    "The daemon is found by -s SOCKET, -c CONF, $SLUICE_SOCKET, $SLUICE_CONF or\n"
    "/etc/sluice/sluice.conf, in this order. --version prints the version.\n"
    "\n"
    "Exit codes: 0 done; 1 refused, or no such thing; 2 wrong command line or configuration;\n"
    "3 the daemon cannot be reached.\n";

static void overview(struct cli *c)
{
    fputs("usage: sluice [-s SOCKET | -c CONF] COMMAND ...\n\n", c->out);
    for (const struct cli_command *k = CLI_COMMANDS; k->name; k++)
        fprintf(c->out, "  %-18s %s\n", k->name, k->summary);
    fputs(OVERVIEW_END, c->out);
}

static void one_command(struct cli *c, const struct cli_command *k)
{
    fprintf(c->out, "usage: sluice %s %s\n\n%s.\n\n%s", k->name, k->usage, k->summary, k->help);
}

enum cli_exit cli_help(struct cli *c, int argc, char **argv)
{
    struct buf word;
    if (argc == 0) {
        overview(c);
        return CLI_OK;
    }
    buf_init(&word, 100);
    for (int i = 0; i < argc && i < 2; i++)
        buf_printf(&word, i ? " %s" : "%s", argv[i]);
    bool found = false;
    for (const struct cli_command *k = CLI_COMMANDS; k->name; k++) {
        /* "list" stands for everything that begins with it. */
        size_t n = word.len;
        if (strncmp(k->name, word.data, n) != 0 || (k->name[n] != '\0' && k->name[n] != ' '))
            continue;
        if (found)
            fputc('\n', c->out);
        found = true;
        one_command(c, k);
    }
    enum cli_exit code =
        found ? CLI_OK
              : cli_say(c, CLI_USAGE, "no command '%s'; `sluice help` lists them", word.data);
    buf_done(&word);
    return code;
}
