CREATE OR REFRESH MATERIALIZED VIEW companies
AS SELECT lower(trim(${company_key})) AS company, any_value(_source_file) AS source_file FROM bronze.companies GROUP BY ALL;
