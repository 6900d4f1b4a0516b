-- What the variants' matches are compared with.
CREATE OR REFRESH MATERIALIZED VIEW matches
AS SELECT e.driver_id, e.event_timestamp, c.company IS NOT NULL AS company_matched FROM silver.driver_events AS e LEFT JOIN silver.companies AS c ON c.company = e.company;
