#!/bin/bash
# Silver and gold of 10 million order lines: the plain DuckDB script, Smelt, dbt-duckdb, in turn. run.sh [ITEMS] [ROUNDS]; needs ../shared/peers.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd); root=$(cd "$here/../.." && pwd); peers=${SMELT_SHARED:-$root/../shared}/peers/peers.sh
items=${1:-10000000}; rounds=${2:-3}; work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"$here/generate.sh" "$work/p" "$items"
"$root/smelt" run "$work/p" --select layer:bronze >/dev/null
cp -r "$work/p/lake" "$work/bronze"; mkdir "$work/out"
"$peers" python "$here/plain.py" "$work/p" "$work/dbt" dbt
before="rm -rf $work/p/lake $work/out/* $work/dbt/*.duckdb* $work/dbt/target; cp -r $work/bronze $work/p/lake; sync"
python3 "$here/../measure.py" --rounds "$rounds" --before "$before" \
  "plain script=$peers python $here/plain.py $work/p $work/out" \
  "smelt run=$root/.smelt/app/smelt run $work/p --no-tests" \
  "dbt-duckdb=$peers dbt run --project-dir $work/dbt --profiles-dir $work/dbt --quiet"
