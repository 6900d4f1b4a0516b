CREATE OR REFRESH MATERIALIZED VIEW companies
COMMENT 'One row a company: what came last'
AS SELECT trim(${company_key}) AS company, _source_file AS source_file, * EXCLUDE (${company_key}, _ingested_at, _ingestion_date, _source, _source_file, _batch_id, _rescued_data)
FROM bronze.companies
QUALIFY row_number() OVER (PARTITION BY trim(${company_key}) ORDER BY _ingested_at DESC, _source_file DESC) = 1;
