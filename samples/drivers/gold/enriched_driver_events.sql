CREATE OR REFRESH MATERIALIZED VIEW enriched_driver_events
COMMENT 'Driver events with their company; unmatched ones are flagged, not lost'
AS SELECT
  e.* EXCLUDE (source_file),
  c.company IS NOT NULL AS company_matched,
  c.* EXCLUDE (company, source_file),
  e.source_file, c.source_file AS company_source_file
FROM silver.driver_events AS e
LEFT JOIN silver.companies AS c ON c.company = e.company;
