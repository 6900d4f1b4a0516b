#!/bin/bash
# Ten rules over N rows (default 50 million) beside none: a streaming table of six columns, ROUNDS rounds (default 5). One row in a thousand breaks each rule.
#   rules.sh [N [ROUNDS]]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd); root=$(cd "$here/.." && pwd); rows=${1:-50000000}; rounds=${2:-5}
work=$(mktemp -d -p "${TMPDIR:-/tmp}"); trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{bronze,silver,landing}
echo "name: rules" >"$work/smelt.yml"
echo "CREATE OR REFRESH STREAMING TABLE bronze.items AS SELECT * FROM STREAM read_files('landing', format => 'parquet');" >"$work/bronze/items.sql"
query="SELECT item_id, order_id, product_id, amount, note, day FROM STREAM bronze.items"
predicates=("item_id % 1000 <> 1" "order_id % 1000 <> 2" "product_id % 1000 <> 3" "amount > 10" "amount < 9990" "note <> 'note 6'" "item_id IS NOT NULL" "day >= DATE '2020-01-02'" "length(note) < 11" "amount <> 77.77 OR product_id > 5")
rules() {   # actions, in turn
  local out="" i=0
  for p in "${predicates[@]}"; do out+="${out:+, }CONSTRAINT r$i EXPECT ($p) ${@:$((i % $# + 1)):1}"; i=$((i + 1)); done
  echo "$out"
}
echo "CREATE OR REFRESH STREAMING TABLE silver.none AS $query" >"$work/silver/none.sql"
echo "CREATE OR REFRESH STREAMING TABLE silver.dropped ($(rules "" "ON VIOLATION DROP ROW")) AS $query" >"$work/silver/dropped.sql"
echo "CREATE OR REFRESH STREAMING TABLE silver.quarantined ($(rules "ON VIOLATION QUARANTINE ROW")) AS $query" >"$work/silver/quarantined.sql"
"$root/smelt" --version >/dev/null
(cd /tmp && "$root/smelt" query "SELECT i AS item_id, i // 4 AS order_id, (hash(i) % 1000000)::BIGINT AS product_id, ((hash(i * 7) % 1000000) / 100)::DECIMAL(10,2) AS amount,
  'note ' || hash(i * 3) % 1000 AS note, DATE '2020-01-01' + (hash(i * 5) % 1000)::INT AS day FROM range($rows) t(i)" --format parquet --output "$work/landing/a.parquet")
smelt=$root/.smelt/app/smelt
"$smelt" run "$work" --select bronze.items --no-tests >/dev/null
commands=(); for step in none dropped quarantined; do commands+=("$step=$smelt run $work --select silver.$step --no-tests"); done
python3 "$here/measure.py" --rounds "$rounds" --before "rm -rf $work/lake/silver $work/lake/_smelt/flows/silver.*" "${commands[@]}"
"$smelt" query -p "$work" "SELECT dataset, rows_in, rows_out, rows_dropped, rows_quarantined FROM _smelt.event_log WHERE kind = 'flow' AND dataset LIKE 'silver.%' QUALIFY row_number() OVER (PARTITION BY dataset ORDER BY recorded_at DESC) = 1 ORDER BY dataset"
