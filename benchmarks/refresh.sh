#!/bin/bash
# Refreshing an aggregate over ROWS rows after a change of 0.1 %: by the changes (REFRESH POLICY AUTO) and whole (FULL), each a process of its own from the same lake.
# refresh.sh [ROWS] [ROUNDS]; the rows are made by DuckDB of ../shared.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd); root=$(cd "$here/.." && pwd); shared=$(cd "${SMELT_SHARED:-$root/../shared}" && pwd)
rows=${1:-50000000}; rounds=${2:-3}; work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
smelt=$root/.smelt/app/smelt; [ -n "${SMELT_BUILT:-}" ] || "$root/smelt" --version >/dev/null
cd "$work"; mkdir -p landing/ordered landing/scattered silver gold
cat >prepare.py <<'P'
import sys, duckdb
rows, step = int(sys.argv[1]), 1000000
def write(name, first, last, group, file):
    duckdb.sql(f"copy (select id, {group} as grp, ((id * 7919) % 100000 / 100)::decimal(12,2) as amount, date '2024-01-01' + (id % 365)::int as day from range({first}, {last}) t(id)) to 'landing/{name}/{file}.parquet' (compression zstd)")
if len(sys.argv) > 2:
    write('ordered', rows, rows + rows // 1000, f'hash(id) % {rows // 1000}', 'new')
else:
    for first in range(0, rows, step):
        write('ordered', first, min(rows, first + step), 'id // 1000', f'{first // step:05d}')
        write('scattered', first, min(rows, first + step), f'hash(id) % {rows // 1000}', f'{first // step:05d}')
P
echo "name: refresh" >smelt.yml
for p in AUTO FULL; do
  echo "CREATE MATERIALIZED VIEW months_ordered_$p REFRESH POLICY $p AS SELECT 'segment ' || grp % 1000 AS segment, date_trunc('month', day)::DATE AS month, sum(amount) AS total, count(*) AS n, min(amount) AS least, max(amount) AS most FROM silver.ordered WHERE amount > 1 GROUP BY ALL" >gold/months_ordered_$p.sql
done
for t in ordered scattered; do
  cluster=""; [ $t = ordered ] && cluster="CLUSTER BY (grp)"
  echo "CREATE STREAMING TABLE $t $cluster TBLPROPERTIES ('delta.enableDeletionVectors' = 'true', 'delta.enableChangeDataFeed' = 'true', 'delta.targetFileSize' = '16mb') AS SELECT id, grp::BIGINT AS grp, amount, day FROM STREAM read_files('landing/$t', format => 'parquet')" >silver/$t.sql
  for p in AUTO FULL; do
    echo "CREATE MATERIALIZED VIEW sums_${t}_$p REFRESH POLICY $p AS SELECT grp, sum(amount) AS total, count(*) AS n, min(amount) AS least, max(day) AS latest FROM silver.$t GROUP BY grp" >gold/sums_${t}_$p.sql
    echo "CREATE MATERIALIZED VIEW means_${t}_$p REFRESH POLICY $p AS SELECT grp, avg(amount)::DECIMAL(18,6) AS mean, count(DISTINCT day) AS days FROM silver.$t GROUP BY grp" >gold/means_${t}_$p.sql
  done
done
"$shared/peers/peers.sh" python prepare.py "$rows"
"$smelt" run --select silver.ordered >/dev/null; "$smelt" sql "OPTIMIZE silver.ordered" >/dev/null
"$smelt" run >/dev/null
cp -al lake first
compare() { # title, view
  cp -al lake changed
  echo; echo "**$1**: $("$smelt" plan --select "gold.$2_AUTO" | grep -o 'changed; .*' | head -1)"; echo
  python3 "$here/measure.py" --rounds "$rounds" --before "rm -rf lake && cp -al changed lake" "FULL=$smelt run --select gold.$2_FULL" "AUTO=$smelt run --select gold.$2_AUTO"
  rm -rf changed
}
again() { rm -rf lake; cp -al first lake; }
"$shared/peers/peers.sh" python prepare.py "$rows" new
"$smelt" run --select silver.ordered >/dev/null
compare "appended, sums" sums_ordered
compare "appended, sums by a text and a month" months_ordered
compare "appended, means (groups touched everywhere)" means_ordered
again
"$smelt" sql "UPDATE silver.ordered SET amount = amount + 1 WHERE grp BETWEEN $((rows / 2000)) AND $((rows / 2000 + rows / 1000000))" >/dev/null
compare "changed within neighbouring groups, sums" sums_ordered
compare "changed within neighbouring groups, means" means_ordered
again
"$smelt" sql "UPDATE silver.scattered SET amount = amount + 1 WHERE id % 1000 = 7" >/dev/null
compare "changed everywhere, sums" sums_scattered
