#!/bin/bash
# What upstream systems do wrong, through the real daemon: each is answered, with file and line, and nothing is lost. The
# rows of the table in docs/job-files.md.
. "${SLUICE_SRC:?}/tests/integration/lib/e2e.bash"

head='client = "bomnal"; class = "notice"; from = "news@bomnal.example"; template = "spring-sale";'

list() { # FILE ROW...
    local file=$1
    shift
    printf '%s\n' "$@" >"$work/in/$file"
}

job() { # NAME FIELDS
    printf '%s\n%s\n' "$head" "$2" >"$work/in/$1.job"
}

has_error() {
    [ -s "$work/failed/$1/$1.error" ]
}

# refused NAME PATTERN...: the job is in failed/NAME with its list, and each pattern is in NAME.error.
refused() {
    local name=$1
    shift
    until_true 20 has_error "$name" || fail "$name was not refused"
    for pattern in "$@"; do
        grep -Eq -- "$pattern" "$work/failed/$name/$name.error" || {
            cat "$work/failed/$name/$name.error"
            fail "$name: not said: $pattern"
        }
    done
    until_true 10 is_away "$name" || fail "$name.job is still in the drop directory"
    checked=$((checked + 1))
}

is_away() {
    [ ! -e "$work/drop/$1.job" ]
}

accepted() { # NAME
    until_true 20 test -e "$work/accepted/$1/$1.job" || {
        cat "$work/failed/$1/$1.error" 2>/dev/null
        fail "$1 was not accepted"
    }
    checked=$((checked + 1))
}

drop_in() { # FILE...: of $work/in
    drop "${@/#/$work/in/}"
}

e2e_begin
checked=0
mkdir "$work/in" "$work/templates"
cp -r "$SLUICE_SRC/templates/spring-sale" "$work/templates/"
mkdir "$work/templates/broken" "$work/templates/bodiless"
printf 'Hello\n{{#open}}\n' >"$work/templates/broken/text.txt"
printf 'Subject\n' >"$work/templates/broken/subject.txt"
printf 'Subject\n' >"$work/templates/bodiless/subject.txt"
template_dir=$work/templates
conf_more='caps = { job_file_bytes = "16 KB"; row_bytes = "4 KB"; columns = 8; recipients_bytes = "2 MB"; min_free_bytes = "1 MB"; };'
start_lab "$SLUICE_SRC/tests/integration/scenes/small.conf"
write_conf
start_daemon

# --- names that are nobody's business
list ignored.csv email kim@plain.example
job ignored 'id = "ignored"; recipients = "ignored.csv";'
for name in .ignored.job ignored.job.tmp ignored.job.part; do cp "$work/in/ignored.job" "$work/drop/$name"; done

# --- the job file
printf 'id = "syntax"\nclient = ;\n' >"$work/in/syntax.job"
head -c 3000 /dev/urandom >"$work/in/binary.job"
: >"$work/in/empty.job"
{ printf 'id = "huge"; subject = "'; head -c 40000 /dev/zero | tr '\0' x; echo '";'; } >"$work/in/huge.job"
printf 'id = "latin"; subject = "caf\351";\n' >"$work/in/latin.job"
printf '%s\nid = "twice";\nid = "twice2"; recipients = "none.csv";\n' "$head" >"$work/in/twice.job"
printf 'id = "bad/../id"; class = 5;\nfrom = "nobody"; templat = "spring-sale";\nrecipients = "../../etc/passwd";\nexpires = "10";\nstart = "tomorrow"; priority = "high"; in_doubt = "maybe"; max_bad_rows = -1;\n' >"$work/in/many.job"
drop_in syntax.job binary.job empty.job huge.job latin.job twice.job many.job
refused syntax 'syntax.job:[12]: '
refused binary 'binary.job'
refused empty 'empty.job'
refused huge 'huge.job.*(16|large|long|big|bytes)'
refused latin 'latin.job.*UTF-8'
refused twice 'twice.job:[23]: .*id'
refused many 'many.job:1: id: not a name \(got "bad/../id", ' 'many.job:1: class: ' 'many.job:2: from: ' \
    'many.job:2: templat: unknown setting .*did you mean template\?' 'many.job:3: recipients: ' 'many.job:4: expires: ' \
    'many.job:5: start: ' 'many.job:5: priority: .*got "high", allowed: "urgent"' 'many.job:5: in_doubt: ' \
    'many.job:5: max_bad_rows: out of range \(got -1, '
