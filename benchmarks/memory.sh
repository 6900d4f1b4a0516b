#!/bin/bash
# Peak memory (VmHWM) of the whole process while each of sort, window, distinct and join goes over N rows (default 100 million) within LIMIT (default 1GB), ROUNDS times (default 1).
#   memory.sh [N [LIMIT [ROUNDS [STEP …]]]]     STEP: sorted, windowed, distinct_rows, joined; default all
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd); root=$(cd "$here/.." && pwd); rows=${1:-100000000}; limit=${2:-1GB}; rounds=${3:-1}; steps=("${@:4}"); [ ${#steps[@]} -gt 0 ] || steps=(sorted windowed distinct_rows joined)
work=$(mktemp -d -p "${TMPDIR:-/tmp}"); trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{bronze,gold,landing}
echo "name: memory" >"$work/smelt.yml"
printf 'default_target: local\ntargets:\n  local:\n    engine: duckdb\n    memory: %s\n' "$limit" >"$work/platform.yml"
echo "CREATE OR REFRESH STREAMING TABLE bronze.items AS SELECT * FROM STREAM read_files('landing', format => 'parquet');" >"$work/bronze/items.sql"
echo "SELECT order_id, item_id, product_id, amount, note FROM bronze.items ORDER BY amount, note, item_id" >"$work/gold/sorted.sql"
echo "SELECT item_id, order_id, amount, row_number() OVER (PARTITION BY product_id ORDER BY amount DESC, item_id) AS place FROM bronze.items" >"$work/gold/windowed.sql"
echo "SELECT DISTINCT order_id, product_id, note FROM bronze.items" >"$work/gold/distinct_rows.sql"
echo "SELECT a.item_id, a.amount, b.item_id AS other, b.note FROM bronze.items a JOIN bronze.items b ON a.item_id = b.next_id" >"$work/gold/joined.sql"
"$root/smelt" --version >/dev/null
(cd /tmp && "$root/smelt" query "SELECT i AS item_id, i + 1 AS next_id, i // 4 AS order_id, (hash(i) % 1000000)::BIGINT AS product_id, ((hash(i * 7) % 1000000) / 100)::DECIMAL(10,2) AS amount,
  'note ' || hash(i * 3) % 1000000 AS note FROM range($rows) t(i)" --format parquet --output "$work/landing/a.parquet")
measure() {   # step, rounds
  echo "== $1"
  python3 "$here/measure.py" --rounds "$2" --before "rm -rf $work/lake/gold $work/lake/_smelt/flows/gold.*" "$1=$root/.smelt/app/smelt run $work --select $1 --no-tests"
}
measure bronze.items 1
for step in "${steps[@]}"; do measure "gold.$step" "$rounds"; done
