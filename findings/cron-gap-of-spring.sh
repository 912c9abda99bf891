#!/usr/bin/env bash
# croner 11.0.1 and cron-parser 5.10.6, Node 20: "30 2 * * *" in Europe/Berlin on 2026-03-29, when clocks go from 02:00 to 03:00.
# Guessed: both skip that day, or run at the same instant. Seen:
#   croner 2026-03-29T01:00:00.000Z
#   cron-parser 2026-03-29T01:30:00.000Z
# So a schedule that moves from one to the other runs at another time once a year.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund croner@11.0.1 cron-parser@5.10.6
cat > try.mjs <<'JS'
import { Cron } from 'croner'
import { CronExpressionParser } from 'cron-parser'
const after = new Date('2026-03-28T12:00:00Z')
console.log('croner', new Cron('30 2 * * *', { timezone: 'Europe/Berlin' }).nextRun(after).toISOString())
console.log('cron-parser', CronExpressionParser.parse('30 2 * * *', { tz: 'Europe/Berlin', currentDate: after }).next().toDate().toISOString())
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = $'croner 2026-03-29T01:00:00.000Z\ncron-parser 2026-03-29T01:30:00.000Z' ]
