#!/bin/bash
# Reading one of many files: a table of FILES files of 10,000 rows (made by CONVERT TO DELTA), and a filter that one of them holds. By Smelt, delta-rs and Spark, beside DuckDB told which file it is.
# delta-scan.sh [FILES] [ROUNDS] [spark|no]; needs ../shared.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd); root=$(cd "$here/.." && pwd); shared=$(cd "${SMELT_SHARED:-$root/../shared}" && pwd)
files=${1:-1000}; rounds=${2:-5}; with=${3:-spark}; work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
smelt=$root/.smelt/app/smelt; [ -n "${SMELT_BUILT:-}" ] || "$root/smelt" --version >/dev/null
py="$shared/peers/peers.sh python"
cd "$work"
cat >prepare.py <<'P'
import sys, os, duckdb
os.makedirs('t'); c = duckdb.connect()
for i in range(int(sys.argv[1])):
    c.execute(f"copy (select {i} * 10000 + r as id, 'name ' || r as name, r / 7 as amount from range(10000) t(r)) to 't/{i:05d}.parquet' (compression zstd)")
P
cat >deltars.py <<'P'
from deltalake import DeltaTable, QueryBuilder
import sys
print(QueryBuilder().register('t', DeltaTable('t')).execute(f'select count(*) as n, sum(amount) as s from t where id between {sys.argv[1]} and {sys.argv[1]} + 99').read_all())
P
cat >duck.py <<'P'
import sys, duckdb
print(duckdb.sql(f"select count(*), sum(amount) from 't/{int(sys.argv[1]) // 10000:05d}.parquet' where id between {sys.argv[1]} and {sys.argv[1]} + 99"))
P
$py prepare.py "$files"
"$smelt" table convert t >/dev/null
id=$((files / 2 * 10000 + 1234))
commands=("DuckDB, the file named=$py duck.py $id" "smelt=$smelt query \"SELECT count(*) AS n, sum(amount) AS s FROM read_delta('t') WHERE id BETWEEN $id AND $((id + 99))\"" "delta-rs=$py deltars.py $id")
[ "$with" = spark ] && commands+=("spark (with its start)=bash -c 'echo \"SELECT count(*), sum(amount) FROM delta.\\\`$work/t\\\` WHERE id BETWEEN $id AND $((id + 99));\" | $shared/spark/spark.sh sql'")
echo; echo "**one of $files files**"; echo
python3 "$here/measure.py" --rounds "$rounds" "${commands[@]}"
