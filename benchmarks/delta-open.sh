#!/bin/bash
# Opens two large Delta logs, ROUNDS times (default 3): COMMITS commits without a checkpoint (default 100,000) and FILES files in one checkpoint (default 300,000). Time and peak memory of the
# process, beside delta-rs where the folder `shared` is beside the checkout. Smelt's figure is `smelt table detail`, which also looks at every file.
#   delta-open.sh [COMMITS [FILES [ROUNDS]]]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd); root=$(cd "$here/.." && pwd); commits=${1:-100000}; files=${2:-300000}; rounds=${3:-3}
work=$(mktemp -d -p "${TMPDIR:-/tmp}"); trap 'rm -rf "$work"' EXIT
"$root/smelt" --version >/dev/null
python3 "$here/delta-logs.py" "$work" "$commits" "$files"
texts='MAP(VARCHAR, VARCHAR)'
(cd "$work" && "$root/smelt" query "SELECT * FROM read_json('$work/state.json', format = 'newline_delimited', columns = {
  'add': 'STRUCT(path VARCHAR, \"partitionValues\" $texts, size BIGINT, \"modificationTime\" BIGINT, \"dataChange\" BOOLEAN, stats VARCHAR)',
  'metaData': 'STRUCT(id VARCHAR, name VARCHAR, format STRUCT(provider VARCHAR, options $texts), \"schemaString\" VARCHAR, \"partitionColumns\" VARCHAR[], configuration $texts, \"createdTime\" BIGINT)',
  'protocol': 'STRUCT(\"minReaderVersion\" INTEGER, \"minWriterVersion\" INTEGER)'})" --format parquet --output "$work/files/_delta_log/00000000000000000001.checkpoint.parquet")
rm "$work/state.json"
peers=""; for d in "$root/../shared" "$root/../../shared"; do [ ! -x "$d/peers/peers.sh" ] || { peers=$d/peers/peers.sh; break; }; done
echo 'import sys; from deltalake import DeltaTable; print(DeltaTable(sys.argv[1]).get_add_actions().num_rows)' >"$work/open.py"
for table in commits files; do
  echo "== $table"
  runs=("smelt=$root/.smelt/app/smelt table detail $work/$table --json")
  [ -z "$peers" ] || runs+=("delta-rs=$peers python $work/open.py $work/$table")
  python3 "$here/measure.py" --rounds "$rounds" "${runs[@]}"
done
