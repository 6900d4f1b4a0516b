#!/bin/bash
# The same DAG of N models under Smelt, dbt and SQLMesh: compile, first run, nothing new. models.sh [N] [ROUNDS] [smelt|all]; needs ../shared.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd); root=$(cd "$here/.." && pwd); shared=${SMELT_SHARED:-$root/../shared}
n=${1:-1000}; rounds=${2:-3}; who=${3:-all}; work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 "$shared/tools/many-models.py" "$n" "$work"
smelt=$root/.smelt/app/smelt; "$root/smelt" --version >/dev/null
m() { echo; echo "**$1**"; echo; shift; python3 "$here/measure.py" --rounds "$rounds" "$@"; }
shared=$(cd "$shared" && pwd); dbt="env -C $work/dbt $shared/peers/peers.sh dbt"; mesh="env -C $work/sqlmesh $shared/peers/peers.sh sqlmesh"
if [ "$who" = all ]; then
  m "compile $n models" "smelt validate=$smelt validate $work/smelt" "dbt parse=$dbt parse --no-partial-parse --quiet --project-dir $work/dbt --profiles-dir $work/dbt"
  m "first run" --before "rm -rf $work/smelt/lake $work/dbt/many.duckdb $work/sqlmesh/many.duckdb $work/sqlmesh/.cache" \
    "smelt run=$smelt run $work/smelt" "dbt run=$dbt run --quiet --project-dir $work/dbt --profiles-dir $work/dbt" "sqlmesh plan=$mesh -p $work/sqlmesh plan --auto-apply --no-prompts"
  # The first runs above end with another engine's: each has its tables again before nothing is new.
  $smelt run "$work/smelt" >/dev/null; $mesh -p "$work/sqlmesh" plan --auto-apply --no-prompts >/dev/null
  m "nothing new" "smelt run=$smelt run $work/smelt" "sqlmesh run=$mesh -p $work/sqlmesh run"
else
  m "compile $n models" "smelt validate=$smelt validate $work/smelt"
  m "first run" --before "rm -rf $work/smelt/lake" "smelt run=$smelt run $work/smelt"
  m "nothing new" "smelt run=$smelt run $work/smelt"
fi
