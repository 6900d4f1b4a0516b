#!/bin/bash
# Writing Delta tables: append of N rows, and a MERGE of 10 % into N rows (nine tenths of them updates, spread over the whole table; the rest inserts), by Smelt, delta-rs and Spark,
# beside the raw operation in DuckDB, which reads and writes the same Parquet and commits nothing. delta-write.sh [N] [ROUNDS] [spark|no]; needs ../shared.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd); root=$(cd "$here/.." && pwd); shared=$(cd "${SMELT_SHARED:-$root/../shared}" && pwd)
n=${1:-10000000}; rounds=${2:-3}; with=${3:-spark}; work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
smelt=$root/.smelt/app/smelt; [ -n "${SMELT_BUILT:-}" ] || "$root/smelt" --version >/dev/null
py="$shared/peers/peers.sh python"
cd "$work"
cat >prepare.py <<'P'
import sys, duckdb
from deltalake import write_deltalake
n = int(sys.argv[1]); m = n // 10; c = duckdb.connect()
c.execute(f"copy (select i as id, (i%1000)::int as grp, 'name '||(i%100000) as name, (i*7%100003)/100.0::double as amount, date '2020-01-01'+(i%1000)::int as day from range({n}) t(i)) to 'rows.parquet' (compression zstd)")
# 11 is no divisor of 10 or 11 n: each id once, nine in ten of them in the table.
c.execute(f"copy (select (i * 7919) % ({n} + {n} // 10) as id, (i%1000)::int as grp, 'new '||i as name, 1.5::double as amount, date '2024-01-01' as day from range({m}) t(i)) to 'changes.parquet' (compression zstd)")
for name in ['smelt', 'deltars', 'spark']:
    write_deltalake(f'empty/{name}', c.sql("select * from 'rows.parquet' limit 0"))
import json, shutil
shutil.copytree('empty/smelt', 'empty/masked'); log = 'empty/masked/_delta_log/00000000000000000000.json'; actions = [json.loads(l) for l in open(log)]
for a in actions:
    if 'protocol' in a: a['protocol'] = {'minReaderVersion': 3, 'minWriterVersion': 7, 'readerFeatures': ['deletionVectors'], 'writerFeatures': ['deletionVectors', 'appendOnly', 'invariants']}
    if 'metaData' in a: a['metaData']['configuration']['delta.enableDeletionVectors'] = 'true'
open(log, 'w').write(''.join(json.dumps(a) + '\n' for a in actions))
P
cat >deltars.py <<'P'
import sys, duckdb
from deltalake import DeltaTable, write_deltalake
c = duckdb.connect(); rows = c.sql(f"select * from '{sys.argv[2]}'")
if sys.argv[1] == 'append': write_deltalake('now/deltars', rows, mode='append')
else: DeltaTable('now/deltars').merge(rows, predicate='s.id = t.id', source_alias='s', target_alias='t').when_matched_update_all().when_not_matched_insert_all().execute()
P
cat >duck.py <<'P'
import sys, os, glob, duckdb
c = duckdb.connect(); c.execute("set preserve_insertion_order=false"); os.makedirs('now/duck', exist_ok=True)
if sys.argv[1] == 'append': c.execute("copy (select * from 'rows.parquet') to 'now/duck' (format parquet, compression zstd, file_size_bytes 134217728, filename_pattern 'part-{uuid}', overwrite_or_ignore)")
else:
    cols = ', '.join(f"case when s.id is null then t.{x} else s.{x} end as {x}" for x in ['id', 'grp', 'name', 'amount', 'day'])
    c.execute(f"copy (select {cols} from 'merge/duck/*.parquet' t full join 'changes.parquet' s on s.id = t.id) to 'now/duck' (format parquet, compression zstd, file_size_bytes 134217728, filename_pattern 'part-{{uuid}}', overwrite_or_ignore)")
P
m() { echo; echo "**$1**"; echo; shift; python3 "$here/measure.py" --rounds "$rounds" "$@"; }
merge="WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
$py prepare.py "$n"
append=("DuckDB COPY=$py duck.py append" "smelt=$smelt sql \"INSERT INTO 'now/smelt' SELECT * FROM read_parquet('rows.parquet')\"" "delta-rs=$py deltars.py append rows.parquet")
[ "$with" = spark ] && append+=("spark (with its start)=bash -c 'echo \"INSERT INTO delta.\\\`$work/now/spark\\\` SELECT * FROM parquet.\\\`$work/rows.parquet\\\`;\" | $shared/spark/spark.sh sql'")
m "append $n rows" --before "rm -rf now; cp -r empty now" "${append[@]}"
rm -rf now; cp -r empty now; $py duck.py append; $smelt sql "INSERT INTO 'now/smelt' SELECT * FROM read_parquet('rows.parquet'); INSERT INTO 'now/masked' SELECT * FROM read_parquet('rows.parquet')" >/dev/null
$py deltars.py append rows.parquet; cp -r now/deltars/. now/spark; mv now merge
tables=("DuckDB join and COPY=$py duck.py merge" "smelt=$smelt sql \"MERGE INTO 'now/smelt' AS t USING (SELECT * FROM read_parquet('changes.parquet')) AS s ON s.id = t.id $merge\""
  "smelt, deletion vectors=$smelt sql \"MERGE INTO 'now/masked' AS t USING (SELECT * FROM read_parquet('changes.parquet')) AS s ON s.id = t.id $merge\"" "delta-rs=$py deltars.py merge changes.parquet")
[ "$with" = spark ] && tables+=("spark (with its start)=bash -c 'echo \"MERGE INTO delta.\\\`$work/now/spark\\\` AS t USING parquet.\\\`$work/changes.parquet\\\` AS s ON s.id = t.id $merge;\" | $shared/spark/spark.sh sql'")
m "MERGE $((n / 10)) into $n rows" --before "rm -rf now; cp -r merge now" "${tables[@]}"
