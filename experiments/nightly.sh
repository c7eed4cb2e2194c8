#!/usr/bin/env bash
# A batch for the night: a sweep of ten seeds, tagged with the date, and its report mailed as a page that opens without a
# network. A line for cron, which knows nothing of an activated .venv, so that PATH must name it:
#
#     0 1 * * *  cd ~/runs && PATH=~/nncli/.venv/bin:$PATH NNCLI_MAIL=me@example.org ~/nncli/experiments/nightly.sh
#
# Started twice in a night, the second one does what the first has not, and reports all of it. By `sendmail` the page
# goes as an attachment; by `mail`, whose options for that differ, a table goes, with the page's place. Without either,
# or without NNCLI_MAIL, the last line says where the page is.
set -euo pipefail

day=$(date +%F)
page=report-$day.html
seeds=${SEEDS:-10}
epochs=${EPOCHS:-30}

failed=0
nncli sweep digits --opt sgd,adam --lr 0.001,0.01,0.1 --seeds "$seeds" --epochs "$epochs" \
    --name "night-$day" --tag "$day" --quiet >/dev/null || failed=$?
[ "$failed" -le 1 ] || exit "$failed" # 1: runs failed, which the report counts
nncli report "@$day" --by opt,lr --vs best --html "$page"

subject="nncli, night of $day"
[ "$failed" = 0 ] || subject="$subject: exit code $failed"
if [ -n "${NNCLI_MAIL:-}" ] && command -v sendmail >/dev/null; then
    {
        printf 'To: %s\nSubject: %s\nMIME-Version: 1.0\n' "$NNCLI_MAIL" "$subject"
        printf 'Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n'
        printf 'Content-Disposition: attachment; filename=%s\n\n' "$page"
        base64 "$page"
    } | sendmail -t
elif [ -n "${NNCLI_MAIL:-}" ] && command -v mail >/dev/null; then
    {
        nncli report "@$day" --by opt,lr --vs best
        echo "the page: $(hostname):$PWD/$page"
    } | mail -s "$subject" "$NNCLI_MAIL"
else
    echo "no mail: the report is $PWD/$page"
fi
exit "$failed"
