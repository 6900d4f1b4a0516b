"""The plain script: the same silver and gold SQL in DuckDB's own library, table by table, each written as zstd Parquet and read again by the next.
Usage: plain.py PIPELINE OUT [dbt]: with dbt, writes the same models as a dbt project to OUT instead."""
import glob, os, re, sys

ORDER = ["silver.customers", "silver.products", "silver.orders", "silver.order_items", "gold.customer_orders", "gold.revenue", "gold.product_performance",
         "gold.fact_sales", "gold.dim_customer", "gold.dim_product", "gold.dim_date"]
MACRO = "CREATE OR REPLACE MACRO clean_label(label) AS nullif(lower(trim(label)), '')"

def queries(pipeline):
    """Dataset name to its query, heads cut off, STREAM taken out."""
    found = {}
    for path in sorted(glob.glob(f"{pipeline}/silver/*.sql") + glob.glob(f"{pipeline}/gold/*.sql")):
        text = re.sub(r"^\s*--.*$", "", open(path).read(), flags=re.M)
        layer, name = path.split("/")[-2], os.path.basename(path)[:-4]
        for statement in filter(str.strip, text.split(";")):
            head = re.match(r"\s*CREATE OR REFRESH (?:STREAMING TABLE|MATERIALIZED VIEW) (\S+)", statement)
            body = re.split(r"^AS\b", statement, maxsplit=1, flags=re.M)[1] if head else statement
            found[head.group(1) if head else f"{layer}.{name}"] = body.replace("FROM STREAM ", "FROM ")
    return found

def plain(pipeline, out):
    import duckdb
    con = duckdb.connect(config={"preserve_insertion_order": False, **({"memory_limit": os.environ["MEMORY"]} if "MEMORY" in os.environ else {})})
    con.execute("SET TimeZone='UTC'"); con.execute(MACRO)
    for layer in ("bronze", "silver", "gold"): con.execute(f"CREATE SCHEMA {layer}")
    for folder in glob.glob(f"{pipeline}/lake/bronze/*"):
        con.execute(f"CREATE VIEW bronze.{os.path.basename(folder)} AS SELECT * FROM read_parquet('{folder}/**/*.parquet', hive_partitioning=false)")
    found = queries(pipeline)
    for name in ORDER:
        path = f"{out}/{name}.parquet"
        con.execute(f"COPY ({found[name]}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
        con.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{path}')")

def dbt(pipeline, out):
    os.makedirs(f"{out}/models", exist_ok=True)
    def refer(match):
        if match.group(1) == "bronze": return f"read_parquet('{os.path.abspath(pipeline)}/lake/bronze/{match.group(2)}/**/*.parquet', hive_partitioning=false)"
        return "{{ ref('%s_%s') }}" % match.groups()
    for name, body in queries(pipeline).items():
        open(f"{out}/models/{name.replace('.', '_')}.sql", "w").write(re.sub(r"\b(bronze|silver|gold)\.(\w+)", refer, body))
    open(f"{out}/dbt_project.yml", "w").write(f"name: retail\nversion: '1.0'\nprofile: retail\nmodel-paths: [models]\non-run-start: \"{MACRO}\"\nmodels:\n  retail:\n    +materialized: table\n")
    open(f"{out}/profiles.yml", "w").write("retail:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: %s/retail.duckdb, threads: 2}\n" % os.path.abspath(out))

(dbt if len(sys.argv) > 3 else plain)(sys.argv[1], sys.argv[2])
