-- Variant b: an event without a company is dropped.
CREATE OR REFRESH STREAMING TABLE driver_events (
  CONSTRAINT has_driver EXPECT (driver_id IS NOT NULL) ON VIOLATION QUARANTINE ROW,
  CONSTRAINT has_time   EXPECT (event_timestamp IS NOT NULL) ON VIOLATION QUARANTINE ROW,
  CONSTRAINT known_company EXPECT (company IS NOT NULL) ON VIOLATION DROP ROW
)
AS SELECT DISTINCT ON (driver_id, event_timestamp)
  ${driver} AS driver_id, ${event_time}::TIMESTAMP AS event_timestamp, ${event_time}::DATE AS event_date, trim(${company}) AS company, _source_file AS source_file
FROM STREAM bronze.driver_events;
