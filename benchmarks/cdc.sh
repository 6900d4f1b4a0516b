#!/bin/bash
# AUTO CDC of M changes into a table of N rows: nine tenths of them updates and deletes of keys scattered over the whole table, the rest inserts. Deletion vectors and copies, SCD types 1 and 2,
# and the same keys lying together. cdc.sh [N] [M] [ROUNDS] [all]; one update each, its process's start included.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd); root=$(cd "$here/.." && pwd); shared=$(cd "${SMELT_SHARED:-$root/../shared}" && pwd)
n=${1:-10000000}; m=${2:-100000}; rounds=${3:-3}; which=${4:-}; work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
smelt=$root/.smelt/app/smelt; [ -n "${SMELT_BUILT:-}" ] || "$root/smelt" --version >/dev/null
cd "$work"
"$shared/peers/peers.sh" python - "$n" "$m" <<'P'
import sys, duckdb
n, m = int(sys.argv[1]), int(sys.argv[2]); c = duckdb.connect()
row = "(i%1000)::int as grp, {name}||(i%100000) as name, (i*7%100003)/100.0::decimal(10,2) as amount, date '2020-01-01'+(i%1000)::int as day"
c.execute(f"copy (select i as id, 1::bigint as seq, 'u' as op, {row.format(name=repr('name '))} from range({n}) t(i)) to 'rows.parquet' (compression zstd)")
changes = "select {id} as id, 2::bigint as seq, case when i % 10 = 3 then 'd' else 'u' end as op, " + row.format(name=repr("new ")) + f" from range({m}) t(i)"
# 7919 divides neither: each id once, nine in ten of them in the table.
c.execute(f"copy ({changes.format(id=f'(i * 7919 * 13) % ({n} + {n} // 9)')}) to 'changes.parquet' (compression zstd)")
c.execute(f"copy ({changes.format(id=f'{n} - {m} * 9 // 10 + i')}) to 'together.parquet' (compression zstd)")
P
make() { # NAME CLAUSES PROPERTIES
  mkdir -p "$1/silver" "$1/landing"; printf 'name: bench\n' >"$1/smelt.yml"
  printf "default_target: local\ntargets:\n  local:\n    engine: duckdb\n    storage: lake\n    memory: 1GB\n" >"$1/platform.yml"
  printf "CREATE STREAMING TABLE silver.t TBLPROPERTIES (%s);\nCREATE FLOW f AS AUTO CDC INTO silver.t FROM STREAM read_files('landing', format => 'parquet') KEYS (id) APPLY AS DELETE WHEN op = 'd' SEQUENCE BY seq COLUMNS * EXCEPT (op, seq) %s;\n" "$3" "$2" >"$1/silver/t.sql"
  ln "rows.parquet" "$1/landing/1.parquet"; "$smelt" run --no-tests -p "$1" >/dev/null
}
vectors="'delta.enableDeletionVectors' = 'true'"; copies="'delta.enableDeletionVectors' = 'false'"
make one "" "$vectors"; commands=("type 1, deletion vectors=$smelt run --no-tests -p now/one")
if [ "$which" = all ]; then
  make copied "" "$copies"; make feed "" "$vectors, 'delta.enableChangeDataFeed' = 'true'"; make merged "IGNORE NULL UPDATES" "$vectors"; make two "STORED AS SCD TYPE 2" "$vectors"
  commands+=("type 1, copies=$smelt run --no-tests -p now/copied" "type 1, change data feed=$smelt run --no-tests -p now/feed" "IGNORE NULL UPDATES=$smelt run --no-tests -p now/merged" "type 2=$smelt run --no-tests -p now/two")
fi
printf '\n**%s changes into %s rows, keys scattered**\n\n' "$m" "$n"
python3 "$here/measure.py" --rounds "$rounds" --before 'rm -rf now; mkdir now; for p in */silver; do p=${p%/silver}; cp -r "$p" now/; cp changes.parquet "now/$p/landing/2.parquet"; done' "${commands[@]}"
printf '\n**%s changes into %s rows, keys together**\n\n' "$m" "$n"
python3 "$here/measure.py" --rounds "$rounds" --before 'rm -rf now; mkdir now; for p in */silver; do p=${p%/silver}; cp -r "$p" now/; cp together.parquet "now/$p/landing/2.parquet"; done' "${commands[@]}"
"$smelt" query -p now/one "SELECT count(*) AS rows, count(*) FILTER (name LIKE 'new%') AS changed FROM silver.t"