job slash 'id = "slash"; recipients = "a/b.csv";'
job dots 'id = "dots"; recipients = "..";'
job dotted 'id = "dotted"; recipients = ".hidden.csv";'
job ending 'id = "ending"; recipients = "list.xlsx";'
job nobody 'id = "nobody";'
drop_in slash.job dots.job dotted.job ending.job nobody.job
refused slash 'slash.job:2: recipients: '
refused dots 'dots.job:2: recipients: '
refused dotted 'dotted.job:2: recipients: '
refused ending 'ending.job:2: recipients: .*csv'
refused nobody "nobody.job.*recipients"
mkdir "$work/drop/folder.job"
mkfifo "$work/drop/fifo.job"
ln -s /etc/passwd "$work/drop/link.job"
refused folder 'not a regular file|directory'
refused fifo 'not a regular file|FIFO'
refused link 'not a regular file|symbolic'

# --- the template
for name in broken bodiless absent; do
    list $name.csv email kim@plain.example
    printf 'id = "%s"; class = "ad"; from = "news@bomnal.example"; template = "%s"; recipients = "%s.csv";\n' $name $name $name >"$work/in/$name.job"
done
drop_in broken.csv broken.job bodiless.csv bodiless.job absent.csv absent.job
refused broken 'broken/text.txt:2: .*open'
refused bodiless 'bodiless'
refused absent "absent.job:1: template: .*absent"
[ -s "$work/failed/broken/broken.csv" ] || fail "the list of a refused job did not go along"

# --- what messages are made with: the job's fields, the template's manifest, its files
notice() { # NAME TEMPLATE FIELDS
    list $1.csv email kim@plain.example
    printf 'id = "%s"; class = "notice"; from = "news@bomnal.example"; template = "%s"; recipients = "%s.csv";\n%s\n' \
        $1 $2 $1 "$3" >"$work/in/$1.job"
}
folder() { # NAME: a template without a mistake
    mkdir "$work/templates/$1"
    printf 'Subject\n' >"$work/templates/$1/subject.txt"
    printf 'Hello\n' >"$work/templates/$1/text.txt"
}
for name in manifest include leads heavy both odd plain; do folder $name; done
printf 'missing = "skip";\nmising = "skip"; charset = "latin1";\n' >"$work/templates/manifest/template.conf"
printf '@include "/etc/passwd"\n' >"$work/templates/include/template.conf"
ln -s /etc/passwd "$work/templates/leads/html.html"
mkdir "$work/templates/heavy/attachments"
for name in 안내.pdf more.pdf third.pdf; do head -c 3000000 /dev/urandom >"$work/templates/heavy/attachments/$name"; done
printf 'Subject: x\r\n\r\nx\r\n' >"$work/templates/both/message.eml"
printf 'x' >"$work/templates/odd/Html.html"
for name in manifest include leads heavy both odd; do notice $name $name ''; done
notice fields plain 'missing = "fail"; mail_charset = "utf-16";
list_id = "news"; unsubscribe_url = "http://bomnal.example/u"; unsubscribe_mailto = "mailto:a@b.example";
feedback_id = "a b"; cfbl_address = "nobody"; untracked = ( "bomnal.example" );
list_idd = "x"; sender = { email = "x"; }; approval = "kim"; tracking = true;'
notice breaks plain 'list_id = "a.b\r\nBcc: kim@plain.example";'
notice advert plain 'subject = "봄 세일";'
sed -i 's/"notice"/"ad"/' "$work/in/advert.job"
drop_in advert.csv advert.job manifest.csv manifest.job include.csv include.job leads.csv leads.job heavy.csv heavy.job both.csv both.job odd.csv odd.job \
    fields.csv fields.job breaks.csv breaks.job
