-- One row a driver and time; what has neither cannot be told apart and is set aside.
CREATE OR REFRESH STREAMING TABLE driver_events (
  CONSTRAINT has_driver EXPECT (driver_id IS NOT NULL) ON VIOLATION QUARANTINE ROW,
  CONSTRAINT has_time   EXPECT (event_timestamp IS NOT NULL) ON VIOLATION QUARANTINE ROW,
  CONSTRAINT known_company EXPECT (company IS NOT NULL)
)
COMMENT 'Driver events, one a driver and time'
AS SELECT DISTINCT ON (driver_id, event_timestamp)
  ${driver} AS driver_id,
  ${event_time}::TIMESTAMP AS event_timestamp,
  ${event_time}::DATE AS event_date,
  trim(${company}) AS company,
  * EXCLUDE (${driver}, ${event_time}, ${company}, _ingested_at, _ingestion_date, _source, _source_file, _batch_id, _rescued_data),
  _source_file AS source_file
FROM STREAM bronze.driver_events;