refused manifest 'manifest/template.conf:2: mising: unknown setting .*did you mean missing\?' 'manifest/template.conf:2: charset: .*euc-kr'
refused include 'include/template.conf:1: '
refused leads 'leads/html.html: .*symbolic link'
refused heavy 'heavy: .*8388608 bytes together'
refused both 'both: message.eml and text.txt lie side by side'
refused fields 'fields.job:2: missing: .*"skip"' 'fields.job:2: mail_charset: .*"euc-kr"' 'fields.job:3: list_id: not right' \
    'fields.job:3: unsubscribe_url: .*https://' 'fields.job:3: unsubscribe_mailto: .*without "mailto:"' 'fields.job:4: feedback_id: ' \
    'fields.job:4: cfbl_address: ' 'fields.job:4: untracked\[0\]: ' 'fields.job:5: list_idd: .*did you mean list_id\?' \
    'fields.job:5: sender.email: ' 'fields.job:5: approval: ' 'fields.job:5: tracking: .*tracking_server'
refused breaks 'breaks.job:2: list_id: must not contain control characters'
refused advert 'advert.job:2: subject: .*\(광고\)'
accepted odd
grep -q 'odd: warning: not used: Html.html' "$work/accepted/odd/odd.warnings" || fail "odd.warnings does not say what is odd"

# --- the list as a file
for name in missing folderlist fifolist linklist binarylist utf16 emptylist header column double nameless wide bare truncated damaged toolong; do
    job $name "id = \"$name\"; recipients = \"$name.csv\";"
done
job truncated 'id = "truncated"; recipients = "truncated.csv.gz";'
job damaged 'id = "damaged"; recipients = "damaged.csv.zst";'
mkdir "$work/drop/folderlist.csv"
mkfifo "$work/drop/fifolist.csv"
ln -s /etc/passwd "$work/drop/linklist.csv"
head -c 5000 /dev/urandom >"$work/in/binarylist.csv"
printf '\377\376e\0m\0a\0i\0l\0\n\0' >"$work/in/utf16.csv"
: >"$work/in/emptylist.csv"
list header 'kim@plain.example' && mv "$work/in/header" "$work/in/header.csv"
list column.csv name,grade 김,골드
list double.csv email,name,name a@plain.example,1,2
list nameless.csv email,,x a@plain.example,1,2
list wide.csv email,a,b,c,d,e,f,g,h a@plain.example,1,2,3,4,5,6,7,8
list bare.csv email not-an-address also@nothing
{ echo email; for i in $(seq 20000); do echo "person$i@plain.example"; done; } | gzip >"$work/whole.gz"
head -c 20000 "$work/whole.gz" >"$work/in/truncated.csv.gz"
head -c 3000 /dev/urandom >"$work/in/damaged.csv.zst"
{ echo email; for i in $(seq 100000); do echo "person$i@a-rather-long-name.plain.example"; done; } >"$work/in/toolong.csv"
drop_in missing.job folderlist.job fifolist.job linklist.job binarylist.csv binarylist.job utf16.csv utf16.job emptylist.csv \
    emptylist.job header.csv header.job column.csv column.job double.csv double.job nameless.csv nameless.job wide.csv wide.job \
    bare.csv bare.job truncated.csv.gz truncated.job damaged.csv.zst damaged.job toolong.csv toolong.job
refused missing "missing.job:2: recipients: not in the drop directory.*missing.csv"
refused folderlist 'folderlist.csv.*(regular|directory)'
refused fifolist 'fifolist.csv.*(regular|FIFO)'
refused linklist 'linklist.csv.*(regular|symbolic)'
refused binarylist 'binarylist.csv'
refused utf16 'utf16.csv.*UTF-16'
refused emptylist 'emptylist.csv'
refused header "header.csv:1: .*'email'"
refused column "column.csv:1: .*'email'"
refused double "double.csv:1: .*'name'"
refused nameless 'nameless.csv:1: '
refused wide 'wide.csv:1: .*8'
refused bare 'bare.csv.*usable' 'bare.csv:2: ' 'bare.csv:3: '
refused truncated 'truncated.csv.gz'
refused damaged 'damaged.csv.zst'
refused toolong 'toolong.csv'
[ -s "$work/failed/bare/rejected.csv" ] || fail "no rejected.csv beside bare.error"

# --- bad rows: within the limit they are noted, above it the job fails
rows=(email,name 'a@plain.example,good' 'no-at,bad' '"b@plain.example,unclosed' 'c@plain.example,good' 'd@plain.example' 'e@plain.example,1,2' 'A@PLAIN.EXAMPLE,again' 'f@plain..example,dots' '김@other.example,한글')
list some.csv "${rows[@]}"
list more.csv "${rows[@]}"
job some 'id = "some"; recipients = "some.csv";'
job more 'id = "more"; recipients = "more.csv"; max_bad_rows = 2;'
drop_in some.csv some.job more.csv more.job
accepted some
refused more 'more.csv.*more than 2 bad rows' 'more.csv:3: '
for line in 3 4 6 7 9; do
    grep -q "^$line," "$work/out/some/rejected.csv" || fail "line $line is not in rejected.csv: $(cat "$work/out/some/rejected.csv")"
done
grep -Eq '^8,duplicate of line 2,' "$work/out/some/rejected.csv" || fail "the duplicate is not in rejected.csv"

# --- the same id again, the same list for two jobs, the same name again
list again.csv email new@plain.example
job again 'id = "some"; recipients = "again.csv";'
job thief 'id = "thief"; recipients = "some.csv";'
drop_in again.csv again.job thief.job
refused again "again.job:2: id: used before.*some"
refused thief "recipients: not in the drop directory; the job 'some' took it"
list syntax.csv email kim@plain.example
job syntax 'id = "syntax"; recipients = "syntax.csv";'
drop_in syntax.csv syntax.job
accepted syntax

# --- Korean Excel: CP949 detected and declared, a BOM, packed lists, line breaks in quotes, NDJSON
python3 - "$work/in" <<'END'
import gzip, sys
to = sys.argv[1]
rows = 'email,이름\r\nk1@plain.example,똠방각하\r\n"k2@plain.example","두\n줄"\r\n'
open(to + "/cp949.csv", "wb").write(rows.encode("cp949"))
open(to + "/declared.csv", "wb").write(rows.replace("k", "q").encode("cp949"))
open(to + "/bom.csv", "wb").write(b"\xef\xbb\xbf" + rows.replace("k", "m").encode())
open(to + "/packed.csv.gz", "wb").write(gzip.compress(rows.replace("k", "z").encode()))
open(to + "/nested.ndjson", "w").write('{"email":"n1@plain.example","items":[{"a":{"b":[1,2,3]}}]}\n{"email":"n2@plain.example"\n[1]\n{"email":5}\n')
END
job cp949 'id = "cp949"; recipients = "cp949.csv"; subject = "{{이름}}님";'
job declared 'id = "declared"; recipients = "declared.csv"; charset = "euc-kr"; subject = "{{이름}}님";'
job bom 'id = "bom"; recipients = "bom.csv";'
job packed 'id = "packed"; recipients = "packed.csv.gz";'
job nested 'id = "nested"; recipients = "nested.ndjson";'
drop_in cp949.csv cp949.job declared.csv declared.job bom.csv bom.job packed.csv.gz packed.job nested.ndjson nested.job
for name in cp949 declared bom packed nested; do accepted $name; done
for name in odd some syntax cp949 declared bom packed nested; do wait_done $name 60; done
sluice show cp949 k1@plain.example --message --output "$work/k1.eml" && python3 - "$work/k1.eml" <<'END' || fail "CP949 did not become Korean"
import email, email.policy, sys
assert email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default)["subject"] == "똠방각하님"
END
equal 4 "$(wc -l <"$work/out/nested/rejected.csv")" "lines of nested/rejected.csv"

# --- a list that somebody is still writing is left alone; one that vanishes is missed
list slow.csv email slow1@plain.example
exec 7>>"$work/drop/slow.csv"
printf 'email\nslow1@plain.example\n' >&7
job slow 'id = "slow"; recipients = "slow.csv";'
drop_in slow.job
for _ in $(seq 20); do
    [ -e "$work/drop/slow.job" ] || fail "a list that was being written was taken"
    sleep 0.1
done
printf 'slow2@plain.example\n' >&7
exec 7>&-
accepted slow
wait_done slow 60
equal 3 "$(wc -l <"$work/out/slow/result.csv")" "lines of slow/result.csv"

# --- nothing was mailed of what was refused
lab dump "$work/dump.tsv"
! grep -Eq '^(person|kim|new)' <(grep -v '^kim@plain.example' "$work/dump.tsv") || fail "somebody of a refused job was mailed"
for name in .ignored.job ignored.job.tmp ignored.job.part; do
    [ -e "$work/drop/$name" ] || fail "$name is gone"
done
says "jobs_failed" sluice status --json
say "$checked cases"
e2e_end
